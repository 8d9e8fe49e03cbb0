/**
 * Takes a snapshot of the metadata log over from the active controller, part by part, for a broker
 * whose place in the log is gone: one that is new, or was away for long.
 *
 * Source: KIP-630, `KafkaRaftClient.buildFetchSnapshotRequest`. Difference: the parts are kept in
 * memory, as a broker here keeps no copy of the metadata log on its disk.
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  fetchSnapshot,
  fetchSnapshotRequest,
  type FetchSnapshotResponse,
} from '../../wire/kafka/messages/fetch-snapshot.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import type { ControllerChannel } from '../broker/controller-channel.ts';
import type { SnapshotLoader } from '../broker/metadata-subscription.ts';
import type { SnapshotId } from '../controller/kafka-metadata-log.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { imageChanges } from '../metadata/image-records.ts';
import { CLUSTER_ID, METADATA_PARTITION, METADATA_TOPIC } from '../metadata/metadata-log.ts';
import { FETCH_BYTES_MAX } from './kafka-raft-log.ts';
import { decodeSnapshot, joined } from './snapshot-file.ts';

export const snapshotLoader: SnapshotLoader = {
  load: (channel, id, done) => loadFrom(channel, id, [], done),
  changes: imageChanges,
};

function loadFrom(
  channel: ControllerChannel,
  id: SnapshotId,
  parts: readonly Uint8Array[],
  done: (image: MetadataImage | null) => void,
): void {
  const position = parts.reduce((sum, part) => sum + part.length, 0);
  const partition = { partition: METADATA_PARTITION, currentLeaderEpoch: -1, snapshotId: id };
  // A broker keeps no metadata log, so it has no directory for it.
  const replicaDirectoryId = ZERO_UUID;
  const body = {
    ...defaults(fetchSnapshotRequest),
    ...{ clusterId: CLUSTER_ID, maxBytes: FETCH_BYTES_MAX },
    topics: [
      { name: METADATA_TOPIC, partitions: [{ ...partition, position, replicaDirectoryId }] },
    ],
  };
  channel.send(fetchSnapshot.key, fetchSnapshot.versionMax, body, (reply) => {
    const response = reply.ok ? (reply.body as FetchSnapshotResponse) : null;
    const part = response?.topics[0]?.partitions[0];
    if (part?.errorCode !== ErrorCode.NONE || part.position !== position) return done(null);
    assert(part.size >= position, 'within the snapshot', { size: part.size, position });
    const all = [...parts, part.unalignedRecords];
    const isWhole = position + part.unalignedRecords.length >= part.size;
    if (!isWhole && part.unalignedRecords.length === 0) return done(null);
    if (!isWhole) return loadFrom(channel, id, all, done);
    done(decodeSnapshot(joined(all), id)?.image ?? null);
  });
}

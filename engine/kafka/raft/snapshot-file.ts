/**
 * A snapshot of the metadata log as bytes, and its name.
 *
 *     __cluster_metadata-0/00000000000000000120-0000000003.checkpoint
 *     | control batch: SnapshotHeader, KRaftVersion, KRaftVoters |
 *     | batches of metadata records ...                          |
 *     | control batch: SnapshotFooter                            |
 *
 * The name says which log it stands for: all below offset 120, whose last batch is of epoch 3. Its
 * own offsets begin at 0. Written as `.checkpoint.part`, and renamed when it is durable.
 *
 * Source: KIP-630, KIP-853, `Snapshots`, `RecordsSnapshotWriter`, `RecordsSnapshotReader`.
 * Not here: when one is made (`kafka-raft-log.ts`), which records it holds (`image-records.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { limits } from '../../kernel/limits.ts';
import type { SnapshotNaming } from '../../consensus/snapshot-files.ts';
import {
  encodeBatch,
  isBatchProblem,
  readRecords,
  scanBatches,
  validateBatch,
  type BatchHeader,
} from '../../wire/kafka/record-batch.ts';
import {
  decodeQuorumRecord,
  encodeQuorumRecord,
  type QuorumRecord,
  type VotersRecord,
} from '../../wire/kafka/quorum-records.ts';
import type { SnapshotId } from '../controller/kafka-metadata-log.ts';
import { MetadataDelta } from '../metadata/delta.ts';
import { emptyImage, type MetadataImage } from '../metadata/image.ts';
import { recordsOfImage } from '../metadata/image-records.ts';
import { decodeMetadataBatches, encodeMetadataBatch } from '../metadata/metadata-log.ts';
import type { MetadataRecord } from '../metadata/record.ts';

const SUFFIX = '.checkpoint';
const FILE = /^(\d{20})-(\d{10})\.checkpoint$/;
const OFFSET_DIGITS = 20;
const EPOCH_DIGITS = 10;
/** `BatchAccumulator` fills batches by bytes; so many records stay far below its 8 MiB. */
const RECORDS_A_BATCH = 1000;

function snapshotFileName({ endOffset, epoch }: SnapshotId): string {
  assert(endOffset >= 0 && epoch >= 0, 'a snapshot id', { endOffset, epoch });
  const offset = String(endOffset).padStart(OFFSET_DIGITS, '0');
  return `${offset}-${String(epoch).padStart(EPOCH_DIGITS, '0')}${SUFFIX}`;
}

/** The id in a file's name; null for any other file. */
function parseSnapshotFileName(name: string): SnapshotId | null {
  const match = FILE.exec(name);
  return match === null ? null : { endOffset: Number(match[1]), epoch: Number(match[2]) };
}

export const snapshotNaming: SnapshotNaming<SnapshotId> = {
  nameOf: snapshotFileName,
  idOf: parseSnapshotFileName,
  endOffsetOf: ({ endOffset }) => endOffset,
};

/** What a snapshot says. `voters` is null where they stand in `controller.quorum.voters`. */
export interface SnapshotContent {
  readonly image: MetadataImage;
  readonly voters: VotersRecord | null;
}

/** The bytes of a snapshot of this image, which ends at the snapshot's end offset. */
export function encodeSnapshot({ image, voters }: SnapshotContent, timestamp: number): Uint8Array {
  assert(image.offset >= 0 && image.epoch >= 0, 'an image of something', { offset: image.offset });
  const header: QuorumRecord = {
    type: 'SnapshotHeader',
    data: { version: 0, lastContainedLogTimestamp: timestamp },
  };
  const kraft: QuorumRecord[] =
    voters === null
      ? []
      : [
          { type: 'KRaftVersion', data: { version: 0, kRaftVersion: 1 } },
          { type: 'KRaftVoters', data: voters },
        ];
  const parts: Uint8Array[] = [];
  let baseOffset = 0;
  const control = (records: readonly QuorumRecord[]): void => {
    parts.push(controlBatch(records, { baseOffset, epoch: image.epoch, timestamp }));
    baseOffset += records.length;
  };
  control([header, ...kraft]);
  const records: readonly MetadataRecord[] = recordsOfImage(image);
  for (let at = 0; at < records.length; at += RECORDS_A_BATCH) {
    const some = records.slice(at, at + RECORDS_A_BATCH);
    parts.push(encodeMetadataBatch({ baseOffset, epoch: image.epoch, timestamp, records: some }));
    baseOffset += some.length;
  }
  control([{ type: 'SnapshotFooter', data: { version: 0 } }]);
  return joined(parts);
}

/** A control batch of the quorum. */
export function controlBatch(
  records: readonly QuorumRecord[],
  at: { readonly baseOffset: number; readonly epoch: number; readonly timestamp: number },
): Uint8Array {
  assert(records.length > 0, 'a batch has a record', { ...at });
  return encodeBatch({
    baseOffset: at.baseOffset,
    partitionLeaderEpoch: at.epoch,
    isControl: true,
    records: records.map((record) => encodeQuorumRecord(record, at.timestamp)),
  });
}

/** The records of a control batch; those of unknown types are left out. */
export function readControlBatch(bytes: Uint8Array, header: BatchHeader): readonly QuorumRecord[] {
  assert(header.isControl, 'a control batch', { baseOffset: header.baseOffset });
  const read = readRecords(bytes, header, limits.decompressedBytesMax);
  if (isBatchProblem(read)) return [];
  return read.flatMap((record) => {
    const decoded = decodeQuorumRecord(record);
    return decoded === null ? [] : [decoded];
  });
}

/** What the bytes say, or null if they are not a whole snapshot. */
export function decodeSnapshot(bytes: Uint8Array, id: SnapshotId): SnapshotContent | null {
  const { batches, problem } = scanBatches(bytes);
  if (problem !== null || batches.some((header) => validateBatch(bytes, header) !== null)) {
    return null;
  }
  const control = batches.flatMap((header) =>
    header.isControl ? readControlBatch(bytes, header) : [],
  );
  const decoded = decodeMetadataBatches(bytes);
  const whole = control.at(0)?.type === 'SnapshotHeader';
  if (!whole || control.at(-1)?.type !== 'SnapshotFooter' || decoded === 'corrupt') return null;
  const delta = new MetadataDelta(emptyImage);
  for (const { records } of decoded) for (const record of records) delta.replay(record);
  const voters = control.find((record) => record.type === 'KRaftVoters')?.data ?? null;
  return { image: delta.apply(id.endOffset - 1, id.epoch), voters };
}

/** Bytes one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  assert(at === bytes.length, 'all parts', { at });
  return bytes;
}

/**
 * Follows the controller's metadata log: fetches it from the start, replays it into an image, and
 * tells the broker what changed. Where the log's start is gone, a snapshot takes its place.
 *
 * Not here: the image (`metadata/`), what the broker does with a change (`replicas.ts`).
 * Source: `MetadataLoader`, `BrokerMetadataPublisher`. Differences: the log is not kept on the
 * broker's disk, but fetched anew after a restart; only what is committed is fetched.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Clock, Trace } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type FetchRequest,
  type FetchResponse,
  fetch,
  fetchRequest,
} from '../../wire/kafka/messages/fetch.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import type { MetadataChanges } from '../metadata/delta.ts';
import { type MetadataImage, emptyImage } from '../metadata/image.ts';
import { METADATA_PARTITION, METADATA_TOPIC_ID, replayFetched } from '../metadata/metadata-log.ts';
import { metadataKind } from './broker-trace.ts';
import type { ControllerChannel } from './controller-channel.ts';

/** `MAX_FETCH_WAIT_MS` and `MAX_FETCH_SIZE` of KafkaRaftClient. */
const FETCH_WAIT_MS = 500;
const FETCH_BYTES_MAX = 8_388_608;
/** Wait after an error (`retry.backoff.ms` of the Raft client). */
const RETRY_MS = 20;

/** What a broker of a quorum has besides (`raft/snapshot-fetch.ts`). */
export interface SnapshotLoader {
  /** Fetches a snapshot of the metadata log; null if it could not be had. */
  load(
    channel: ControllerChannel,
    id: { readonly endOffset: number; readonly epoch: number },
    done: (image: MetadataImage | null) => void,
  ): void;
  changes(before: MetadataImage, after: MetadataImage): MetadataChanges;
}

/** Whom the subscription serves. */
export interface SubscriptionOwner {
  /** Told of each chunk that was replayed; `image` is the new one then. */
  changed(before: MetadataImage, changes: MetadataChanges): void;
  /** The active controller listens there; null: nobody knows where, any more. */
  found(address: Address | null): void;
  readonly snapshots: SnapshotLoader | null;
}

export class MetadataSubscription {
  readonly #ports: { readonly clock: Clock; readonly trace: Trace };
  readonly #channel: ControllerChannel;
  readonly #brokerId: number;
  readonly #owner: SubscriptionOwner;
  #image: MetadataImage = emptyImage;
  #closed = false;

  constructor(
    ports: { readonly clock: Clock; readonly trace: Trace },
    channel: ControllerChannel,
    brokerId: number,
    owner: SubscriptionOwner,
  ) {
    assert(brokerId >= 0, 'broker id', { brokerId });
    this.#ports = ports;
    this.#channel = channel;
    this.#brokerId = brokerId;
    this.#owner = owner;
  }

  get image(): MetadataImage {
    return this.#image;
  }

  start(): void {
    this.#fetch();
  }

  close(): void {
    this.#closed = true;
  }

  #fetch(): void {
    if (this.#closed) return;
    const body: FetchRequest = {
      ...defaults(fetchRequest),
      replicaId: this.#brokerId,
      replicaState: { replicaId: this.#brokerId, replicaEpoch: -1 },
      maxWaitMs: FETCH_WAIT_MS,
      minBytes: 1,
      maxBytes: FETCH_BYTES_MAX,
      topics: [
        {
          topic: '',
          topicId: METADATA_TOPIC_ID,
          partitions: [
            {
              partition: METADATA_PARTITION,
              currentLeaderEpoch: -1,
              fetchOffset: this.#image.offset + 1,
              lastFetchedEpoch: -1,
              logStartOffset: -1,
              partitionMaxBytes: FETCH_BYTES_MAX,
              replicaDirectoryId: METADATA_TOPIC_ID,
            },
          ],
        },
      ],
    };
    const asked = this.#channel.active;
    this.#channel.send(fetch.key, fetch.versionMax, body, (reply) => {
      if (this.#closed) return;
      const response = reply.ok ? (reply.body as FetchResponse) : null;
      const partition = response?.responses[0]?.partitions[0];
      if (partition?.errorCode !== ErrorCode.NONE) {
        if (partition !== undefined) this.#channel.notController();
        this.#owner.found(response?.nodeEndpoints[0] ?? null);
        this.#fetchLater();
        return;
      }
      this.#owner.found(asked);
      if (partition.snapshotId.endOffset >= 0) return this.#load(partition.snapshotId);
      this.#replay(partition.records);
      this.#fetch();
    });
  }

  #fetchLater(): void {
    this.#ports.clock.after(microsOfMillis(RETRY_MS), 'metadata-fetch', () => this.#fetch());
  }

  #load(id: { readonly endOffset: number; readonly epoch: number }): void {
    const { snapshots } = this.#owner;
    assert(snapshots !== null, 'only a quorum makes snapshots', { ...id });
    snapshots.load(this.#channel, id, (image) => {
      if (this.#closed) return;
      const before = this.#image;
      if (image === null || image.offset <= before.offset) return this.#fetchLater();
      this.#take(image, snapshots.changes(before, image), 0);
      this.#fetch();
    });
  }

  #replay(records: Uint8Array | null): void {
    if (records === null || records.length === 0) return;
    const before = this.#image;
    const replayed = replayFetched(before, records);
    // The CRC was right on the controller's disk: corrupt here means the next fetch brings it anew.
    if (replayed === 'corrupt' || replayed.image === before) return;
    this.#take(replayed.image, replayed.changes, replayed.records);
  }

  #take(image: MetadataImage, changes: MetadataChanges, records: number): void {
    const before = this.#image;
    assert(image.offset > before.offset, 'metadata goes on', { offset: image.offset });
    this.#image = image;
    this.#ports.trace.record(metadataKind, { offset: image.offset, records });
    this.#owner.changed(before, changes);
  }
}

/**
 * Fetch of the metadata log by brokers, who are its observers: what is committed from an offset on,
 * or, if that is nothing yet, the answer waits until there is something or the time is over.
 *
 * Source: `KafkaRaftClient.handleFetchRequest`. Difference: an observer gets only what is committed
 * (there it gets all and waits with replaying), so its log never diverges.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock, TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { fetchResponse } from '../../wire/kafka/messages/fetch.ts';
import type { FetchRequest, FetchResponse } from '../../wire/kafka/messages/fetch.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import { CLUSTER_ID, METADATA_PARTITION, METADATA_TOPIC_ID } from '../metadata/metadata-log.ts';
import type { ControllerRequest } from './controller-connection.ts';
import type { MetadataLog, SnapshotId } from './kafka-metadata-log.ts';

type FetchPartition = FetchRequest['topics'][number]['partitions'][number];
type FetchedPartition = FetchResponse['responses'][number]['partitions'][number];

const NO_SNAPSHOT: SnapshotId = { endOffset: -1, epoch: -1 };

interface WaitingFetch {
  readonly request: ControllerRequest;
  readonly asked: FetchPartition;
  readonly maxBytes: number;
  readonly timer: TimerId;
}

interface MetadataLeader {
  readonly nodeId: number;
  readonly epoch: number;
}

export class MetadataFetches {
  readonly #clock: Clock;
  readonly #log: MetadataLog;
  readonly #leader: MetadataLeader;
  readonly #waiting = new Set<WaitingFetch>();

  constructor(clock: Clock, log: MetadataLog, leader: MetadataLeader) {
    assert(leader.epoch >= 0, 'an epoch', { ...leader });
    this.#clock = clock;
    this.#log = log;
    this.#leader = leader;
  }

  /** Answers at once or, with nothing to tell, when there is something or `maxWaitMs` is over. */
  fetch(request: ControllerRequest): void {
    const body = request.body as FetchRequest;
    const asked = partitionAsked(body);
    if (body.clusterId !== null && body.clusterId !== CLUSTER_ID) {
      return request.respond(this.#failure(ErrorCode.INCONSISTENT_CLUSTER_ID));
    }
    if (asked === null) {
      return request.respond(this.#failure(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION));
    }
    const errorCode = this.#epochError(asked.currentLeaderEpoch);
    if (errorCode !== ErrorCode.NONE) return request.respond(this.#answer(errorCode, null));
    const { fetchOffset } = asked;
    const { highWatermark, endOffset } = this.#log;
    // A new leader of a quorum may not know yet how much is committed.
    const mayCome = fetchOffset >= highWatermark && fetchOffset <= endOffset;
    if (!mayCome || body.maxWaitMs <= 0) {
      return request.respond(this.#read(asked, body.maxBytes));
    }
    const timer = this.#clock.after(microsOfMillis(body.maxWaitMs), 'fetch maxWaitMs', () =>
      this.#complete(waiting),
    );
    const waiting: WaitingFetch = { request, asked, maxBytes: body.maxBytes, timer };
    this.#waiting.add(waiting);
  }

  /** The high watermark moved: whoever waited is answered. */
  advanced(): void {
    for (const waiting of [...this.#waiting]) this.#complete(waiting);
    assert(this.#waiting.size === 0, 'nobody waits for what is there');
  }

  dispose(): void {
    for (const { timer } of this.#waiting) this.#clock.cancel(timer);
    this.#waiting.clear();
  }

  #complete(waiting: WaitingFetch): void {
    this.#clock.cancel(waiting.timer);
    assert(this.#waiting.delete(waiting), 'completed once');
    if (waiting.request.isOpen()) {
      waiting.request.respond(this.#read(waiting.asked, waiting.maxBytes));
    }
  }

  #read(asked: FetchPartition, maxBytes: number): FetchResponse {
    const snapshotId = this.#log.snapshotBefore?.(asked.fetchOffset) ?? null;
    if (snapshotId !== null) return this.#answer(ErrorCode.NONE, null, snapshotId);
    const bytesMax = Math.min(maxBytes, asked.partitionMaxBytes);
    const records = this.#log.read(asked.fetchOffset, bytesMax);
    if (typeof records === 'string') return this.#answer(ErrorCode[records], null);
    return this.#answer(ErrorCode.NONE, records);
  }

  #epochError(epoch: number): number {
    if (epoch === -1 || epoch === this.#leader.epoch) return ErrorCode.NONE;
    return epoch < this.#leader.epoch
      ? ErrorCode.FENCED_LEADER_EPOCH
      : ErrorCode.UNKNOWN_LEADER_EPOCH;
  }

  #answer(
    errorCode: number,
    records: Uint8Array | null,
    snapshotId: SnapshotId = NO_SNAPSHOT,
  ): FetchResponse {
    const partition: FetchedPartition = {
      partitionIndex: METADATA_PARTITION,
      errorCode,
      highWatermark: this.#log.highWatermark,
      lastStableOffset: this.#log.highWatermark,
      logStartOffset: 0,
      divergingEpoch: { epoch: -1, endOffset: -1 },
      currentLeader: { leaderId: this.#leader.nodeId, leaderEpoch: this.#leader.epoch },
      snapshotId,
      abortedTransactions: null,
      preferredReadReplica: -1,
      records,
    };
    const responses = [{ topic: '', topicId: METADATA_TOPIC_ID, partitions: [partition] }];
    return { ...defaults(fetchResponse), responses };
  }

  #failure(errorCode: number): FetchResponse {
    return { ...defaults(fetchResponse), errorCode };
  }
}

/** The one partition of the metadata topic; null if something else was asked for. */
function partitionAsked(body: FetchRequest): FetchPartition | null {
  const topic = body.topics[0];
  if (body.topics.length !== 1 || topic?.topicId !== METADATA_TOPIC_ID) return null;
  const partition = topic.partitions[0];
  if (topic.partitions.length !== 1 || partition?.partition !== METADATA_PARTITION) return null;
  return partition;
}

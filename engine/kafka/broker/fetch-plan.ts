/**
 * One Fetch over all its partitions: which of them are here, what is read of each within the
 * request's byte limits, and the reply.
 *
 * Not here: one partition's read (`partition-read.ts`), waiting (`delayed-fetch.ts`).
 * Source: `ReplicaManager.readFromLog`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { FetchRequest, FetchResponse } from '../../wire/kafka/messages/fetch.ts';
import type { Partition } from '../partition/partition.ts';
import { type Racks, preferredReadReplica } from './preferred-read-replica.ts';
import {
  type FetchParams,
  type PartitionRead,
  type ReadLimit,
  failedRead,
  readPartition,
} from './partition-read.ts';

export type FetchTopic = FetchRequest['topics'][number];
export type FetchPartition = FetchTopic['partitions'][number];

/** One partition of the request: with its replica here, or with the error that it gets. */
export interface PlannedFetch {
  readonly topic: FetchTopic;
  readonly fetch: FetchPartition;
  readonly partition: Partition | null;
  readonly errorCode: number;
}

export interface ReadOutcome {
  readonly reads: readonly PartitionRead[];
  readonly bytes: number;
  /** Whether there is something that must be told at once. */
  readonly urgent: boolean;
}

export class FetchPlan {
  readonly params: FetchParams;
  readonly planned: readonly PlannedFetch[];
  readonly #ports: Pick<Ports, 'clock' | 'cost'>;
  readonly #racks: Racks;

  constructor(
    ports: Pick<Ports, 'clock' | 'cost'>,
    racks: Racks,
    params: FetchParams,
    planned: readonly PlannedFetch[],
  ) {
    assert(params.maxBytes >= 0 && params.minBytes >= 0, 'limits', { ...params });
    this.#ports = ports;
    this.#racks = racks;
    this.params = params;
    this.planned = planned;
  }

  /** The names of the partitions to wait for. */
  keys(): string[] {
    const names: string[] = [];
    for (const { partition } of this.planned) if (partition !== null) names.push(partition.name);
    return names;
  }

  /**
   * Reads all partitions. A follower's fetch counts for the ISR and the high watermark only the
   * first time (`countsForFollower`), not when it is read again at the end of its wait.
   */
  read(countsForFollower: boolean): ReadOutcome {
    let bytesLeft = this.params.maxBytes;
    let minOneMessage = true;
    let bytes = 0;
    let urgent = false;
    const reads: PartitionRead[] = [];
    for (const planned of this.planned) {
      const bytesMax = Math.min(planned.fetch.partitionMaxBytes, bytesLeft);
      const preferred = this.#preferred(planned);
      const limit = { bytesMax, minOneMessage, preferredReadReplica: preferred };
      const read = this.#readOne(planned, limit, countsForFollower);
      const { length } = read.records;
      if (length > 0) minOneMessage = false;
      bytesLeft = Math.max(0, bytesLeft - length);
      bytes += length;
      if (read.errorCode !== ErrorCode.NONE || read.divergingEpoch !== null) urgent = true;
      if (read.preferredReadReplica >= 0) urgent = true;
      reads.push(read);
    }
    return { reads, bytes, urgent };
  }

  #preferred({ partition, fetch }: PlannedFetch): number | null {
    const { clientRack } = this.params;
    if (clientRack === null || partition === null) return null;
    return preferredReadReplica(partition, this.#racks, clientRack, fetch.fetchOffset);
  }

  #readOne(planned: PlannedFetch, limit: ReadLimit, countsForFollower: boolean): PartitionRead {
    const { partition, fetch, errorCode } = planned;
    if (partition === null) return failedRead(errorCode);
    const leaderEndOffset = partition.log.logEndOffset;
    const read = readPartition(this.#ports, partition, this.params, fetch, limit);
    const isFollower = this.params.replicaId >= 0;
    if (!isFollower || !countsForFollower) return read;
    if (read.divergingEpoch !== null) return read;
    if (!partition.countsFetch(this.params.replicaId, read.errorCode)) return read;
    const stale = partition.followerFetched(this.params.replicaId, {
      fetchOffset: fetch.fetchOffset,
      logStartOffset: fetch.logStartOffset,
      atMicros: this.#ports.clock.now(),
      leaderEndOffset,
      brokerEpoch: this.params.replicaEpoch,
    });
    return stale === ErrorCode.NONE ? read : failedRead(stale);
  }

  /** The reply, with partitions in the order of the request. */
  response(outcome: ReadOutcome): FetchResponse {
    assert(outcome.reads.length === this.planned.length, 'a read a partition');
    const responses: { topic: string; topicId: string; partitions: ResponsePartition[] }[] = [];
    let last: FetchTopic | null = null;
    for (const [index, planned] of this.planned.entries()) {
      const { topic, topicId } = planned.topic;
      if (planned.topic !== last) responses.push({ topic, topicId, partitions: [] });
      last = planned.topic;
      const partitions = responses[responses.length - 1]!.partitions;
      partitions.push(this.#partitionResponse(planned, outcome.reads[index]!));
    }
    return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses, nodeEndpoints: [] };
  }

  #partitionResponse(planned: PlannedFetch, read: PartitionRead): ResponsePartition {
    const { errorCode } = read;
    const { partition } = planned;
    // The real broker's answer about a partition that it does not have has a list, too.
    const knowsNone = partition === null;
    const tellsLeader =
      errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH;
    return {
      partitionIndex: planned.fetch.partition,
      errorCode,
      highWatermark: read.highWatermark,
      lastStableOffset: read.lastStableOffset,
      logStartOffset: read.logStartOffset,
      divergingEpoch: read.divergingEpoch ?? NO_EPOCH_END,
      currentLeader:
        tellsLeader && partition !== null
          ? { leaderId: partition.leaderId, leaderEpoch: partition.leaderEpoch }
          : NO_CURRENT_LEADER,
      snapshotId: NO_SNAPSHOT,
      abortedTransactions:
        knowsNone || this.params.isolation === 'txn-committed' ? read.abortedTransactions : null,
      preferredReadReplica: read.preferredReadReplica,
      records: read.records,
    };
  }
}

type ResponsePartition = FetchResponse['responses'][number]['partitions'][number];

const NO_EPOCH_END = Object.freeze({ epoch: -1, endOffset: -1 });
const NO_CURRENT_LEADER = Object.freeze({ leaderId: -1, leaderEpoch: -1 });
const NO_SNAPSHOT = Object.freeze({ endOffset: -1, epoch: -1 });

/**
 * Reads one partition for a Fetch: checks the epoch and the role, finds where a follower's log
 * parts from ours (KIP-595), and reads no further than the reader may see.
 *
 * Not here: many partitions and their byte limits (`fetch-plan.ts`), waiting (`delayed-fetch.ts`).
 * Source: `Partition.fetchRecords`, `Partition.readRecords`.
 * Invariant K12: a consumer sees records below the high watermark only, with read_committed those
 * below the last stable offset.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { AbortedTransaction } from '../partition/log-transactions.ts';
import type { Partition } from '../partition/partition.ts';

/** How far a reader may see (`FetchIsolation`). */
export type FetchIsolation = 'log-end' | 'high-watermark' | 'txn-committed';

/** Who reads, and how. */
export interface FetchParams {
  /** The follower's broker id; -1 for a consumer. */
  readonly replicaId: number;
  /** The follower's broker epoch; -1 where it does not say. */
  readonly replicaEpoch: number;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolation: FetchIsolation;
  /** Old consumers may read from the leader only (KIP-392). */
  readonly leaderOnly: boolean;
  /** The consumer's rack, if this broker sends consumers to replicas nearby; else null. */
  readonly clientRack: string | null;
}

/** What is asked of one partition: as in FetchRequest. */
export interface PartitionFetch {
  readonly fetchOffset: number;
  readonly currentLeaderEpoch: number;
  readonly lastFetchedEpoch: number;
  readonly logStartOffset: number;
  readonly partitionMaxBytes: number;
}

export interface PartitionRead {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** Null unless the follower must truncate first. */
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | null;
  /** The replica that the consumer should ask instead; -1 for none. */
  readonly preferredReadReplica: number;
  /** Whole batches: a view of the page cache. */
  readonly records: Uint8Array;
  /** For read_committed, whose records of these batches to leave out. */
  readonly abortedTransactions: readonly AbortedTransaction[];
}

type MutableRead = { -readonly [K in keyof PartitionRead]: PartitionRead[K] };

const NO_REPLICA = -1;
const NO_RECORDS = new Uint8Array(0);
const NONE_ABORTED: readonly AbortedTransaction[] = Object.freeze([]);

/** The read of a partition that could not be read. */
export function failedRead(errorCode: number): PartitionRead {
  assert(errorCode !== ErrorCode.NONE, 'an error');
  return {
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    divergingEpoch: null,
    preferredReadReplica: NO_REPLICA,
    records: NO_RECORDS,
    abortedTransactions: NONE_ABORTED,
  };
}

/** The offset below which a reader may see. */
export function readableEnd(partition: Partition, isolation: FetchIsolation): number {
  const { log } = partition;
  if (isolation === 'log-end') return log.logEndOffset;
  return isolation === 'high-watermark' ? log.highWatermark : log.lastStableOffset;
}

/** Why this reader may not read the partition at all; NONE if it may. */
export function readError(
  partition: Partition,
  params: FetchParams,
  fetch: PartitionFetch,
): number {
  const errorCode = params.leaderOnly
    ? partition.checkLeader(fetch.currentLeaderEpoch)
    : partition.checkLeaderEpoch(fetch.currentLeaderEpoch);
  if (errorCode !== ErrorCode.NONE || params.replicaId < 0) return errorCode;
  return partition.followerError(params.replicaId);
}

export interface ReadLimit {
  readonly bytesMax: number;
  readonly minOneMessage: boolean;
  /** Where the reader is sent instead of being given anything; null to read. */
  readonly preferredReadReplica: number | null;
}

/** Reads at most `bytesMax` bytes, or one batch if `minOneMessage`. */
export function readPartition(
  ports: Pick<Ports, 'cost'>,
  partition: Partition,
  params: FetchParams,
  fetch: PartitionFetch,
  limit: ReadLimit,
): PartitionRead {
  const errorCode = readError(partition, params, fetch);
  if (errorCode !== ErrorCode.NONE) return failedRead(errorCode);
  const { log } = partition;
  const read: MutableRead = {
    errorCode,
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.logStartOffset,
    divergingEpoch: null,
    preferredReadReplica: limit.preferredReadReplica ?? NO_REPLICA,
    records: NO_RECORDS,
    abortedTransactions: NONE_ABORTED,
  };
  // Whoever is sent elsewhere gets no records here.
  if (read.preferredReadReplica !== NO_REPLICA) return read;
  if (fetch.lastFetchedEpoch >= 0) {
    const diverging = divergence(partition, fetch);
    if (typeof diverging === 'number') return failedRead(diverging);
    read.divergingEpoch = diverging;
    if (diverging !== null) return read;
  }
  const maxOffset = readableEnd(partition, params.isolation);
  // The usual end of a fetch that has nothing to wait for: no file is touched.
  if (fetch.fetchOffset === maxOffset) return read;
  const found = log.read(fetch.fetchOffset, limit.bytesMax, {
    minOneMessage: limit.minOneMessage,
    maxOffset,
  });
  if (found === 'OFFSET_OUT_OF_RANGE') return failedRead(ErrorCode.OFFSET_OUT_OF_RANGE);
  if (found === 'CORRUPT_MESSAGE') return failedRead(ErrorCode.CORRUPT_MESSAGE);
  const { length } = found.bytes;
  if (length === 0 || found.firstEntryIncomplete) return read;
  ports.cost.charge('dma', length);
  // Not copied, as `sendfile` does not: no world overwrites bytes that were read.
  read.records = found.bytes;
  if (params.isolation === 'txn-committed' && log.transactions !== null) {
    read.abortedTransactions = log.transactions.abortedIn(fetch.fetchOffset, found.bytes);
  }
  return read;
}

/**
 * Where the log of whoever has fetched up to `lastFetchedEpoch` at `fetchOffset` parts from ours:
 * null if it does not, or the code of an error.
 */
export function divergence(
  partition: Partition,
  fetch: PartitionFetch,
): { epoch: number; endOffset: number } | number | null {
  assert(fetch.lastFetchedEpoch >= 0, 'an epoch', { ...fetch });
  const end = partition.endOfEpoch(fetch.currentLeaderEpoch, fetch.lastFetchedEpoch, false);
  if (end.errorCode !== ErrorCode.NONE) return end.errorCode;
  if (end.epoch < 0 || end.endOffset < 0) return ErrorCode.OFFSET_OUT_OF_RANGE;
  if (fetch.fetchOffset < partition.log.logStartOffset) return ErrorCode.OFFSET_OUT_OF_RANGE;
  if (end.epoch < fetch.lastFetchedEpoch || end.endOffset < fetch.fetchOffset) {
    return { epoch: end.epoch, endOffset: end.endOffset };
  }
  return null;
}

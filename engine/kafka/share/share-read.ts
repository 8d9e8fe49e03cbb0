/**
 * One share-partition's part of a ShareFetch: reads the log from the first offset that can be
 * acquired, acquires, and gives the batches in which the acquired records stand.
 *
 * Invariant K12: no record at or above the high watermark, or the last stable offset, is handed
 * out.
 * Source: `ShareFetchUtils.processFetchResponse`, `maybeSliceFetchRecords`,
 * `SharePartition.filterAbortedTransactionalAcquiredRecords`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { type BatchHeader, scanBatches } from '../../wire/kafka/record-batch.ts';
import { type FetchParams, readableEnd, readPartition } from '../broker/partition-read.ts';
import type { Partition } from '../partition/partition.ts';
import type { AbortedTransaction } from '../partition/log-transactions.ts';
import type { AcquiredRecords, SharePartition } from './share-partition.ts';

export interface ShareRead {
  readonly errorCode: number;
  /** Whole batches: a view of the page cache. */
  readonly records: Uint8Array;
  readonly acquired: readonly AcquiredRecords[];
}

const NO_BYTES = new Uint8Array(0);
export const NO_READ: ShareRead = {
  errorCode: ErrorCode.NONE,
  records: NO_BYTES,
  acquired: [],
};

export interface ShareReadOf {
  readonly ports: Pick<Ports, 'cost'>;
  readonly share: SharePartition;
  readonly partition: Partition;
  readonly memberId: string;
}

export interface ShareReadLimits {
  readonly bytesMax: number;
  readonly recordsMax: number;
  readonly batchSize: number;
  readonly readsCommitted: boolean;
}

/** Whether a read would give something, or an error that must be told. */
export function canRead(
  share: SharePartition,
  partition: Partition,
  readsCommitted: boolean,
): boolean {
  if (share.errorCode !== ErrorCode.NONE) return true;
  if (partition.checkLeader(-1) !== ErrorCode.NONE) return true;
  const offset = share.nextFetchOffset();
  const end = readableEnd(partition, readsCommitted ? 'txn-committed' : 'high-watermark');
  return offset !== null && offset < end;
}

/** Acquires what there is, within the limits. */
export function shareRead(of: ShareReadOf, limits: ShareReadLimits): ShareRead {
  const { ports, share, partition, memberId } = of;
  const { bytesMax, recordsMax, batchSize, readsCommitted } = limits;
  const { errorCode } = share;
  if (errorCode !== ErrorCode.NONE) return { ...NO_READ, errorCode };
  share.logStartsAt(partition.log.logStartOffset);
  const fetchOffset = share.nextFetchOffset();
  if (fetchOffset === null || recordsMax <= 0) return NO_READ;
  const isolation = readsCommitted ? 'txn-committed' : 'high-watermark';
  const end = readableEnd(partition, isolation);
  if (fetchOffset >= end) return NO_READ;
  const params: FetchParams = {
    ...{ replicaId: -1, replicaEpoch: -1, maxWaitMs: 0, minBytes: 0, maxBytes: bytesMax },
    ...{ isolation, leaderOnly: true, clientRack: null },
  };
  const fetch = {
    ...{ fetchOffset, currentLeaderEpoch: -1, lastFetchedEpoch: -1, logStartOffset: -1 },
    partitionMaxBytes: bytesMax,
  };
  const limit = { bytesMax, minOneMessage: true, preferredReadReplica: null };
  const read = readPartition(ports, partition, params, fetch, limit);
  if (read.errorCode !== ErrorCode.NONE) return { ...NO_READ, errorCode: read.errorCode };
  const { batches } = scanBatches(read.records);
  assert(
    batches.every(({ lastOffset }) => lastOffset < end),
    'K12: below the end',
    { end },
  );
  const acquired = share.acquire(memberId, batches, { fetchOffset, recordsMax, batchSize });
  const visible = readsCommitted
    ? withoutAborted(of, acquired, batches, read.abortedTransactions)
    : acquired;
  return { errorCode, records: slice(read.records, batches, visible), acquired: visible };
}

/** The batches from the first to the last acquired record. */
function slice(
  bytes: Uint8Array,
  batches: readonly BatchHeader[],
  acquired: readonly AcquiredRecords[],
): Uint8Array {
  const first = acquired[0]?.firstOffset;
  const last = acquired.at(-1)?.lastOffset;
  if (first === undefined || last === undefined) return NO_BYTES;
  const wanted = batches.filter((one) => one.lastOffset >= first && one.baseOffset <= last);
  const from = wanted[0];
  const to = wanted.at(-1);
  assert(from !== undefined && to !== undefined, 'acquired records stand in batches', { first });
  return bytes.subarray(from.position, to.position + to.sizeBytes);
}

/** Batches of aborted transactions are archived, not delivered. */
function withoutAborted(
  { share, memberId }: ShareReadOf,
  acquired: readonly AcquiredRecords[],
  batches: readonly BatchHeader[],
  aborted: readonly AbortedTransaction[],
): readonly AcquiredRecords[] {
  const waiting = [...aborted].sort((one, other) => one.firstOffset - other.firstOffset);
  const producers = new Set<number>();
  let visible = acquired;
  for (const { baseOffset, lastOffset, producerId, isControl, isTransactional } of batches) {
    while (waiting[0] !== undefined && waiting[0].firstOffset <= lastOffset) {
      producers.add(waiting.shift()!.producerId);
    }
    // The marker that ends the aborted transaction: what the producer writes next counts.
    if (isControl) producers.delete(producerId);
    else if (isTransactional && producers.has(producerId)) {
      share.archive(baseOffset, lastOffset, memberId);
      visible = visible.flatMap((one) => outside(one, baseOffset, lastOffset));
    }
  }
  return visible;
}

function outside(batch: AcquiredRecords, from: number, to: number): AcquiredRecords[] {
  if (batch.lastOffset < from || batch.firstOffset > to) return [batch];
  const left: AcquiredRecords[] = [];
  if (batch.firstOffset < from) left.push({ ...batch, lastOffset: from - 1 });
  if (batch.lastOffset > to) left.push({ ...batch, firstOffset: to + 1 });
  return left;
}

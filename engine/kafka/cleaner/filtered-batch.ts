/**
 * One batch as it stands in the cleaned log: as it was, with fewer records, empty, or not at all.
 * Offsets, epoch, sequence and the last offset stay what they were. A batch in which a tombstone
 * (or a marker whose data is gone) is met for the first time gets its delete horizon: bit 6 of the
 * attributes, and the time in place of the base timestamp (KIP-534).
 *
 * Source: `MemoryRecords.filterTo`. Not here: which records stay (`cleaning.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { type BatchHeader, encodeBatch } from '../../wire/kafka/record-batch.ts';
import type { BatchRecord } from '../../wire/kafka/record.ts';

/** What is to become of a batch of which no record stays. */
export type BatchRetention = 'delete' | 'delete-empty' | 'retain-empty';

export interface FilterVerdict {
  readonly retention: BatchRetention;
  /** Whether it is a marker of a transaction of which nothing is left. */
  readonly markerOfEmptyTransaction: boolean;
  readonly records: readonly BatchRecord[];
}

/** When a tombstone or marker in this batch may go: milliseconds of the wall clock, or null. */
export function deleteHorizonOf(header: BatchHeader): number | null {
  return header.hasDeleteHorizon ? header.baseTimestamp : null;
}

/**
 * The bytes that stay; null if none do. `all` counts the records that the batch had, and
 * `horizonMs` is the delete horizon for one that has none yet and needs it.
 */
export function filteredBatch(
  bytes: Uint8Array,
  header: BatchHeader,
  verdict: FilterVerdict,
  horizonMs: number,
): Uint8Array | null {
  const { retention, records, markerOfEmptyTransaction } = verdict;
  assert(records.length <= header.recordsCount, 'records of the batch', { ...header });
  if (retention === 'delete') return null;
  if (records.length === 0) return retention === 'retain-empty' ? rewritten(header, []) : null;
  const hasTombstone = !header.isControl && records.some(({ value }) => value === null);
  const needsHorizon =
    (hasTombstone || markerOfEmptyTransaction) && deleteHorizonOf(header) === null;
  if (records.length === header.recordsCount && !needsHorizon) return bytes;
  return rewritten(header, records, needsHorizon ? horizonMs : null);
}

function rewritten(
  header: BatchHeader,
  records: readonly BatchRecord[],
  newHorizonMs: number | null = null,
): Uint8Array {
  const isEmpty = records.length === 0;
  const horizonMs = isEmpty ? null : (newHorizonMs ?? deleteHorizonOf(header));
  const isAppendTime = header.timestampType === 'append';
  const bytes = encodeBatch({
    records: records.map((record) => ({
      ...record,
      offsetDelta: record.offset - header.baseOffset,
    })),
    baseOffset: header.baseOffset,
    partitionLeaderEpoch: header.partitionLeaderEpoch,
    codec: isEmpty ? 'none' : header.codec,
    timestampType: header.timestampType,
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    isTransactional: header.isTransactional,
    isControl: header.isControl,
    hasDeleteHorizon: horizonMs !== null,
    lastOffsetDelta: header.lastOffsetDelta,
    ...(horizonMs === null ? {} : { baseTimestamp: horizonMs }),
    ...(isEmpty || isAppendTime ? { maxTimestamp: header.maxTimestamp } : {}),
    ...(isEmpty ? { baseTimestamp: -1 } : {}),
  });
  assert(isEmpty || bytes.length > 0, 'a batch', { baseOffset: header.baseOffset });
  return bytes;
}

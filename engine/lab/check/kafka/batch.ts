/**
 * A batch as the checkers remember it, and the reading of what is new in a log.
 *
 * It is read from the file beside the log: the log's own `scan` would charge the broker for it, and
 * the checked run would not be the run that is looked at.
 * Not here: whose log it is, and what is known of it (`replica-ledger.ts`).
 */
import type { Disk } from '../../../kernel/ports.ts';
import { segmentPath } from '../../../storage/log-directory.ts';
import type { Segment } from '../../../storage/segment.ts';
import { isBatchProblem, readBatchHeader } from '../../../wire/kafka/record-batch.ts';

export interface Batch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
  readonly crc: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isControl: boolean;
  readonly isTransactional: boolean;
  readonly maxTimestamp: number;
  /** Where it lies: the base offset of its segment, and its first and last byte there. */
  readonly segment: number;
  readonly position: number;
  readonly endPosition: number;
  /** The batch of the same producer before it in this log. */
  before: Batch | null;
}

/** Whether two logs hold the same batch: the offsets and the epoch lie outside the checksum. */
export function sameBatch(left: Batch, right: Batch): boolean {
  return (
    left.baseOffset === right.baseOffset && left.crc === right.crc && left.epoch === right.epoch
  );
}

/** The place of the first batch that reaches an offset; the count of batches if none does. */
export function placeOf(batches: readonly Batch[], offset: number): number {
  let low = 0;
  let high = batches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (batches[middle]!.lastOffset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Reads the batches of a segment from a position on. They end before what cannot be read. */
export function readBatches(
  disk: Disk,
  folder: string,
  segment: Segment,
  from: number,
  visit: (batch: Batch) => void,
): void {
  const path = segmentPath(folder, segment.baseOffset, '.log');
  if (from >= segment.sizeBytes || !disk.exists(path)) return;
  const bytes = disk.open(path).read(from, segment.sizeBytes - from);
  let at = 0;
  while (at < bytes.length) {
    const header = readBatchHeader(bytes, at);
    if (isBatchProblem(header)) return;
    const position = from + at;
    at += header.sizeBytes;
    visit({
      baseOffset: header.baseOffset,
      lastOffset: header.lastOffset,
      epoch: header.partitionLeaderEpoch,
      crc: header.crc,
      producerId: header.producerId,
      producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence,
      isControl: header.isControl,
      isTransactional: header.isTransactional,
      maxTimestamp: header.maxTimestamp,
      segment: segment.baseOffset,
      position,
      endPosition: position + header.sizeBytes,
      before: null,
    });
  }
}

/**
 * K14: a segment's indexes say what its batches say. Entries rise, each names a batch by its last
 * offset and its first byte, and a time is the largest one up to its offset.
 *
 * Done once for each segment when it is full, and for all of them after a restart.
 */
import type { Segment } from '../../../storage/segment.ts';
import { sparseIndexesOf } from '../../../storage/sparse-indexes.ts';
import { type Batch, placeOf } from './batch.ts';

/** Null, or what is wrong. `batches` are those of the log, in order. */
export function indexDefect(segment: Segment, batches: readonly Batch[]): string | null {
  const { offsetIndex } = sparseIndexesOf(segment);
  for (let entry = 0; entry < offsetIndex.entries; entry++) {
    const offset = offsetIndex.offsetAt(entry);
    const position = offsetIndex.positionAt(entry);
    const batch = batches[placeOf(batches, offset)];
    const names = batch?.lastOffset === offset && batch.segment === segment.baseOffset;
    if (!names || batch.position !== position) {
      return `the index of ${segment.baseOffset} has ${offset} at ${position}, the log has not`;
    }
    if (entry > 0 && offset <= offsetIndex.offsetAt(entry - 1)) {
      return `the index of ${segment.baseOffset} falls at ${offset}`;
    }
  }
  return timeDefect(segment, batches);
}

function timeDefect(segment: Segment, batches: readonly Batch[]): string | null {
  const { baseOffset } = segment;
  const { timeIndex } = sparseIndexesOf(segment);
  let place = placeOf(batches, baseOffset);
  let largest = -1;
  let before = -1;
  for (let entry = 0; entry < timeIndex.entries; entry++) {
    const offset = timeIndex.offsetAt(entry);
    const timestamp = timeIndex.timestampAt(entry);
    for (; (batches[place]?.lastOffset ?? Number.MAX_SAFE_INTEGER) <= offset; place++) {
      const batch = batches[place]!;
      if (batch.segment === baseOffset) largest = Math.max(largest, batch.maxTimestamp);
    }
    if (timestamp !== largest) {
      return `the time index of ${baseOffset} has ${timestamp} at ${offset}, the log ${largest}`;
    }
    if (timestamp <= before) return `the time index of ${baseOffset} falls at ${offset}`;
    before = timestamp;
  }
  return null;
}

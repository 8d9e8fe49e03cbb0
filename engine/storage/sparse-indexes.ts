/**
 * Kafka's layout of a segment: a `.log` file that is frames alone, and two sparse indexes beside
 * it, one for offsets and one for times, which get an entry for each `index.interval.bytes` of log.
 *
 * Source: LogSegment.append. Differs: entries are made per frame and the bytes since the last
 * entry are counted on after a cut, so that an index that was kept equals one that was rebuilt,
 * byte for byte. Not here: the files' formats (`offset-index.ts`, `time-index.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { DiskResult } from '../kernel/ports.ts';
import type { FrameHeader } from './framing.ts';
import { OffsetIndex } from './offset-index.ts';
import type { Segment } from './segment.ts';
import type {
  IndexPlace,
  LargestTimestamp,
  SegmentIndexes,
  SegmentLayout,
} from './segment-layout.ts';
import { TimeIndex } from './time-index.ts';

export class SparseIndexes implements SegmentIndexes {
  readonly offsetIndex: OffsetIndex;
  readonly timeIndex: TimeIndex;
  readonly #config: IndexPlace['config'];
  #lastIndexedPosition = 0;

  constructor({ disk, baseOffset, config, path }: IndexPlace) {
    const { segmentIndexBytes } = config();
    this.#config = config;
    this.offsetIndex = new OffsetIndex(disk, path('.index'), baseOffset, segmentIndexBytes);
    this.timeIndex = new TimeIndex(disk, path('.timeindex'), baseOffset, segmentIndexBytes);
  }

  get entries(): number {
    return this.offsetIndex.entries;
  }

  get timeEntries(): number {
    return this.timeIndex.entries;
  }

  get full(): boolean {
    return this.offsetIndex.full || this.timeIndex.full;
  }

  get largest(): LargestTimestamp {
    const { lastTimestamp: maxTimestamp, lastOffset: offsetOfMaxTimestamp } = this.timeIndex;
    return { maxTimestamp, offsetOfMaxTimestamp };
  }

  canHold(lastOffset: number): boolean {
    return this.offsetIndex.canHold(lastOffset);
  }

  note(frame: FrameHeader, position: number, largest: LargestTimestamp): void {
    if (position - this.#lastIndexedPosition > this.#config().indexIntervalBytes) {
      if (!this.offsetIndex.full) this.offsetIndex.append(frame.lastOffset, position);
      if (!this.timeIndex.full) {
        this.timeIndex.maybeAppend(largest.maxTimestamp, largest.offsetOfMaxTimestamp);
      }
      this.#lastIndexedPosition = position;
    }
  }

  /** The last act of an active segment: the time index gets the largest timestamp. */
  becomeInactive({ maxTimestamp, offsetOfMaxTimestamp }: LargestTimestamp): void {
    assert(maxTimestamp >= this.timeIndex.lastTimestamp, 'the time index is behind', {
      maxTimestamp,
      indexed: this.timeIndex.lastTimestamp,
    });
    if (maxTimestamp >= 0) this.timeIndex.maybeAppend(maxTimestamp, offsetOfMaxTimestamp);
  }

  lookup(offset: number): number {
    return this.offsetIndex.lookup(offset);
  }

  floorPosition(position: number): number {
    return this.offsetIndex.floorPosition(position);
  }

  lookupTime(timestamp: number): number {
    return this.timeIndex.lookup(timestamp);
  }

  cutFrom(position: number, nextOffset: number): DiskResult {
    const results = [this.offsetIndex.cutFrom(position), this.timeIndex.cutFrom(nextOffset)];
    this.#lastIndexedPosition = this.offsetIndex.lastPosition;
    return results.find((result) => result !== 'ok') ?? 'ok';
  }

  reset(): DiskResult {
    this.#lastIndexedPosition = 0;
    const result = this.offsetIndex.reset();
    return result === 'ok' ? this.timeIndex.reset() : result;
  }

  load(framesBytes: number): boolean {
    if (!this.offsetIndex.load(framesBytes) || !this.timeIndex.load()) return false;
    this.#lastIndexedPosition = this.offsetIndex.lastPosition;
    return true;
  }

  save(): DiskResult {
    const result = this.offsetIndex.save();
    return result === 'ok' ? this.timeIndex.save() : result;
  }

  sync(done: (result: DiskResult) => void): number {
    let syncs = 0;
    for (const { file } of [this.offsetIndex, this.timeIndex]) {
      if (!file.dirty) continue;
      syncs += 1;
      file.sync(done);
    }
    return syncs;
  }

  closeFiles(): void {
    this.offsetIndex.file.close();
    this.timeIndex.file.close();
  }
}

/** A segment is rolled before it would grow beyond `segment.bytes`. */
export const sparseLayout: SegmentLayout = Object.freeze({
  suffixes: ['.log', '.index', '.timeindex'] as const,
  openFrames: (disk, path) => disk.open(path),
  openIndexes: (place) => new SparseIndexes(place),
  isFull: (sizeBytes, frameBytes, { segmentBytes }) => sizeBytes + frameBytes > segmentBytes,
  syncsWhenFull: true,
} satisfies SegmentLayout);

/** The indexes of a segment of a log with this layout. */
export function sparseIndexesOf(segment: Segment): SparseIndexes {
  const { indexes } = segment;
  assert(indexes instanceof SparseIndexes, 'a log with sparse indexes', {
    baseOffset: segment.baseOffset,
  });
  return indexes;
}

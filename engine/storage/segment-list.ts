/**
 * The segments of one log in the order of their base offsets; the last one is active. And what is
 * found by going through them: frames by offset and by time.
 *
 * Not here: which of it may be seen (`log.ts`), and changes of the log.
 */
import { assert, present } from '../kernel/assert.ts';
import { copyHeader, frameHeader } from './framing.ts';
import type { FrameHeader, TimestampOffset } from './framing.ts';
import type { Segment } from './segment.ts';

/** A place in the log: an offset, and where its bytes are. */
export interface LogPosition {
  readonly offset: number;
  readonly segmentBaseOffset: number;
  readonly positionBytes: number;
}

export interface LogRead {
  /** Whole frames, the first of which may begin below the offset. A view: good within the event. */
  readonly bytes: Uint8Array;
  readonly position: LogPosition;
  /** The first frame is larger than `maxBytes`, and `minOneMessage` was false. */
  readonly firstEntryIncomplete: boolean;
}

export interface ReadBounds {
  /** Return the first frame even if it is larger than the bytes asked for (KIP-74). */
  readonly minOneMessage: boolean;
  /** No frame that reaches this offset: the high watermark, last stable offset or log end. */
  readonly maxOffset: number;
}

/** A record found by its time, and the epoch of its frame. */
export interface FoundRecord extends TimestampOffset {
  readonly epoch: number;
}

const NO_BYTES = new Uint8Array(0);

export class SegmentList {
  readonly #segments: Segment[];
  readonly #found = frameHeader();

  constructor(segments: Segment[]) {
    assert(segments.length > 0, 'a log has a segment');
    this.#segments = segments;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get first(): Segment {
    return present(this.#segments[0], 'a log has a segment');
  }

  get active(): Segment {
    return present(this.#segments[this.#segments.length - 1], 'a log has a segment');
  }

  push(segment: Segment): void {
    const last = this.#segments[this.#segments.length - 1];
    assert(last === undefined || last.baseOffset < segment.baseOffset, 'base offsets rise', {
      last: last?.baseOffset,
      next: segment.baseOffset,
    });
    this.#segments.push(segment);
  }

  get sizeBytes(): number {
    return this.#segments.reduce((bytes, segment) => bytes + segment.sizeBytes, 0);
  }

  /** Puts one segment where others were; they follow each other, and the active one is not one. */
  replace(old: readonly Segment[], by: Segment): void {
    const first = old[0];
    const place = first === undefined ? -1 : this.#segments.indexOf(first);
    assert(place >= 0 && place + old.length < this.#segments.length, 'full segments', { place });
    assert(by.baseOffset === first?.baseOffset, 'it begins where they did', { place });
    this.#segments.splice(place, old.length, by);
  }

  /** Takes segments out, from one place up to another. */
  take(from: number, to: number): Segment[] {
    assert(from <= to && to <= this.#segments.length, 'places in the list', { from, to });
    return this.#segments.splice(from, to - from);
  }

  /** The place of the last segment that begins at or below the offset; -1 if none does. */
  floor(offset: number): number {
    const segments = this.#segments;
    let high = segments.length - 1;
    if (segments[high]!.baseOffset <= offset) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (segments[middle]!.baseOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Where the first frame that reaches the offset begins; null behind the last and if rotten. */
  positionOf(offset: number): LogPosition | null {
    for (let i = Math.max(0, this.floor(offset)); i < this.#segments.length; i++) {
      const segment = this.#segments[i]!;
      const start = segment.locate(Math.max(offset, segment.baseOffset), this.#found);
      if (start < 0) return null;
      if (start === segment.sizeBytes) continue;
      return { offset, segmentBaseOffset: segment.baseOffset, positionBytes: start };
    }
    return null;
  }

  /** The header of that frame, good until the next call; null as `positionOf`. */
  headerAt(offset: number): FrameHeader | null {
    return this.positionOf(offset) === null ? null : this.#found;
  }

  /**
   * Whole frames of one segment, from the first that reaches `offset`; null if there is none below
   * `maxOffset`, `CORRUPT_MESSAGE` if the bytes are no frames.
   */
  read(offset: number, maxBytes: number, bounds: ReadBounds): LogRead | null | 'CORRUPT_MESSAGE' {
    const { maxOffset, minOneMessage } = bounds;
    assert(offset < maxOffset, 'something to read', { offset, maxOffset });
    for (let i = Math.max(0, this.floor(offset)); i < this.#segments.length; i++) {
      const segment = this.#segments[i]!;
      if (segment.baseOffset >= maxOffset) return null;
      const start = segment.locate(Math.max(offset, segment.baseOffset), this.#found);
      if (start < 0) return 'CORRUPT_MESSAGE';
      if (start === segment.sizeBytes) continue;
      const firstBytes = this.#found.sizeBytes;
      const limit = this.#limitOf(segment, maxOffset);
      if (limit < 0) return 'CORRUPT_MESSAGE';
      if (limit <= start) return null;
      const position = { offset, segmentBaseOffset: segment.baseOffset, positionBytes: start };
      const max = minOneMessage ? Math.max(maxBytes, firstBytes) : maxBytes;
      if (max < firstBytes) return { bytes: NO_BYTES, position, firstEntryIncomplete: true };
      const end = limit - start <= max ? limit : segment.frameEndWithin(start, start + max);
      if (end < 0) return 'CORRUPT_MESSAGE';
      return { bytes: segment.read(start, end - start), position, firstEntryIncomplete: false };
    }
    return null;
  }

  /** Walks the frames from the one that reaches `from` on. The header is used again. */
  scan(
    from: number,
    visit: (header: FrameHeader, bytes: Uint8Array, position: number) => void,
  ): void {
    const header = frameHeader();
    for (let i = Math.max(0, this.floor(from)); i < this.#segments.length; i++) {
      const segment = this.#segments[i]!;
      const scan = segment.scanFrom(Math.max(from, segment.baseOffset));
      while (scan.next() === 'frame') {
        if (scan.header.lastOffset < from || !scan.whole()) continue;
        copyHeader(scan.header, header);
        visit(header, scan.bytes, scan.start);
      }
    }
  }

  /** The first record at or above both bounds. Source: UnifiedLog.fetchOffsetByTimestamp. */
  findByTimestamp(timestampMin: number, offsetMin: number): FoundRecord | null {
    for (const segment of this.#segments) {
      if (segment.nextOffset <= offsetMin || segment.maxTimestamp < timestampMin) continue;
      const found = segment.findByTimestamp(timestampMin, offsetMin);
      if (found !== null) return found;
    }
    return null;
  }

  /** The first record with the largest timestamp. */
  findMaxTimestamp(offsetMin: number): FoundRecord | null {
    let timestampMax = -1;
    for (const { maxTimestamp } of this.#segments) {
      timestampMax = Math.max(timestampMax, maxTimestamp);
    }
    return timestampMax < 0 ? null : this.findByTimestamp(timestampMax, offsetMin);
  }

  #limitOf(segment: Segment, maxOffset: number): number {
    if (segment.nextOffset <= maxOffset) return segment.sizeBytes;
    return segment.locate(maxOffset, this.#found);
  }
}

/**
 * One segment of a log: the file with the frames, and its indexes. With Kafka's layout:
 *
 *     00000000000000000042.log         frames from offset 42 on, one behind the other
 *     00000000000000000042.index       offset -> position, sparse
 *     00000000000000000042.timeindex   timestamp -> offset, sparse
 *
 * Responsible for: where a frame lies, whether the next frame still belongs here. Source:
 * storage/internals/log/LogSegment.java, whose rules for rolling these are. Differences: there is
 * no transaction index here, and no jitter in `segment.ms`.
 *
 * Not here: what the indexes say, and when they get an entry (`segment-layout.ts`); the list of
 * segments, offsets of the log, flush and retention (`log.ts` and beside it).
 */
import { assert } from '../kernel/assert.ts';
import type { Cost, Disk, DiskFile, DiskResult } from '../kernel/ports.ts';
import { FrameScan } from './frame-scan.ts';
import { copyHeader } from './framing.ts';
import type { FrameHeader, Framing, TimestampOffset } from './framing.ts';
import type { LogConfig } from './log-config.ts';
import { segmentPath } from './log-directory.ts';
import type { LargestTimestamp, SegmentIndexes, SegmentLayout } from './segment-layout.ts';

/** An error of the disk, as the operating system names it. */
export type DiskFailure = Exclude<DiskResult, 'ok'>;

/** What a segment is made with; the same for all segments of a log. */
export interface SegmentContext {
  readonly disk: Disk;
  readonly cost: Cost;
  readonly framing: Framing;
  readonly layout: SegmentLayout;
  readonly folder: string;
  config: LogConfig;
}

/** What the views may see of a segment. */
export interface SegmentInfo {
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly sizeBytes: number;
  readonly maxTimestamp: number;
  readonly indexEntries: number;
  readonly timeIndexEntries: number;
}

/** Why a frame, and all behind it, cannot be kept. */
export type CutReason =
  'short' | 'bad header' | 'bad checksum' | 'offsets out of order' | 'epochs out of order';

/** What a scan with checksums found: all is well (`reason` null), or where and why it ended. */
export interface SegmentCheck {
  readonly frames: number;
  readonly validBytes: number;
  readonly reason: CutReason | null;
}

const SCAN_BYTES = 65_536;

export class Segment {
  readonly baseOffset: number;
  readonly indexes: SegmentIndexes;
  /** When this segment was made or emptied, wall clock; for segments whose frames have no time. */
  createdMs: number;
  /** When it was last written to, wall clock (after a restart: when it was opened). */
  modifiedMs: number;
  /** Bytes of frames; the file may have more behind them only before recovery. */
  sizeBytes: number;
  /** One above the last offset; `baseOffset` when empty. */
  nextOffset: number;
  /** The largest timestamp, and the last offset of the first frame that has it; -1 if none has. */
  maxTimestamp = -1;
  offsetOfMaxTimestamp: number;
  /** Whether the log file has bytes that no sync has been asked for. */
  dirty = false;
  /** Whether its bytes come from before this start, so that the first read has to seek. */
  cold: boolean;
  readonly #context: SegmentContext;
  readonly #file: DiskFile;
  readonly #search: FrameScan;
  #lastFrame: { offset: number; position: number; epoch: number } | null = null;
  #rollTimestamp: number | null = null;

  /**
   * Opens the files. An existing segment is then brought to life by `load` or `check`. `suffix`
   * stands behind the names of one that is to take the place of others (`segment-swap.ts`).
   */
  constructor(context: SegmentContext, baseOffset: number, nowMs: number, suffix = '') {
    assert(Number.isSafeInteger(baseOffset) && baseOffset >= 0, 'a base offset', { baseOffset });
    const { disk, folder, layout } = context;
    const path = (of: string): string => segmentPath(folder, baseOffset, of) + suffix;
    this.#context = context;
    this.baseOffset = baseOffset;
    this.#file = layout.openFrames(disk, path(layout.suffixes[0]));
    this.indexes = layout.openIndexes({ disk, baseOffset, config: () => context.config, path });
    this.createdMs = nowMs;
    this.modifiedMs = nowMs;
    this.sizeBytes = this.#file.size();
    this.nextOffset = baseOffset;
    this.offsetOfMaxTimestamp = baseOffset;
    this.cold = this.sizeBytes > 0;
    this.#search = this.#scan(context.config.indexIntervalBytes * 2);
  }

  /** The epoch of the last frame, -1 for an empty segment. May read the segment's tail. */
  get lastEpoch(): number {
    if (this.#lastFrame === null && this.sizeBytes > 0) this.#readTail();
    return this.#lastFrame?.epoch ?? -1;
  }

  /** The largest timestamp, or when it was last written if no frame has one (`retention.ms`). */
  get largestTimestamp(): number {
    return this.maxTimestamp >= 0 ? this.maxTimestamp : this.modifiedMs;
  }

  /** The timestamp of the first frame; -1 if it has none (`getFirstBatchTimestamp`). */
  get firstTimestamp(): number {
    if (this.#rollTimestamp === null && this.sizeBytes > 0) {
      const scan = this.scanFrom(this.baseOffset);
      if (scan.next() === 'frame') this.#rollTimestamp = scan.header.maxTimestamp;
    }
    return this.#rollTimestamp ?? -1;
  }

  info(): SegmentInfo {
    return {
      baseOffset: this.baseOffset,
      nextOffset: this.nextOffset,
      sizeBytes: this.sizeBytes,
      maxTimestamp: this.maxTimestamp,
      indexEntries: this.indexes.entries,
      timeIndexEntries: this.indexes.timeEntries,
    };
  }

  // ------------------------------------------------------------------------------------- append

  /**
   * Whether the log has to be rolled before this frame: too big, too old, index full, or an offset
   * that the indexes cannot hold. Source: LogSegment.shouldRoll.
   */
  mustRollFor(header: FrameHeader, nowMs: number): boolean {
    const { config, layout } = this.#context;
    if (!this.indexes.canHold(header.lastOffset)) return true;
    if (this.sizeBytes === 0) return false;
    if (layout.isFull(this.sizeBytes, header.sizeBytes, config) || this.indexes.full) return true;
    return this.#waitedMs(header.maxTimestamp, nowMs) > config.segmentMs;
  }

  /**
   * Takes a frame into account that will be written at the end: `write` follows in the same event,
   * for all that were noted. Nothing but memory changes.
   */
  note(header: FrameHeader): void {
    const { baseOffset, lastOffset, sizeBytes, maxTimestamp } = header;
    assert(baseOffset >= this.nextOffset, 'K13: offsets rise', {
      baseOffset,
      next: this.nextOffset,
    });
    assert(lastOffset >= baseOffset, 'a frame has a record', { baseOffset, lastOffset });
    const position = this.sizeBytes;
    if (position === 0) this.#rollTimestamp = maxTimestamp;
    if (maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = maxTimestamp;
      this.offsetOfMaxTimestamp = lastOffset;
    }
    this.indexes.note(header, position, this);
    this.sizeBytes = position + sizeBytes;
    this.nextOffset = lastOffset + 1;
    this.#setLastFrame(baseOffset, position, header.epoch);
  }

  /** Writes the frames that were noted since the last write. On an error call `truncateAt`. */
  write(frames: Uint8Array, nowMs: number): DiskResult {
    const position = this.sizeBytes - frames.length;
    assert(position >= 0, 'only noted frames are written', { position, bytes: frames.length });
    this.modifiedMs = nowMs;
    this.dirty = true;
    this.#context.cost.charge('append', frames.length);
    const result = this.#file.write(position, frames);
    return result !== 'ok' || this.#context.layout.syncsWhenFull ? result : this.saveIndexes();
  }

  /** The last act of an active segment: the indexes are completed. */
  becomeInactive(): void {
    this.indexes.becomeInactive(this);
  }

  // --------------------------------------------------------------------------------------- find

  /**
   * The position of the first frame whose last offset is at or above `offset`; `sizeBytes` if
   * there is none, -1 if the bytes on the way are no frames. `header` then has that frame's facts.
   */
  locate(offset: number, header: FrameHeader): number {
    assert(offset >= this.baseOffset, 'an offset of the segment', {
      offset,
      base: this.baseOffset,
    });
    if (offset >= this.nextOffset) return this.sizeBytes;
    const last = this.#lastFrame;
    const begin =
      last !== null && offset >= last.offset ? last.position : this.indexes.lookup(offset);
    this.#search.begin(Math.min(begin, this.sizeBytes), this.sizeBytes);
    for (;;) {
      const step = this.#search.next();
      if (step === 'end') return this.sizeBytes;
      if (step !== 'frame') return -1;
      if (this.#search.header.lastOffset < offset) continue;
      copyHeader(this.#search.header, header);
      return this.#search.position;
    }
  }

  /** The largest frame end in `(start, bound]`; -1 if the bytes there are no frames. */
  frameEndWithin(start: number, bound: number): number {
    assert(start <= bound && bound <= this.sizeBytes, 'positions of the segment', { start, bound });
    const search = this.#search;
    search.begin(Math.max(start, this.indexes.floorPosition(bound)), this.sizeBytes);
    for (;;) {
      const step = search.next();
      if (step === 'end') return this.sizeBytes;
      if (step !== 'frame') return -1;
      if (search.position + search.header.sizeBytes > bound) return search.position;
    }
  }

  /** A view of the log file, good within the event. */
  read(position: number, length: number): Uint8Array {
    assert(position + length <= this.sizeBytes, 'a read within the segment', { position, length });
    this.#warmUp();
    return this.#file.read(position, length);
  }

  /** A walk over the frames from one at or before `offset`. */
  scanFrom(offset: number): FrameScan {
    this.#warmUp();
    const scan = this.#scan(SCAN_BYTES);
    scan.begin(Math.min(this.indexes.lookup(offset), this.sizeBytes), this.sizeBytes);
    return scan;
  }

  /**
   * The first record at or above both bounds, with the epoch of its frame; null if there is none.
   * Source: LogSegment.findOffsetByTimestamp.
   */
  findByTimestamp(
    timestampMin: number,
    offsetMin: number,
  ): (TimestampOffset & { readonly epoch: number }) | null {
    const from = Math.max(this.indexes.lookupTime(timestampMin), offsetMin, this.baseOffset);
    const scan = this.scanFrom(from);
    while (scan.next() === 'frame') {
      const { maxTimestamp, lastOffset, sizeBytes, epoch } = scan.header;
      if (maxTimestamp < timestampMin || lastOffset < offsetMin || !scan.whole()) continue;
      const query = { timestampMin, offsetMin };
      const found = this.#context.framing.find(scan.bytes, scan.start, sizeBytes, query);
      if (found === null) continue;
      assert(found.offset <= lastOffset && found.timestamp >= timestampMin, 'what was asked for', {
        found,
        timestampMin,
        lastOffset,
      });
      return { offset: found.offset, timestamp: found.timestamp, epoch };
    }
    return null;
  }

  // --------------------------------------------------------------------- cut, load and check

  /**
   * Cuts the segment at a position where a frame begins. `nextOffset` is that of what stays. The
   * memory is right afterwards even if the disk refused.
   */
  truncateAt(position: number, nextOffset: number, nowMs: number): DiskResult {
    assert(position <= this.sizeBytes, 'a cut within', { position, size: this.sizeBytes });
    assert(nextOffset >= this.baseOffset, 'an offset of the segment', { nextOffset });
    this.sizeBytes = position;
    const results = [
      this.indexes.cutFrom(position, nextOffset),
      this.#file.size() > position ? this.#file.truncate(position) : 'ok',
    ];
    this.nextOffset = nextOffset;
    this.dirty = true;
    this.modifiedMs = nowMs;
    if (position === 0) {
      this.createdMs = nowMs;
      this.#rollTimestamp = null;
    }
    this.#lastFrame = null;
    this.#readTail();
    return results.find((result) => result !== 'ok') ?? 'ok';
  }

  /**
   * Reads the indexes of a segment whose log is trusted. False if they cannot be right: then
   * `check` rebuilds them.
   */
  load(): boolean {
    if (!this.indexes.load(this.sizeBytes)) return false;
    this.#setLargest(this.indexes.largest);
    return true;
  }

  /** Reads on from the last index entries, so that `nextOffset` and the rest are exact. */
  finishLoad(): void {
    this.#readTail();
  }

  /**
   * Goes through the whole log file, frame by frame with checksums, and builds both indexes anew.
   * Whatever is behind the first bad frame is not counted; `cut` removes it. Invariant K15.
   * `epochBefore` is the epoch of the frame before the segment: epochs never fall (K6).
   */
  check(epochBefore: number, visit: (header: FrameHeader) => void): SegmentCheck | DiskFailure {
    const emptied = this.indexes.reset();
    if (emptied !== 'ok') return emptied;
    const fileBytes = this.#file.size();
    this.sizeBytes = 0;
    this.nextOffset = this.baseOffset;
    this.maxTimestamp = -1;
    this.offsetOfMaxTimestamp = this.baseOffset;
    this.#lastFrame = null;
    this.#rollTimestamp = null;
    this.dirty = true;
    this.#warmUp();
    const scan = this.#scan(SCAN_BYTES);
    scan.begin(0, fileBytes);
    let frames = 0;
    let reason: CutReason | null = null;
    for (;;) {
      const step = scan.next();
      if (step === 'end') break;
      reason =
        step === 'frame'
          ? this.#defect(scan, epochBefore)
          : step === 'bad'
            ? 'bad header'
            : 'short';
      if (reason !== null) break;
      this.note(scan.header);
      visit(scan.header);
      frames += 1;
    }
    this.becomeInactive();
    return { frames, validBytes: this.sizeBytes, reason };
  }

  /** Removes what `check` did not count, and writes the indexes. */
  cut(): DiskResult {
    assert(this.sizeBytes <= this.#file.size(), 'a cut only shortens', { size: this.sizeBytes });
    if (this.#file.size() === this.sizeBytes) return this.saveIndexes();
    const result = this.#file.truncate(this.sizeBytes);
    return result === 'ok' ? this.saveIndexes() : result;
  }

  // -------------------------------------------------------------------------------------- files

  saveIndexes(): DiskResult {
    return this.indexes.save();
  }

  /** Asks for the syncs that are due; returns how many completions `done` will get. */
  sync(done: (result: DiskResult) => void): number {
    let syncs = 0;
    if (this.dirty) {
      this.dirty = false;
      syncs += 1;
      this.#file.sync(done);
    }
    return syncs + this.indexes.sync(done);
  }

  closeFiles(): void {
    this.#file.close();
    this.indexes.closeFiles();
  }

  #scan(windowBytes: number): FrameScan {
    const { framing, cost } = this.#context;
    return new FrameScan(framing, this.#file, cost, windowBytes);
  }

  #defect(scan: FrameScan, epochBefore: number): CutReason | null {
    const { baseOffset, lastOffset, sizeBytes, epoch } = scan.header;
    if (!scan.whole()) return 'short';
    this.#context.cost.charge('crc', sizeBytes);
    if (!this.#context.framing.valid(scan.bytes, scan.start, sizeBytes)) return 'bad checksum';
    if (baseOffset < this.nextOffset || lastOffset < baseOffset) return 'offsets out of order';
    if (!this.indexes.canHold(lastOffset)) return 'offsets out of order';
    return epoch < (this.#lastFrame?.epoch ?? epochBefore) ? 'epochs out of order' : null;
  }

  /**
   * Brings what memory knows of the last frames up to the end of the log: the largest timestamp
   * (which the indexes may have only up to their last entry), the next offset, the last epoch.
   */
  #readTail(): void {
    const { largest } = this.indexes;
    this.#setLargest(largest);
    if (this.sizeBytes === 0) return;
    const scan = this.scanFrom(largest.offsetOfMaxTimestamp);
    while (scan.next() === 'frame') {
      const { baseOffset, lastOffset, maxTimestamp, epoch } = scan.header;
      if (maxTimestamp > this.maxTimestamp) {
        this.maxTimestamp = maxTimestamp;
        this.offsetOfMaxTimestamp = lastOffset;
      }
      this.nextOffset = Math.max(this.nextOffset, lastOffset + 1);
      this.#setLastFrame(baseOffset, scan.position, epoch);
    }
    assert(this.maxTimestamp >= largest.maxTimestamp, 'the indexes are no further');
  }

  #setLargest({ maxTimestamp, offsetOfMaxTimestamp }: LargestTimestamp): void {
    this.maxTimestamp = maxTimestamp;
    this.offsetOfMaxTimestamp = offsetOfMaxTimestamp;
  }

  #setLastFrame(offset: number, position: number, epoch: number): void {
    const last = this.#lastFrame;
    if (last === null) {
      this.#lastFrame = { offset, position, epoch };
    } else {
      last.offset = offset;
      last.position = position;
      last.epoch = epoch;
    }
  }

  #waitedMs(timestamp: number, nowMs: number): number {
    const first = this.firstTimestamp;
    return first >= 0 ? timestamp - first : nowMs - this.createdMs;
  }

  /** Bytes from before this start are not in the page cache: the first read costs a seek. */
  #warmUp(): void {
    if (!this.cold) return;
    this.cold = false;
    this.#context.cost.charge('seek', 1);
  }
}

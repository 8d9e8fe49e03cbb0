/**
 * The segmented log of one partition: frames in segments, one active, the others full.
 *
 *     offsets:   logStartOffset ........ recoveryPoint ........ logEndOffset
 *     segments:  [ 0 .. 99 ][ 100 .. 187 ][ 188 ..  active
 *
 * Responsible for: append with rolling, read, truncation, log start offset, retention, flush and
 * the recovery point, lookups by time. It takes frames whose offsets and epochs are assigned and
 * whose checksums the caller has verified. Sources: UnifiedLog, LocalLog.java, LogSegment.java.
 *
 * Errors of the disk are values. After one the log is as it was before the call and *failed*: it
 * can be read, and refuses everything else with that error until a restart, as a log directory
 * goes offline in the real broker. A failed sync is final for the same reason ("fsyncgate").
 *
 * Differences from the real broker: one append may be split over two segments at a frame; `read`
 * ends at a frame's end, where the real broker may cut the last batch; a roll by `segment.ms` looks
 * at each frame's own timestamp; `flush.ms` has its own timer instead of a periodic check.
 *
 * Not here: high watermark, epochs, producers (`kafka/partition`), recovery (`recovery.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { DiskResult, Ports } from '../kernel/ports.ts';
import { microsOfMillis } from '../kernel/units.ts';
import { frameHeader } from './framing.ts';
import type { FrameHeader } from './framing.ts';
import { UNBOUNDED } from './log-config.ts';
import type { LogConfig } from './log-config.ts';
import { FlushQueue } from './log-flush.ts';
import type { FlushDone } from './log-flush.ts';
import { deletableSegments } from './log-retention.ts';
import type { DeletedSegment } from './log-retention.ts';
import { RELATIVE_OFFSET_MAX } from './offset-index.ts';
import { Segment } from './segment.ts';
import type { DiskFailure, SegmentContext, SegmentInfo } from './segment.ts';
import { deleteLogFolder, deleteSegmentFiles } from './segment-deletion.ts';
import { SegmentList } from './segment-list.ts';
import type { FoundRecord, LogPosition, LogRead, ReadBounds } from './segment-list.ts';

export type LogPorts = Pick<Ports, 'disk' | 'clock' | 'cost'>;

/** What the log tells its owner, within the call that caused it or when a sync failed. */
export interface LogHooks {
  /** The disk failed; from now on the log refuses to change. Called once. */
  failed?(failure: DiskFailure): void;
  /** A new active segment begins at this offset. */
  rolled?(baseOffset: number): void;
  /** A segment was taken away by retention or truncation. */
  segmentDeleted?(baseOffset: number): void;
}

/** What `openLog` found on disk. */
export interface LoadedLog {
  readonly segments: Segment[];
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly recoveryPoint: number;
}

export class SegmentedLog {
  readonly #ports: LogPorts;
  /** How its segments are made: for who writes one in place of others (`segment-swap.ts`). */
  readonly segmentContext: SegmentContext;
  readonly #hooks: LogHooks;
  readonly #segments: SegmentList;
  readonly #flushes: FlushQueue;
  /** The frame that an append looks at, and the one that a lookup found. */
  readonly #frame = frameHeader();
  readonly #found = frameHeader();
  /** Invariant K1: logStartOffset <= logEndOffset. Never falls but by truncation below it. */
  #logStartOffset: number;
  #logEndOffset: number;
  /** Invariant K15: what is below it survives a loss of power. Never above the log end offset. */
  #recoveryPoint: number;
  #failure: DiskFailure | null = null;
  #flushTimer = false;
  #closed = false;

  constructor(ports: LogPorts, context: SegmentContext, loaded: LoadedLog, hooks: LogHooks) {
    const { logStartOffset, logEndOffset, recoveryPoint } = loaded;
    assert(logStartOffset <= logEndOffset, 'invariant K1', { logStartOffset, logEndOffset });
    assert(recoveryPoint <= logEndOffset, 'invariant K15', { recoveryPoint, logEndOffset });
    this.#ports = ports;
    this.segmentContext = context;
    this.#hooks = hooks;
    this.#segments = new SegmentList(loaded.segments);
    this.#logStartOffset = logStartOffset;
    this.#logEndOffset = logEndOffset;
    this.#recoveryPoint = recoveryPoint;
    this.#flushes = new FlushQueue((upTo, result) => this.#flushed(upTo, result));
  }

  get folder(): string {
    return this.segmentContext.folder;
  }

  get config(): LogConfig {
    return this.segmentContext.config;
  }

  /** The first offset that may be read. */
  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  /** The offset of the next record. */
  get logEndOffset(): number {
    return this.#logEndOffset;
  }

  /** Everything below this offset is on the platter. */
  get recoveryPoint(): number {
    return this.#recoveryPoint;
  }

  /** The disk's error, if there was one. */
  get failure(): DiskFailure | null {
    return this.#failure;
  }

  get sizeBytes(): number {
    return this.#segments.sizeBytes;
  }

  /** The epoch of the last frame; -1 for an empty log. */
  get lastEpoch(): number {
    return this.#segments.all.findLast(({ sizeBytes }) => sizeBytes > 0)?.lastEpoch ?? -1;
  }

  updateConfig(config: LogConfig): void {
    this.segmentContext.config = config;
  }

  // ------------------------------------------------------------------------------------- append

  /**
   * Appends whole frames. Offsets and epochs are assigned, checksums verified, and the first
   * offset is at or above the log end offset; all of that is asserted or the caller's to answer.
   * On an error nothing is appended and the log has failed. A flush that `flush.messages` asks for
   * is begun; `afterPolicyFlush` tells when it is done.
   */
  append(frames: Uint8Array): DiskResult {
    this.#assertOpen();
    if (this.#failure !== null) return this.#failure;
    const before = this.endPosition();
    const nowMs = this.#ports.clock.wall();
    const framing = this.segmentContext.framing;
    const frame = this.#frame;
    let written = 0;
    let position = 0;
    while (position < frames.length) {
      const header = framing.header(frames, position, frame);
      assert(header === 'ok', 'only whole frames are appended', { header, position });
      assert(position + frame.sizeBytes <= frames.length, 'only whole frames are appended', {
        position,
        sizeBytes: frame.sizeBytes,
        length: frames.length,
      });
      if (this.#segments.active.mustRollFor(frame, nowMs)) {
        const result = this.#write(frames, written, position, nowMs);
        if (result !== 'ok') return this.#undoAppend(before, result);
        written = position;
        this.#rollFor(frame);
        if (this.#failure !== null) return this.#undoAppend(before, this.#failure);
      }
      this.#segments.active.note(frame);
      this.#logEndOffset = frame.lastOffset + 1;
      position += frame.sizeBytes;
    }
    const result = this.#write(frames, written, position, nowMs);
    if (result !== 'ok') return this.#undoAppend(before, result);
    this.#flushByPolicy();
    return 'ok';
  }

  /** Begins a new active segment at the log end offset, unless the active one is empty. */
  roll(): DiskResult {
    this.#assertOpen();
    if (this.#failure !== null) return this.#failure;
    if (this.#segments.active.sizeBytes > 0) this.#rollTo(this.#logEndOffset);
    return this.#failure ?? 'ok';
  }

  // --------------------------------------------------------------------------------------- read

  endPosition(): LogPosition {
    const { baseOffset, sizeBytes } = this.#segments.active;
    return { offset: this.#logEndOffset, segmentBaseOffset: baseOffset, positionBytes: sizeBytes };
  }

  /** Where the frame with this offset begins; null outside of the log. */
  positionOf(offset: number): LogPosition | null {
    if (offset < this.#logStartOffset || offset > this.#logEndOffset) return null;
    return this.#segments.positionOf(offset) ?? { ...this.endPosition(), offset };
  }

  /** The header of the first frame that reaches the offset; null behind the last. Used again. */
  headerAt(offset: number): FrameHeader | null {
    return this.#segments.headerAt(offset);
  }

  /**
   * Reads whole frames from the one that has `offset` on: at most `maxBytes` of one segment, none
   * that reaches `maxOffset`. `OFFSET_OUT_OF_RANGE` below the log start or above the log end,
   * `CORRUPT_MESSAGE` where the disk has rotted; both are Kafka's error names.
   */
  read(
    offset: number,
    maxBytes: number,
    bounds: ReadBounds,
  ): LogRead | 'OFFSET_OUT_OF_RANGE' | 'CORRUPT_MESSAGE' {
    assert(maxBytes >= 0, 'a count of bytes', { maxBytes });
    if (offset < this.#logStartOffset || offset > this.#logEndOffset) return 'OFFSET_OUT_OF_RANGE';
    const maxOffset = Math.min(bounds.maxOffset, this.#logEndOffset);
    const { minOneMessage } = bounds;
    const read =
      offset >= maxOffset
        ? null
        : this.#segments.read(offset, maxBytes, { minOneMessage, maxOffset });
    if (read !== null) return read;
    const position = offset === this.#logEndOffset ? this.endPosition() : this.positionOf(offset);
    assert(position !== null, 'the offset is in the log', { offset });
    return { bytes: NO_BYTES, position, firstEntryIncomplete: false };
  }

  /** Walks the frames from the one that has `from` on, to the end. The header is used again. */
  scan(
    from: number,
    visit: (header: FrameHeader, bytes: Uint8Array, position: number) => void,
  ): void {
    assert(from <= this.#logEndOffset, 'a scan begins in the log', { from });
    this.#segments.scan(from, visit);
  }

  /** The first record with at least this timestamp (milliseconds); null if there is none. */
  offsetForTimestamp(timestamp: number): FoundRecord | null {
    return this.#segments.findByTimestamp(timestamp, this.#logStartOffset);
  }

  /** The first record with the largest timestamp of the log (KIP-734); null without timestamps. */
  offsetOfMaxTimestamp(): FoundRecord | null {
    return this.#segments.findMaxTimestamp(this.#logStartOffset);
  }

  segments(): readonly SegmentInfo[] {
    return this.#segments.all.map((segment) => segment.info());
  }

  /** The segments themselves: for outside checkers (K14) and compaction, which change nothing. */
  get segmentsWithIndexes(): readonly Segment[] {
    return this.#segments.all;
  }

  /** One segment, whose files are there, in place of others (source: LocalLog.replaceSegments). */
  replaceSegments(old: readonly Segment[], by: Segment): void {
    this.#assertOpen();
    this.#segments.replace(old, by);
    this.flush();
  }

  // ---------------------------------------------------------------------------- truncate, delete

  /**
   * Removes every frame that reaches `offset`, and lowers the recovery point (which the owner
   * then writes to its checkpoint). The log ends at `offset`, or at the base offset of the frame
   * that `offset` was inside of; the real broker would leave a gap there.
   */
  truncateTo(offset: number): DiskResult {
    assert(offset >= 0, 'an offset', { offset });
    this.#assertOpen();
    if (this.#failure !== null) return this.#failure;
    if (offset >= this.#logEndOffset) return 'ok';
    if (offset < this.#segments.first.baseOffset) return this.truncateFullyAndStartAt(offset);
    const result = this.#truncate(offset);
    if (result !== 'ok') this.#fail(result);
    return result;
  }

  /** Removes everything; the log then is empty and starts and ends at `offset`. */
  truncateFullyAndStartAt(offset: number): DiskResult {
    assert(offset >= 0, 'an offset', { offset });
    this.#assertOpen();
    if (this.#failure !== null) return this.#failure;
    this.#removeSegments(0, this.#segments.all.length);
    this.#segments.push(new Segment(this.segmentContext, offset, this.#ports.clock.wall()));
    this.#logStartOffset = offset;
    this.#setEnd(offset);
    return 'ok';
  }

  /** Moves the log start offset up; false if it is there or beyond. Never above the log end. */
  incrementLogStartOffset(offset: number): boolean {
    assert(offset <= this.#logEndOffset, 'invariant K1', { offset, end: this.#logEndOffset });
    if (offset <= this.#logStartOffset) return false;
    this.#logStartOffset = offset;
    return true;
  }

  /**
   * Applies retention: whole segments below the high watermark, oldest first, and the log start
   * offset follows them. Invariant K17.
   */
  deleteOldSegments(highWatermark: number): readonly DeletedSegment[] {
    this.#assertOpen();
    const deleted: DeletedSegment[] = [];
    for (const reason of ['log-start-offset', 'retention.bytes', 'retention.ms'] as const) {
      if (this.#failure !== null) break;
      const count = deletableSegments(
        {
          segments: this.#segments.all,
          config: this.config,
          nowMs: this.#ports.clock.wall(),
          logStartOffset: this.#logStartOffset,
          logEndOffset: this.#logEndOffset,
          highWatermark,
        },
        reason,
      );
      if (count === 0) continue;
      for (const { baseOffset, sizeBytes } of this.#segments.all.slice(0, count)) {
        deleted.push({ baseOffset, sizeBytes, reason });
      }
      if (count === this.#segments.all.length) this.#rollTo(this.#logEndOffset);
      this.#removeSegments(0, count);
      this.incrementLogStartOffset(this.#segments.first.baseOffset);
    }
    return deleted;
  }

  // --------------------------------------------------------------------------------------- flush

  /**
   * Syncs what is not synced: log and index files. `done` comes in a later event (or at once, if
   * there is nothing to sync), when everything below the log end of this call is on the platter
   * and the recovery point says so.
   */
  flush(done: FlushDone = ignore): void {
    if (this.#failure !== null) {
      done(this.#failure);
      return;
    }
    let saved: DiskResult = 'ok';
    for (const segment of this.#segments.all) {
      if (saved === 'ok') saved = segment.saveIndexes();
    }
    if (saved !== 'ok') {
      this.#fail(saved);
      done(saved);
      return;
    }
    const start = (synced: FlushDone): number => {
      let syncs = 0;
      for (const segment of this.#segments.all) syncs += segment.sync(synced);
      return syncs;
    };
    this.#flushes.add(this.#logEndOffset, start, done);
  }

  /**
   * Calls back when the flush that `flush.messages` asked for after the last append is done; at
   * once when it asked for none. A leader answers then, as the real broker syncs within an append.
   */
  afterPolicyFlush(done: FlushDone): void {
    if (this.#failure !== null) done(this.#failure);
    else if (this.config.flushMessages === UNBOUNDED) done('ok');
    else this.#flushes.afterPending(done);
  }

  /** Writes the indexes, syncs everything and closes the files: what a clean stop needs. */
  close(done: FlushDone): void {
    this.#assertOpen();
    if (this.#failure === null) this.#segments.active.becomeInactive();
    this.flush((result) => {
      this.closeFiles();
      done(result);
    });
    this.#closed = true;
  }

  /** Closes the files as they are. */
  closeFiles(): void {
    this.#closed = true;
    for (const segment of this.#segments.all) segment.closeFiles();
  }

  /**
   * Deletes the log with its topic: the folder is renamed to `<folder>.<id>-delete` at once and
   * removed after `file.delete.delay.ms`.
   */
  delete(id: string): void {
    this.closeFiles();
    deleteLogFolder(this.#ports, this.segmentContext, id);
  }

  // -------------------------------------------------------------------------------------- within

  #assertOpen(): void {
    assert(!this.#closed, 'the log is open', { folder: this.folder });
  }

  #write(frames: Uint8Array, from: number, to: number, nowMs: number): DiskResult {
    if (from === to) return 'ok';
    const whole = from === 0 && to === frames.length;
    return this.#segments.active.write(whole ? frames : frames.subarray(from, to), nowMs);
  }

  /** A new segment for a frame. It begins at the log end unless the frame is too far from there. */
  #rollFor(frame: FrameHeader): void {
    const end = this.#logEndOffset;
    const reachable = frame.lastOffset - end <= RELATIVE_OFFSET_MAX;
    this.#rollTo(reachable ? end : frame.baseOffset);
  }

  #rollTo(baseOffset: number): void {
    const full = this.#segments.active;
    full.becomeInactive();
    if (full.sizeBytes === 0) {
      // An empty segment that cannot take the frame gives way, or two would have one name.
      this.#removeSegments(this.#segments.all.length - 1, this.#segments.all.length);
    }
    this.#segments.push(new Segment(this.segmentContext, baseOffset, this.#ports.clock.wall()));
    this.#hooks.rolled?.(baseOffset);
    if (this.segmentContext.layout.syncsWhenFull) this.flush();
  }

  /** Back to where the append began, whatever the disk says: the log is failed then. */
  #undoAppend(before: LogPosition, result: DiskFailure): DiskFailure {
    this.#fail(result);
    const segments = this.#segments.all;
    const place = segments.findIndex(({ baseOffset }) => baseOffset === before.segmentBaseOffset);
    // The active segment was empty and gave way to one further up: that one is emptied instead.
    const keep = place < 0 ? segments.length - 1 : place;
    this.#removeSegments(keep + 1, segments.length);
    const { active } = this.#segments;
    const nextOffset = Math.max(active.baseOffset, Math.min(before.offset, active.nextOffset));
    const sizeBytes = place < 0 ? 0 : before.positionBytes;
    active.truncateAt(sizeBytes, nextOffset, this.#ports.clock.wall());
    this.#setEnd(before.offset);
    return result;
  }

  #truncate(offset: number): DiskResult {
    let keep = this.#segments.all.length;
    while (keep > 1 && this.#segments.all[keep - 1]!.baseOffset > offset) keep -= 1;
    this.#removeSegments(keep, this.#segments.all.length);
    const { active } = this.#segments;
    const position = active.locate(offset, this.#found);
    if (position < 0) return 'EIO';
    const straddles = position < active.sizeBytes && this.#found.baseOffset < offset;
    const end = straddles ? this.#found.baseOffset : offset;
    const nextOffset = Math.min(end, active.nextOffset);
    const result = active.truncateAt(position, nextOffset, this.#ports.clock.wall());
    this.#logStartOffset = Math.min(this.#logStartOffset, end);
    this.#setEnd(end);
    return result;
  }

  #setEnd(offset: number): void {
    this.#logEndOffset = offset;
    this.#recoveryPoint = Math.min(this.#recoveryPoint, offset);
    this.#flushes.lower(offset);
  }

  #removeSegments(from: number, to: number): void {
    const removed = this.#segments.take(from, to);
    deleteSegmentFiles(this.#ports, this.segmentContext, removed);
    for (const { baseOffset } of removed) this.#hooks.segmentDeleted?.(baseOffset);
  }

  #flushByPolicy(): void {
    const { flushMessages, flushMs } = this.config;
    const flushedTo = Math.max(this.#recoveryPoint, this.#flushes.requestedUpTo);
    if (this.#logEndOffset - flushedTo >= flushMessages) {
      this.flush();
    } else if (flushMs !== UNBOUNDED && !this.#flushTimer) {
      this.#flushTimer = true;
      this.#ports.clock.after(microsOfMillis(flushMs), 'flush.ms', () => {
        this.#flushTimer = false;
        if (!this.#closed && this.#recoveryPoint < this.#logEndOffset) this.flush();
      });
    }
  }

  #flushed(upTo: number, result: DiskResult): void {
    if (result !== 'ok') {
      this.#fail(result);
      return;
    }
    assert(upTo <= this.#logEndOffset, 'flushed within the log', { upTo, end: this.#logEndOffset });
    if (this.#failure === null) this.#recoveryPoint = Math.max(this.#recoveryPoint, upTo);
  }

  #fail(failure: DiskFailure): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    this.#hooks.failed?.(failure);
  }
}

const NO_BYTES = new Uint8Array(0);
function ignore(): void {}

/**
 * Opens a log from what is on disk: after a clean stop by trusting it, after an unclean one by
 * reading every frame from the recovery point on.
 *
 *     trusted, indexes looked at  |  scanned: checksum, order; indexes rebuilt
 *     [ 0 .. 99 ][ 100 .. 187 ]   |  [ 188 .. 240 ][ 241 .. x bad -> cut here, the rest goes
 *                                 recovery point
 *
 * Invariant K15: what is left is a prefix of what was there, and has all that was synced below the
 * recovery point. Invariant K14: indexes are derived; one that is missing, torn or not rising is
 * built again. Source: LogLoader.java.
 *
 * Stricter than the real broker, which may leave a hole in these cases: a scanned segment that
 * ends below the next one's base offset ends the log (whole frames were lost at its end), and so
 * does a frame whose epoch is below the one before it (a truncation was not synced). A segment
 * below the recovery point whose index is bad is scanned like the others.
 *
 * Not here: the recovery point's file (`offset-checkpoint.ts`), epochs and producers (the caller,
 * who is shown each scanned frame).
 */
import { assert } from '../kernel/assert.ts';
import type { FrameHeader, Framing } from './framing.ts';
import type { LogConfig } from './log-config.ts';
import { DELETED_SUFFIX, parseSegmentName, segmentPath } from './log-directory.ts';
import { SegmentedLog } from './log.ts';
import type { LogHooks, LogPorts } from './log.ts';
import { deleteSegmentFiles } from './segment-deletion.ts';
import { completeSwaps } from './segment-swap.ts';
import type { SegmentLayout } from './segment-layout.ts';
import { Segment } from './segment.ts';
import type { CutReason, DiskFailure, SegmentContext } from './segment.ts';
import { sparseLayout } from './sparse-indexes.ts';

export interface OpenOptions {
  /** The log's folder, as in `data/pay-0`; it need not exist yet. */
  readonly folder: string;
  readonly config: LogConfig;
  /** Whether the last stop was clean: `.kafka_cleanshutdown` was there. */
  readonly clean: boolean;
  /** From `recovery-point-offset-checkpoint`; 0 if there is none. */
  readonly recoveryPoint: number;
  /** From `log-start-offset-checkpoint`; 0 if there is none. */
  readonly logStartOffset: number;
  readonly hooks?: LogHooks;
  /** Is shown the header of each frame that was scanned and kept, in order. */
  readonly recovered?: (header: FrameHeader) => void;
}

/** What opening the log found and did. */
export interface RecoveryReport {
  readonly clean: boolean;
  readonly segmentsScanned: number;
  readonly framesScanned: number;
  /** Bytes behind the last good frame of the segment that was cut. */
  readonly bytesCut: number;
  readonly cutAt: {
    readonly segmentBaseOffset: number;
    readonly positionBytes: number;
    readonly reason: CutReason | 'gap before the next segment';
  } | null;
  /** Base offsets of the segments that were behind the cut. */
  readonly segmentsDeleted: readonly number[];
  /** Base offsets of the segments whose indexes were built again because they could not be used. */
  readonly indexesRebuilt: readonly number[];
  /** Files that an earlier deletion or a lost log file had left. */
  readonly filesRemoved: readonly string[];
}

export type OpenResult =
  | { readonly log: SegmentedLog; readonly report: RecoveryReport }
  | { readonly failure: DiskFailure };

/** Opens a log, new or old. The disk's errors are values. */
export function openLog(
  ports: LogPorts,
  framing: Framing,
  options: OpenOptions,
  layout: SegmentLayout = sparseLayout,
): OpenResult {
  const { folder, config, recoveryPoint, logStartOffset } = options;
  assert(recoveryPoint >= 0 && logStartOffset >= 0, 'offsets', { recoveryPoint, logStartOffset });
  const { disk, cost } = ports;
  const context: SegmentContext = { disk, cost, framing, layout, folder, config };
  return new Recovery(ports, context, options).run();
}

class Recovery {
  readonly #ports: LogPorts;
  readonly #context: SegmentContext;
  readonly #options: OpenOptions;
  readonly #indexesRebuilt: number[] = [];
  readonly #segmentsDeleted: number[] = [];
  readonly #filesRemoved: string[] = [];
  #segments: Segment[] = [];
  #unusable = new Set<Segment>();
  #segmentsScanned = 0;
  #framesScanned = 0;
  #bytesCut = 0;
  #cutAt: RecoveryReport['cutAt'] = null;

  constructor(ports: LogPorts, context: SegmentContext, options: OpenOptions) {
    this.#ports = ports;
    this.#context = context;
    this.#options = options;
  }

  run(): OpenResult {
    this.#openSegments();
    const failure = this.#scanSegments();
    if (failure !== null) return { failure };
    this.#endBelowStart();
    const { clean, recoveryPoint, hooks = {} } = this.#options;
    const segments = this.#segments;
    if (segments.length === 0) segments.push(this.#newSegment(this.#options.logStartOffset));
    const last = segments[segments.length - 1]!;
    const first = segments[0]!;
    const logEndOffset = last.nextOffset;
    const untouched = clean && this.#cutAt === null && this.#indexesRebuilt.length === 0;
    const log = new SegmentedLog(
      this.#ports,
      this.#context,
      {
        segments,
        logStartOffset: Math.max(this.#options.logStartOffset, first.baseOffset),
        logEndOffset,
        recoveryPoint: untouched ? logEndOffset : Math.min(recoveryPoint, logEndOffset),
      },
      hooks,
    );
    return { log, report: this.#report() };
  }

  /** Opens each segment, reads its indexes, and removes what does not belong to any. */
  #openSegments(): void {
    const { disk } = this.#ports;
    const { folder, layout } = this.#context;
    const [framesSuffix] = layout.suffixes;
    this.#filesRemoved.push(...completeSwaps(this.#ports, this.#context));
    const names = new Set(disk.list(folder));
    const baseOffsets: number[] = [];
    for (const name of names) {
      const parsed = parseSegmentName(name);
      if (parsed?.suffix === framesSuffix) baseOffsets.push(parsed.baseOffset);
      const stem = parsed === null ? '' : name.slice(0, -parsed.suffix.length);
      const orphan = parsed !== null && !names.has(stem + framesSuffix);
      if (orphan || name.endsWith(DELETED_SUFFIX)) {
        disk.remove(`${folder}/${name}`);
        this.#filesRemoved.push(name);
      }
    }
    baseOffsets.sort((left, right) => left - right);
    for (const baseOffset of baseOffsets) {
      const indexed = layout.suffixes.every((of) =>
        disk.exists(segmentPath(folder, baseOffset, of)),
      );
      const segment = this.#newSegment(baseOffset);
      if (!indexed || !segment.load()) this.#unusable.add(segment);
      this.#segments.push(segment);
    }
  }

  /**
   * Scans what is not trusted. A scan of one segment needs all before it to have its end; the
   * trusted ones end where the next begins.
   */
  #scanSegments(): DiskFailure | null {
    const segments = this.#segments;
    const unflushedFrom = this.#options.clean ? segments.length : this.#unflushedFrom();
    let epochBefore = -1;
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i]!;
      const next = segments[i + 1];
      const unusable = this.#unusable.has(segment);
      if (i >= unflushedFrom || unusable) {
        if (i > 0 && epochBefore < 0) epochBefore = segments[i - 1]!.lastEpoch;
        if (unusable && i < unflushedFrom) this.#indexesRebuilt.push(segment.baseOffset);
        // Below the recovery point a gap is no loss: compaction leaves such gaps.
        const nextMust = i >= unflushedFrom ? next : undefined;
        const failure = this.#scanSegment(segment, epochBefore, nextMust);
        if (failure !== null) return failure;
        if (this.#cutAt !== null) {
          this.#removeFrom(i + 1);
          return null;
        }
        if (segment.sizeBytes > 0) epochBefore = segment.lastEpoch;
        if (next !== undefined) segment.nextOffset = next.baseOffset;
      } else if (next === undefined) {
        segment.finishLoad();
      } else {
        segment.nextOffset = next.baseOffset;
      }
    }
    return null;
  }

  #scanSegment(
    segment: Segment,
    epochBefore: number,
    next: Segment | undefined,
  ): DiskFailure | null {
    const fileBytes = segment.sizeBytes;
    const check = segment.check(epochBefore, (header) => this.#options.recovered?.(header));
    if (typeof check === 'string') return check;
    this.#segmentsScanned += 1;
    this.#framesScanned += check.frames;
    const { baseOffset: segmentBaseOffset, nextOffset } = segment;
    const positionBytes = check.validBytes;
    if (check.reason !== null) {
      this.#cutAt = { segmentBaseOffset, positionBytes, reason: check.reason };
      this.#bytesCut = fileBytes - positionBytes;
    } else if (next !== undefined && next.baseOffset !== nextOffset) {
      const reason = 'gap before the next segment';
      this.#cutAt = { segmentBaseOffset, positionBytes, reason };
    }
    const result = segment.cut();
    return result === 'ok' ? null : result;
  }

  /** The place of the first segment that may hold what was not flushed. */
  #unflushedFrom(): number {
    const { recoveryPoint } = this.#options;
    const place = this.#segments.findLastIndex(({ baseOffset }) => baseOffset <= recoveryPoint);
    return Math.max(0, place);
  }

  /** A log that ends below its start offset has lost its files: it begins anew at that offset. */
  #endBelowStart(): void {
    const last = this.#segments[this.#segments.length - 1];
    if (last === undefined || last.nextOffset >= this.#options.logStartOffset) return;
    this.#removeFrom(0);
  }

  #removeFrom(place: number): void {
    const removed = this.#segments.splice(place);
    for (const { baseOffset } of removed) this.#segmentsDeleted.push(baseOffset);
    deleteSegmentFiles(this.#ports, this.#context, removed);
  }

  #newSegment(baseOffset: number): Segment {
    return new Segment(this.#context, baseOffset, this.#ports.clock.wall());
  }

  #report(): RecoveryReport {
    return {
      clean: this.#options.clean,
      segmentsScanned: this.#segmentsScanned,
      framesScanned: this.#framesScanned,
      bytesCut: this.#bytesCut,
      cutAt: this.#cutAt,
      segmentsDeleted: this.#segmentsDeleted,
      indexesRebuilt: this.#indexesRebuilt,
      filesRemoved: this.#filesRemoved,
    };
  }
}

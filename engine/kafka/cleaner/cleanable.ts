/**
 * Which part of a compacted log may be cleaned now, and how dirty it is.
 *
 *     | clean ............ | dirty .............. | not cleanable: min.compaction.lag.ms,
 *     0          first dirty offset   first uncleanable     above the LSO, or the active segment
 *
 * Source: `LogCleanerManager` (`cleanableOffsets`, `calculateCleanableBytes`,
 * `maxCompactionDelay`), LogToClean.java.
 * Difference: nothing is cleaned that the recovery point does not cover (`log-cleaner.ts` has it
 * written down first). Recovery here cuts
 * a log at a gap above that point (`storage/recovery.ts`), and compaction leaves gaps.
 */
import { assert } from '../../kernel/assert.ts';
import type { UnifiedLog } from '../partition/unified-log.ts';

export interface CleanablePart {
  readonly firstDirtyOffset: number;
  /** A segment's base offset. */
  readonly firstUncleanableOffset: number;
  readonly cleanBytes: number;
  readonly cleanableBytes: number;
  /** How much longer than max.compaction.lag.ms the oldest dirty record has waited; 0: not yet. */
  readonly overdueMs: number;
  /** The checkpoint said an offset that this log does not have. */
  readonly checkpointIsWrong: boolean;
}

/** `checkpoint`: where the last cleaning ended, null if there was none. */
export function cleanablePart(
  log: UnifiedLog,
  checkpoint: number | null,
  nowMs: number,
): CleanablePart {
  const { logStartOffset, logEndOffset, config } = log;
  const known = checkpoint ?? logStartOffset;
  const checkpointIsWrong = known < logStartOffset || known > logEndOffset;
  const firstDirtyOffset = checkpointIsWrong ? logStartOffset : known;
  const segments = log.log.segmentsWithIndexes;
  const active = segments[segments.length - 1];
  assert(active !== undefined, 'an active segment', { logEndOffset });
  const full = segments.slice(0, -1);
  const lagMs = config['min.compaction.lag.ms'];
  const isDirty = ({ nextOffset }: { nextOffset: number }): boolean =>
    nextOffset > firstDirtyOffset;
  const tooYoung =
    lagMs > 0
      ? full.find((one) => isDirty(one) && one.largestTimestamp > nowMs - lagMs)
      : undefined;
  const bound = Math.min(
    log.lastStableOffset,
    log.log.recoveryPoint,
    tooYoung?.baseOffset ?? active.baseOffset,
  );
  const upTo = Math.max(firstDirtyOffset, bound);
  const firstUncleanable = full.find(({ nextOffset }) => nextOffset > upTo) ?? active;
  const firstUncleanableOffset = firstUncleanable.baseOffset;
  assert(firstUncleanableOffset <= active.baseOffset, 'K16: never the active segment', {
    firstUncleanableOffset,
    active: active.baseOffset,
  });
  let cleanBytes = 0;
  let cleanableBytes = 0;
  for (const segment of full) {
    if (segment.nextOffset <= firstDirtyOffset) cleanBytes += segment.sizeBytes;
    else if (segment.nextOffset <= firstUncleanableOffset) cleanableBytes += segment.sizeBytes;
  }
  const overdueMs = overdueOf(full.filter(isDirty), nowMs - config['max.compaction.lag.ms']);
  return {
    firstDirtyOffset,
    firstUncleanableOffset,
    cleanBytes,
    cleanableBytes,
    overdueMs,
    checkpointIsWrong,
  };
}

function overdueOf(dirty: readonly { readonly firstTimestamp: number }[], untilMs: number): number {
  const times = dirty.map(({ firstTimestamp }) => firstTimestamp).filter((time) => time > 0);
  const earliest = times.reduce((least, time) => Math.min(least, time), Number.MAX_SAFE_INTEGER);
  return earliest < untilMs ? untilMs - earliest : 0;
}

/** Whether a log is dirty enough, or has waited too long (KIP-354). */
export function isDue(part: CleanablePart, ratioMin: number): boolean {
  if (part.cleanableBytes === 0) return false;
  return part.overdueMs > 0 || dirtyRatio(part) > ratioMin;
}

/** Cleanable bytes over all that could be read: 0 to 1. */
export function dirtyRatio({ cleanBytes, cleanableBytes }: CleanablePart): number {
  const total = cleanBytes + cleanableBytes;
  assert(cleanBytes >= 0 && cleanableBytes >= 0, 'bytes', { cleanBytes, cleanableBytes });
  return total === 0 ? 0 : cleanableBytes / total;
}

/**
 * How compaction puts a segment in place of others, so that a crash at any point leaves the old
 * ones or the new one:
 *
 *     1  <base>.log.cleaned   is written and synced         a start removes it
 *     2  <base>.log.swap      is whole                      a start completes the swap
 *     3  the old files        are renamed to .deleted
 *     4  <base>.log           the suffix goes
 *
 * As long as one of the three files is `.cleaned` the swap has not begun; from the first step of 3
 * on all are `.swap`. Which segments a `.swap` replaces its own offsets tell. Source:
 * LocalLog.replaceSegments, LogLoader.removeTempFilesAndCollectSwapFiles and `load`.
 *
 * Not here: what is written into the new segment (`kafka/cleaner/`), and whether the old ones are
 * as they were when it was (the caller's, in the same event).
 */
import { assert } from '../kernel/assert.ts';
import type { Ports } from '../kernel/ports.ts';
import { CLEANED_SUFFIX, SWAP_SUFFIX, parseSegmentName, segmentPath } from './log-directory.ts';
import type { SegmentedLog } from './log.ts';
import { Segment } from './segment.ts';
import type { SegmentContext } from './segment.ts';
import { deleteSegmentFiles } from './segment-deletion.ts';

/** An empty segment under the names of step 1. What an abandoned one has left is removed. */
export function beginCleaned(log: SegmentedLog, baseOffset: number, nowMs: number): Segment {
  removeCleaned(log, baseOffset);
  return new Segment(log.segmentContext, baseOffset, nowMs, CLEANED_SUFFIX);
}

/** Removes the files of step 1. */
export function removeCleaned({ segmentContext }: SegmentedLog, baseOffset: number): void {
  const { disk, folder, layout } = segmentContext;
  for (const suffix of layout.suffixes) {
    disk.remove(segmentPath(folder, baseOffset, suffix) + CLEANED_SUFFIX);
  }
}

/**
 * Steps 2 to 4: `cleaned`, whose files are synced, takes the place of `old`, and is opened anew
 * under its own names. Offsets between its last frame and the next segment stay its own.
 */
export function swapSegments(
  ports: Pick<Ports, 'disk' | 'clock'>,
  log: SegmentedLog,
  cleaned: Segment,
  old: readonly Segment[],
): void {
  const context = log.segmentContext;
  const last = old[old.length - 1];
  assert(last !== undefined, 'segments to replace', { baseOffset: cleaned.baseOffset });
  assert(cleaned.nextOffset <= last.nextOffset, 'offsets stay', { next: last.nextOffset });
  cleaned.closeFiles();
  renameAll(context, cleaned.baseOffset, CLEANED_SUFFIX, SWAP_SUFFIX);
  deleteSegmentFiles(ports, context, old);
  renameAll(context, cleaned.baseOffset, SWAP_SUFFIX, '');
  const segment = new Segment(context, cleaned.baseOffset, last.createdMs);
  const loaded = segment.load();
  assert(loaded, 'K14: indexes that were just written', { baseOffset: segment.baseOffset });
  segment.finishLoad();
  segment.nextOffset = last.nextOffset;
  segment.modifiedMs = last.modifiedMs;
  segment.cold = false;
  // The next sync of any of its files makes the renames durable, too.
  segment.dirty = true;
  log.replaceSegments(old, segment);
}

/**
 * After a stop at any point: swaps that had begun are completed, and what had not is removed.
 * Returns the names of the files that are gone.
 */
export function completeSwaps(
  ports: Pick<Ports, 'disk' | 'clock'>,
  context: SegmentContext,
): string[] {
  const { disk, folder } = context;
  const named = (suffix: string): { name: string; baseOffset: number }[] =>
    disk.list(folder).flatMap((name) => {
      const parsed = name.endsWith(suffix) ? parseSegmentName(name.slice(0, -suffix.length)) : null;
      return parsed === null ? [] : [{ name, baseOffset: parsed.baseOffset }];
    });
  const removed: string[] = [];
  const remove = (name: string): void => {
    disk.remove(`${folder}/${name}`);
    removed.push(name);
  };
  const cleaned = named(CLEANED_SUFFIX);
  for (const { name } of cleaned) remove(name);
  for (const { name, baseOffset } of named(SWAP_SUFFIX)) {
    // Some of its files were still `.cleaned`: all that it would replace is there.
    if (cleaned.some((other) => other.baseOffset <= baseOffset)) remove(name);
  }
  const swaps = new Set(named(SWAP_SUFFIX).map(({ baseOffset }) => baseOffset));
  for (const baseOffset of swaps) {
    for (const name of replacedBy(ports, context, baseOffset)) remove(name);
    renameAll(context, baseOffset, SWAP_SUFFIX, '');
  }
  return removed;
}

/** Files of segments that begin within the offsets of a `.swap`; none once its log has its name. */
function replacedBy(
  { disk, clock }: Pick<Ports, 'disk' | 'clock'>,
  context: SegmentContext,
  baseOffset: number,
): string[] {
  const { folder } = context;
  if (!disk.exists(segmentPath(folder, baseOffset, '.log') + SWAP_SUFFIX)) return [];
  const swap = new Segment(context, baseOffset, clock.wall(), SWAP_SUFFIX);
  swap.finishLoad();
  const end = Math.max(swap.nextOffset, baseOffset + 1);
  swap.closeFiles();
  return disk.list(folder).filter((name) => {
    const base = parseSegmentName(name)?.baseOffset ?? -1;
    return base >= baseOffset && base < end;
  });
}

function renameAll(
  { disk, folder, layout }: SegmentContext,
  baseOffset: number,
  from: string,
  to: string,
): void {
  for (const suffix of layout.suffixes) {
    const path = segmentPath(folder, baseOffset, suffix);
    if (disk.exists(path + from)) disk.rename(path + from, path + to);
  }
}

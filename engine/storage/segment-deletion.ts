/**
 * Takes files away as the real broker does: renamed at once, removed after `file.delete.delay.ms`
 * (source: LocalLog.deleteSegmentFiles, LogManager.asyncDelete). Of what a stop leaves behind the
 * next start removes the segments (`recovery.ts`); a deleted log's folder is its owner's to find.
 */
import { assert } from '../kernel/assert.ts';
import type { Ports } from '../kernel/ports.ts';
import { microsOfMillis } from '../kernel/units.ts';
import { DELETE_FOLDER_SUFFIX, DELETED_SUFFIX, segmentPath } from './log-directory.ts';
import type { Segment, SegmentContext } from './segment.ts';

/** The segments are closed; they must not be in the log's list any more. */
export function deleteSegmentFiles(
  ports: Pick<Ports, 'disk' | 'clock'>,
  context: SegmentContext,
  segments: readonly Segment[],
): void {
  const { folder, config, layout } = context;
  assert(config.fileDeleteDelayMs >= 0, 'a delay', { delayMs: config.fileDeleteDelayMs });
  const renamed: string[] = [];
  for (const segment of segments) {
    segment.closeFiles();
    for (const suffix of layout.suffixes) {
      const path = segmentPath(folder, segment.baseOffset, suffix);
      if (!ports.disk.exists(path)) continue;
      ports.disk.rename(path, path + DELETED_SUFFIX);
      renamed.push(path + DELETED_SUFFIX);
    }
  }
  if (renamed.length === 0) return;
  ports.clock.after(microsOfMillis(config.fileDeleteDelayMs), 'file.delete.delay.ms', () => {
    for (const path of renamed) ports.disk.remove(path);
  });
}

/** Renames a log's folder to `<folder>.<id>-delete`; its files are closed. */
export function deleteLogFolder(
  ports: Pick<Ports, 'disk' | 'clock'>,
  context: SegmentContext,
  id: string,
): void {
  const { folder, config } = context;
  assert(id.length > 0 && !id.includes('/'), 'a unique id', { folder, id });
  const renamed = `${folder}.${id}${DELETE_FOLDER_SUFFIX}`;
  ports.disk.rename(folder, renamed);
  const delay = microsOfMillis(config.fileDeleteDelayMs);
  ports.clock.after(delay, 'file.delete.delay.ms', () => ports.disk.remove(renamed));
}

/**
 * `.kafka_cleanshutdown` in a log directory: its presence says that the last stop was clean, its
 * text under which broker epoch (KIP-966; source: CleanShutdownFileHandler.java).
 *
 *     {"version":0,"brokerEpoch":17}
 */
import { assert } from '../kernel/assert.ts';
import type { Disk, DiskResult } from '../kernel/ports.ts';
import { CheckpointFile } from './checkpoint-file.ts';
import { CLEAN_SHUTDOWN } from './log-directory.ts';

const TEXT = /^\{"version":0,"brokerEpoch":(-?\d{1,16})\}$/;

/** Writes the file as the last act of a clean stop; `done` when it is durable. */
export function writeCleanShutdown(
  disk: Disk,
  logDir: string,
  brokerEpoch: number,
  done?: (result: DiskResult) => void,
): void {
  assert(Number.isSafeInteger(brokerEpoch), 'a broker epoch', { brokerEpoch });
  const text = `{"version":0,"brokerEpoch":${brokerEpoch}}`;
  new CheckpointFile(disk, `${logDir}/${CLEAN_SHUTDOWN}`).write(text, done);
}

/**
 * At a start: the broker epoch of the clean stop (-1 if the file does not say), or null after an
 * unclean one. The file is removed, so that a crash from now on is seen as one.
 */
export function takeCleanShutdown(disk: Disk, logDir: string): number | null {
  const path = `${logDir}/${CLEAN_SHUTDOWN}`;
  const text = new CheckpointFile(disk, path).read();
  if (text === null) return null;
  disk.remove(path);
  const brokerEpoch = Number(TEXT.exec(text)?.[1] ?? -1);
  return Number.isSafeInteger(brokerEpoch) ? brokerEpoch : -1;
}

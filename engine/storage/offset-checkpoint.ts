/**
 * A file with one offset a partition: recovery points, high watermarks, log start offsets. One
 * line an entry: topic, partition, offset (source: OffsetCheckpointFile.java).
 *
 * Not here: when it is written, and what a missing entry means.
 */
import { assert } from '../kernel/assert.ts';
import type { Disk, DiskResult } from '../kernel/ports.ts';
import { CheckpointFile } from './checkpoint-file.ts';
import { checkpointLines, checkpointNumber, checkpointText } from './checkpoint-text.ts';

export interface OffsetEntry {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export type OffsetCheckpointRead =
  | { readonly ok: true; readonly entries: readonly OffsetEntry[] }
  | { readonly ok: false; readonly error: 'absent' | 'torn' };

export class OffsetCheckpoint {
  readonly #file: CheckpointFile;

  constructor(disk: Disk, path: string) {
    this.#file = new CheckpointFile(disk, path);
  }

  /** Replaces all entries, in the given order; `done` when that is durable. */
  write(entries: readonly OffsetEntry[], done?: (result: DiskResult) => void): void {
    const lines = entries.map(({ topic, partition, offset }) => {
      assert(offset >= 0 && partition >= 0, 'an entry', { topic, partition, offset });
      return `${topic} ${partition} ${offset}`;
    });
    this.#file.write(checkpointText(lines), done);
  }

  /** Reads all entries. A file that is not there or not whole is an answer, not a failure. */
  read(): OffsetCheckpointRead {
    const text = this.#file.read();
    if (text === null) return { ok: false, error: 'absent' };
    const lines = checkpointLines(text);
    if (lines === null) return { ok: false, error: 'torn' };
    const entries: OffsetEntry[] = [];
    for (const line of lines) {
      const [topic = '', partitionText, offsetText, ...more] = line.split(' ');
      const partition = checkpointNumber(partitionText);
      const offset = checkpointNumber(offsetText);
      const whole = topic !== '' && partition !== null && offset !== null && more.length === 0;
      if (!whole) return { ok: false, error: 'torn' };
      entries.push({ topic, partition, offset });
    }
    return { ok: true, entries };
  }
}

/**
 * `leader-epoch-checkpoint` in a partition's folder: where each leader epoch began, one line an
 * entry (KIP-101; source: LeaderEpochCheckpointFile.java).
 *
 *     0
 *     2
 *     0 0        epoch 0 began at offset 0
 *     3 41       epoch 3 began at offset 41
 *
 * Not here: what the entries are good for (`leader-epoch-cache.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Disk, DiskResult } from '../../kernel/ports.ts';
import { CheckpointFile } from '../../storage/checkpoint-file.ts';
import {
  checkpointLines,
  checkpointNumber,
  checkpointText,
} from '../../storage/checkpoint-text.ts';
import { LEADER_EPOCH_CHECKPOINT } from '../../storage/log-directory.ts';

/** A leader epoch and the offset of its first record. */
export interface EpochEntry {
  readonly epoch: number;
  readonly startOffset: number;
}

export type LeaderEpochCheckpointRead =
  | { readonly ok: true; readonly entries: readonly EpochEntry[] }
  | { readonly ok: false; readonly error: 'absent' | 'torn' };

export class LeaderEpochCheckpoint {
  readonly #file: CheckpointFile;

  /** `folder` is the partition's, as in `data/pay-0`. */
  constructor(disk: Disk, folder: string) {
    this.#file = new CheckpointFile(disk, `${folder}/${LEADER_EPOCH_CHECKPOINT}`);
  }

  /** Replaces all entries; `done` when that is durable, or with the disk's error. */
  write(entries: readonly EpochEntry[], done?: (result: DiskResult) => void): void {
    const lines = entries.map(({ epoch, startOffset }) => {
      assert(epoch >= 0 && startOffset >= 0, 'an entry', { epoch, startOffset });
      return `${epoch} ${startOffset}`;
    });
    this.#file.write(checkpointText(lines), done);
  }

  /** Reads all entries. A file that is not there or not whole is an answer, not a failure. */
  read(): LeaderEpochCheckpointRead {
    const text = this.#file.read();
    if (text === null) return { ok: false, error: 'absent' };
    const lines = checkpointLines(text);
    if (lines === null) return { ok: false, error: 'torn' };
    const entries: EpochEntry[] = [];
    for (const line of lines) {
      const [epochText, offsetText, ...more] = line.split(' ');
      const epoch = checkpointNumber(epochText);
      const startOffset = checkpointNumber(offsetText);
      if (epoch === null || startOffset === null || more.length > 0) {
        return { ok: false, error: 'torn' };
      }
      entries.push({ epoch, startOffset });
    }
    return { ok: true, entries };
  }
}

/**
 * The file that holds a member's term and vote, replaced as a whole (KRaft's `quorum-state`).
 *
 *     {"leaderEpoch":4,"votedId":"controller-2","data_version":1}
 *
 * A product that has a format of its own hands in a `QuorumStateText`. Difference: KRaft writes
 * the leader, too, and a leader that restarts is Resigned; here it is Voted, and stands in a newer
 * term.
 * Source: FileQuorumStateStore.java. Not here: when it is written (`raft-state.ts`, T7).
 */
import { assert } from '../kernel/assert.ts';
import type { Disk, DiskResult } from '../kernel/ports.ts';
import { CheckpointFile } from '../storage/checkpoint-file.ts';
import type { QuorumState } from './effect.ts';

export interface QuorumStateText {
  write(state: QuorumState): string;
  /** Null for a text that cannot be read: the member must not start with it. */
  read(text: string): QuorumState | null;
}

/** The text above. */
export const plainQuorumState: QuorumStateText = {
  write: ({ term, votedFor }) =>
    JSON.stringify({ leaderEpoch: term, votedId: votedFor, data_version: 1 }),
  read: (text) => {
    const matched = /^\{"leaderEpoch":(\d{1,15}),"votedId":(null|".*"),"data_version":1\}$/.exec(
      text,
    );
    if (matched === null) return null;
    return { term: Number(matched[1]), votedFor: JSON.parse(matched[2]!) as string | null };
  },
};

export class QuorumStateFile {
  readonly #file: CheckpointFile;
  readonly #text: QuorumStateText;

  constructor(disk: Disk, path: string, text: QuorumStateText) {
    this.#file = new CheckpointFile(disk, path);
    this.#text = text;
  }

  /** Null if there is none yet; `corrupt` if there is one that cannot be read. */
  read(): QuorumState | null | 'corrupt' {
    const text = this.#file.read();
    if (text === null) return null;
    return this.#text.read(text) ?? 'corrupt';
  }

  /** Replaces it; `done` when this state or a newer one is durable. */
  write(state: QuorumState, done: (result: DiskResult) => void): void {
    assert(Number.isSafeInteger(state.term) && state.term >= 0, 'a term', { term: state.term });
    this.#file.write(this.#text.write(state), done);
  }
}

/**
 * Who publishes to a quorum queue, and how far: each counts its messages from 1, so that one that
 * was sent again after a change of leaders is taken once.
 *
 * Source: `rabbit_fifo`'s enqueuers.
 */
import { assert } from '../../kernel/assert.ts';
import { processKey, type ProcessId } from './fifo-command.ts';

export interface Enqueuer {
  readonly process: ProcessId;
  nextSeq: number;
  /** It was told to publish no more (overflow reject-publish). */
  isBlocked: boolean;
}

export class FifoEnqueuers {
  readonly #enqueuers = new Map<string, Enqueuer>();

  constructor(enqueuers: readonly Enqueuer[]) {
    for (const one of enqueuers) this.#enqueuers.set(processKey(one.process), { ...one });
  }

  /** The enqueuer of a process, which begins where it is not known. */
  of(process: ProcessId): Enqueuer {
    const key = processKey(process);
    let enqueuer = this.#enqueuers.get(key);
    if (enqueuer === undefined) {
      enqueuer = { process, nextSeq: 1, isBlocked: false };
      this.#enqueuers.set(key, enqueuer);
    }
    return enqueuer;
  }

  /** Whether a message of this number is the next, was taken before, or comes too early. */
  take(process: ProcessId, seq: number): 'next' | 'duplicate' | 'out_of_sequence' {
    const enqueuer = this.of(process);
    assert(seq > 0, 'messages are counted from 1', { seq });
    if (seq !== enqueuer.nextSeq) return seq < enqueuer.nextSeq ? 'duplicate' : 'out_of_sequence';
    enqueuer.nextSeq += 1;
    return 'next';
  }

  remove(process: ProcessId): void {
    this.#enqueuers.delete(processKey(process));
  }

  /** Blocks or unblocks all that are not; gives those. */
  block(isBlocked: boolean): readonly ProcessId[] {
    const changed = [...this.#enqueuers.values()].filter((one) => one.isBlocked !== isBlocked);
    for (const one of changed) one.isBlocked = isBlocked;
    return changed.map(({ process }) => process);
  }

  get processes(): readonly ProcessId[] {
    return [...this.#enqueuers.values()].map(({ process }) => process);
  }

  toState(): readonly Enqueuer[] {
    return [...this.#enqueuers.values()].map((one) => ({ ...one }));
  }
}

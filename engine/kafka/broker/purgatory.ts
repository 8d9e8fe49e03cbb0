/**
 * Operations that wait: a produce for its replicas, a fetch for its bytes. An operation waits under
 * the names of its partitions; whenever one of them makes progress it looks whether it is done, and
 * when its time is over it answers with what there is.
 *
 * Not here: what an operation waits for (`delayed-produce.ts`, `delayed-fetch.ts`).
 * Source: `DelayedOperationPurgatory`. Differences: one timer an operation, no timing wheel; there
 * an operation looks at all its partitions whenever one of them makes progress.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock, TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';

export interface DelayedOperation {
  /**
   * Looks whether the wait is over, at one of the partitions that it waits for, or at first (null)
   * at all of them. Changes nothing outside the operation.
   */
  tryComplete(key: string | null): boolean;
  /** Answers. Called once: when `tryComplete` was true, or when the time was over. */
  complete(): void;
}

interface Watched {
  readonly operation: DelayedOperation;
  readonly keys: readonly string[];
  timer: TimerId | null;
  done: boolean;
}

export class Purgatory {
  readonly #clock: Clock;
  readonly #label: string;
  readonly #watchers = new Map<string, Watched[]>();
  #waiting = 0;

  /** `label` names the timers in the trace, as in `DelayedFetch`. */
  constructor(clock: Clock, label: string) {
    this.#clock = clock;
    this.#label = label;
  }

  /** Operations that wait. */
  get size(): number {
    return this.#waiting;
  }

  /** Completes the operation at once if it can be; else it waits, `timeoutMs` at most. */
  tryCompleteElseWatch(
    operation: DelayedOperation,
    keys: readonly string[],
    timeoutMs: number,
  ): void {
    assert(keys.length > 0, 'an operation waits for something', { label: this.#label });
    assert(timeoutMs >= 0, 'timeout', { timeoutMs });
    if (operation.tryComplete(null)) {
      operation.complete();
      return;
    }
    const watched: Watched = { operation, keys, timer: null, done: false };
    this.#waiting++;
    for (const key of keys) {
      const list = this.#watchers.get(key);
      if (list === undefined) this.#watchers.set(key, [watched]);
      else list.push(watched);
    }
    watched.timer = this.#clock.after(microsOfMillis(timeoutMs), this.#label, () => {
      watched.timer = null;
      this.#finish(watched);
    });
  }

  /** A partition made progress: those that wait for it look again, oldest first. */
  check(key: string): void {
    const list = this.#watchers.get(key);
    if (list === undefined) return;
    // A copy, for an answer may bring the next request, and finished ones leave their lists.
    const found = list.length === 1 ? list : list.slice();
    for (let index = 0; index < found.length; index++) {
      const watched = found[index]!;
      if (!watched.done && watched.operation.tryComplete(key)) this.#finish(watched);
    }
  }

  /** Forgets everything without an answer: the process ends. */
  clear(): void {
    for (const list of this.#watchers.values()) {
      for (const watched of list) {
        if (watched.timer !== null) this.#clock.cancel(watched.timer);
        watched.timer = null;
        watched.done = true;
      }
    }
    this.#watchers.clear();
    this.#waiting = 0;
  }

  #finish(watched: Watched): void {
    assert(!watched.done, 'completed once', { label: this.#label });
    watched.done = true;
    this.#waiting--;
    if (watched.timer !== null) this.#clock.cancel(watched.timer);
    watched.timer = null;
    this.#forget(watched);
    watched.operation.complete();
  }

  #forget(watched: Watched): void {
    for (const key of watched.keys) {
      const list = this.#watchers.get(key);
      if (list === undefined) continue;
      const index = list.indexOf(watched);
      if (index >= 0) list.splice(index, 1);
      if (list.length === 0) this.#watchers.delete(key);
    }
  }
}

/**
 * The limit of a channel on what is unacknowledged over all its consumers: basic.qos with global.
 *
 * Before each delivery a queue asks; one that was refused waits and is resumed when the channel is
 * below its limit again. What basic.get fetched does not count, but for the moment at which the
 * limit is set. Source: `rabbit_limiter`. Differs: the queues that wait are resumed in the order in
 * which they began to, there in one that is drawn. Deprecated since 3.13, and since 4.3 taken as a
 * limit for each consumer (`profiles/switches.ts`).
 */
import { assert } from '../../kernel/assert.ts';

/** A queue that can be told to go on. */
export interface Resumable {
  resume(): void;
}

export class Limiter {
  #prefetchCount = 0;
  /** Invariant R8: at most `prefetchCount`, but for a limit that was lowered. */
  #unacknowledged = 0;
  #waiting = new Set<Resumable>();

  get isActive(): boolean {
    return this.#prefetchCount > 0;
  }

  /** Sets the limit; what is unacknowledged counts from the first limit on. */
  limit(prefetchCount: number, unacknowledged: number): void {
    assert(prefetchCount > 0, 'a limit', { prefetchCount });
    assert(unacknowledged >= 0, 'a count', { unacknowledged });
    if (!this.isActive) this.#unacknowledged = unacknowledged;
    this.#prefetchCount = prefetchCount;
    this.#resumeUnlessReached();
  }

  unlimit(): void {
    this.#prefetchCount = 0;
    this.#unacknowledged = 0;
    this.#resumeUnlessReached();
  }

  /** Whether the queue may deliver one; if not, it is resumed later. */
  canSend(queue: Resumable, ackRequired: boolean): boolean {
    if (!this.isActive) return true;
    if (this.#isReached()) {
      this.#waiting.add(queue);
      return false;
    }
    if (ackRequired) this.#unacknowledged += 1;
    assert(this.#unacknowledged <= this.#prefetchCount, 'within the limit', {
      unacknowledged: this.#unacknowledged,
      prefetchCount: this.#prefetchCount,
    });
    return true;
  }

  /** So many deliveries to consumers were settled. */
  settled(count: number): void {
    assert(count >= 0, 'a count', { count });
    if (!this.isActive) return;
    this.#unacknowledged = Math.max(0, this.#unacknowledged - count);
    this.#resumeUnlessReached();
  }

  #isReached(): boolean {
    return this.isActive && this.#unacknowledged >= this.#prefetchCount;
  }

  #resumeUnlessReached(): void {
    if (this.#isReached() || this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const queue of waiting) queue.resume();
  }
}

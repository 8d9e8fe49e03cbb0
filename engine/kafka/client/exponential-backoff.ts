/**
 * Waiting times that double with each attempt, up to a maximum, with jitter so that clients that
 * failed together do not come back together.
 *
 * Used for `retry.backoff.ms` and `reconnect.backoff.ms` (KIP-580; before release 3.7 the retry
 * backoff was constant: give a maximum equal to the initial time). Not here: what is retried.
 */
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';

/** The jitter that the Java client takes in all its backoffs, in percent of the waiting time. */
const JITTER_PERCENT = 20;

export class ExponentialBackoff {
  private readonly initialMs: number;
  private readonly maxMs: number;
  private readonly random: Random;

  /** Times in whole milliseconds; a maximum below the initial time is the constant wait. */
  constructor(random: Random, bounds: { initialMs: number; maxMs: number }) {
    assert(Number.isSafeInteger(bounds.initialMs) && bounds.initialMs >= 0, 'initial', bounds);
    assert(Number.isSafeInteger(bounds.maxMs) && bounds.maxMs >= 0, 'maximum', bounds);
    this.random = random;
    this.initialMs = bounds.initialMs;
    this.maxMs = bounds.maxMs;
  }

  /**
   * Milliseconds to wait after `attempts` failures before this one (0: the first failure). Source:
   * `clients/utils/ExponentialBackoff`, KIP-580.
   */
  backoffMs(attempts: number): number {
    assert(Number.isInteger(attempts) && attempts >= 0, 'attempts', { attempts });
    if (this.maxMs <= this.initialMs) return Math.min(this.initialMs, this.maxMs);
    let termMs = this.initialMs;
    for (let n = 0; n < attempts && termMs < this.maxMs; n++) termMs *= 2;
    termMs = Math.min(termMs, this.maxMs);
    const jitterMs = Math.floor((termMs * JITTER_PERCENT) / 100);
    const waitMs = this.random.between(termMs - jitterMs, termMs + jitterMs);
    assert(waitMs >= 0, 'a wait is not negative', { waitMs });
    return Math.min(waitMs, this.maxMs);
  }
}

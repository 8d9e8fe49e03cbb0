/**
 * The part of the time in which a queue could deliver at once, `consumer_capacity` in listings, and
 * `consumer_utilisation` by its older name: 1 where consumers are never waited for. A prefetch that
 * is too small, or an application that is slow, shows here.
 *
 * A queue is inactive from a message that nobody can take to a consumer that can again. The average
 * moves: what was a second ago weighs half. It is a ratio for people to read; nothing is decided
 * by it.
 * Source: `rabbit_queue_consumers:update_use`, `capacity`; `rabbit_misc:moving_average`. Not here:
 * that it is 0 without consumers (`consumers.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';

/** `?USE_AVG_HALF_LIFE`, in microseconds. */
const HALF_LIFE = 1_000_000;
const LN_2 = 0.693_147_180_559_945_3;
/** Terms of the exponential series: the next one is below what a number can tell from 1. */
const SERIES_TERMS = 18;
/** After so many half-lives nothing is left. */
const HALVES_MAX = 64;

export class ConsumerCapacity {
  readonly #clock: Pick<Clock, 'now'>;
  #average = 1;
  /** When it became what it is. */
  #since: number;
  /** How long it was active before; null: it is active. */
  #activeBefore: number | null = null;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** A consumer can take a message. */
  active(): void {
    if (this.#activeBefore === null) return;
    this.#average = this.#now();
    this.#activeBefore = null;
    this.#since = this.#clock.now();
  }

  /** There is a message, and nobody can take it. */
  inactive(): void {
    if (this.#activeBefore !== null) return;
    const now = this.#clock.now();
    this.#activeBefore = now - this.#since;
    this.#since = now;
  }

  /** From 0 to 1. */
  get ratio(): number {
    return this.#now();
  }

  #now(): number {
    const passed = this.#clock.now() - this.#since;
    assert(passed >= 0, 'time goes on', { passed });
    const active = this.#activeBefore ?? passed;
    const time = this.#activeBefore === null ? passed : active + passed;
    if (time === 0) return this.#average;
    const weight = weightAfter(time);
    const average = (active / time) * (1 - weight) + this.#average * weight;
    assert(average >= 0 && average <= 1, 'a ratio', { average });
    return average;
  }
}

/**
 * What an average of so many microseconds ago weighs: 0.5 to the power of the half-lives. By plain
 * arithmetic, which gives the same on every machine.
 */
function weightAfter(micros: number): number {
  const halves = Math.floor(micros / HALF_LIFE);
  if (halves > HALVES_MAX) return 0;
  const exponent = (-LN_2 * (micros % HALF_LIFE)) / HALF_LIFE;
  let weight = 1;
  let term = 1;
  for (let n = 1; n <= SERIES_TERMS; n++) {
    term *= exponent / n;
    weight += term;
  }
  for (let n = 0; n < halves; n++) weight /= 2;
  assert(weight >= 0 && weight <= 1, 'a weight', { micros });
  return weight;
}

/**
 * A host's clock: monotonic time is the world's; wall time can be wrong (skew, drift, a step).
 *
 * Not here: when timers fire in relation to other events (`world.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Micros, Millis } from '../kernel/units.ts';

/** Wall time when a world begins: 2026-01-01T00:00:00Z, so that records have a plausible date. */
export const WORLD_BEGAN_AT_MILLIS = 1_767_225_600_000;

export class WallClock {
  #offsetMillis = 0;
  #driftPpm = 0;
  #driftSince = 0;

  /** Milliseconds since 1970 as this host believes. */
  read(now: Micros): Millis {
    const driftMicros = Math.floor(((now - this.#driftSince) * this.#driftPpm) / 1_000_000);
    const elapsed = Math.floor((now + driftMicros) / 1000);
    return (WORLD_BEGAN_AT_MILLIS + elapsed + this.#offsetMillis) as Millis;
  }

  /** Steps the clock by so many milliseconds, forward or back, as an operator or NTP does. */
  step(offsetMillis: number): void {
    assert(Number.isSafeInteger(offsetMillis), 'a step is whole milliseconds', { offsetMillis });
    this.#offsetMillis += offsetMillis;
  }

  /** From now on the clock gains (or loses) so many microseconds a second; what it gained stays. */
  drift(now: Micros, ppm: number): void {
    assert(Number.isSafeInteger(ppm), 'a drift is whole parts per million', { ppm });
    const gained = Math.floor(((now - this.#driftSince) * this.#driftPpm) / 1_000_000);
    this.#offsetMillis += Math.floor(gained / 1000);
    this.#driftSince = now;
    this.#driftPpm = ppm;
  }
}

/**
 * The timers of one coordinator shard, by key: a member's session, a join phase, and the like. To
 * schedule a key again puts its deadline off, which is what each heartbeat does, so that costs no
 * timer: the one that is pending looks at its end whether it was put off, and waits on.
 *
 * Not here: what happens at the end. Source: `CoordinatorTimer`, `CoordinatorTimerImpl`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock, TimerId } from '../../kernel/ports.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';

interface Pending {
  deadlineMicros: number;
  timerAtMicros: number;
  timer: TimerId;
  expired: () => void;
}

export class CoordinatorTimer {
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#pending.size;
  }

  has(key: string): boolean {
    return this.#pending.has(key);
  }

  /** Calls `expired` in `delayMs`, unless the key is cancelled or scheduled again before. */
  schedule(key: string, delayMs: number, expired: () => void): void {
    assert(delayMs >= 0, 'a delay', { key, delayMs });
    const deadlineMicros = this.#clock.now() + microsOfMillis(delayMs);
    const known = this.#pending.get(key);
    if (known !== undefined && known.timerAtMicros <= deadlineMicros) {
      known.deadlineMicros = deadlineMicros;
      known.expired = expired;
      return;
    }
    if (known !== undefined) this.#clock.cancel(known.timer);
    const timer = this.#arm(key, deadlineMicros);
    this.#pending.set(key, { deadlineMicros, timerAtMicros: deadlineMicros, timer, expired });
  }

  cancel(key: string): void {
    const known = this.#pending.get(key);
    if (known === undefined) return;
    this.#clock.cancel(known.timer);
    this.#pending.delete(key);
  }

  cancelAll(): void {
    for (const { timer } of this.#pending.values()) this.#clock.cancel(timer);
    this.#pending.clear();
    assert(this.size === 0, 'all are cancelled');
  }

  #arm(key: string, atMicros: number): TimerId {
    const delay = micros(atMicros - this.#clock.now());
    return this.#clock.after(delay, key, () => this.#fired(key));
  }

  #fired(key: string): void {
    const pending = this.#pending.get(key);
    assert(pending !== undefined, 'a timer that was not cancelled', { key });
    if (pending.deadlineMicros > this.#clock.now()) {
      pending.timerAtMicros = pending.deadlineMicros;
      pending.timer = this.#arm(key, pending.deadlineMicros);
      return;
    }
    this.#pending.delete(key);
    pending.expired();
  }
}

/**
 * The two timers of a queue: until its head expires, and until it expires itself.
 *
 * The first is set for the earliest head that was seen and may ring for one that is gone; whoever
 * listens looks again. Source: `rabbit_amqqueue_process:ensure_ttl_timer`, `ensure_expiry_timer`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock, TimerId } from '../../kernel/ports.ts';
import { micros, microsOfMillis, type Micros } from '../../kernel/units.ts';

interface Listener {
  messageExpired(): void;
  queueExpired(): void;
}

export class QueueTimers {
  readonly #clock: Clock;
  readonly #listener: Listener;
  #message: { readonly timer: TimerId; readonly at: Micros } | null = null;
  #queue: TimerId | null = null;

  constructor(clock: Clock, listener: Listener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The head expires then. */
  expectExpiry(at: Micros): void {
    const now = this.#clock.now();
    assert(at > now, 'R10: what has expired is gone', { at, now });
    if (this.#message !== null) {
      if (this.#message.at <= at) return;
      this.#clock.cancel(this.#message.timer);
    }
    const timer = this.#clock.after(micros(at - now), 'x-message-ttl', () => {
      this.#message = null;
      this.#listener.messageExpired();
    });
    this.#message = { timer, at };
  }

  /** From now on, the time of x-expires. */
  startExpiry(expiresMs: number): void {
    assert(expiresMs > 0, 'a time', { expiresMs });
    this.stopExpiry();
    this.#queue = this.#clock.after(microsOfMillis(expiresMs), 'x-expires', () => {
      this.#queue = null;
      this.#listener.queueExpired();
    });
  }

  stopExpiry(): void {
    if (this.#queue !== null) this.#clock.cancel(this.#queue);
    this.#queue = null;
  }

  stop(): void {
    this.stopExpiry();
    if (this.#message !== null) this.#clock.cancel(this.#message.timer);
    this.#message = null;
  }
}

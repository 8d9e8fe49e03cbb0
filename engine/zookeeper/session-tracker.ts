/**
 * Sessions: who is alive, by when each was last heard, and whose time is over.
 *
 * Expiry is rounded up to the next tick, so that one timer serves all that end in it. A session
 * outlives its connection and, being in the log, the server: after a restart each has its whole
 * timeout again. Not here: the znodes that go with a session (`data-tree.ts`).
 * Source: `org.apache.zookeeper.server.SessionTrackerImpl`, `ExpiryQueue`.
 */
import { assert } from '../kernel/assert.ts';
import type { Clock, TimerId } from '../kernel/ports.ts';
import { micros, microsOfMillis } from '../kernel/units.ts';

interface Session {
  readonly timeoutMs: number;
  expiresAtMicros: number;
}

export class SessionTracker {
  readonly #clock: Clock;
  readonly #tickTimeMs: number;
  readonly #expire: (session: string) => void;
  readonly #sessions = new Map<string, Session>();
  #timer: TimerId | null = null;
  #timerAtMicros = 0;

  constructor(clock: Clock, tickTimeMs: number, expire: (session: string) => void) {
    assert(tickTimeMs > 0, 'a tick takes time', { tickTimeMs });
    this.#clock = clock;
    this.#tickTimeMs = tickTimeMs;
    this.#expire = expire;
  }

  get ids(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  has(session: string): boolean {
    return this.#sessions.has(session);
  }

  timeoutMsOf(session: string): number | undefined {
    return this.#sessions.get(session)?.timeoutMs;
  }

  /** `minSessionTimeout` and `maxSessionTimeout` are 2 and 20 ticks by default. */
  negotiated(askedMs: number): number {
    return Math.min(Math.max(askedMs, 2 * this.#tickTimeMs), 20 * this.#tickTimeMs);
  }

  add(session: string, timeoutMs: number): void {
    assert(!this.#sessions.has(session), 'a new session', { session });
    assert(timeoutMs > 0, 'a session has a timeout', { session, timeoutMs });
    this.#sessions.set(session, { timeoutMs, expiresAtMicros: this.#expiry(timeoutMs) });
    this.#arm();
  }

  /** Something was heard of the session. */
  touch(session: string): void {
    const known = this.#sessions.get(session);
    if (known !== undefined) known.expiresAtMicros = this.#expiry(known.timeoutMs);
  }

  remove(session: string): void {
    this.#sessions.delete(session);
  }

  close(): void {
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
  }

  #expiry(timeoutMs: number): number {
    const tick: number = microsOfMillis(this.#tickTimeMs);
    const end: number = this.#clock.now() + microsOfMillis(timeoutMs);
    return (Math.floor(end / tick) + 1) * tick;
  }

  #arm(): void {
    let first = Infinity;
    for (const { expiresAtMicros } of this.#sessions.values()) {
      first = Math.min(first, expiresAtMicros);
    }
    if (first === Infinity || (this.#timer !== null && this.#timerAtMicros <= first)) return;
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    const delay = micros(Math.max(0, first - this.#clock.now()));
    this.#timerAtMicros = first;
    this.#timer = this.#clock.after(delay, 'session expiry', () => this.#expireDue());
  }

  #expireDue(): void {
    this.#timer = null;
    const now = this.#clock.now();
    const due = [...this.#sessions].filter(([, session]) => session.expiresAtMicros <= now);
    for (const [session] of due) {
      this.#sessions.delete(session);
      this.#expire(session);
    }
    this.#arm();
  }
}

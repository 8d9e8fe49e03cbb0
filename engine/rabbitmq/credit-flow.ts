/**
 * Credit flow: how a process that sends messages to others is kept from sending faster than they
 * work. One object is one process's part of it.
 *
 *     socket -> reader -> channel -> queue        messages
 *               reader <- channel <- queue        credit
 *
 * A sender begins with 400 for each receiver, and a message costs one. Who worked off 200 grants
 * 200 more, unless he is blocked himself: then the grant waits until he is not. Whoever reads a
 * socket reads nothing while he is blocked (`connection/throttle.ts`), so what waits between two
 * processes stays bounded: a channel that is blocked is sent at most 400 more by its reader.
 * Besides, a queue may block a sender by name, as long as too much of his is under way
 * (`queue/soft-limit.ts`).
 *
 * Source: `credit_flow.erl`; credit_flow_default_credit, {400, 200} in deps/rabbit/Makefile.
 * Differs: what is handed over within one event, as to a classic queue of this node, is worked off
 * at once and costs nothing; mirrors and the message store grant none.
 */
import { assert } from '../kernel/assert.ts';
import type { Clock } from '../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../kernel/units.ts';

/** Messages that may be sent before the receiver grants more. */
const INITIAL_CREDIT = 400;
/** Messages after which the receiver grants as many. */
const MORE_CREDIT_AFTER = 200;
/** Who was blocked so lately is still shown as in flow. */
const STATE_CHANGE_INTERVAL = microsOfMillis(1000);

export class CreditFlow {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #changed: () => void;
  /** What may still be sent to each receiver; below 0 where the sender went on. */
  readonly #toSend = new Map<object, number>();
  /** Messages of each sender until he is granted more. */
  readonly #toWorkOff = new Map<unknown, number>();
  readonly #blockedBy = new Set<object>();
  /** Grants that wait. */
  #deferred: (() => void)[] = [];
  #blockedAt: Micros | null = null;
  #atEnd: (() => void)[] = [];
  #hasEnded = false;

  /** `changed`: it is blocked now, or not any more. */
  constructor(clock: Pick<Clock, 'now'>, changed: () => void = () => undefined) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get isBlocked(): boolean {
    return this.#blockedBy.size > 0;
  }

  /** As listings show it: `flow` while it is blocked, and for a second from when it was. */
  get state(): 'running' | 'flow' {
    if (this.isBlocked) return 'flow';
    const since = this.#blockedAt;
    if (since === null) return 'running';
    return this.#clock.now() < since + STATE_CHANGE_INTERVAL ? 'flow' : 'running';
  }

  /** A message was sent to the receiver. */
  send(to: object): void {
    if (this.#hasEnded) return;
    const credit = (this.#toSend.get(to) ?? INITIAL_CREDIT) - 1;
    assert(credit < INITIAL_CREDIT, 'no more than it began with', { credit });
    this.#toSend.set(to, credit);
    if (credit === 0) this.block(to);
  }

  /** The receiver has worked off so many (`bump_credit`). */
  granted(by: object, count: number): void {
    assert(count > 0, 'more credit', { count });
    const before = this.#toSend.get(by);
    if (before === undefined) return;
    const credit = before + count;
    this.#toSend.set(by, credit);
    if (before <= 0 && credit > 0) this.unblock(by);
  }

  /** A message of the sender is worked off; `grant` gives him more credit when it is time. */
  ack(from: unknown, grant: (count: number) => void): void {
    const left = (this.#toWorkOff.get(from) ?? MORE_CREDIT_AFTER) - 1;
    assert(left >= 0, 'granted in time', { left });
    this.#toWorkOff.set(from, left === 0 ? MORE_CREDIT_AFTER : left);
    if (left > 0) return;
    if (this.isBlocked) this.#deferred.push(() => grant(MORE_CREDIT_AFTER));
    else grant(MORE_CREDIT_AFTER);
  }

  block(by: object): void {
    if (this.#hasEnded || this.#blockedBy.has(by)) return;
    const wasBlocked = this.isBlocked;
    this.#blockedBy.add(by);
    if (wasBlocked) return;
    this.#blockedAt = micros(this.#clock.now());
    this.#changed();
  }

  unblock(by: object): void {
    if (!this.#blockedBy.delete(by) || this.isBlocked) return;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const grant of deferred) grant();
    this.#changed();
  }

  /** The other process is gone: what it owes and is owed is void (`peer_down`). */
  forget(peer: unknown): void {
    this.#toWorkOff.delete(peer);
    if (typeof peer !== 'object' || peer === null) return;
    this.#toSend.delete(peer);
    this.unblock(peer);
  }

  /** `ended` is called when this process ends. */
  whenEnded(ended: () => void): void {
    assert(!this.#hasEnded, 'who sends is there', {});
    this.#atEnd.push(ended);
  }

  /** The process ends: nobody waits for it. */
  end(): void {
    this.#hasEnded = true;
    this.#toSend.clear();
    for (const by of [...this.#blockedBy]) this.unblock(by);
    assert(this.#deferred.length === 0, 'what waited was granted', {});
    for (const ended of this.#atEnd.splice(0)) ended();
  }
}

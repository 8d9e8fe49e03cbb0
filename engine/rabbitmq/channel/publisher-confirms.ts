/**
 * The answers to a channel's publishes: those of a moment are sent together, all up to the first
 * number that is still open by one with `multiple`, the others each.
 *
 * Invariant R2: each number is answered once, and `multiple` covers what is not open any more. Not
 * here: when a message is taken charge of (the virtual host says it).
 * Source: `rabbit_channel:send_confirms_and_nacks`, `coalesce_and_send`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock, TimerId } from '../../kernel/ports.ts';
import { micros } from '../../kernel/units.ts';

/** Sends basic.ack or basic.nack. */
export type SendAnswer = (
  name: 'basic.ack' | 'basic.nack',
  answer: { readonly deliveryTag: number; readonly multiple: boolean },
) => void;

const AT_ONCE = micros(0);

export class PublisherConfirms {
  readonly #clock: Clock;
  readonly #send: SendAnswer;
  #lastNumber = 0;
  /** Numbers without an answer. */
  readonly #open = new Set<number>();
  #acked: number[] = [];
  #nacked: number[] = [];
  #timer: TimerId | null = null;

  constructor(clock: Clock, send: SendAnswer) {
    this.#clock = clock;
    this.#send = send;
  }

  /** A message was published: it has the next number. */
  published(): void {
    this.#lastNumber++;
    assert(Number.isSafeInteger(this.#lastNumber), 'numbers are counted');
    this.#open.add(this.#lastNumber);
  }

  /** The virtual host answers a number, or all that are open up to it. */
  answered(number: number, multiple: boolean, isTaken: boolean): void {
    assert(number <= this.#lastNumber, 'R2: only what was published is answered', { number });
    const numbers = multiple ? [...this.#open].filter((open) => open <= number) : [number];
    for (const one of numbers) {
      assert(this.#open.delete(one), 'R2: a number is answered once', { number: one });
      (isTaken ? this.#acked : this.#nacked).push(one);
    }
    this.#timer ??= this.#clock.after(AT_ONCE, 'publisher-confirms', () => this.#sendAll());
  }

  /** The channel is closed: nobody is answered any more. */
  close(): void {
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
  }

  #sendAll(): void {
    this.#timer = null;
    const [acked, nacked] = [this.#acked, this.#nacked];
    this.#acked = [];
    this.#nacked = [];
    this.#coalesce('basic.nack', nacked, acked);
    this.#coalesce('basic.ack', acked, nacked);
  }

  /** `others` have another answer, so nothing may cover them. */
  #coalesce(
    name: 'basic.ack' | 'basic.nack',
    numbers: readonly number[],
    others: readonly number[],
  ): void {
    const [only] = numbers;
    if (only === undefined) return;
    if (numbers.length === 1) {
      this.#send(name, { deliveryTag: only, multiple: false });
      return;
    }
    let cutoff = Infinity;
    for (const number of this.#open) cutoff = Math.min(cutoff, number);
    for (const number of others) cutoff = Math.min(cutoff, number);
    const sorted = [...numbers].sort((left, right) => left - right);
    const below = sorted.filter((number) => number < cutoff);
    const last = below.at(-1);
    if (last !== undefined) this.#send(name, { deliveryTag: last, multiple: true });
    for (const number of sorted.slice(below.length)) {
      this.#send(name, { deliveryTag: number, multiple: false });
    }
  }
}

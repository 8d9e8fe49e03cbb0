/**
 * How fast a client of a playground sends: so many a second or a minute, until it has sent as many
 * as it was asked for. A client that comes back after a crash goes on.
 *
 * Not here: what is sent, and by whom (`kafka-clients.ts`, `rabbitmq-clients.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Lab } from '../experiment.ts';
import type { Localized } from '../knob.ts';
import { refusal } from './refusal.ts';

/** So many in so many milliseconds. */
export interface Rate {
  readonly count: number;
  readonly periodMs: number;
}

const PERIODS: Readonly<Record<string, number>> = { s: 1000, m: 60_000 };
/** A record a millisecond; more is for perf tools. */
const PER_SECOND_MAX = 1000;
/** What is allowed for a rate, as it is said. */
export const RATES_ALLOWED = '10/s, 30/m; 1/m to 1000/s';

/** The rate of `10/s` or `30/m`; null where it is none. */
export function rateOf(text: string): Rate | null {
  const match = /^([1-9]\d{0,4})\/([sm])$/.exec(text);
  if (match === null) return null;
  const [count, periodMs] = [Number(match[1]), PERIODS[match[2]!]!];
  return count * 1000 <= PER_SECOND_MAX * periodMs ? { count, periodMs } : null;
}

export interface Pacing {
  readonly host: string;
  readonly rate: Rate;
  /** How many in all; null: without end. */
  readonly count: number | null;
  /** Has the client send one more, after so many milliseconds. */
  readonly send: (place: number, delayMs: number) => void;
}

export class Pace {
  readonly #lab: Lab;
  readonly #pacing: Pacing;
  #rate: Rate;
  #sent = 0;
  #incarnation = -1;

  constructor(lab: Lab, pacing: Pacing) {
    this.#lab = lab;
    this.#pacing = pacing;
    this.#rate = pacing.rate;
    this.#awaitStart();
  }

  /** From its next batch on it sends as fast. */
  set rate(rate: Rate) {
    this.#rate = rate;
  }

  /** With each of its lives the client begins to send. */
  #awaitStart(): void {
    const host = this.#lab.host(this.#pacing.host);
    this.#lab.when(
      () => host.process !== null && host.incarnation !== this.#incarnation,
      () => {
        this.#incarnation = host.incarnation;
        this.#sendBatch();
        if (!this.#isDone) this.#awaitStart();
      },
    );
  }

  get #isDone(): boolean {
    const { count } = this.#pacing;
    return count !== null && this.#sent >= count;
  }

  /** What is due within a second is given to the client at once, each with its delay. */
  #sendBatch(): void {
    const { count, periodMs } = this.#rate;
    const { send, count: all } = this.#pacing;
    const inBatch = Math.max(Math.floor((count * 1000) / periodMs), 1);
    const batchMs = Math.floor((inBatch * periodMs) / count);
    const left = all === null ? inBatch : Math.min(inBatch, all - this.#sent);
    assert(batchMs > 0 && left >= 0, 'a batch', { count, periodMs, left });
    for (let place = 0; place < left; place++) {
      send(this.#sent++, Math.floor((place * batchMs) / inBatch));
    }
    if (this.#isDone) return;
    this.#lab.command(this.#pacing.host, 'pace', () => this.#sendBatch(), batchMs);
  }
}

/** What is wrong with a rate, or null. */
export function rateRefusal(text: string): Localized | null {
  return rateOf(text) === null ? refusal('rate', text, RATES_ALLOWED) : null;
}

/**
 * The client-visible history of a run: what was sent, what the client was told, what consumers
 * were given, and what is there at the end. It knows only replies, never a broker's state.
 *
 * Invariant: an outcome is told once. A timeout is `indeterminate`: neither lost nor written may be
 * concluded (Jepsen's `info`). Not here: the verdicts (`check/`).
 */
import { assert } from '../kernel/assert.ts';

/** `acknowledged`: the client was told so. `unasked`: acks=0, the client asked for no reply. */
export type Outcome = 'pending' | 'acknowledged' | 'unasked' | 'refused' | 'indeterminate';

export interface Sent {
  /** Unique in the run: the record carries it as its value. */
  readonly id: string;
  readonly producer: string;
  /** The event in which the client asked for it, and the one in which it was told. */
  readonly sentAt: number;
  outcome: Outcome;
  toldAt: number;
  /** Where the client was told that it is: `pay-0@5`. Empty unless acknowledged. */
  place: string;
  /** The error's protocol name, where there was one. */
  error: string;
}

export interface Delivered {
  readonly id: string;
  readonly consumer: string;
  readonly partition: string;
  readonly offset: number;
  readonly event: number;
  /** RabbitMQ's flag: it may have been delivered before. */
  readonly redelivered?: boolean;
}

export interface Found {
  readonly id: string;
  readonly partition: string;
  readonly offset: number;
}

export class History {
  readonly #sent = new Map<string, Sent>();
  readonly #delivered: Delivered[] = [];
  #final: readonly Found[] | null = null;

  get sent(): readonly Sent[] {
    return [...this.#sent.values()];
  }

  get delivered(): readonly Delivered[] {
    return this.#delivered;
  }

  /** What was read from the start after everything was healed; null before that. */
  get final(): readonly Found[] | null {
    return this.#final;
  }

  /** A client asks for a record to be written. */
  send(producer: string, id: string, event: number): void {
    assert(!this.#sent.has(id), 'a record is sent once', { id });
    const pending = { outcome: 'pending', toldAt: 0, place: '', error: '' } as const;
    this.#sent.set(id, { id, producer, sentAt: event, ...pending });
  }

  /** The client is told what became of it. */
  tell(
    id: string,
    event: number,
    outcome: Exclude<Outcome, 'pending'>,
    detail: { readonly place?: string; readonly error?: string } = {},
  ): void {
    const sent = this.#sent.get(id);
    assert(sent !== undefined, 'nobody sent this', { id });
    assert(sent.outcome === 'pending', 'an outcome is told once', { id, outcome });
    sent.outcome = outcome;
    sent.toldAt = event;
    sent.place = detail.place ?? '';
    sent.error = detail.error ?? '';
  }

  deliver(delivered: Delivered): void {
    this.#delivered.push(delivered);
  }

  /** The end of the run: all that is there, in log order within a partition. */
  finish(found: readonly Found[]): void {
    assert(this.#final === null, 'a run ends once');
    this.#final = found;
  }
}

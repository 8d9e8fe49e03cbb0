/**
 * A consumer of a quorum queue, and the turn in which consumers are served: the highest priority
 * first, and among equals who waited longest.
 *
 * Source: `rabbit_fifo`'s consumer and service queue (`priority_queue`).
 */
import { assert } from '../../kernel/assert.ts';
import type { ConsumerId } from './fifo-command.ts';
import { consumerKey } from './fifo-command.ts';
import type { FifoMessage } from './fifo-message.ts';

export interface FifoConsumer {
  readonly id: ConsumerId;
  /** `once`: it ends with the last of what it has, as basic.get and a cancelled consumer do. */
  lifetime: 'auto' | 'once';
  priority: number;
  credit: number;
  /**
   * `suspected`: its node is not connected. `quiescing`: the active one of several, in whose place
   * one of higher priority comes when it has settled what it has.
   */
  status: 'up' | 'quiescing' | 'suspected' | 'cancelled';
  /** What it has, by the number of its delivery. */
  readonly checkedOut: Map<number, FifoMessage>;
  nextId: number;
  /** In so many milliseconds it is to settle what it has; without: when it likes. */
  timeoutMs?: number;
  /** What it had for too long and has not settled since: until then it is served nothing. */
  timedOut?: readonly number[];
}

/** What is said of a consumer when it begins. */
export type ConsumerTerms = Pick<FifoConsumer, 'lifetime' | 'credit' | 'priority' | 'timeoutMs'>;

/** How long a consumer may take, of its command. */
export function timeoutOf({ timeoutMs }: { readonly timeoutMs?: number }) {
  return timeoutMs === undefined ? {} : { timeoutMs };
}

/** Whether it may be served. */
export function isReady({ status, timedOut = [] }: FifoConsumer): boolean {
  return status === 'up' && timedOut.length === 0;
}

/** Until when it has what it is handed out now. */
export function handedTo(
  { timeoutMs }: FifoConsumer,
  of: FifoMessage,
  systemTimeMs: number,
): FifoMessage {
  return timeoutMs === undefined ? of : { ...of, dueAtMs: systemTimeMs + timeoutMs };
}

export function newConsumer(id: ConsumerId, terms: ConsumerTerms): FifoConsumer {
  assert(terms.credit >= 0, 'a count', { credit: terms.credit });
  return { id, ...terms, status: 'up', checkedOut: new Map(), nextId: 0 };
}

/** One of its deliveries is not with it any more. */
export function refund(consumer: FifoConsumer, count: number): void {
  assert(count >= 0, 'a count', { count });
  if (consumer.lifetime === 'auto') consumer.credit += count;
}

interface Waiting {
  readonly key: string;
  readonly priority: number;
}

export class ServiceQueue {
  #waiting: Waiting[];

  constructor(waiting: readonly Waiting[] = []) {
    this.#waiting = [...waiting];
  }

  /** Puts a consumer that can be served behind its equals, unless it waits already. */
  join(consumer: FifoConsumer): void {
    const { id, credit, priority } = consumer;
    const key = consumerKey(id);
    if (credit === 0 || !isReady(consumer)) return;
    if (this.#waiting.some((one) => one.key === key)) return;
    const place = this.#waiting.findIndex((one) => one.priority < priority);
    const at = place < 0 ? this.#waiting.length : place;
    this.#waiting.splice(at, 0, { key, priority });
    assert(this.#waiting[at]!.key === key, 'it waits', { key });
  }

  first(): string | undefined {
    return this.#waiting[0]?.key;
  }

  takeFirst(): void {
    this.#waiting.shift();
  }

  toArray(): readonly Waiting[] {
    return this.#waiting;
  }
}

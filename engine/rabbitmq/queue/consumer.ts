/**
 * One consumer of a queue: who it is, what it may still be sent, and its place in the turn.
 *
 * Not here: the channel's tags and limits (`channel-consumers.ts`), whose turn it is
 * (`consumers.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { Limiter } from './limiter.ts';
import type { HeldMessage } from './queue.ts';
import type { Turn } from './turn.ts';

/** What a queue knows of a channel that consumes. */
export interface ConsumingChannel {
  readonly limiter: Limiter;
  /** A message for the consumer of a tag. It must not call the queue before it returns. */
  deliver(consumerTag: string, of: HeldMessage, redelivered: boolean): void;
  /** The queue is gone: the consumer hears of it (consumer cancellation notification). */
  cancelled(consumerTag: string): void;
  /**
   * The consumer, or a basic.get of a tag of its own, had something for too long, and the queue has
   * taken it back. Without: nobody is told.
   */
  timedOut?(consumerTag: string): void;
}

export interface ConsumerOptions {
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  /** 0: no limit. */
  readonly prefetchCount: number;
  /** `x-priority`; larger is served first. */
  readonly priority: number;
  readonly arguments: FieldTable;
}

export class Consumer {
  readonly channel: ConsumingChannel;
  readonly options: ConsumerOptions;
  /** Deliveries that it may still have; null: without limit, as where nothing is acknowledged. */
  #credit: number | null;
  /** The turn that it stands in, and its neighbours there; null while it is blocked. */
  turn: Turn | null = null;
  previous: Consumer | null = null;
  next: Consumer | null = null;

  constructor(channel: ConsumingChannel, options: ConsumerOptions) {
    assert(options.prefetchCount >= 0, 'a count', { prefetchCount: options.prefetchCount });
    assert(options.tag !== '', 'a consumer has a tag', {});
    this.channel = channel;
    this.options = options;
    this.#credit = options.noAck || options.prefetchCount === 0 ? null : options.prefetchCount;
  }

  get hasCredit(): boolean {
    return this.#credit !== 0;
  }

  /** One is delivered. */
  charge(): void {
    assert(this.hasCredit, 'it may have one more', { tag: this.options.tag });
    if (this.#credit !== null) this.#credit -= 1;
  }

  /** One of its deliveries was settled: whether it had no credit before. */
  refund(): boolean {
    if (this.#credit === null) return false;
    this.#credit += 1;
    // Invariant R8.
    assert(this.#credit <= this.options.prefetchCount, 'R8: within the prefetch', {
      tag: this.options.tag,
      credit: this.#credit,
    });
    return this.#credit === 1;
  }
}

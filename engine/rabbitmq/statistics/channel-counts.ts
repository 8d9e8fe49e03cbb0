/**
 * What one channel counts, for itself and for the exchanges and queues that it uses.
 *
 * A message that is rejected or requeued counts for nothing, and a confirm for the exchange that
 * the message was published to. Source: `rabbit_channel`, its uses of `?INCR_STATS`.
 */
import type { Clock } from '../../kernel/ports.ts';
import { type MessageCounter, MessageStats, type MessageStatsView } from './message-stats.ts';
import type { Statistics } from './statistics.ts';

/** How a queue handed a message out. */
interface Handed {
  readonly queue: string;
  readonly noAck: boolean;
  readonly redelivered: boolean;
}

export class ChannelCounts {
  readonly #all: Statistics;
  readonly #own: MessageStats;

  constructor(all: Statistics, clock: Clock) {
    this.#all = all;
    this.#own = new MessageStats(clock);
  }

  /** `unroutable`: what became of a message that no queue took; null where one did. */
  published(
    exchange: string,
    queues: readonly string[],
    unroutable: 'return_unroutable' | 'drop_unroutable' | null,
  ): void {
    this.#ofExchange(exchange, 'publish');
    for (const queue of queues) this.#all.add('queue', queue, 'publish');
    if (unroutable !== null) this.#ofExchange(exchange, unroutable);
  }

  confirmed(exchange: string): void {
    this.#ofExchange(exchange, 'confirm');
  }

  delivered({ queue, noAck, redelivered }: Handed): void {
    this.#ofQueue(queue, noAck ? 'deliver_no_ack' : 'deliver');
    if (redelivered) this.#ofQueue(queue, 'redeliver');
  }

  got({ queue, noAck, redelivered }: Handed): void {
    this.#ofQueue(queue, noAck ? 'get_no_ack' : 'get');
    if (redelivered) this.#ofQueue(queue, 'redeliver');
  }

  gotNothing(queue: string): void {
    this.#ofQueue(queue, 'get_empty');
  }

  acknowledged(queue: string): void {
    this.#ofQueue(queue, 'ack');
  }

  inspect(): MessageStatsView {
    return this.#own.inspect();
  }

  #ofExchange(name: string, counter: MessageCounter): void {
    this.#own.add(counter);
    this.#all.add('exchange', name, counter);
  }

  #ofQueue(name: string, counter: MessageCounter): void {
    this.#own.add(counter);
    this.#all.add('queue', name, counter);
  }
}

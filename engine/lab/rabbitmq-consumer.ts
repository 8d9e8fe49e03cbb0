/**
 * An application that consumes: takes deliveries one after the other, is busy with each for its
 * processing time, and settles it as it decides.
 *
 * When its connection is lost it finishes what it is busy with, whose acknowledgement then means
 * nothing, and drops what it had not begun. Not here: the history (`rabbitmq.ts`).
 */
import { assert } from '../kernel/assert.ts';
import { Timer } from '../kernel/timer.ts';
import { microsOfMillis } from '../kernel/units.ts';
import type { AmqpClient } from '../rabbitmq/client/amqp-client.ts';
import type { ClientChannel, Delivery } from '../rabbitmq/client/client-channel.ts';
import type { PlainTable } from '../rabbitmq/client/plain-table.ts';
import { isShutdownSignal } from '../rabbitmq/client/shutdown-signal.ts';

/**
 * `ack`; `requeue` and `reject` by basic.reject; `nothing`: the application forgot to; `crash`: it
 * throws, and its channel is closed.
 */
export type Decision = 'ack' | 'requeue' | 'reject' | 'nothing';

/** What an application decides by. */
export interface Received {
  readonly id: string;
  /** How often this application was given it before. */
  readonly seenBefore: number;
  readonly delivery: Delivery;
}

export interface ConsumerOptions {
  /** Deliveries that may be unacknowledged at once; 0: without limit. */
  readonly prefetch?: number;
  /** The prefetch is the channel's, not each consumer's (`basic.qos` with global). */
  readonly globalPrefetch?: boolean;
  /** Automatic acknowledgement: the broker forgets a message when it sends it. */
  readonly noAck?: boolean;
  /** Milliseconds that each message takes. */
  readonly processingMs?: number;
  /** What becomes of a processed message; without it `ack`. Not asked with `noAck`. */
  readonly decide?: (received: Received) => Decision;
  /** Acknowledges every so many messages, with `multiple`. */
  readonly ackEvery?: number;
  readonly exclusive?: boolean;
  /** Of basic.consume: `{ 'x-priority': 10 }`, say. */
  readonly arguments?: PlainTable;
  /** Empty: the broker chooses one. */
  readonly consumerTag?: string;
}

export interface ConsumerListener {
  delivered(received: Received): void;
  /** The work is done; `acked` where it will not be delivered again if all goes well. */
  processed(received: Received, decision: Decision): void;
  /** The broker ended the consumer. */
  cancelled(): void;
}

export class ConsumingApplication {
  readonly channel: ClientChannel;
  readonly #options: ConsumerOptions;
  readonly #listener: ConsumerListener;
  readonly #idOf: (body: Uint8Array) => string;
  readonly #waiting: Delivery[] = [];
  readonly #seen = new Map<string, number>();
  readonly #work: Timer;
  #busy = false;
  #unacknowledged = 0;

  constructor(
    client: AmqpClient,
    queue: string,
    options: ConsumerOptions,
    parts: { readonly listener: ConsumerListener; readonly idOf: (body: Uint8Array) => string },
  ) {
    const { prefetch = 0, processingMs = 0 } = options;
    assert(prefetch >= 0 && processingMs >= 0, 'counts', { prefetch, processingMs });
    this.#options = options;
    this.#listener = parts.listener;
    this.#idOf = parts.idOf;
    this.#work = new Timer(client.ports.clock);
    this.channel = client.openChannel();
    const global = options.globalPrefetch ?? false;
    if (prefetch > 0) this.channel.call('basic.qos', { prefetchCount: prefetch, global });
    this.#consume(queue);
  }

  /** Whether it is busy, or has deliveries that it has not begun. */
  get isBusy(): boolean {
    return this.#busy || this.#waiting.length > 0;
  }

  #consume(queue: string): void {
    const { noAck = false, exclusive = false, consumerTag = '' } = this.#options;
    const args = { queue, consumerTag, noAck, exclusive };
    this.channel.consume(
      { ...args, arguments: this.#options.arguments ?? {} },
      {
        delivered: (delivery) => {
          this.#waiting.push(delivery);
          this.#next();
        },
        cancelled: () => this.#listener.cancelled(),
      },
      (reply) => {
        if (isShutdownSignal(reply)) this.#listener.cancelled();
      },
    );
  }

  #next(): void {
    while (!this.#busy && this.#waiting.length > 0) {
      const delivery = this.#waiting.shift()!;
      if (!this.channel.holds(delivery)) continue;
      const id = this.#idOf(delivery.body);
      const seenBefore = this.#seen.get(id) ?? 0;
      this.#seen.set(id, seenBefore + 1);
      const received = { id, seenBefore, delivery };
      this.#listener.delivered(received);
      const { processingMs = 0 } = this.#options;
      if (processingMs === 0) {
        this.#done(received);
        continue;
      }
      this.#busy = true;
      this.#work.set(microsOfMillis(processingMs), 'processing', () => {
        this.#busy = false;
        this.#done(received);
        this.#next();
      });
    }
  }

  #done(received: Received): void {
    const { noAck = false, decide } = this.#options;
    const decision = noAck ? 'ack' : (decide?.(received) ?? 'ack');
    this.#listener.processed(received, decision);
    if (noAck) return;
    const { delivery } = received;
    if (decision === 'ack') this.#ack(delivery);
    else if (decision !== 'nothing') this.channel.reject(delivery, decision === 'requeue');
  }

  #ack(delivery: Delivery): void {
    const { ackEvery = 1 } = this.#options;
    this.#unacknowledged += 1;
    if (this.#unacknowledged < ackEvery) return;
    this.#unacknowledged = 0;
    this.channel.ack(delivery, ackEvery > 1);
  }
}

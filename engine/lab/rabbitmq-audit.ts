/**
 * The reader of the end of a run with RabbitMQ: fetches what is left in all queues, and reads what
 * streams have, from which nothing is fetched.
 *
 * Not here: when it may begin (`rabbitmq.ts`).
 */
import { assert, present } from '../kernel/assert.ts';
import type { AmqpClient } from '../rabbitmq/client/amqp-client.ts';
import type { ClientChannel } from '../rabbitmq/client/client-channel.ts';
import { isShutdownSignal } from '../rabbitmq/client/shutdown-signal.ts';
import type { Found } from './history.ts';
import { idOf } from './rabbitmq-body.ts';

export interface AuditedQueues {
  names(): readonly string[];
  /** How many records a stream has; null: it is no stream. */
  recordsOf(queue: string): number | null;
}

/** Records of a stream that are on their way at most. */
const PREFETCH = 1000;

/** Fetches all messages of all queues, again and again: what dies in one may come up in another. */
export class Audit {
  readonly found: Omit<Found, 'offset'>[] = [];
  readonly #client: AmqpClient;
  readonly #queues: AuditedQueues;
  /** Streams that were read: nobody writes to them any more. */
  readonly #read = new Set<string>();
  #channel: ClientChannel;
  #isIdle = false;

  constructor(client: AmqpClient, queues: AuditedQueues) {
    this.#client = client;
    this.#queues = queues;
    this.#channel = client.openChannel();
    this.#pause();
  }

  /** Whether the last round found every queue empty, and the next has not begun. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  #round(queues: readonly string[], foundBefore: number): void {
    const [queue, ...others] = queues;
    if (queue !== undefined) {
      this.#fetch(queue, (isEmpty) => this.#round(isEmpty ? others : queues, foundBefore));
      return;
    }
    this.#isIdle = this.found.length === foundBefore;
    this.#pause();
  }

  /** Any call will do that takes time: the next round looks at the queues that there are then. */
  #pause(): void {
    this.#channel.call('basic.qos', { prefetchCount: PREFETCH }, () => {
      this.#isIdle = false;
      this.#round(this.#queues.names(), this.found.length);
    });
  }

  #fetch(queue: string, done: (isEmpty: boolean) => void): void {
    const records = this.#queues.recordsOf(queue);
    if (records !== null) {
      this.#readStream(queue, records, done);
      return;
    }
    this.#channel.call('basic.get', { queue, noAck: true }, (reply) => {
      if (isShutdownSignal(reply)) {
        // The queue is gone, and the channel with it.
        this.#channel = this.#client.openChannel();
        done(true);
      } else if (reply.name === 'basic.get-empty') {
        done(true);
      } else {
        const { body } = present(reply.content, 'a fetched message has a content');
        this.found.push({ id: idOf(body), partition: queue });
        done(false);
      }
    });
  }

  #readStream(queue: string, records: number, done: (isEmpty: boolean) => void): void {
    if (records === 0 || this.#read.has(queue)) {
      done(true);
      return;
    }
    this.#read.add(queue);
    const channel = this.#channel;
    const consumerTag = `audit ${queue}`;
    let left = records;
    channel.consume(
      { queue, consumerTag, noAck: false, arguments: { 'x-stream-offset': 'first' } },
      {
        delivered: (delivery) => {
          if (left === 0) return;
          this.found.push({ id: idOf(delivery.body), partition: queue });
          channel.ack(delivery);
          left -= 1;
          assert(left >= 0, 'a stream has so many records', { queue, records });
          if (left === 0) channel.call('basic.cancel', { consumerTag }, () => done(true));
        },
        cancelled: () => done(true),
      },
      (reply) => {
        assert(!isShutdownSignal(reply), 'a stream that is there is read', { queue });
      },
    );
  }
}

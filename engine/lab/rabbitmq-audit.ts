/**
 * The reader of the end of a run with RabbitMQ: fetches what is left in all queues.
 *
 * Not here: when it may begin (`rabbitmq.ts`).
 */
import { present } from '../kernel/assert.ts';
import type { AmqpClient } from '../rabbitmq/client/amqp-client.ts';
import type { ClientChannel } from '../rabbitmq/client/client-channel.ts';
import { isShutdownSignal } from '../rabbitmq/client/shutdown-signal.ts';
import type { Found } from './history.ts';
import { idOf } from './rabbitmq-body.ts';

/** Fetches all messages of all queues, again and again: what dies in one may come up in another. */
export class Audit {
  readonly found: Omit<Found, 'offset'>[] = [];
  readonly #client: AmqpClient;
  readonly #names: () => readonly string[];
  #channel: ClientChannel;
  #isIdle = false;

  constructor(client: AmqpClient, names: () => readonly string[]) {
    this.#client = client;
    this.#names = names;
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
    this.#channel.call('basic.qos', {}, () => {
      this.#isIdle = false;
      this.#round(this.#names(), this.found.length);
    });
  }

  #fetch(queue: string, done: (isEmpty: boolean) => void): void {
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
}

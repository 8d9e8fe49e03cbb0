/**
 * What one channel consumes: its consumers by tag, its delivery tags, what it has not settled, and
 * its prefetch.
 *
 * Tags count the deliveries of the channel from 1, basic.get's among them. Whoever settles names a
 * tag, or with `multiple` all up to it; a tag that is not outstanding is a 406 (invariant R4).
 * Taking and settling are two steps, since a transaction has the second at its commit.
 * Not here: the channel's state and frames (`channel/`), the permission to consume (`vhost/`), the
 * delivery acknowledgement timeout.
 * Sources: `rabbit_channel:collect_acks`, `foreach_per_queue`, basic.qos, basic.recover.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import { amqpError, named, preconditionFailed } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { Message } from '../message.ts';
import { generatedName } from '../generated-name.ts';
import type { ClassicQueue, Settlement } from './classic-queue.ts';
import type { Consumer, ConsumingChannel } from './consumer.ts';
import { Limiter } from './limiter.ts';
import { checkConsumerArguments, consumerPriority } from './queue-arguments.ts';
import type { QueuedMessage } from './queued-message.ts';

/** What basic.deliver and basic.get-ok say. */
export interface Delivery {
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly message: Message;
  readonly queue: string;
}

/** The channel's side: it sends on what it is told, and calls nothing here before it returns. */
export interface DeliveryPort {
  /** basic.deliver */
  deliver(consumerTag: string, delivery: Delivery): void;
  /** basic.cancel, from the broker: the queue is gone. */
  cancel(consumerTag: string): void;
}

/** A delivery that was not settled. */
export interface Unacknowledged {
  readonly deliveryTag: number;
  readonly queue: ClassicQueue;
  readonly of: QueuedMessage;
  /** Null: it was fetched by basic.get. */
  readonly consumerTag: string | null;
}

/** The arguments of basic.consume, but for the queue. */
export interface ConsumeOptions {
  readonly consumerTag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly arguments: FieldTable;
}

interface QosOptions {
  readonly prefetchSize: number;
  readonly prefetchCount: number;
  readonly global: boolean;
}

export class ChannelConsumers implements ConsumingChannel {
  readonly limiter = new Limiter();
  readonly #port: DeliveryPort;
  readonly #random: Random;
  readonly #globalQosIsPermitted: boolean;
  readonly #queues = new Map<string, ClassicQueue>();
  /** By tag, hence in the order of delivery. */
  readonly #unacknowledged = new Map<number, Unacknowledged>();
  #lastTag = 0;
  /** For each consumer that begins from now on. */
  #prefetchCount = 0;

  constructor(
    port: DeliveryPort,
    random: Random,
    options: { readonly globalQosIsPermitted: boolean },
  ) {
    this.#port = port;
    this.#random = random;
    this.#globalQosIsPermitted = options.globalQosIsPermitted;
  }

  /** Deliveries that are not settled. */
  get unacknowledgedCount(): number {
    return this.#unacknowledged.size;
  }

  /** Whether the tag is in use. */
  consumes(consumerTag: string): boolean {
    return this.#queues.has(consumerTag);
  }

  /** Tags of the consumers, in the order in which they began. */
  get consumerTags(): readonly string[] {
    return [...this.#queues.keys()];
  }

  /**
   * basic.consume with a tag that is not in use: calls `accepted` with the tag before the first
   * delivery. Errors: 406 for an argument, 403 where a consumer is exclusive.
   */
  consume(
    queue: ClassicQueue,
    options: ConsumeOptions,
    context: { readonly vhost: string; readonly accepted: (consumerTag: string) => void },
  ): AmqpError | null {
    const { noAck, exclusive, arguments: args } = options;
    const resource = named('queue', queue.name, context.vhost);
    const wrong = checkConsumerArguments(resource, args);
    if (wrong !== null) return wrong;
    const tag = options.consumerTag || generatedName('amq.ctag', this.#random);
    assert(!this.#queues.has(tag), 'a new tag', { tag });
    const priority = consumerPriority(args);
    const prefetchCount = this.#prefetchCount;
    const consumer = { tag, noAck, exclusive, prefetchCount, priority, arguments: args };
    const consumes = queue.consume(this, consumer, () => {
      this.#queues.set(tag, queue);
      context.accepted(tag);
    });
    return consumes ? null : amqpError('ACCESS_REFUSED', `${resource} in exclusive use`);
  }

  /** basic.cancel; of a tag that does not consume, nothing happens. */
  cancel(consumerTag: string): void {
    const queue = this.#queues.get(consumerTag);
    if (queue === undefined) return;
    this.#queues.delete(consumerTag);
    queue.cancel(this, consumerTag);
  }

  /** basic.get; null where nothing is ready. */
  get(queue: ClassicQueue, noAck: boolean): Delivery | null {
    const of = queue.get(this, noAck);
    if (of === undefined) return null;
    const redelivered = of.delivered;
    of.delivered = true;
    const deliveryTag = this.#nextTag(noAck ? null : { queue, of, consumerTag: null });
    return { deliveryTag, redelivered, message: of.message, queue: queue.name };
  }

  /** basic.qos; the limit for consumers holds for those that begin later. */
  qos({ prefetchSize, prefetchCount, global }: QosOptions): AmqpError | null {
    if (prefetchSize !== 0) {
      return amqpError('NOT_IMPLEMENTED', `prefetch_size!=0 (${prefetchSize})`);
    }
    assert(prefetchCount >= 0, 'a count', { prefetchCount });
    if (!global || !this.#globalQosIsPermitted) {
      this.#prefetchCount = prefetchCount;
      this.limiter.unlimit();
    } else if (prefetchCount === 0) {
      this.limiter.unlimit();
    } else {
      this.limiter.limit(prefetchCount, this.#unacknowledged.size);
    }
    return null;
  }

  /**
   * Takes the delivery of a tag, or with `multiple` all up to it (0: all), oldest first; they are
   * to be settled. Error: 406, unknown delivery tag.
   */
  take(deliveryTag: number, multiple: boolean): readonly Unacknowledged[] | AmqpError {
    if (deliveryTag === 0 && multiple) return this.#takeAll();
    const last = this.#unacknowledged.get(deliveryTag);
    if (last === undefined) return preconditionFailed(`unknown delivery tag ${deliveryTag}`);
    if (!multiple) {
      this.#unacknowledged.delete(deliveryTag);
      return [last];
    }
    const taken: Unacknowledged[] = [];
    for (const [tag, of] of this.#unacknowledged) {
      if (tag > deliveryTag) break;
      taken.push(of);
      this.#unacknowledged.delete(tag);
    }
    assert(taken.at(-1) === last, 'the last is the one that was named', { deliveryTag });
    return taken;
  }

  /** Settles what was taken: queue by queue and consumer by consumer. */
  settle(taken: readonly Unacknowledged[], how: Settlement): void {
    for (const group of groups(taken)) {
      const { queue } = present(group[0], 'a group has a delivery');
      queue.settle(
        this,
        group.map(({ of }) => of),
        how,
      );
    }
    this.limiter.settled(taken.filter(({ consumerTag }) => consumerTag !== null).length);
  }

  /** What was taken is unacknowledged again: a transaction was rolled back. */
  giveBack(taken: readonly Unacknowledged[]): void {
    const all = [...this.#unacknowledged.values(), ...taken];
    all.sort((left, right) => left.deliveryTag - right.deliveryTag);
    this.#unacknowledged.clear();
    for (const of of all) this.#unacknowledged.set(of.deliveryTag, of);
    assert(this.#unacknowledged.size === all.length, 'a tag is outstanding once', {});
  }

  /** basic.recover: what is unsettled is delivered again, to any consumer. */
  recover(requeue: boolean): AmqpError | null {
    if (!requeue) return amqpError('NOT_IMPLEMENTED', 'requeue=false');
    this.settle(this.#takeAll(), 'requeue');
    return null;
  }

  /** The channel is closed (invariant R14): nothing of it stays. */
  close(): void {
    const queues = new Set<ClassicQueue>(this.#queues.values());
    for (const { queue } of this.#unacknowledged.values()) queues.add(queue);
    this.#queues.clear();
    this.#unacknowledged.clear();
    for (const queue of queues) queue.channelClosed(this);
    assert(this.#unacknowledged.size === 0, 'nothing was delivered meanwhile', {});
  }

  /** A queue has a message for one of the consumers. */
  deliver(consumer: Consumer, of: QueuedMessage, redelivered: boolean): void {
    const { tag: consumerTag, noAck } = consumer.options;
    const queue = present(this.#queues.get(consumerTag), 'who is delivered to consumes');
    const deliveryTag = this.#nextTag(noAck ? null : { queue, of, consumerTag });
    const delivery = { deliveryTag, redelivered, message: of.message, queue: queue.name };
    this.#port.deliver(consumerTag, delivery);
  }

  /** The queue of one of the consumers is gone. */
  cancelled(consumer: Consumer): void {
    const { tag } = consumer.options;
    const known = this.#queues.delete(tag);
    assert(known, 'who is cancelled consumed', { tag });
    this.#port.cancel(tag);
  }

  #nextTag(of: Omit<Unacknowledged, 'deliveryTag'> | null): number {
    this.#lastTag += 1;
    assert(Number.isSafeInteger(this.#lastTag), 'tags are counted', { tag: this.#lastTag });
    const deliveryTag = this.#lastTag;
    if (of !== null) this.#unacknowledged.set(deliveryTag, { deliveryTag, ...of });
    return deliveryTag;
  }

  #takeAll(): readonly Unacknowledged[] {
    const all = [...this.#unacknowledged.values()];
    this.#unacknowledged.clear();
    return all;
  }
}

/**
 * Deliveries of one queue and consumer together, in the order of the broker: by the queue's name,
 * first what was fetched, then by the consumer's tag.
 */
function groups(taken: readonly Unacknowledged[]): readonly (readonly Unacknowledged[])[] {
  if (taken.length <= 1) return taken.length === 0 ? [] : [taken];
  const byQueue = new Map<ClassicQueue, Map<string | number, Unacknowledged[]>>();
  for (const of of taken) {
    let byWho = byQueue.get(of.queue);
    if (byWho === undefined) byQueue.set(of.queue, (byWho = new Map()));
    const who = of.consumerTag ?? of.deliveryTag;
    const group = byWho.get(who);
    if (group === undefined) byWho.set(who, [of]);
    else group.push(of);
  }
  const all = [...byQueue.values()].flatMap((byWho) => [...byWho.values()]);
  if (all.length === 1) return all;
  return all.sort(([left], [right]) => {
    assert(left !== undefined && right !== undefined, 'a group has a delivery', {});
    return (
      compare(left.queue.name, right.queue.name) ||
      compare(left.consumerTag ?? '', right.consumerTag ?? '') ||
      left.deliveryTag - right.deliveryTag
    );
  });
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

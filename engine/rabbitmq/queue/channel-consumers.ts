/**
 * What one channel consumes: its consumers by tag, its delivery tags, what it has not settled, and
 * its prefetch.
 *
 * Tags count the deliveries of the channel from 1, basic.get's among them. Whoever settles names a
 * tag, or with `multiple` all up to it; a tag that is not outstanding is a 406 (invariant R4).
 * Taking and settling are two steps, since a transaction has the second at its commit.
 * Not here: the channel's state and frames (`channel/`), the permission to consume (`vhost/`), how
 * long a settlement may take (`vhost/delivery-timeout.ts`).
 * Sources: `rabbit_channel:collect_acks`, `foreach_per_queue`, basic.qos, basic.recover.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import type { Micros } from '../../kernel/units.ts';
import { amqpError, isAmqpError, preconditionFailed } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { Message } from '../message.ts';
import { generatedName } from '../generated-name.ts';
import type { ConsumerOptions, ConsumingChannel } from './consumer.ts';
import { Limiter } from './limiter.ts';
import type { Answer, HeldMessage, Queue, Settlement } from './queue.ts';
import { consumerPriority } from './queue-arguments.ts';

/** What basic.deliver and basic.get-ok say. */
export interface Delivery {
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly message: Message;
  readonly queue: string;
  /** It is not to be acknowledged. */
  readonly noAck: boolean;
}

/** The channel's side: it sends on what it is told, and calls nothing here before it returns. */
export interface DeliveryPort {
  /** basic.deliver */
  deliver(consumerTag: string, delivery: Delivery): void;
  /** basic.cancel, from the broker: the queue is gone. */
  cancel(consumerTag: string): void;
  now(): Micros;
  /** A queue took back what it had delivered too long ago; null: what basic.get had. */
  timedOut(consumerTag: string | null): void;
  /** There is a delivery now that is to be acknowledged. */
  unacknowledged(): void;
}

/** A delivery that was not settled. */
export interface Unacknowledged {
  readonly deliveryTag: number;
  readonly queue: Queue;
  readonly of: HeldMessage;
  /** Null: it was fetched by basic.get. */
  readonly consumerTag: string | null;
  readonly deliveredAt: Micros;
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

/** A consumer of the channel, and its queue. */
export interface ChannelConsumer extends ConsumerOptions {
  readonly queue: Queue;
}

export class ChannelConsumers implements ConsumingChannel {
  readonly limiter = new Limiter();
  readonly #port: DeliveryPort;
  readonly #random: Random;
  readonly #globalQosIsPermitted: boolean;
  /** By consumer tag. */
  readonly #consumers = new Map<string, ChannelConsumer>();
  /** By tag, hence in the order of delivery. */
  readonly #unacknowledged = new Map<number, Unacknowledged>();
  /** The queue whose answer is due: a channel asks one at a time. */
  #asked: Queue | null = null;
  #isClosed = false;
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

  /** The oldest delivery that is not settled. */
  get oldest(): Unacknowledged | undefined {
    for (const of of this.#unacknowledged.values()) return of;
    return undefined;
  }

  /** Whether the tag is in use. */
  consumes(consumerTag: string): boolean {
    return this.#consumers.has(consumerTag);
  }

  /** Tags of the consumers, in the order in which they began. */
  get consumerTags(): readonly string[] {
    return [...this.#consumers.keys()];
  }

  /** In the order in which they began. */
  get consumers(): readonly ChannelConsumer[] {
    return [...this.#consumers.values()];
  }

  /** Whether its queue would serve a consumer of this channel now (`x-single-active-consumer`). */
  isActive({ queue, tag }: ChannelConsumer): boolean {
    const active = queue.activeConsumer ?? null;
    return active === null || (active.channel === this && active.options.tag === tag);
  }

  /** The prefetch of consumers that begin from now on; 0: no limit. */
  get prefetchCount(): number {
    return this.#prefetchCount;
  }

  /** basic.consume with a tag that is not in use: its tag, before the first delivery. */
  consume(queue: Queue, options: ConsumeOptions, answer: Answer<string>): void {
    const { noAck, exclusive, arguments: args } = options;
    const tag = options.consumerTag || generatedName('amq.ctag', this.#random);
    assert(!this.#consumers.has(tag), 'a new tag', { tag });
    const prefetchCount = this.#prefetchCount;
    const priority = consumerPriority(args);
    const consumer = { tag, noAck, exclusive, prefetchCount, priority, arguments: args };
    this.#ask(queue, (answered) => {
      queue.consume(this, consumer, (refused) => {
        if (!answered()) return;
        if (refused === null) this.#consumers.set(tag, { ...consumer, queue });
        answer(refused ?? tag);
      });
    });
  }

  /** `answered` is to be called with the answer: whether the channel is still there. */
  #ask(queue: Queue, ask: (answered: () => boolean) => void): void {
    assert(this.#asked === null && !this.#isClosed, 'one question at a time', {});
    this.#asked = queue;
    ask(() => {
      this.#asked = null;
      return !this.#isClosed;
    });
  }

  /** basic.cancel; of a tag that does not consume, nothing happens. */
  cancel(consumerTag: string, answer: Answer<null>): void {
    const consumer = this.#consumers.get(consumerTag);
    if (consumer === undefined) {
      answer(null);
      return;
    }
    const { queue } = consumer;
    this.#ask(queue, (answered) => {
      queue.cancel(this, consumerTag, (refused) => {
        if (!answered()) return;
        this.#consumers.delete(consumerTag);
        answer(refused);
      });
    });
  }

  /** basic.get; null where nothing is ready. */
  get(
    queue: Queue,
    noAck: boolean,
    answer: Answer<{ readonly delivery: Delivery; readonly messageCount: number } | null>,
  ): void {
    this.#ask(queue, (answered) => {
      queue.get(this, noAck, (fetched) => {
        if (!answered()) return;
        if (fetched === null || isAmqpError(fetched)) {
          answer(fetched);
          return;
        }
        const { of, redelivered, messageCount } = fetched;
        const deliveryTag = this.#nextTag(noAck ? null : { queue, of, consumerTag: null });
        const place = { queue: queue.name, noAck };
        const delivery = { deliveryTag, redelivered, message: of.message, ...place };
        answer({ delivery, messageCount });
      });
    });
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
    const queues = new Set([...this.#consumers.values()].map(({ queue }) => queue));
    for (const { queue } of this.#unacknowledged.values()) queues.add(queue);
    if (this.#asked !== null) queues.add(this.#asked);
    this.#isClosed = true;
    this.#consumers.clear();
    this.#unacknowledged.clear();
    for (const queue of queues) queue.channelClosed(this);
    assert(this.#unacknowledged.size === 0, 'nothing was delivered meanwhile', {});
  }

  /** A queue has a message for one of the consumers. */
  deliver(consumerTag: string, of: HeldMessage, redelivered: boolean): void {
    const consumer = present(this.#consumers.get(consumerTag), 'who is delivered to consumes');
    const { queue, noAck } = consumer;
    const deliveryTag = this.#nextTag(noAck ? null : { queue, of, consumerTag });
    const place = { queue: queue.name, noAck };
    const delivery = { deliveryTag, redelivered, message: of.message, ...place };
    this.#port.deliver(consumerTag, delivery);
  }

  /** The queue of one of the consumers is gone. */
  cancelled(consumerTag: string): void {
    const known = this.#consumers.delete(consumerTag);
    assert(known, 'who is cancelled consumed', { consumerTag });
    this.#port.cancel(consumerTag);
  }

  /** What it had is not its any more, though the client may still settle it. */
  timedOut(tag: string): void {
    this.#port.timedOut(this.#consumers.has(tag) ? tag : null);
  }

  /** The tag that a direct reply shows: the next, which the next delivery has, too. */
  get tagOfReply(): number {
    return this.#lastTag + 1;
  }

  #nextTag(of: Omit<Unacknowledged, 'deliveryTag' | 'deliveredAt'> | null): number {
    this.#lastTag += 1;
    assert(Number.isSafeInteger(this.#lastTag), 'tags are counted', { tag: this.#lastTag });
    const deliveryTag = this.#lastTag;
    if (of !== null) {
      const deliveredAt = this.#port.now();
      this.#unacknowledged.set(deliveryTag, { deliveryTag, deliveredAt, ...of });
      this.#port.unacknowledged();
    }
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
  const byQueue = new Map<Queue, Map<string | number, Unacknowledged[]>>();
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

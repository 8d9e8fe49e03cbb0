/**
 * A virtual host's side of one channel: what the channel's methods do, its consumers, its
 * publisher's sequence numbers and its open transaction.
 *
 * A call gives its result, or answers with it, or with the error that closes the channel or the
 * connection; what happens by itself is told to the listener. The arguments have the methods' own
 * names. Confirms (invariants R2, R3): every publish has one number and is confirmed or rejected
 * once, after its return, when all its queues have spoken; one that a queue refused is rejected
 * though others took it.
 * A transaction holds publishes and settlements until its commit; nothing makes it atomic.
 * Not here: the channel's states and frames (`channel/`).
 * Sources: `rabbit_channel`; rabbitmq.com/docs/confirms, /docs/semantics.
 */
import { assert } from '../../kernel/assert.ts';
import type { DeclaredQueue } from '../channel/channel-host.ts';
import { amqpError, isAmqpError, preconditionFailed } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { CreditFlow } from '../credit-flow.ts';
import type { Message, MessageProperties } from '../message.ts';
import {
  ChannelConsumers,
  type Delivery,
  type Unacknowledged,
} from '../queue/channel-consumers.ts';
import type { Answer, Publisher, Settlement } from '../queue/queue.ts';
import { ChannelCounts } from '../statistics/channel-counts.ts';
import type { ConsumerInfo, SessionInfo } from '../channel/channel-host.ts';
import type { Actor } from './actor.ts';
import { type RoutedMessage, consume, deliverMessage, get, routeMessage } from './basic-methods.ts';
import { type Bind, bind, unbind } from './binding-methods.ts';
import { DeliveryTimeout } from './delivery-timeout.ts';
import { isPseudoQueue, ReplyConsumer } from './direct-reply-to.ts';
import {
  type ExchangeDeclare,
  type ExchangeDelete,
  declareExchange,
  deleteExchange,
} from './exchange-methods.ts';
import { noteDelivered, noteSettled } from './message-trace.ts';
import {
  type QueueDeclare,
  type QueueDelete,
  declareQueue,
  deleteQueue,
  purgeQueue,
} from './queue-methods.ts';
import type { VirtualHost } from './virtual-host.ts';

export interface MessageContent {
  readonly properties: MessageProperties;
  readonly body: Uint8Array;
}

/** Where a delivered message was published, and what the channel calls it. */
interface DeliveredArgs {
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routingKey: string;
}

interface ReturnedArgs {
  readonly replyCode: number;
  readonly replyText: string;
  readonly exchange: string;
  readonly routingKey: string;
}

/** What happens to a channel by itself. It calls nothing of the session before it returns. */
export interface SessionListener {
  deliver(
    delivery: DeliveredArgs & { readonly consumerTag: string },
    content: MessageContent,
  ): void;
  /** A mandatory message had no queue to go to. */
  returned(reply: ReturnedArgs, content: MessageContent): void;
  confirmed(deliveryTag: number, multiple: boolean): void;
  rejected(deliveryTag: number, multiple: boolean): void;
  /** The consumer's queue is gone. */
  consumerCancelled(consumerTag: string): void;
  /**
   * A delivery was not settled within these milliseconds: the channel is to be closed; or the
   * consumer is to be cancelled whose delivery the queue took back.
   */
  timedOut(timeoutMs: number, consumerTag?: string): void;
}

interface BindingArgs {
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

interface FetchedArgs {
  readonly reply: DeliveredArgs & { readonly messageCount: number };
  readonly content: MessageContent;
}

interface PublishArgs {
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
  readonly immediate: boolean;
}

interface ConsumeArgs {
  readonly queue: string;
  readonly consumerTag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly arguments: FieldTable;
}

interface Publish {
  readonly routed: RoutedMessage;
  readonly mandatory: boolean;
}

/** What a transaction holds, in order. */
interface Transaction {
  readonly publishes: Publish[];
  readonly settlements: { readonly taken: readonly Unacknowledged[]; readonly how: Settlement }[];
}

/** A queue does not say how long it waited (`rabbit_channel:handle_queue_actions`, released). */
const BY_QUEUE = -1;
const NO_ROUTE = { replyCode: 312, replyText: 'NO_ROUTE' } as const;

export class ChannelSession {
  readonly #vhost: VirtualHost;
  readonly #actor: Actor;
  readonly #listener: SessionListener;
  readonly #flow: CreditFlow;
  readonly #consumers: ChannelConsumers;
  readonly #replyConsumer: ReplyConsumer;
  readonly #counts: ChannelCounts;
  /** Null: the release leaves it to the queues. */
  readonly #deliveryTimeout: DeliveryTimeout | null;
  /** The number of the last publish; null: confirms are not selected. */
  #published: number | null = null;
  #transaction: Transaction | null = null;
  #isClosed = false;

  constructor(vhost: VirtualHost, actor: Actor, listener: SessionListener, flow: CreditFlow) {
    this.#flow = flow;
    this.#vhost = vhost;
    this.#actor = actor;
    this.#listener = listener;
    const { ports, random, profile } = vhost.context;
    const port = {
      deliver: (consumerTag: string, delivery: Delivery) => {
        this.#counts.delivered(delivery);
        noteDelivered(ports.trace, consumerTag, delivery);
        listener.deliver({ consumerTag, ...argsOf(delivery) }, contentOf(delivery.message));
      },
      cancel: (consumerTag: string) => listener.consumerCancelled(consumerTag),
      timedOut: (tag: string | null) => listener.timedOut(BY_QUEUE, tag ?? undefined),
      now: () => ports.clock.now(),
      unacknowledged: () => this.#deliveryTimeout?.watch(),
    };
    const globalQosIsPermitted = profile.switches.globalQos;
    this.#consumers = new ChannelConsumers(port, random, { globalQosIsPermitted });
    this.#replyConsumer = new ReplyConsumer(vhost.replies);
    this.#counts = new ChannelCounts(vhost.statistics, ports.clock);
    this.#deliveryTimeout = !profile.switches.channelConsumerTimeout
      ? null
      : new DeliveryTimeout({
          clock: ports.clock,
          oldest: () => this.#consumers.oldest,
          timeoutMs: (queue) => vhost.consumerTimeoutMs(queue),
          timedOut: (timeoutMs) => listener.timedOut(timeoutMs),
        });
  }

  /** Deliveries that are not settled, without those that a transaction holds. */
  get unacknowledgedCount(): number {
    return this.#consumers.unacknowledgedCount;
  }

  /** What the channel holds, and what it counted. */
  inspect(): SessionInfo {
    return {
      state: this.#flow.state,
      consumers: this.#consumers.consumerTags.length,
      messagesUnacknowledged: this.unacknowledgedCount,
      messageStats: this.#counts.inspect(),
    };
  }

  consumers(): readonly ConsumerInfo[] {
    return this.#consumers.consumers.map((consumer) => ({
      ...{ queue: consumer.queue.name, tag: consumer.tag, ackRequired: !consumer.noAck },
      ...{ exclusive: consumer.exclusive, prefetchCount: consumer.prefetchCount },
      ...{ isActive: this.#consumers.isActive(consumer), arguments: consumer.arguments },
    }));
  }

  get prefetchCount(): number {
    return this.#consumers.prefetchCount;
  }

  declareExchange(args: ExchangeDeclare, answer: Answer<null>): void {
    declareExchange(this.#vhost, this.#actor, args, answer);
  }

  deleteExchange(args: ExchangeDelete, answer: Answer<null>): void {
    deleteExchange(this.#vhost, this.#actor, args, answer);
  }

  bindExchange(
    args: BindingArgs & { destination: string; source: string },
    answer: Answer<null>,
  ): void {
    bind(this.#vhost, this.#actor, toExchange(args), answer);
  }

  unbindExchange(
    args: BindingArgs & { destination: string; source: string },
    answer: Answer<null>,
  ): void {
    unbind(this.#vhost, this.#actor, toExchange(args), answer);
  }

  declareQueue(args: QueueDeclare, answer: Answer<DeclaredQueue>): void {
    declareQueue(this.#vhost, this.#actor, args, answer);
  }

  bindQueue(args: BindingArgs & { queue: string; exchange: string }, answer: Answer<null>): void {
    bind(this.#vhost, this.#actor, toQueue(args), answer);
  }

  unbindQueue(args: BindingArgs & { queue: string; exchange: string }, answer: Answer<null>): void {
    unbind(this.#vhost, this.#actor, toQueue(args), answer);
  }

  /** How many messages were dropped. */
  purgeQueue({ queue }: { readonly queue: string }, answer: Answer<number>): void {
    purgeQueue(this.#vhost, this.#actor, queue, answer);
  }

  deleteQueue(args: QueueDelete, answer: Answer<number>): void {
    deleteQueue(this.#vhost, this.#actor, args, answer);
  }

  // ------------------------------------------------------------------------------- publishing

  publish(args: PublishArgs, { properties, body }: MessageContent): AmqpError | null {
    const { exchange, routingKey, mandatory, immediate } = args;
    if (immediate) return amqpError('NOT_IMPLEMENTED', 'immediate=true');
    const published = { exchange, routingKey, properties, body };
    const routed = routeMessage(this.#vhost, this.#actor, published, (given) =>
      this.#replyConsumer.addressed(given),
    );
    if (isAmqpError(routed)) return routed;
    if (this.#transaction === null) this.#deliver({ routed, mandatory }, null);
    else this.#transaction.publishes.push({ routed, mandatory });
    return null;
  }

  /**
   * `done` is called when all queues have spoken: whether all of them took it. Without confirms and
   * a transaction nobody waits, and queues write when they like.
   */
  #deliver({ routed, mandatory }: Publish, done: ((isTaken: boolean) => void) | null): void {
    const { message } = routed;
    const number = this.#published === null ? null : ++this.#published;
    // One more than the queues, until all of them have it.
    let silent = routed.queues.length + 1;
    let isTaken = true;
    const spoken = (count: number): void => {
      silent -= count;
      assert(silent >= 0, 'R2: a queue speaks once', { silent });
      if (silent > 0) return;
      done?.(isTaken);
      if (number === null || this.#isClosed) return;
      if (isTaken) this.#counts.confirmed(message.exchange);
      if (isTaken) this.#listener.confirmed(number, false);
      else this.#listener.rejected(number, false);
    };
    const publisher: Publisher = {
      confirmed: () => spoken(1),
      rejected: () => {
        isTaken = false;
        spoken(1);
      },
    };
    const isAwaited = number !== null || done !== null;
    const queues = deliverMessage(this.#vhost, routed, isAwaited ? publisher : null, this.#flow);
    const isUnroutable = queues.length + routed.replies.length === 0;
    const lost = mandatory ? 'return_unroutable' : 'drop_unroutable';
    this.#counts.published(message.exchange, queues, isUnroutable ? lost : null);
    if (isUnroutable && mandatory) {
      const place = { exchange: message.exchange, routingKey: message.routingKeys[0]! };
      assert(silent > 0, 'R3: it comes back before it is confirmed', { silent });
      this.#listener.returned({ ...NO_ROUTE, ...place }, contentOf(message));
    }
    if (isAwaited) spoken(1 + routed.queues.length - queues.length);
  }

  selectConfirms(): void {
    assert(this.#transaction === null, 'the channel is not transactional', {});
    this.#published ??= 0;
  }

  // -------------------------------------------------------------------------------- consuming

  /** basic.get; null where the queue is empty. */
  get(
    args: { readonly queue: string; readonly noAck: boolean },
    answer: Answer<FetchedArgs | null>,
  ): void {
    get(this.#vhost, this.#actor, this.#consumers, args, (result) => {
      if (result === null) this.#counts.gotNothing(args.queue);
      if (result === null || isAmqpError(result)) {
        answer(result);
        return;
      }
      const { delivery, messageCount } = result;
      this.#counts.got(delivery);
      const reply = { ...argsOf(delivery), messageCount };
      answer({ reply, content: contentOf(delivery.message) });
    });
  }

  /** The consumer's tag, before the first delivery. */
  consume(args: ConsumeArgs, answer: Answer<string>): void {
    if (isPseudoQueue(args.queue)) {
      answer(this.#consumeReplies(args));
      return;
    }
    consume(this.#vhost, this.#actor, this.#consumers, args, answer);
  }

  #consumeReplies({ consumerTag, noAck }: ConsumeArgs): string | AmqpError {
    const { random } = this.#vhost.context;
    return this.#replyConsumer.consume({ consumerTag, noAck }, random, (tag, routingKey, reply) => {
      const deliveryTag = this.#consumers.tagOfReply;
      const args = { deliveryTag, redelivered: false, exchange: '', routingKey };
      this.#listener.deliver({ consumerTag: tag, ...args }, reply);
    });
  }

  /** Of a tag that does not consume, nothing happens. */
  cancel(consumerTag: string, answer: Answer<null>): void {
    if (consumerTag === this.#replyConsumer.consumerTag) {
      this.#replyConsumer.cancel();
      answer(null);
      return;
    }
    this.#consumers.cancel(consumerTag, answer);
  }

  setPrefetch(args: {
    readonly prefetchSize: number;
    readonly prefetchCount: number;
    readonly global: boolean;
  }): AmqpError | null {
    return this.#consumers.qos(args);
  }

  ack(args: { readonly deliveryTag: number; readonly multiple: boolean }): AmqpError | null {
    return this.#settle(args, 'ack');
  }

  /** basic.nack and basic.reject. */
  nack(args: {
    readonly deliveryTag: number;
    readonly multiple: boolean;
    readonly requeue: boolean;
  }): AmqpError | null {
    return this.#settle(args, args.requeue ? 'requeue' : 'discard');
  }

  #settle(
    { deliveryTag, multiple }: { readonly deliveryTag: number; readonly multiple: boolean },
    how: Settlement,
  ): AmqpError | null {
    const taken = this.#consumers.take(deliveryTag, multiple);
    if (isAmqpError(taken)) return taken;
    noteSettled(this.#vhost.context.ports.trace, taken, how);
    if (this.#transaction === null) this.#settleTaken(taken, how);
    else this.#transaction.settlements.push({ taken, how });
    return null;
  }

  #settleTaken(taken: readonly Unacknowledged[], how: Settlement): void {
    if (how === 'ack') for (const { queue } of taken) this.#counts.acknowledged(queue.name);
    this.#consumers.settle(taken, how);
  }

  /** All that is unacknowledged is ready again. */
  recover(): AmqpError | null {
    return this.#consumers.recover(true);
  }

  // ----------------------------------------------------------------------------- transactions

  selectTransactions(): void {
    assert(this.#published === null, 'the channel does not confirm', {});
    this.#transaction ??= { publishes: [], settlements: [] };
  }

  /**
   * Delivers and settles what the transaction holds, one after another; answers when the queues
   * have taken charge of all of it. Error: 406 where one refused a message; the rest is done all
   * the same.
   */
  commit(answer: Answer<null>): void {
    const { publishes, settlements } = this.#takeTransaction();
    // One more than the publishes, until all is settled.
    let open = publishes.length + 1;
    let isWhole = true;
    const done = (isTaken: boolean): void => {
      isWhole &&= isTaken;
      open -= 1;
      if (open === 0) answer(isWhole ? null : preconditionFailed('partial tx completion'));
    };
    for (const publish of publishes) this.#deliver(publish, done);
    for (const { taken, how } of settlements) this.#settleTaken(taken, how);
    done(true);
  }

  /** Forgets the publishes; what was settled is unacknowledged again, and not redelivered. */
  rollback(): AmqpError | null {
    const { settlements } = this.#takeTransaction();
    this.#consumers.giveBack(settlements.flatMap(({ taken }) => taken));
    return null;
  }

  #takeTransaction(): Transaction {
    const transaction = this.#transaction;
    assert(transaction !== null, 'R12: what is committed was held back', {});
    this.#transaction = { publishes: [], settlements: [] };
    return transaction;
  }

  /** Ends consumers; what was not acknowledged, or in a transaction, is ready again. */
  close(): void {
    if (this.#transaction !== null) this.rollback();
    this.#isClosed = true;
    this.#replyConsumer.cancel();
    this.#deliveryTimeout?.stop();
    this.#consumers.close();
    this.#flow.end();
    assert(this.unacknowledgedCount === 0, 'R14: nothing of it stays', {});
  }
}

function toQueue(args: BindingArgs & { queue: string; exchange: string }): Bind {
  const { queue: name, exchange: source, routingKey, arguments: table } = args;
  return { source, destination: { kind: 'queue', name }, routingKey, arguments: table };
}

function toExchange(args: BindingArgs & { destination: string; source: string }): Bind {
  const { destination: name, source, routingKey, arguments: table } = args;
  return { source, destination: { kind: 'exchange', name }, routingKey, arguments: table };
}

function argsOf({ deliveryTag, redelivered, message }: Delivery): DeliveredArgs {
  const [routingKey] = message.routingKeys;
  assert(routingKey !== undefined, 'a message has a routing key', { deliveryTag });
  return { deliveryTag, redelivered, exchange: message.exchange, routingKey };
}

const contentOf = ({ properties, body }: Message): MessageContent => ({ properties, body });

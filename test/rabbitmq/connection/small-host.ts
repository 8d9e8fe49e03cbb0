/**
 * A virtual host with the least that a channel can speak to: queues by name, published to through
 * the default exchange, without persistence, permissions or limits. It is for tests of connections
 * and channels alone.
 */
import type { Content } from '../../../engine/wire/amqp/command.ts';
import type { ArgsOf } from '../../../engine/wire/amqp/methods.ts';
import { amqpError, ReplyCode, type AmqpError } from '../../../engine/wire/amqp/reply-code.ts';
import type {
  ChannelListener,
  ChannelSession,
  ConnectionIdentity,
  DeclaredQueue,
  FetchedMessage,
  ChannelHost,
} from '../../../engine/rabbitmq/channel/channel-host.ts';

interface Message {
  readonly routingKey: string;
  readonly content: Content;
  redelivered: boolean;
}

interface Queue {
  readonly name: string;
  readonly owner: ConnectionIdentity | null;
  messages: Message[];
  consumer: {
    readonly session: SmallSession;
    readonly tag: string;
    readonly noAck: boolean;
  } | null;
}

export class SmallHost implements ChannelHost {
  readonly name = '/';
  readonly queues = new Map<string, Queue>();
  readonly sessions = new Set<SmallSession>();

  openChannel(identity: ConnectionIdentity, listener: ChannelListener): ChannelSession {
    const session = new SmallSession(this, identity, listener);
    this.sessions.add(session);
    return session;
  }

  connectionClosed(identity: ConnectionIdentity): void {
    for (const queue of [...this.queues.values()]) {
      if (queue.owner === identity) this.queues.delete(queue.name);
    }
  }

  delete(name: string): number {
    const queue = this.queues.get(name)!;
    this.queues.delete(name);
    queue.consumer?.session.listener.consumerCancelled(queue.consumer.tag);
    return queue.messages.length;
  }
}

const absent = (kind: string, name: string): AmqpError =>
  amqpError(ReplyCode.NOT_FOUND, `no ${kind} '${name}' in vhost '/'`);

export class SmallSession implements ChannelSession {
  readonly host: SmallHost;
  readonly identity: ConnectionIdentity;
  readonly listener: ChannelListener;
  #tag = 0;
  #published = 0;
  #confirms = false;
  /** What a transaction holds back; null outside of one. */
  #transaction: (() => void)[] | null = null;
  readonly #unacked = new Map<number, { readonly queue: Queue; readonly message: Message }>();

  constructor(host: SmallHost, identity: ConnectionIdentity, listener: ChannelListener) {
    this.host = host;
    this.identity = identity;
    this.listener = listener;
  }

  declareExchange = (): null => null;
  deleteExchange = (): null => null;
  bindExchange = (): null => null;
  unbindExchange = (): null => null;
  bindQueue = (): null => null;
  unbindQueue = (): null => null;
  setPrefetch = (): null => null;

  declareQueue(args: ArgsOf<'queue.declare'>): DeclaredQueue | AmqpError {
    const name = args.queue === '' ? `amq.gen-${this.host.queues.size}` : args.queue;
    const known = this.host.queues.get(name);
    if (known === undefined && args.passive) return absent('queue', name);
    const owner = args.exclusive ? this.identity : null;
    if (known === undefined)
      this.host.queues.set(name, { name, owner, messages: [], consumer: null });
    const { messages, consumer } = this.host.queues.get(name)!;
    const consumerCount = consumer === null ? 0 : 1;
    return { queue: name, messageCount: messages.length, consumerCount };
  }

  purgeQueue({ queue: name }: ArgsOf<'queue.purge'>): number | AmqpError {
    const queue = this.host.queues.get(name);
    return queue === undefined ? absent('queue', name) : queue.messages.splice(0).length;
  }

  deleteQueue({ queue }: ArgsOf<'queue.delete'>): number | AmqpError {
    return this.host.queues.has(queue) ? this.host.delete(queue) : absent('queue', queue);
  }

  publish(args: ArgsOf<'basic.publish'>, content: Content): AmqpError | null {
    const { exchange, routingKey, mandatory } = args;
    if (exchange !== '') return absent('exchange', exchange);
    const number = this.#confirms ? ++this.#published : 0;
    const route = (): void => {
      const queue = this.host.queues.get(routingKey);
      queue?.messages.push({ routingKey, content, redelivered: false });
      if (queue === undefined && mandatory) {
        const reply = { replyCode: 312, replyText: 'NO_ROUTE', exchange, routingKey };
        this.listener.returned(reply, content);
      }
      if (this.#confirms) this.listener.confirmed(number, false);
      if (queue !== undefined) deliver(queue);
    };
    if (this.#transaction === null) route();
    else this.#transaction.push(route);
    return null;
  }

  get({ queue: name, noAck }: ArgsOf<'basic.get'>): FetchedMessage | AmqpError | null {
    const queue = this.host.queues.get(name);
    if (queue === undefined) return absent('queue', name);
    const message = queue.messages.shift();
    if (message === undefined) return null;
    const deliveryTag = this.take(queue, message, noAck);
    const { routingKey, redelivered, content } = message;
    const messageCount = queue.messages.length;
    return { reply: { deliveryTag, redelivered, exchange: '', routingKey, messageCount }, content };
  }

  /** The tag under which a message is delivered. */
  take(queue: Queue, message: Message, noAck: boolean): number {
    this.#tag++;
    if (!noAck) this.#unacked.set(this.#tag, { queue, message });
    return this.#tag;
  }

  consume(args: ArgsOf<'basic.consume'>, started: (tag: string) => void): AmqpError | null {
    const queue = this.host.queues.get(args.queue);
    if (queue === undefined) return absent('queue', args.queue);
    const tag = args.consumerTag === '' ? 'amq.ctag-1' : args.consumerTag;
    queue.consumer = { session: this, tag, noAck: args.noAck };
    started(tag);
    deliver(queue);
    return null;
  }

  cancel(tag: string): null {
    for (const queue of this.host.queues.values()) {
      if (queue.consumer?.session === this && queue.consumer.tag === tag) queue.consumer = null;
    }
    return null;
  }

  ack({ deliveryTag, multiple }: ArgsOf<'basic.ack'>): AmqpError | null {
    return this.#settle(deliveryTag, multiple, false);
  }

  nack({ deliveryTag, multiple, requeue }: ArgsOf<'basic.nack'>): AmqpError | null {
    return this.#settle(deliveryTag, multiple, requeue);
  }

  #settle(deliveryTag: number, multiple: boolean, requeue: boolean): AmqpError | null {
    if (!this.#unacked.has(deliveryTag)) {
      const explanation = `unknown delivery tag ${deliveryTag}`;
      return amqpError(ReplyCode.PRECONDITION_FAILED, explanation);
    }
    const tags = [...this.#unacked.keys()].filter((tag) => multiple && tag < deliveryTag);
    for (const tag of [...tags, deliveryTag]) this.#release(tag, requeue);
    return null;
  }

  #release(tag: number, requeue: boolean): void {
    const { queue, message } = this.#unacked.get(tag)!;
    this.#unacked.delete(tag);
    if (!requeue) return;
    message.redelivered = true;
    queue.messages.unshift(message);
    deliver(queue);
  }

  recover(): null {
    for (const tag of [...this.#unacked.keys()].reverse()) this.#release(tag, true);
    return null;
  }

  selectConfirms(): void {
    this.#confirms = true;
  }

  selectTransactions(): void {
    this.#transaction = [];
  }

  commit(committed: () => void): null {
    for (const route of this.#transaction!.splice(0)) route();
    committed();
    return null;
  }

  rollback(): null {
    this.#transaction = [];
    return null;
  }

  close(): void {
    for (const queue of this.host.queues.values()) {
      if (queue.consumer?.session === this) queue.consumer = null;
    }
    this.recover();
    this.host.sessions.delete(this);
  }
}

function deliver(queue: Queue): void {
  const { consumer } = queue;
  if (consumer === null) return;
  for (const message of queue.messages.splice(0)) {
    const { session, tag: consumerTag, noAck } = consumer;
    const { routingKey, redelivered, content } = message;
    const deliveryTag = session.take(queue, message, noAck);
    const args = { consumerTag, deliveryTag, redelivered, exchange: '', routingKey };
    session.listener.deliver(args, content);
  }
}

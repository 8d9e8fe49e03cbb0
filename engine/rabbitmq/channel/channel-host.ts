/**
 * The seam between the protocol and the broker's contents: what a channel asks of its virtual host,
 * and what it is told by it. A call gives its result, or answers with it at once or in a later
 * event, or with the error with which the channel or the connection is closed. Nothing else is
 * asked while an answer is due.
 *
 * The virtual host's side of a channel keeps delivery tags, what is unacknowledged, prefetch, the
 * publisher's sequence numbers and the open transaction; the channel itself knows only methods.
 * Not here: exchanges, queues and permissions (the node implements these interfaces).
 */
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { Content } from '../../wire/amqp/command.ts';
import type { ArgsOf } from '../../wire/amqp/methods.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { CreditFlow } from '../credit-flow.ts';
import type { Answer, QueueCounts } from '../queue/queue.ts';
import type { MessageStatsView } from '../statistics/message-stats.ts';

/** Who opens channels in a virtual host: what is exclusive belongs to it. */
export interface ConnectionIdentity {
  /** Unique in the cluster. */
  readonly id: string;
  readonly user: string;
}

/** A virtual host as channels see it. */
export interface ChannelHost {
  readonly name: string;
  /** The virtual host's side of a new channel; `flow` is the channel's own. */
  openChannel(
    identity: ConnectionIdentity,
    listener: ChannelListener,
    flow: CreditFlow,
  ): ChannelSession;
  /** The connection is gone: its exclusive queues go. All its sessions were closed before. */
  connectionClosed(identity: ConnectionIdentity): void;
}

/** What happens to a channel by itself. Nothing is told after the session was closed. */
export interface ChannelListener {
  deliver(delivery: ArgsOf<'basic.deliver'>, content: Content): void;
  /** A mandatory message had no queue to go to. */
  returned(reply: ArgsOf<'basic.return'>, content: Content): void;
  /** The publisher's messages up to this one, or this one, are taken charge of, or are not. */
  confirmed(deliveryTag: number, multiple: boolean): void;
  rejected(deliveryTag: number, multiple: boolean): void;
  /** The consumer's queue is gone. */
  consumerCancelled(consumerTag: string): void;
  /**
   * A delivery was not acknowledged within these milliseconds: the channel is to be closed; or if
   * the client understands it, the consumer is cancelled whose delivery the queue took back.
   */
  timedOut(timeoutMs: number, consumerTag?: string): void;
}

/** What queue.declare-ok says. */
export interface DeclaredQueue extends QueueCounts {
  readonly queue: string;
}

export interface FetchedMessage {
  readonly reply: ArgsOf<'basic.get-ok'>;
  readonly content: Content;
}

/** What a channel holds, and what it counted. */
export interface SessionInfo {
  /** `flow`: a queue is slower than what is published here. */
  readonly state: 'running' | 'flow';
  readonly consumers: number;
  readonly messagesUnacknowledged: number;
  readonly messageStats: MessageStatsView;
}

/** A consumer, as `rabbitmqctl list_consumers` shows it. */
export interface ConsumerInfo {
  readonly queue: string;
  readonly tag: string;
  readonly ackRequired: boolean;
  readonly exclusive: boolean;
  readonly prefetchCount: number;
  /** It is served: no other consumer is the single active one. */
  readonly isActive: boolean;
  readonly arguments: FieldTable;
}

/** `null` is success without a result. */
export interface ChannelSession {
  declareExchange(args: ArgsOf<'exchange.declare'>, answer: Answer<null>): void;
  deleteExchange(args: ArgsOf<'exchange.delete'>, answer: Answer<null>): void;
  bindExchange(args: ArgsOf<'exchange.bind'>, answer: Answer<null>): void;
  unbindExchange(args: ArgsOf<'exchange.unbind'>, answer: Answer<null>): void;

  /** An empty name: the broker chooses one. */
  declareQueue(args: ArgsOf<'queue.declare'>, answer: Answer<DeclaredQueue>): void;
  bindQueue(args: ArgsOf<'queue.bind'>, answer: Answer<null>): void;
  unbindQueue(args: ArgsOf<'queue.unbind'>, answer: Answer<null>): void;
  /** How many messages were dropped. */
  purgeQueue(args: ArgsOf<'queue.purge'>, answer: Answer<number>): void;
  deleteQueue(args: ArgsOf<'queue.delete'>, answer: Answer<number>): void;

  publish(args: ArgsOf<'basic.publish'>, content: Content): AmqpError | null;
  /** A `null` where the queue is empty. */
  get(args: ArgsOf<'basic.get'>, answer: Answer<FetchedMessage | null>): void;
  /** The consumer's tag, which the broker chooses where it is empty, before the first delivery. */
  consume(args: ArgsOf<'basic.consume'>, answer: Answer<string>): void;
  /** Nothing is delivered to the consumer after the answer. */
  cancel(consumerTag: string, answer: Answer<null>): void;
  setPrefetch(args: ArgsOf<'basic.qos'>): AmqpError | null;
  ack(args: ArgsOf<'basic.ack'>): AmqpError | null;
  nack(args: ArgsOf<'basic.nack'>): AmqpError | null;
  /** All that is unacknowledged is ready again. */
  recover(): AmqpError | null;

  selectConfirms(): void;
  selectTransactions(): void;
  /** Answers when all of it is taken charge of. */
  commit(answer: Answer<null>): void;
  rollback(): AmqpError | null;

  inspect(): SessionInfo;
  /** In the order in which they began. */
  consumers(): readonly ConsumerInfo[];
  /** Of consumers that begin from now on; 0: no limit. */
  readonly prefetchCount: number;

  /** Ends consumers; what was not acknowledged is ready again. */
  close(): void;
}

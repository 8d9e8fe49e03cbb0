/**
 * A queue as channels, dead letters and commands see it, whatever its type and wherever its leader
 * is: a classic queue, a quorum queue, a stream, or the stand-in for one on another node.
 *
 * What needs the queue's leader is answered by a callback, at once or in a later event; a channel
 * takes no other method meanwhile. Not here: routing and declaring (`vhost/`), delivery tags
 * (`channel-consumers.ts`). Source: the behaviour `rabbit_queue_type`.
 */
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { CreditFlow } from '../credit-flow.ts';
import type { Message } from '../message.ts';
import type { Consumer, ConsumerOptions, ConsumingChannel } from './consumer.ts';
import type { QueueDeclaration } from './queue-ports.ts';
import type { QueueRecord } from './queue-types.ts';
import type { QueueView } from './queue-view.ts';
import type { PolicyDefinition } from './queue-settings.ts';

export type QueueType = 'classic' | 'quorum' | 'stream';

/** How a channel settles what it was delivered. */
export type Settlement = 'ack' | 'requeue' | 'discard';

/** Who published, where confirms are asked for: told once for each queue, at once or later. */
export interface Publisher {
  /** Which publish it is, in the cluster, where it may be sent twice. */
  readonly id?: string;
  confirmed(queue: string): void;
  /** The queue did not take the message (overflow reject-publish), or is gone with it. */
  rejected(queue: string): void;
}

/** A message as one queue handed it out; it is settled by its position. */
export interface HeldMessage {
  readonly message: Message;
  /** Unique in the queue while it is held: the order of publication. */
  readonly position: number;
}

/** What was fetched by basic.get, and how many are ready behind it. */
export interface Fetched {
  readonly of: HeldMessage;
  readonly redelivered: boolean;
  readonly messageCount: number;
}

/** What queue.declare-ok says of a queue. */
export interface QueueCounts {
  readonly messageCount: number;
  readonly consumerCount: number;
}

/** Messages and bytes of bodies, ready and delivered but not settled, and who consumes. */
export interface QueueHoldings {
  readonly messagesReady: number;
  readonly messagesUnacknowledged: number;
  readonly messageBytesReady: number;
  readonly messageBytesUnacknowledged: number;
  readonly consumers: number;
  /** consumer_capacity: the part of the time in which it could deliver at once, from 0 to 1. */
  readonly consumerCapacity: number;
}

export interface DeleteConditions {
  readonly ifUnused: boolean;
  readonly ifEmpty: boolean;
}

export type Answer<T> = (answer: T | AmqpError) => void;

export interface Queue {
  readonly declaration: QueueDeclaration;
  readonly name: string;
  readonly type: QueueType;
  /** Why it is now as if it were not there; without, or null: it is. */
  readonly absence?: AmqpError | null;
  /** What it holds now; without: its process, or its leader, is not on this node. */
  readonly holdings?: QueueHoldings | undefined;
  /** Bytes that this node has of it in memory; without: those of the messages that it holds. */
  readonly memoryBytes?: number;

  /** Who alone is served; null: nobody in particular. Without: it is not known on this node. */
  readonly activeConsumer?: Pick<Consumer, 'channel' | 'options'> | null;

  /** `flow`: the channel that publishes, which is slowed down where the queue is slow. */
  publish(message: Message, publisher: Publisher | null, flow?: CreditFlow | null): void;
  /**
   * Adds a consumer; `answer` comes before its first delivery. Errors: 403 where one is exclusive
   * or this one cannot be, 406 for an argument that the type refuses.
   */
  consume(channel: ConsumingChannel, options: ConsumerOptions, answer: Answer<null>): void;
  /** Ends a consumer: nothing is delivered to it after the answer; what it has stays with it. */
  cancel(channel: ConsumingChannel, tag: string, answer: Answer<null>): void;
  /** basic.get; null where nothing is ready. */
  get(channel: ConsumingChannel, noAck: boolean, answer: Answer<Fetched | null>): void;
  /** The channel settles messages that it was delivered, each once. */
  settle(channel: ConsumingChannel, messages: readonly HeldMessage[], how: Settlement): void;
  /** The channel is gone: its consumers end, and what it had not settled is ready again. */
  channelClosed(channel: ConsumingChannel): void;

  /** For queue.declare of a queue that is there, which counts as a use. */
  counts(answer: Answer<QueueCounts>): void;
  /** Drops what is ready; how many that were. */
  purge(answer: Answer<number>): void;
  /**
   * Ends the queue and drops its messages, or refuses with 406 where a condition does not hold; how
   * many were ready. Consumers are told.
   */
  delete(conditions: DeleteConditions, answer: Answer<number>): void;
  /** The policy changed: what it says holds from now on. */
  setPolicy(policy: PolicyDefinition): void;
  /** Metadata no longer has the queue. */
  forgotten?(): void;
  /** Processes of a node ended while it stays connected: what they owed is void. */
  processesGone?(node: string): void;
  /** Its node goes down in order; `told` when whoever has to know does. */
  stopping?(told: () => void): void;
  /** Its record says another leader or other members now. */
  moved?(record: QueueRecord): void;

  /**
   * What the views and experiments see: plain data, with at most so many messages, which are what
   * it costs; not where its process is on another node.
   */
  inspect?(messagesMax?: number): QueueView | null;
  /** What this node has of the queue behind its leader, for a search: plain data. */
  replica?(): unknown;
}

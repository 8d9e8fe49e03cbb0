/**
 * What a node asks of a queue whose process is on another node, and what it is told from there.
 *
 * All of a virtual host goes to one name at the queue's node; each message says which queue it is
 * about, and by which name the asker hears of it. Not here: who sends them (`remote-queue.ts`) and
 * who answers (`queue-gateway.ts`). Source: what `rabbit_classic_queue` and `delegate` send.
 */
import { assert } from '../../kernel/assert.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { Message } from '../message.ts';
import type { ConsumerOptions } from '../queue/consumer.ts';
import type { DeleteConditions, Settlement } from '../queue/queue.ts';
import type { Term } from './node-links.ts';

/** Answered by `answer`, with the id. */
export type QueueRequest =
  | { readonly kind: 'consume'; readonly channel: number; readonly options: ConsumerOptions }
  | { readonly kind: 'cancel'; readonly channel: number; readonly tag: string }
  | { readonly kind: 'get'; readonly channel: number; readonly noAck: boolean }
  | { readonly kind: 'counts' }
  | { readonly kind: 'purge' }
  | { readonly kind: 'delete'; readonly conditions: DeleteConditions };

/** Without an answer, but for publishes that are confirmed. */
type QueueCast =
  | {
      readonly kind: 'publish';
      readonly message: Message;
      /** Null: no confirm is asked for. */
      readonly sequence: number | null;
      /** The channel that is granted credit for it; null: none. */
      readonly sender: number | null;
    }
  | {
      readonly kind: 'settle';
      readonly channel: number;
      readonly positions: readonly number[];
      readonly how: Settlement;
    }
  | { readonly kind: 'channel-closed'; readonly channel: number }
  /** A channel that published is gone. */
  | { readonly kind: 'sender-ended'; readonly sender: number };

export type QueueMessage = QueueCast | (QueueRequest & { readonly id: number });

/** To the queue's node. */
export type ToQueue = QueueMessage & {
  readonly queue: string;
  readonly replyTo: string;
};

/** To those who ask this node: the queues that it had before have no process any more. */
export const PROCESSES_GONE = { kind: 'processes-gone' } as const;

/** To the asker. */
export type FromQueue =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Term }
  | { readonly kind: 'refused'; readonly id: number; readonly error: AmqpError }
  /** The queue has no process there: it is not yet, or no more. */
  | { readonly kind: 'noproc'; readonly id: number }
  | { readonly kind: 'confirmed' | 'rejected'; readonly sequence: number }
  | { readonly kind: 'credit'; readonly sender: number; readonly count: number }
  | {
      readonly kind: 'deliver';
      readonly channel: number;
      readonly tag: string;
      readonly position: number;
      readonly redelivered: boolean;
      readonly message: Message;
    }
  | { readonly kind: 'cancelled'; readonly channel: number; readonly tag: string };

/** A publish, unique in the cluster, so that it is not taken twice. */
export function publishId(node: string, replyTo: string, sequence: number): string {
  return `${node} ${replyTo} ${sequence}`;
}

const GATEWAY = 'rabbit_amqqueue';

/** The name by which a node's queues of a virtual host are reached. */
export function gatewayName(vhost: string): string {
  return `${GATEWAY} ${vhost}`;
}

export function isGatewayName(name: string): boolean {
  return name.startsWith(`${GATEWAY} `);
}

/** Messages are plain data, which their interfaces cannot say. */
export function termOf(message: ToQueue | FromQueue | typeof PROCESSES_GONE): Term {
  assert(message.kind.length > 0, 'a message has a kind', { kind: message.kind });
  return message as unknown as Term;
}

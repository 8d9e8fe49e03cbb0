/**
 * basic.publish, basic.consume and basic.get, as a virtual host answers them.
 *
 * A publish has two steps, since a transaction has the second at its commit: the message is checked
 * and routed, then it is delivered to the queues. Whether nothing took it, hence what `mandatory`
 * returns, is known after the second.
 * Not here: confirms' numbers and returns (`channel/`), the content's frames.
 * Sources: AMQP 0-9-1, section 1.8; `rabbit_channel:handle_method`, `deliver_to_queues`.
 */
import { assert, present } from '../../kernel/assert.ts';
import { amqpError, isAmqpError, notFound, preconditionFailed } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { CreditFlow } from '../credit-flow.ts';
import {
  type Message,
  type MessageProperties,
  type PublishedMessage,
  messageOf,
} from '../message.ts';
import type { ChannelConsumers, ConsumeOptions, Delivery } from '../queue/channel-consumers.ts';
import type { Answer, Publisher } from '../queue/queue.ts';
import { type Actor, checkPermission, checkTopicPermission } from './actor.ts';
import { isReplyName } from './direct-reply-to.ts';
import { noteRouted } from './message-trace.ts';
import { readableQueue } from './queue-methods.ts';
import type { VirtualHost } from './virtual-host.ts';

/** A message and the queues that it goes to. */
export interface RoutedMessage {
  readonly message: Message;
  readonly queues: readonly string[];
  /** Those of direct reply-to, where the release takes them for queues. */
  readonly replies: readonly string[];
}

/**
 * Checks and routes a message. Errors: 403 for a permission or an internal exchange, 404 for the
 * exchange, 406 for its size, its user, its expiration or its routing headers. `addressed` gives
 * the properties with the name for direct replies.
 */
export function routeMessage(
  vhost: VirtualHost,
  actor: Actor,
  published: PublishedMessage,
  addressed: (properties: MessageProperties) => MessageProperties | AmqpError,
): RoutedMessage | AmqpError {
  const { exchange: name, routingKey, body } = published;
  const bytesMax = vhost.context.profile.defaults.max_message_size;
  if (bytesMax !== null && body.length > bytesMax) {
    return preconditionFailed(
      `message size ${body.length} is larger than configured max size ${bytesMax}`,
    );
  }
  const refused = checkPermission(vhost, actor, { kind: 'exchange', name, to: 'write' });
  if (refused !== null) return refused;
  const exchange = vhost.exchanges.get(name);
  if (exchange === undefined) return notFound(vhost.named('exchange', name));
  if (exchange.declaration.internal) {
    const resource = vhost.named('exchange', name);
    return amqpError('ACCESS_REFUSED', `cannot publish to internal ${resource}`);
  }
  if (exchange.declaration.type === 'topic') {
    const topic = { exchange: name, routingKey, to: 'write' } as const;
    const forbidden = checkTopicPermission(vhost, actor, topic);
    if (forbidden !== null) return forbidden;
  }
  const properties = addressed(published.properties);
  if (isAmqpError(properties)) return properties;
  const { userId } = properties;
  const isHim = userId === undefined || userId === actor.user;
  if (!isHim && !vhost.context.users.hasTag(actor.user, 'impersonator')) {
    return preconditionFailed(
      `user_id property set to '${userId}' but authenticated user was '${actor.user}'`,
    );
  }
  const { brokerKeepsDeaths } = vhost.context.profile.switches;
  const message = messageOf({ ...published, properties }, brokerKeepsDeaths);
  if (isAmqpError(message)) return message;
  const replies = exchange.name === '' ? directReplies(vhost, message) : [];
  return { message, queues: vhost.route(exchange, message), replies };
}

/** Until 4.2 a direct reply is delivered as it is routed, be it in a transaction or not. */
function directReplies(vhost: VirtualHost, message: Message): readonly string[] {
  if (!message.routingKeys.some(isReplyName)) return [];
  const replies = [...new Set(message.routingKeys.filter(isReplyName))];
  if (vhost.context.profile.switches.replyToIsQueue) return replies;
  for (const name of replies) vhost.replies.deliver(name, message);
  return [];
}

/**
 * Delivers a routed message; gives the queues that were there to take or refuse it. None: it is
 * unroutable (invariant R3). The publisher is told of each of them, at once or later.
 */
export function deliverMessage(
  vhost: VirtualHost,
  { message, queues, replies }: RoutedMessage,
  publisher: Publisher | null,
  flow: CreditFlow,
): readonly string[] {
  const there = queues.filter((name) => vhost.queues.has(name));
  assert(there.length <= queues.length, 'a queue takes it once', { queues });
  noteRouted(vhost.context.ports.trace, message, there);
  for (const name of there) {
    present(vhost.queues.get(name), 'the queue is there').publish(message, publisher, flow);
  }
  for (const name of replies) vhost.replies.deliver(name, message);
  return there;
}

/** basic.consume: its tag. Errors: 403, 404, 405, and those of the queue. */
export function consume(
  vhost: VirtualHost,
  actor: Actor,
  consumers: ChannelConsumers,
  { queue: name, ...options }: ConsumeOptions & { readonly queue: string },
  answer: Answer<string>,
): void {
  if (consumers.consumes(options.consumerTag)) {
    const explanation = `attempt to reuse consumer tag '${options.consumerTag}'`;
    answer(amqpError('NOT_ALLOWED', explanation));
    return;
  }
  const queue = readableQueue(vhost, actor, name);
  if (isAmqpError(queue)) answer(queue);
  else consumers.consume(queue, options, answer);
}

/** basic.get: a delivery and how many are ready behind it; null: empty. Errors: 403, 404, 405. */
export function get(
  vhost: VirtualHost,
  actor: Actor,
  consumers: ChannelConsumers,
  { queue: name, noAck }: { readonly queue: string; readonly noAck: boolean },
  answer: Answer<{ readonly delivery: Delivery; readonly messageCount: number } | null>,
): void {
  const queue = readableQueue(vhost, actor, name);
  if (isAmqpError(queue)) answer(queue);
  else consumers.get(queue, noAck, answer);
}

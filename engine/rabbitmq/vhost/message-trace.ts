/**
 * What a virtual host tells the trace of messages: where they go, to whom they are sent, how they
 * are settled, how they die; and the sentences of it.
 *
 * A message is known by the first word of its body. Nothing is made while the trace is off.
 */
import { traceKind, type Trace } from '../../kernel/ports.ts';
import type { Message } from '../message.ts';
import type { Narration } from '../narration.ts';
import type { Delivery, Unacknowledged } from '../queue/channel-consumers.ts';
import type { DeathNotice } from '../queue/queue-ports.ts';
import type { Settlement } from '../queue/queue.ts';
import { firstWord } from '../queue/queue-view.ts';

const routedKind = traceKind('message-routed', {
  id: 'string',
  exchange: 'string',
  routingKey: 'string',
  queues: 'string',
});
const deliveredKind = traceKind('message-delivered', {
  id: 'string',
  queue: 'string',
  consumer: 'string',
  redelivered: 'bool',
});
const settledKind = traceKind('message-settled', {
  ids: 'string',
  queue: 'string',
  how: 'string',
});
const deadKind = traceKind('message-dead-lettered', {
  id: 'string',
  queue: 'string',
  reason: 'string',
  exchange: 'string',
  queues: 'string',
});

/** A message is delivered to these queues; none: it is unroutable. */
export function noteRouted(trace: Trace, message: Message, queues: readonly string[]): void {
  if (!trace.on) return;
  const { exchange, routingKeys, body } = message;
  const routingKey = routingKeys.join(', ');
  const id = firstWord(body);
  trace.record(routedKind, { id, exchange, routingKey, queues: queues.join(', ') });
}

/** A consumer is sent a message. */
export function noteDelivered(trace: Trace, consumer: string, delivery: Delivery): void {
  if (!trace.on) return;
  const { message, queue, redelivered } = delivery;
  trace.record(deliveredKind, { id: firstWord(message.body), queue, consumer, redelivered });
}

/** A channel settles deliveries. */
export function noteSettled(trace: Trace, taken: readonly Unacknowledged[], how: Settlement): void {
  if (!trace.on || taken.length === 0) return;
  const ids = taken.map(({ of }) => firstWord(of.message.body)).join(', ');
  const queues = [...new Set(taken.map(({ queue }) => queue.name))].join(', ');
  trace.record(settledKind, { ids, queue: queues, how });
}

/** A message died, and goes on to these queues; none: it is gone. */
export function noteDead(
  trace: Trace,
  { body }: Message,
  notice: DeathNotice,
  queues: readonly string[],
): void {
  if (!trace.on) return;
  const { reason, queue, exchange } = notice;
  const id = firstWord(body);
  trace.record(deadKind, { id, queue, reason, exchange, queues: queues.join(', ') });
}

const HOW_EN: Readonly<Record<string, string>> = {
  ack: 'acknowledged',
  requeue: 'requeued',
  discard: 'rejected',
};
const HOW_ZH: Readonly<Record<string, string>> = {
  ack: '确认',
  requeue: '重新入队',
  discard: '拒绝',
};
const REASON_EN: Readonly<Record<string, string>> = {
  rejected: 'was rejected',
  expired: 'expired',
  maxlen: 'did not fit',
  delivery_limit: 'was delivered too often',
};
const REASON_ZH: Readonly<Record<string, string>> = {
  rejected: '被拒绝',
  expired: '过期',
  maxlen: '因队列已满',
  delivery_limit: '投递次数过多',
};
const nameEn = (exchange: unknown): string =>
  exchange === '' ? 'the default exchange' : `exchange ${String(exchange)}`;
const nameZh = (exchange: unknown): string =>
  exchange === '' ? '默认 exchange' : `exchange ${String(exchange)}`;

export const messageNarration: Narration = {
  'message-routed': {
    en: ({ id, exchange, routingKey, queues }) =>
      queues === ''
        ? `${id}: ${nameEn(exchange)} has no queue for ${routingKey}`
        : `${id}: ${nameEn(exchange)} routes ${routingKey} to ${queues}`,
    zh: ({ id, exchange, routingKey, queues }) =>
      queues === ''
        ? `${id}：${nameZh(exchange)} 没有匹配 ${routingKey} 的队列`
        : `${id}：${nameZh(exchange)} 按 ${routingKey} 路由到 ${queues}`,
  },
  'message-delivered': {
    en: ({ id, queue, consumer, redelivered }) =>
      `${queue} delivers ${id} to ${consumer}${redelivered === true ? ', once more' : ''}`,
    zh: ({ id, queue, consumer, redelivered }) =>
      `${queue} ${redelivered === true ? '再次' : ''}把 ${id} 投递给 ${consumer}`,
  },
  'message-settled': {
    en: ({ ids, queue, how }) => `${ids} of ${queue}: ${HOW_EN[String(how)] ?? String(how)}`,
    zh: ({ ids, queue, how }) => `${HOW_ZH[String(how)] ?? String(how)}：${queue} 的 ${ids}`,
  },
  'message-dead-lettered': {
    en: ({ id, queue, reason, exchange, queues }) =>
      `${id} of ${queue} ${REASON_EN[String(reason)] ?? String(reason)}: ` +
      (queues === ''
        ? `${nameEn(exchange)} has no queue for it, and it is gone`
        : `${nameEn(exchange)} takes it to ${queues}`),
    zh: ({ id, queue, reason, exchange, queues }) =>
      `${queue} 的 ${id} ${REASON_ZH[String(reason)] ?? String(reason)}，` +
      (queues === ''
        ? `${nameZh(exchange)} 没有队列可去，消息消失`
        : `经 ${nameZh(exchange)} 转到 ${queues}`),
  },
};

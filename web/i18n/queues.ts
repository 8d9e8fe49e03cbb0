/**
 * The words of the picture of a RabbitMQ node's queues and of its legend, in both languages. They
 * are loaded with the picture.
 */
import type { Lang } from '../lesson/content.ts';

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const GONE: Readonly<Record<string, string>> = {
  acknowledged: '已确认',
  rejected: '被拒绝',
  expired: '过期',
  maxlen: '超长',
  purged: '清空',
  deleted: '随队列删除',
};

const en = {
  exchanges: 'Exchanges',
  empty: 'no queue has its leader here',
  alarm: (resources: string) => `alarm: ${resources}. Publishers are not read.`,
  counts: (ready: number, unacknowledged: number, consumers: number) =>
    `${ready} ready, ${unacknowledged} unacknowledged, ${plural(consumers, 'consumer')}`,
  messagesOf: (queue: string) => `Messages of ${queue}`,
  ready: 'ready',
  unacknowledged: 'a consumer has it',
  redelivered: 'redelivered',
  persistent: 'persistent',
  priority: (priority: number) => `priority ${priority}`,
  more: (count: number) => `and ${count} more`,
  gone: 'Gone:',
  goneFor: (reason: string, count: number) => `${count} ${reason}`,
  legendTransient: 'transient',
  legendDurable: 'a durable queue',
  confirmed: 'confirmed to the publisher',
};

const zh: typeof en = {
  exchanges: 'Exchange',
  empty: '没有队列的 leader 在这里',
  alarm: (resources) => `告警：${resources}。暂不读取生产者。`,
  counts: (ready, unacknowledged, consumers) =>
    `就绪 ${ready}，未确认 ${unacknowledged}，消费者 ${consumers}`,
  messagesOf: (queue) => `队列 ${queue} 的消息`,
  ready: '就绪',
  unacknowledged: '已交给消费者，未确认',
  redelivered: '重新投递过',
  persistent: '持久化',
  priority: (priority) => `优先级 ${priority}`,
  more: (count) => `另有 ${count} 条`,
  gone: '已离开：',
  goneFor: (reason, count) => `${GONE[reason] ?? reason} ${count}`,
  legendTransient: '非持久',
  legendDurable: '持久队列',
  confirmed: '已向发布者确认',
};

export const QUEUE_MESSAGES: Readonly<Record<Lang, typeof en>> = { en, zh };

/** What a client tells the trace, and its sentences. */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration } from '../narration.ts';

export const clientConnectedKind = traceKind('amqp-client-connected', {
  node: 'string',
  recovered: 'bool',
});
export const clientLostKind = traceKind('amqp-client-lost', { node: 'string', why: 'string' });
export const channelClosedKind = traceKind('amqp-client-channel-closed', {
  channel: 'int',
  why: 'string',
});

export const clientNarration: Narration = {
  'amqp-client-connected': {
    en: ({ host, node, recovered }) =>
      recovered === true
        ? `${host} is connected to ${node} again; channels, queues and consumers are restored`
        : `${host} is connected to ${node}`,
    zh: ({ host, node, recovered }) =>
      recovered === true
        ? `${host} 重新连上 ${node}，信道、队列和消费者已恢复`
        : `${host} 连上 ${node}`,
  },
  'amqp-client-lost': {
    en: ({ host, node, why }) => `${host} loses its connection to ${node}: ${why}`,
    zh: ({ host, node, why }) => `${host} 与 ${node} 的连接断开：${why}`,
  },
  'amqp-client-channel-closed': {
    en: ({ host, channel, why }) => `The broker closes channel ${channel} of ${host}: ${why}`,
    zh: ({ host, channel, why }) => `Broker 关闭了 ${host} 的信道 ${channel}：${why}`,
  },
};

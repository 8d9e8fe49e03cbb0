/**
 * What the nodes of a cluster tell the trace about each other, and the sentences for it.
 */
import { traceKind } from '../../kernel/ports.ts';

/** Another node is connected, in this life of it. */
export const nodeUpKind = traceKind('node-up', { node: 'string', creation: 'int' });

/** Why, as `net_kernel` names it: connection_closed, net_tick_timeout, disconnect. */
export const nodeDownKind = traceKind('node-down', { node: 'string', reason: 'string' });

/** The node of a queue is down: publishes that were rejected, and consumers that lost it. */
export const queueDownKind = traceKind('queue-down', {
  queue: 'string',
  node: 'string',
  rejected: 'int',
  consumers: 'int',
});

/** The application stops because of a partition, until more than half, or all, are seen. */
export const pausedKind = traceKind('node-paused', { until: 'string', seen: 'int', of: 'int' });
export const resumedKind = traceKind('node-resumed', { seen: 'int', of: 'int' });

/** The proxy still sees a node that is down from here. */
export const partialPartitionKind = traceKind('partial-partition', {
  down: 'string',
  proxy: 'string',
});

/** Who wins when a partition is healed, and who restarts. */
export const autohealDecisionKind = traceKind('autoheal-decision', {
  winner: 'string',
  losers: 'string',
});

/** A loser stops its application. */
export const autohealRestartKind = traceKind('autoheal-restart', { winner: 'string' });

/** A mirror hears its leader, which has so many messages. */
export const mirrorJoinedKind = traceKind('mirror-joined', {
  queue: 'string',
  node: 'string',
  messages: 'int',
});

/** With how many messages, and how many of the old leader's it lacks (-1: it cannot know). */
export const mirrorPromotedKind = traceKind('mirror-promoted', {
  queue: 'string',
  was: 'string',
  messages: 'int',
  lacks: 'int',
});
/** It is not synchronised, so the queue waits for its leader (`ha-promote-on-failure`). */
export const mirrorStaysKind = traceKind('mirror-not-promoted', {
  queue: 'string',
  was: 'string',
  messages: 'int',
  lacks: 'int',
});

/** All that a queue has is sent to its mirrors; meanwhile it stands still. */
export const mirrorsSynchroniseKind = traceKind('mirrors-synchronise', {
  queue: 'string',
  messages: 'int',
});

/** Every mirror has it, and the queue goes on. */
export const mirrorsSynchronisedKind = traceKind('mirrors-synchronised', {
  queue: 'string',
  messages: 'int',
});

type Entry = Readonly<Record<string, unknown>>;

export const clusterNarration = {
  'node-up': {
    en: ({ host, node }: Entry) => `${host} is connected to ${node}`,
    zh: ({ host, node }: Entry) => `${host} 与 ${node} 建立了连接`,
  },
  'node-down': {
    en: ({ host, node, reason }: Entry) => `${host} takes ${node} for down: ${reason}`,
    zh: ({ host, node, reason }: Entry) => `${host} 认为 ${node} 已下线：${reason}`,
  },
  'queue-down': {
    en: ({ host, queue, node, rejected, consumers }: Entry) =>
      `${host} lost the queue ${queue} with ${node}: ${rejected} publishes are nacked, ` +
      `${consumers} consumers lose it`,
    zh: ({ host, queue, node, rejected, consumers }: Entry) =>
      `${node} 下线，${host} 连不上队列 ${queue}：${rejected} 条发布被 nack，${consumers} 个消费者失去队列`,
  },
  'node-paused': {
    en: ({ host, until, seen, of }: Entry) =>
      `${host} sees ${seen} of ${of} nodes and pauses until it sees ` +
      (until === 'all' ? 'all' : 'more than half'),
    zh: ({ host, until, seen, of }: Entry) =>
      `${host} 只看到 ${of} 个节点中的 ${seen} 个，暂停到能看到${until === 'all' ? '全部' : '半数以上'}为止`,
  },
  'node-resumed': {
    en: ({ host, seen, of }: Entry) => `${host} sees ${seen} of ${of} nodes and starts again`,
    zh: ({ host, seen, of }: Entry) => `${host} 看到 ${of} 个节点中的 ${seen} 个，重新启动`,
  },
  'partial-partition': {
    en: ({ host, down, proxy }: Entry) =>
      `${host} does not see ${down}, but ${proxy} does: the partition is partial`,
    zh: ({ host, down, proxy }: Entry) => `${host} 看不到 ${down}，${proxy} 却看得到：这是部分分区`,
  },
  'autoheal-decision': {
    en: ({ winner, losers }: Entry) =>
      `The partition is healed: ${winner} wins, and ${losers} restart without what only they had`,
    zh: ({ winner, losers }: Entry) =>
      `分区自动愈合：${winner} 胜出，${losers} 重启，只在它们那里的数据就丢了`,
  },
  'mirror-joined': {
    en: ({ queue, node, messages }: Entry) =>
      `${node} has a mirror of ${queue}; the leader has ${messages} messages`,
    zh: ({ queue, node, messages }: Entry) =>
      `${node} 成为队列 ${queue} 的镜像；主队列有 ${messages} 条消息`,
  },
  'mirror-promoted': {
    en: ({ host, queue, was, messages, lacks }: Entry) =>
      `${host} leads ${queue} in place of ${was}, with ${messages} messages` +
      (lacks === 0 ? '' : `; what it lacked is gone (${lacks === -1 ? 'unknown' : lacks})`),
    zh: ({ host, queue, was, messages, lacks }: Entry) =>
      `${host} 接替 ${was} 成为队列 ${queue} 的主节点，有 ${messages} 条消息` +
      (lacks === 0 ? '' : `；缺少的消息丢了（${lacks === -1 ? '数目不明' : `${lacks} 条`}）`),
  },
  'mirror-not-promoted': {
    en: ({ host, queue, was }: Entry) =>
      `${host} has not all of ${queue}, which waits for ${was} to come back`,
    zh: ({ host, queue, was }: Entry) => `${host} 的镜像不完整，队列 ${queue} 等 ${was} 回来`,
  },
  'mirrors-synchronise': {
    en: ({ queue, messages }: Entry) =>
      `${queue} stands still: its mirrors are sent all ${messages} messages`,
    zh: ({ queue, messages }: Entry) => `队列 ${queue} 停下来，把全部 ${messages} 条消息同步给镜像`,
  },
  'mirrors-synchronised': {
    en: ({ queue }: Entry) => `The mirrors of ${queue} have all; it goes on`,
    zh: ({ queue }: Entry) => `队列 ${queue} 的镜像已同步，继续工作`,
  },
  'autoheal-restart': {
    en: ({ host, winner }: Entry) => `${host} stops, to start again with what ${winner} has`,
    zh: ({ host, winner }: Entry) => `${host} 停下，再以 ${winner} 的数据启动`,
  },
};

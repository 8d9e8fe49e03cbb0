/**
 * What the controller tells the trace, and the sentences for it in English and Chinese.
 *
 * Not here: the transitions of its machines, which the glue in `kernel/machine.ts` traces.
 */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration } from '../narration.ts';

/** The controller decides from now on; `offset` is where its metadata log ended. */
export const controllerActiveKind = traceKind('controller-active', {
  controller: 'int',
  epoch: 'int',
  offset: 'int',
});

/** A broker registered, or its registration was refused. */
export const brokerRegisteredKind = traceKind('broker-registered', {
  broker: 'int',
  epoch: 'int',
  error: 'string',
});

/** `state` is one of BrokerControlState; `reason` is `heartbeat` or `session expired`. */
export const brokerStateKind = traceKind('broker-state', {
  broker: 'int',
  state: 'string',
  reason: 'string',
});

/** A decision about a partition was written to the metadata log; it holds once it is committed. */
export const partitionChangeKind = traceKind('partition-change', {
  partition: 'string',
  leader: 'int',
  leaderEpoch: 'int',
  partitionEpoch: 'int',
  isr: 'string',
  elr: 'string',
  election: 'string',
});

/**
 * The replicas of a partition change: with `adding` or `removing` a reassignment is under way, with
 * neither it is over, or taken back.
 */
export const reassignmentKind = traceKind('reassignment', {
  partition: 'string',
  replicas: 'string',
  adding: 'string',
  removing: 'string',
});

/** A leader asked for an ISR and did not get it. */
export const alterPartitionRefusedKind = traceKind('alter-partition-refused', {
  partition: 'string',
  broker: 'int',
  isr: 'string',
  error: 'string',
});

/** A topic was created or deleted: `change`. */
export const topicChangeKind = traceKind('topic-change', {
  topic: 'string',
  change: 'string',
  partitions: 'int',
});

/** The metadata log is synced up to `to`: decisions below it hold and brokers may read them. */
export const metadataCommittedKind = traceKind('metadata-committed', {
  to: 'int',
});

const isr = (e: Readonly<Record<string, unknown>>, comma: string): string =>
  `{${String(e['isr'])}}${e['elr'] === '' ? '' : `${comma}ELR {${String(e['elr'])}}`}`;

export const controllerNarration: Narration = {
  'controller-active': {
    en: (e) => `${e['host']} becomes the active controller in epoch ${e['epoch']}.`,
    zh: (e) => `${e['host']} 在纪元 ${e['epoch']} 成为活动控制器。`,
  },
  'broker-registered': {
    en: (e) =>
      e['error'] === 'NONE'
        ? `Broker ${e['broker']} registers and gets broker epoch ${e['epoch']}.`
        : `The registration of broker ${e['broker']} is refused: ${e['error']}.`,
    zh: (e) =>
      e['error'] === 'NONE'
        ? `Broker ${e['broker']} 完成注册，Broker 纪元为 ${e['epoch']}。`
        : `Broker ${e['broker']} 的注册被拒绝：${e['error']}。`,
  },
  'broker-state': {
    en: (e) => `The controller marks broker ${e['broker']} as ${e['state']} (${e['reason']}).`,
    zh: (e) =>
      `控制器把 Broker ${e['broker']} 标为 ${e['state']}` +
      `（${e['reason'] === 'heartbeat' ? '心跳' : '会话超时'}）。`,
  },
  'partition-change': {
    en: (e) => changeEn(e),
    zh: (e) => changeZh(e),
  },
  reassignment: {
    en: (e) =>
      isUnderWay(e)
        ? `${e['partition']} is being reassigned: replicas {${e['replicas']}}, ` +
          `adding {${e['adding']}}, removing {${e['removing']}}.`
        : `The replicas of ${e['partition']} are now {${e['replicas']}}.`,
    zh: (e) =>
      isUnderWay(e)
        ? `${e['partition']} 正在重新分配：副本 {${e['replicas']}}，` +
          `加入 {${e['adding']}}，移除 {${e['removing']}}。`
        : `${e['partition']} 的副本现为 {${e['replicas']}}。`,
  },
  'alter-partition-refused': {
    en: (e) =>
      `The controller refuses the ISR {${e['isr']}} of ${e['partition']} that broker ` +
      `${e['broker']} asked for: ${e['error']}.`,
    zh: (e) =>
      `控制器拒绝 Broker ${e['broker']} 为 ${e['partition']} 申请的 ` +
      `ISR {${e['isr']}}：${e['error']}。`,
  },
  'topic-change': {
    en: (e) =>
      `Topic ${e['topic']} is ${e['change']}, with ${e['partitions']} ` +
      `${e['partitions'] === 1 ? 'partition' : 'partitions'}.`,
    zh: (e) =>
      `主题 ${e['topic']}（${e['partitions']} 个分区）` +
      `${e['change'] === 'created' ? '已创建' : '已删除'}。`,
  },
};

const isUnderWay = (e: Readonly<Record<string, unknown>>): boolean =>
  e['adding'] !== '' || e['removing'] !== '';

function changeEn(e: Readonly<Record<string, unknown>>): string {
  const where = `${String(e['partition'])}`;
  const with_ = `ISR ${isr(e, ', ')}, leader epoch ${String(e['leaderEpoch'])}`;
  switch (e['election']) {
    case 'none':
      return `The controller changes ${where}: ${with_}.`;
    case 'offline':
      return `${where} has no leader any more: ${with_}.`;
    case 'unclean':
      return `Broker ${String(e['leader'])} is elected UNCLEANLY as leader of ${where}: ${with_}.`;
    default:
      return `Broker ${String(e['leader'])} is elected leader of ${where}: ${with_}.`;
  }
}

function changeZh(e: Readonly<Record<string, unknown>>): string {
  const where = `${String(e['partition'])}`;
  const with_ = `ISR ${isr(e, '，')}，leader 纪元 ${String(e['leaderEpoch'])}`;
  switch (e['election']) {
    case 'none':
      return `控制器更改 ${where}：${with_}。`;
    case 'offline':
      return `${where} 不再有 leader：${with_}。`;
    case 'unclean':
      return `Broker ${String(e['leader'])} 经 unclean 选主成为 ${where} 的 leader：${with_}。`;
    default:
      return `Broker ${String(e['leader'])} 当选 ${where} 的 leader：${with_}。`;
  }
}

/**
 * What a broker of a ZooKeeper cluster tells the trace, and the sentences for it.
 *
 * Not here: znodes, sessions and watches, which the server traces (`zookeeper-trace.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';
import { zooKeeperNarration } from '../../zookeeper/zookeeper-trace.ts';
import type { Narration } from '../narration.ts';

/** `event`: `resigned`. That a controller begins is `controller-active`. */
export const zkControllerKind = traceKind('zk-controller', {
  broker: 'int',
  epoch: 'int',
  event: 'string',
  reason: 'string',
});

/** A broker was told by the controller: `request` is the API's name, `error` its answer. */
export const zkToldKind = traceKind('zk-told', {
  broker: 'int',
  controller: 'int',
  controllerEpoch: 'int',
  request: 'string',
  partitions: 'int',
  error: 'string',
});

/** A broker registered in `/brokers/ids`, or could not yet. */
export const zkRegisteredKind = traceKind('zk-registered', {
  broker: 'int',
  epoch: 'int',
  error: 'string',
});

export const zooKeeperModeNarration: Narration = {
  ...zooKeeperNarration,
  'zk-controller': {
    en: (e) => `broker-${e['broker']} is the controller no more: ${e['reason']}.`,
    zh: (e) => `broker-${e['broker']} 不再是控制器（${e['reason']}）。`,
  },
  'zk-told': {
    en: (e) =>
      e['error'] === 'NONE'
        ? `broker-${e['broker']} takes ${e['request']} of controller epoch ${e['controllerEpoch']}.`
        : `broker-${e['broker']} refuses ${e['request']} of epoch ${e['controllerEpoch']}: ` +
          `${e['error']}.`,
    zh: (e) =>
      e['error'] === 'NONE'
        ? `broker-${e['broker']} 接受 ${e['request']}，控制器纪元 ${e['controllerEpoch']}。`
        : `broker-${e['broker']} 拒绝纪元 ${e['controllerEpoch']} 的 ${e['request']}：${e['error']}。`,
  },
  'zk-registered': {
    en: (e) =>
      e['error'] === 'OK'
        ? `broker-${e['broker']} registers in /brokers/ids with epoch ${e['epoch']}.`
        : `broker-${e['broker']} cannot register yet: ${e['error']}.`,
    zh: (e) =>
      e['error'] === 'OK'
        ? `broker-${e['broker']} 在 /brokers/ids 登记，纪元 ${e['epoch']}。`
        : `broker-${e['broker']} 暂时无法登记：${e['error']}。`,
  },
};

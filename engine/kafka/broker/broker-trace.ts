/**
 * What a broker tells the trace beside its partitions, and the sentences for it.
 *
 * Not here: partitions (`partition/partition-trace.ts`), state machines (`kernel/machine.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration } from '../narration.ts';

/** A produce was answered: `error` is the name of its first error, or NONE. */
export const produceReplyKind = traceKind('produce-reply', {
  partition: 'string',
  acks: 'int',
  baseOffset: 'int',
  error: 'string',
});

/** A produce waits for its replicas until the high watermark reaches `required`. */
export const delayedProduceKind = traceKind('delayed-produce', {
  partition: 'string',
  required: 'int',
});

/** A follower learned of an error, or of where its log differs, from its leader. */
export const replicaFetchKind = traceKind('replica-fetch', {
  partition: 'string',
  leader: 'int',
  error: 'string',
});

/** The controller was told who this broker is, or refused to hear it. */
export const registrationKind = traceKind('registration', {
  broker: 'int',
  epoch: 'int',
  error: 'string',
});

/** The broker took in metadata up to this offset of the metadata log. */
export const metadataKind = traceKind('metadata', { offset: 'int', records: 'int' });

/** What a log was found to be at the start. */
export const logLoadedKind = traceKind('log-loaded', {
  partition: 'string',
  clean: 'bool',
  endOffset: 'int',
  bytesCut: 'int',
});

/** The disk failed: the broker's log dir is offline. */
export const logDirKind = traceKind('log-dir-offline', { dir: 'string', error: 'string' });

/** The controller was asked for a new ISR, and what it said. */
export const alterPartitionKind = traceKind('alter-partition', {
  partition: 'string',
  isr: 'string',
  error: 'string',
});

export const brokerNarration: Narration = {
  'produce-reply': {
    en: (e) =>
      e['error'] === 'NONE'
        ? `The produce to ${e['partition']} is acknowledged at offset ${e['baseOffset']}.`
        : `The produce to ${e['partition']} is refused: ${e['error']}.`,
    zh: (e) =>
      e['error'] === 'NONE'
        ? `写入 ${e['partition']} 的请求在位移 ${e['baseOffset']} 得到确认。`
        : `写入 ${e['partition']} 的请求被拒绝:${e['error']}。`,
  },
  'delayed-produce': {
    en: (e) => `The produce to ${e['partition']} waits for high watermark ${e['required']}.`,
    zh: (e) => `写入 ${e['partition']} 的请求等待高水位到达 ${e['required']}。`,
  },
  'replica-fetch': {
    en: (e) => `The fetch of ${e['partition']} from broker ${e['leader']}: ${e['error']}.`,
    zh: (e) => `从 broker ${e['leader']} 拉取 ${e['partition']}:${e['error']}。`,
  },
  registration: {
    en: (e) =>
      e['error'] === 'NONE'
        ? `Broker ${e['broker']} registers; its epoch is ${e['epoch']}.`
        : `Broker ${e['broker']} cannot register: ${e['error']}.`,
    zh: (e) =>
      e['error'] === 'NONE'
        ? `Broker ${e['broker']} 完成注册,epoch 为 ${e['epoch']}。`
        : `Broker ${e['broker']} 注册失败:${e['error']}。`,
  },
  metadata: {
    en: (e) => `The broker applies cluster metadata up to offset ${e['offset']}.`,
    zh: (e) => `Broker 应用集群元数据至位移 ${e['offset']}。`,
  },
  'log-loaded': {
    en: (e) =>
      `The log of ${e['partition']} is loaded, ending at ${e['endOffset']}` +
      (e['clean'] === true ? '.' : ` (unclean stop; ${e['bytesCut']} bytes cut).`),
    zh: (e) =>
      `${e['partition']} 的日志已加载,结束位移 ${e['endOffset']}` +
      (e['clean'] === true ? '。' : `(非正常停机;截掉 ${e['bytesCut']} 字节)。`),
  },
  'log-dir-offline': {
    en: (e) => `The log dir ${e['dir']} is offline: ${e['error']}.`,
    zh: (e) => `日志目录 ${e['dir']} 离线:${e['error']}。`,
  },
  'alter-partition': {
    en: (e) => `The controller is asked for ISR {${e['isr']}} of ${e['partition']}: ${e['error']}.`,
    zh: (e) => `请求 controller 将 ${e['partition']} 的 ISR 改为 {${e['isr']}}:${e['error']}。`,
  },
};

/**
 * What a broker tells the trace beside its partitions, and the sentences for it.
 *
 * Not here: partitions (`partition/partition-trace.ts`), state machines (`kernel/machine.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration, NarrationEntry } from '../narration.ts';

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
        ? `${e['host']} acknowledges the produce to ${e['partition']} at offset ${e['baseOffset']}.`
        : `${e['host']} refuses the produce to ${e['partition']}: ${e['error']}.`,
    zh: (e) =>
      e['error'] === 'NONE'
        ? `${e['host']} 确认对 ${e['partition']} 的写入，起始位移 ${e['baseOffset']}。`
        : `${e['host']} 拒绝对 ${e['partition']} 的写入：${e['error']}。`,
  },
  'delayed-produce': {
    en: (e) =>
      `${e['host']} holds the reply for ${e['partition']} ` +
      `until the high watermark is ${e['required']}.`,
    zh: (e) => `${e['host']} 等 ${e['partition']} 的高水位到达 ${e['required']} 后再确认写入。`,
  },
  'replica-fetch': {
    en: (e) =>
      `${e['host']} fetches ${e['partition']} from broker ${e['leader']} ` +
      `and is told: ${e['error']}.`,
    zh: (e) => `${e['host']} 从 Broker ${e['leader']} 拉取 ${e['partition']}，得到 ${e['error']}。`,
  },
  // The controller's own entry tells of a registration that succeeds.
  registration: {
    en: (e) => (e['error'] === 'NONE' ? '' : `${e['host']} cannot register: ${e['error']}.`),
    zh: (e) => (e['error'] === 'NONE' ? '' : `${e['host']} 注册失败：${e['error']}。`),
  },
  'log-loaded': {
    en: (e) =>
      isNewLog(e)
        ? ''
        : `${e['host']} loads the log of ${e['partition']}, which ends at ${e['endOffset']}` +
          (e['clean'] === true ? '.' : ` (unclean stop; ${e['bytesCut']} bytes cut).`),
    zh: (e) =>
      isNewLog(e)
        ? ''
        : `${e['host']} 加载 ${e['partition']} 的日志，末端位移 ${e['endOffset']}` +
          (e['clean'] === true ? '。' : `（非正常停机，截掉 ${e['bytesCut']} 字节）。`),
  },
  'log-dir-offline': {
    en: (e) => `The log dir ${e['dir']} of ${e['host']} is offline: ${e['error']}.`,
    zh: (e) => `${e['host']} 的日志目录 ${e['dir']} 离线：${e['error']}。`,
  },
  // The controller's own entry tells of an ISR that it grants.
  'alter-partition': {
    en: (e) =>
      e['error'] === 'NONE'
        ? ''
        : `${e['host']} does not get the ISR {${e['isr']}} for ${e['partition']}: ${e['error']}.`,
    zh: (e) =>
      e['error'] === 'NONE'
        ? ''
        : `${e['host']} 为 ${e['partition']} 申请 ISR {${e['isr']}} 未获批准：${e['error']}。`,
  },
};

/** An empty log after a clean stop: the partition was just created. */
function isNewLog(entry: NarrationEntry): boolean {
  return entry['clean'] === true && entry['endOffset'] === 0;
}

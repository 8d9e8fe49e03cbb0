/**
 * The sentences of the clients' trace entries, in English and Chinese.
 *
 * Not here: the kinds (`*-trace.ts` beside the components), the brokers' sentences.
 */
import type { Narration, NarrationEntry } from '../narration.ts';

const attempted = (e: NarrationEntry): boolean => Number(e['attempt']) > 1;
const sequenceEn = (e: NarrationEntry): string =>
  Number(e['baseSequence']) < 0 ? '' : `, sequence ${e['baseSequence']}`;
const sequenceZh = (e: NarrationEntry): string =>
  Number(e['baseSequence']) < 0 ? '' : `,序号 ${e['baseSequence']}`;
const countEn = (e: NarrationEntry): string =>
  Number(e['records']) === 1 ? '1 record' : `${e['records']} records`;
const fate = (e: NarrationEntry): boolean => e['indeterminate'] === true;

const connectionNarration: Narration = {
  'connection-state': {
    en: (e) => {
      if (e['state'] === 'READY') return `The connection to ${e['to']} is ready.`;
      if (e['state'] === 'CONNECTING') return `A connection to ${e['to']} is being opened.`;
      if (e['state'] === 'DISCONNECTED') return `No connection to ${e['to']}: ${e['reason']}.`;
      return `${e['to']} is asked for its API versions.`;
    },
    zh: (e) => {
      if (e['state'] === 'READY') return `到 ${e['to']} 的连接已就绪。`;
      if (e['state'] === 'CONNECTING') return `正在连接 ${e['to']}。`;
      if (e['state'] === 'DISCONNECTED') return `到 ${e['to']} 的连接没有了:${e['reason']}。`;
      return `向 ${e['to']} 询问它的 API 版本。`;
    },
  },
  'client-metadata': {
    en: (e) => `The client knows ${e['brokers']} brokers; leaders: ${e['leaders'] || 'none'}.`,
    zh: (e) => `客户端知道 ${e['brokers']} 个 broker;leader:${e['leaders'] || '无'}。`,
  },
};

const producerNarration: Narration = {
  'producer-send': {
    en: (e) => `The application sends "${e['value']}"; it is batched for ${e['partition']}.`,
    zh: (e) => `应用发送 "${e['value']}",放入 ${e['partition']} 的批次。`,
  },
  produce: {
    en: (e) =>
      `${attempted(e) ? `Attempt ${e['attempt']}: a` : 'A'} batch of ${countEn(e)} for ` +
      `${e['partition']} goes to broker ${e['broker']}${sequenceEn(e)}.`,
    zh: (e) =>
      `${attempted(e) ? `第 ${e['attempt']} 次尝试:` : ''}${e['partition']} 的一个批次` +
      `(${e['records']} 条记录${sequenceZh(e)})发往 broker ${e['broker']}。`,
  },
  ack: {
    en: (e) =>
      Number(e['baseOffset']) < 0
        ? `${countEn(e)} for ${e['partition']} count as written; the offset is not known.`
        : `${countEn(e)} for ${e['partition']} acknowledged from offset ${e['baseOffset']} on.`,
    zh: (e) =>
      Number(e['baseOffset']) < 0
        ? `${e['partition']} 的 ${e['records']} 条记录视为已写入,offset 未知。`
        : `${e['partition']} 的 ${e['records']} 条记录已确认,起始 offset ${e['baseOffset']}。`,
  },
  retry: {
    en: (e) =>
      `${e['error']}: the batch for ${e['partition']} will be sent again ` +
      `(retry ${e['attempt']}, in ${e['backoffMs']} ms).`,
    zh: (e) =>
      `${e['error']}:${e['partition']} 的批次将重发` +
      `(第 ${e['attempt']} 次重试,${e['backoffMs']} 毫秒后)。`,
  },
  expire: {
    en: (e) => `delivery.timeout.ms is over for ${countEn(e)} of ${e['partition']}.`,
    zh: (e) => `${e['partition']} 的 ${e['records']} 条记录超过了 delivery.timeout.ms。`,
  },
  'send-failed': {
    en: (e) =>
      `${countEn(e)} for ${e['partition']} failed: ${e['error']}; ` +
      (fate(e) ? 'it may have been written all the same.' : 'it was certainly not written.'),
    zh: (e) =>
      `${e['partition']} 的 ${e['records']} 条记录失败:${e['error']};` +
      (fate(e) ? '也可能其实已经写入。' : '肯定没有写入。'),
  },
  split: {
    en: (e) => `The batch for ${e['partition']} is too large: split into ${e['batches']}.`,
    zh: (e) => `${e['partition']} 的批次过大,拆成 ${e['batches']} 个。`,
  },
  'producer-epoch': {
    en: (e) => `The producer has id ${e['producerId']} and epoch ${e['epoch']}.`,
    zh: (e) => `生产者的 id 为 ${e['producerId']},epoch 为 ${e['epoch']}。`,
  },
};

const consumerNarration: Narration = {
  'consumer-poll': {
    en: (e) =>
      `The consumer gets ${countEn(e)} of ${e['partition']}: ` +
      `offsets ${e['firstOffset']} to ${e['lastOffset']}.`,
    zh: (e) =>
      `消费者得到 ${e['partition']} 的 ${e['records']} 条记录:` +
      `offset ${e['firstOffset']} 到 ${e['lastOffset']}。`,
  },
  reset: {
    en: (e) => `The position in ${e['partition']} is reset to ${e['strategy']}: ${e['offset']}.`,
    zh: (e) => `${e['partition']} 的消费位置按 ${e['strategy']} 重置为 ${e['offset']}。`,
  },
  seek: {
    en: (e) => `The consumer seeks to offset ${e['offset']} of ${e['partition']}.`,
    zh: (e) => `消费者定位到 ${e['partition']} 的 offset ${e['offset']}。`,
  },
  'truncation-detected': {
    en: (e) =>
      `The log of ${e['partition']} was truncated below the position ${e['position']}: ` +
      `what was consumed is no longer there.`,
    zh: (e) =>
      `${e['partition']} 的日志被截断到消费位置 ${e['position']} 之前:已消费的记录不在了。`,
  },
  commit: {
    en: (e) => `The position ${e['offset']} in ${e['partition']} is committed.`,
    zh: (e) => `${e['partition']} 的消费位置 ${e['offset']} 已提交。`,
  },
  'fetch-error': {
    en: (e) => `The broker refuses ${e['partition']} at offset ${e['offset']}: ${e['error']}.`,
    zh: (e) => `broker 拒绝 ${e['partition']} 的 offset ${e['offset']}:${e['error']}。`,
  },
  'consumer-error': {
    en: (e) => `The consumer of ${e['partition']} cannot go on by itself: ${e['error']}.`,
    zh: (e) => `${e['partition']} 的消费者无法自行继续:${e['error']}。`,
  },
};

export const clientNarration: Narration = {
  ...connectionNarration,
  ...producerNarration,
  ...consumerNarration,
};

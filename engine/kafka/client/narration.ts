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
  Number(e['baseSequence']) < 0 ? '' : `，序列号 ${e['baseSequence']}`;
const countEn = (e: NarrationEntry): string =>
  Number(e['records']) === 1 ? '1 record' : `${e['records']} records`;
const fate = (e: NarrationEntry): boolean => e['indeterminate'] === true;

const REASONS_ZH: Readonly<Record<string, string>> = {
  reset: '被重置',
  refused: '被拒绝',
  closed: '已关闭',
  timeout: '超时',
};

/** A client that lost its broker; the brokers' own connections are housekeeping. */
const isLost = (e: NarrationEntry): boolean =>
  e['state'] === 'DISCONNECTED' && !/^(broker|controller)-/.test(String(e['host']));

/** `pay-0:1@0` as the reader's language has it. */
const leadersIn = (e: NarrationEntry, leader: string, epoch: string): string =>
  String(e['leaders']).replace(/:(-?\d+)@(-?\d+)/g, `${leader} $1${epoch} $2`);

const connectionNarration: Narration = {
  'connection-state': {
    en: (e) => (isLost(e) ? `${e['host']} has no connection to ${e['to']}: ${e['reason']}.` : ''),
    zh: (e) => {
      const reason = REASONS_ZH[String(e['reason'])] ?? String(e['reason']);
      return isLost(e) ? `${e['host']} 到 ${e['to']} 的连接${reason}。` : '';
    },
  },
  'client-metadata': {
    en: (e) =>
      e['leaders'] === ''
        ? ''
        : `${e['host']} knows the leaders: ${leadersIn(e, ' on broker', ', leader epoch')}.`,
    zh: (e) =>
      e['leaders'] === ''
        ? ''
        : `${e['host']} 得知 leader：${leadersIn(e, ' 在 Broker', '，leader 纪元')}。`,
  },
};

const producerNarration: Narration = {
  'producer-send': {
    en: (e) => `${e['host']} puts "${e['value']}" in a batch for ${e['partition']}.`,
    zh: (e) => `${e['host']} 把“${e['value']}”放入 ${e['partition']} 的批次。`,
  },
  produce: {
    en: (e) =>
      `${e['host']} sends a batch of ${countEn(e)} for ${e['partition']} ` +
      `to broker ${e['broker']}${sequenceEn(e)}` +
      `${attempted(e) ? ` (attempt ${e['attempt']})` : ''}.`,
    zh: (e) =>
      `${e['host']} ${attempted(e) ? `第 ${e['attempt']} 次尝试，` : ''}` +
      `把 ${e['partition']} 的一个批次（${e['records']} 条记录${sequenceZh(e)}）` +
      `发往 Broker ${e['broker']}。`,
  },
  ack: {
    en: (e) =>
      Number(e['baseOffset']) < 0
        ? `${e['host']} takes ${countEn(e)} for ${e['partition']} as written, at no known offset.`
        : `${e['host']} hears: ${countEn(e)} for ${e['partition']} written ` +
          `from offset ${e['baseOffset']} on.`,
    zh: (e) =>
      Number(e['baseOffset']) < 0
        ? `${e['host']} 视 ${e['partition']} 的 ${e['records']} 条记录为已写入，位移未知。`
        : `${e['host']} 收到确认：${e['partition']} 的 ${e['records']} 条记录` +
          `从位移 ${e['baseOffset']} 起写入。`,
  },
  retry: {
    en: (e) =>
      `${e['host']} hears ${e['error']}: it will send the batch for ${e['partition']} again ` +
      `(retry ${e['attempt']}, in ${e['backoffMs']} ms).`,
    zh: (e) =>
      `${e['host']} 收到 ${e['error']}，将重发 ${e['partition']} 的批次` +
      `（第 ${e['attempt']} 次重试，${e['backoffMs']} 毫秒后）。`,
  },
  expire: {
    en: (e) =>
      `${e['host']} gives up on ${countEn(e)} for ${e['partition']}: delivery.timeout.ms is over.`,
    zh: (e) =>
      `${e['host']} 放弃 ${e['partition']} 的 ${e['records']} 条记录：超过 delivery.timeout.ms。`,
  },
  'send-failed': {
    en: (e) =>
      `${e['host']} fails ${countEn(e)} for ${e['partition']}: ${e['error']}; ` +
      (fate(e) ? 'this may have been written all the same.' : 'nothing was written.'),
    zh: (e) =>
      `${e['host']} 发送 ${e['partition']} 的 ${e['records']} 条记录失败：${e['error']}；` +
      (fate(e) ? '可能其实已经写入。' : '肯定没有写入。'),
  },
  split: {
    en: (e) =>
      `${e['host']} splits the batch for ${e['partition']}, too large, into ${e['batches']}.`,
    zh: (e) => `${e['host']} 把 ${e['partition']} 过大的批次拆成 ${e['batches']} 个。`,
  },
  'producer-epoch': {
    en: (e) => `${e['host']} has producer id ${e['producerId']} and epoch ${e['epoch']}.`,
    zh: (e) => `${e['host']} 的生产者 id 为 ${e['producerId']}，纪元为 ${e['epoch']}。`,
  },
};

const consumerNarration: Narration = {
  'consumer-poll': {
    en: (e) =>
      `${e['host']} reads ${countEn(e)} of ${e['partition']}: ` +
      `offsets ${e['firstOffset']} to ${e['lastOffset']}.`,
    zh: (e) =>
      `${e['host']} 读到 ${e['partition']} 的 ${e['records']} 条记录：` +
      `位移 ${e['firstOffset']} 到 ${e['lastOffset']}。`,
  },
  reset: {
    en: (e) => `${e['host']} starts ${e['partition']} at offset ${e['offset']} (${e['strategy']}).`,
    zh: (e) => `${e['host']} 从位移 ${e['offset']} 开始读 ${e['partition']}（${e['strategy']}）。`,
  },
  seek: {
    en: (e) => `${e['host']} seeks to offset ${e['offset']} of ${e['partition']}.`,
    zh: (e) => `${e['host']} 定位到 ${e['partition']} 的位移 ${e['offset']}。`,
  },
  'truncation-detected': {
    en: (e) =>
      `${e['host']}: the log of ${e['partition']} was cut below position ${e['position']}; ` +
      `what was consumed is no longer there.`,
    zh: (e) =>
      `${e['host']} 发现 ${e['partition']} 的日志被截断到位移 ${e['position']} 之前：` +
      `已消费的记录不在了。`,
  },
  'preferred-read-replica': {
    en: (e) =>
      `${e['host']} is sent to broker ${e['replica']}, in its rack, for ${e['partition']}.`,
    zh: (e) => `${e['host']} 被指引到同机架的 Broker ${e['replica']} 读取 ${e['partition']}。`,
  },
  commit: {
    en: (e) => `${e['host']} commits offset ${e['offset']} of ${e['partition']}.`,
    zh: (e) => `${e['host']} 提交 ${e['partition']} 的位移 ${e['offset']}。`,
  },
  'fetch-error': {
    en: (e) =>
      `${e['host']} cannot read ${e['partition']} at offset ${e['offset']}: ${e['error']}.`,
    zh: (e) => `${e['host']} 读不到 ${e['partition']} 的位移 ${e['offset']}：${e['error']}。`,
  },
  'consumer-error': {
    en: (e) => `${e['host']} cannot go on with ${e['partition']} by itself: ${e['error']}.`,
    zh: (e) => `${e['host']} 无法自行继续读 ${e['partition']}：${e['error']}。`,
  },
};

export const clientNarration: Narration = {
  ...connectionNarration,
  ...producerNarration,
  ...consumerNarration,
};

/**
 * What a partition's replica tells the trace, and the sentences for it in English and Chinese.
 *
 * Not here: the transitions of its machines, which the glue in `kernel/machine.ts` traces.
 */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration, NarrationEntry } from '../narration.ts';

/** The local log grew: `role` is `leader` or `follower`; offsets are the batch's first and last. */
export const appendKind = traceKind('append', {
  partition: 'string',
  role: 'string',
  epoch: 'int',
  firstOffset: 'int',
  lastOffset: 'int',
  bytes: 'int',
});

/** The high watermark moved. It goes back only when a follower truncates below it. */
export const highWatermarkKind = traceKind('high-watermark', {
  partition: 'string',
  role: 'string',
  from: 'int',
  to: 'int',
});

/** The leader's ISR changed; `state` is a `PartitionState`, `maximal` what the HW waits for. */
export const isrKind = traceKind('isr', {
  partition: 'string',
  state: 'string',
  isr: 'string',
  maximal: 'string',
  epoch: 'int',
});

/** This replica leads, or follows `leader` (-1: nobody leads). */
export const leaderKind = traceKind('leader', {
  partition: 'string',
  leader: 'int',
  epoch: 'int',
  startOffset: 'int',
});

/** Records were cut from the end of the local log. */
export const truncateKind = traceKind('truncate', {
  partition: 'string',
  from: 'int',
  to: 'int',
  reason: 'string',
});

/** The first offset of the log moved up. */
export const logStartKind = traceKind('log-start', {
  partition: 'string',
  to: 'int',
  reason: 'string',
});

export const partitionNarration: Narration = {
  append: {
    en: (e) =>
      e['role'] === 'leader'
        ? `${e['host']}, the leader of ${e['partition']}, appends ${span(e, 'offset')}.`
        : `${e['host']}, a follower of ${e['partition']}, appends ${span(e, 'offset')}.`,
    zh: (e) =>
      e['role'] === 'leader'
        ? `${e['host']} 作为 ${e['partition']} 的 leader 追加${span(e, '位移')}。`
        : `${e['host']} 作为 ${e['partition']} 的 follower 追加${span(e, '位移')}。`,
  },
  'high-watermark': {
    en: (e) =>
      `${e['host']} moves the high watermark of ${e['partition']} ` +
      `from ${e['from']} to ${e['to']}.`,
    zh: (e) => `${e['host']} 上 ${e['partition']} 的高水位从 ${e['from']} 变为 ${e['to']}。`,
  },
  // Only a leader keeps an ISR; a follower's is empty and tells nothing.
  isr: {
    en: (e) => {
      if (e['isr'] === '') return '';
      const isr = `the ISR of ${e['partition']} is {${e['isr']}}`;
      if (e['state'] === 'PendingExpandIsr') return `${e['host']} asks for a larger ISR; ${isr}.`;
      if (e['state'] === 'PendingShrinkIsr') return `${e['host']} asks for a smaller ISR; ${isr}.`;
      return `On ${e['host']} ${isr}.`;
    },
    zh: (e) => {
      if (e['isr'] === '') return '';
      const isr = `${e['partition']} 的 ISR 为 {${e['isr']}}`;
      if (e['state'] === 'PendingExpandIsr') return `${e['host']} 申请扩大 ISR，目前 ${isr}。`;
      if (e['state'] === 'PendingShrinkIsr') return `${e['host']} 申请缩小 ISR，目前 ${isr}。`;
      return `在 ${e['host']} 上，${isr}。`;
    },
  },
  leader: {
    en: (e) => {
      if (Number(e['leader']) < 0)
        return `${e['host']} learns that ${e['partition']} has no leader.`;
      const epoch = `leader epoch ${e['epoch']}`;
      if (leadsItself(e)) return `${e['host']} leads ${e['partition']} in ${epoch}.`;
      return `${e['host']} follows broker ${e['leader']} in ${e['partition']}, ${epoch}.`;
    },
    zh: (e) => {
      if (Number(e['leader']) < 0) return `${e['host']} 得知 ${e['partition']} 没有 leader。`;
      const epoch = `leader 纪元 ${e['epoch']}`;
      if (leadsItself(e)) return `${e['host']} 成为 ${e['partition']} 的 leader（${epoch}）。`;
      return `${e['host']} 在 ${e['partition']} 上跟随 Broker ${e['leader']}（${epoch}）。`;
    },
  },
  truncate: {
    en: (e) =>
      `${e['host']} cuts its log of ${e['partition']} ` +
      `from offset ${e['from']} back to ${e['to']} (${e['reason']}).`,
    zh: (e) =>
      `${e['host']} 把 ${e['partition']} 的日志从位移 ${e['from']} ` +
      `截断到 ${e['to']}（${e['reason']}）。`,
  },
  'log-start': {
    en: (e) =>
      `On ${e['host']} the log of ${e['partition']} now starts at ${e['to']} (${e['reason']}).`,
    zh: (e) =>
      `${e['host']} 上 ${e['partition']} 的日志起始位移变为 ${e['to']}（${e['reason']}）。`,
  },
};

/** Whether the leader's id is that of the host, as in `broker-1`. */
function leadsItself(entry: NarrationEntry): boolean {
  return String(entry['host']).endsWith(`-${String(entry['leader'])}`);
}

function span(entry: NarrationEntry, word: string): string {
  const { firstOffset, lastOffset } = entry;
  if (firstOffset === lastOffset) return `${word} ${firstOffset}`;
  return word === 'offset'
    ? `offsets ${firstOffset} to ${lastOffset}`
    : `${word} ${firstOffset} 到 ${lastOffset}`;
}

/**
 * What a partition's replica tells the trace, and the sentences for it in English and Chinese.
 *
 * Not here: the transitions of its machines, which the glue in `kernel/machine.ts` traces.
 */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration } from '../narration.ts';

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
        ? `The leader of ${e['partition']} appends ${span(e)} in epoch ${e['epoch']}.`
        : `A follower of ${e['partition']} appends ${span(e)} of epoch ${e['epoch']}.`,
    zh: (e) =>
      e['role'] === 'leader'
        ? `${e['partition']} 的 leader 以 epoch ${e['epoch']} 追加 ${span(e)}。`
        : `${e['partition']} 的 follower 追加 epoch ${e['epoch']} 的 ${span(e)}。`,
  },
  'high-watermark': {
    en: (e) => `The high watermark of ${e['partition']} moves from ${e['from']} to ${e['to']}.`,
    zh: (e) => `${e['partition']} 的高水位从 ${e['from']} 移到 ${e['to']}。`,
  },
  isr: {
    en: (e) => `The ISR of ${e['partition']} is {${e['isr']}} (${e['state']}).`,
    zh: (e) => `${e['partition']} 的 ISR 为 {${e['isr']}}(${e['state']})。`,
  },
  leader: {
    en: (e) =>
      Number(e['leader']) < 0
        ? `${e['partition']} has no leader in epoch ${e['epoch']}.`
        : `${e['partition']} is led by broker ${e['leader']} in epoch ${e['epoch']}.`,
    zh: (e) =>
      Number(e['leader']) < 0
        ? `${e['partition']} 在 epoch ${e['epoch']} 没有 leader。`
        : `${e['partition']} 在 epoch ${e['epoch']} 的 leader 是 broker ${e['leader']}。`,
  },
  truncate: {
    en: (e) =>
      `${e['partition']} is cut from offset ${e['from']} back to ${e['to']} (${e['reason']}).`,
    zh: (e) => `${e['partition']} 的日志从 ${e['from']} 截断到 ${e['to']}(${e['reason']})。`,
  },
  'log-start': {
    en: (e) => `The log of ${e['partition']} now starts at ${e['to']} (${e['reason']}).`,
    zh: (e) => `${e['partition']} 的日志起始位移到 ${e['to']}(${e['reason']})。`,
  },
};

function span(entry: Readonly<Record<string, unknown>>): string {
  const { firstOffset, lastOffset } = entry;
  return firstOffset === lastOffset ? `offset ${firstOffset}` : `${firstOffset}..${lastOffset}`;
}

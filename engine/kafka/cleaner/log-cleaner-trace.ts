/**
 * What the cleaner tells the trace: each cleaning of a log, begun and ended.
 *
 * Not here: the sentences of other areas (`narration.ts` of Kafka merges only what every broker
 * has; a lab that installs the cleaner adds these).
 */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration } from '../narration.ts';

/** `outcome`: `cleaned`, `aborted`, `corrupt`, or the disk's error. */
export const cleanedKind = traceKind('log-cleaned', {
  partition: 'string',
  outcome: 'string',
  fromOffset: 'int',
  endOffset: 'int',
  recordsRead: 'int',
  recordsKept: 'int',
  bytesRead: 'int',
  bytesWritten: 'int',
});

export const cleanerNarration: Narration = {
  'log-cleaned': {
    en: (e) =>
      e['outcome'] === 'cleaned'
        ? `${e['host']} compacts ${e['partition']} up to offset ${e['endOffset']}: ` +
          `${e['recordsKept']} of ${e['recordsRead']} records stay.`
        : `${e['host']} leaves ${e['partition']} uncompacted (${e['outcome']}).`,
    zh: (e) =>
      e['outcome'] === 'cleaned'
        ? `${e['host']} 把 ${e['partition']} 压实到位移 ${e['endOffset']}：` +
          `${e['recordsRead']} 条消息留下 ${e['recordsKept']} 条。`
        : `${e['host']} 没有压实 ${e['partition']}（${e['outcome']}）。`,
  },
};

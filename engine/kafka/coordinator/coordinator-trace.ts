/**
 * What coordinators tell the trace, and the sentences for it.
 *
 * Not here: their machines (`kernel/machine.ts`), groups (`group/group-trace.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration } from '../narration.ts';

/** A coordinator has loaded its state from a partition of the internal topic. */
export const coordinatorLoadedKind = traceKind('coordinator-loaded', {
  partition: 'string',
  epoch: 'int',
  records: 'int',
});

/** A coordinator has dropped its state of a partition. */
export const coordinatorUnloadedKind = traceKind('coordinator-unloaded', { partition: 'string' });

export const coordinatorNarration: Narration = {
  'coordinator-loaded': {
    en: (e) =>
      `${e['host']} has read ${e['records']} records of ${e['partition']} ` +
      'and coordinates what is in them.',
    zh: (e) => `${e['host']} 读完 ${e['partition']} 的 ${e['records']} 条记录，成为其协调者。`,
  },
  'coordinator-unloaded': {
    en: (e) => `${e['host']} coordinates ${e['partition']} no more.`,
    zh: (e) => `${e['host']} 不再是 ${e['partition']} 的协调者。`,
  },
};

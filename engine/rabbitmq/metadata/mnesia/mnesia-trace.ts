/** What the trace is told of Mnesia: its disk, and the nodes that share tables; and sentences. */
import { traceKind } from '../../../kernel/ports.ts';

export const recoveredTrace = traceKind('mnesia-recovered', { rows: 'int' });
export const syncedTrace = traceKind('mnesia-log-synced', { transactions: 'int' });
export const dumpedTrace = traceKind('mnesia-dumped', { tables: 'int', writes: 'int' });

export const waitingForTablesTrace = traceKind('mnesia-waiting-for-tables', {
  retriesLeft: 'int',
});
/** A node's tables are there, `from` its disk or another node; who runs with it. */
export const tablesLoadedTrace = traceKind('mnesia-tables-loaded', {
  from: 'string',
  running: 'string',
});
export const inconsistentTrace = traceKind('inconsistent-database', {
  context: 'string',
  node: 'string',
});

type Entry = Readonly<Record<string, unknown>>;
const isDisk = (e: Entry): boolean => e['from'] === 'disk';

export const mnesiaNarration = {
  'mnesia-log-synced': {
    en: (e: Entry): string => `What was declared is on the disk of ${e['host']}.`,
    zh: (e: Entry): string => `${e['host']} 已把声明的内容写入磁盘。`,
  },
  'mnesia-waiting-for-tables': {
    en: (e: Entry): string =>
      `${e['host']} waits for another node's tables; ${e['retriesLeft']} retries are left.`,
    zh: (e: Entry): string => `${e['host']} 等待其他节点的表，还可重试 ${e['retriesLeft']} 次。`,
  },
  'mnesia-tables-loaded': {
    en: (e: Entry): string =>
      `${e['host']} has its tables from ${isDisk(e) ? 'its disk' : 'a running node'}.`,
    zh: (e: Entry): string =>
      `${e['host']} 从${isDisk(e) ? '自己的磁盘' : '运行中的节点'}得到了表。`,
  },
  'inconsistent-database': {
    en: (e: Entry): string =>
      `${e['host']} meets ${e['node']}: both went on without each other, their tables may differ.`,
    zh: (e: Entry): string =>
      `${e['host']} 又见到 ${e['node']}：双方曾各自继续运行，表可能已经不同。`,
  },
};

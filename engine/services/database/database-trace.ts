/** What the database writes into the trace, and the sentences of it. */
import { traceKind } from '../../kernel/ports.ts';

export const recoveryTrace = traceKind('database-recovery', { records: 'int' });
export const commitTrace = traceKind('database-commit', { client: 'string', rows: 'int' });
export const rollbackTrace = traceKind('database-rollback', { client: 'string' });
export const lockWaitTrace = traceKind('database-lock-wait', {
  waiter: 'string',
  holder: 'string',
});

type Entry = Readonly<Record<string, unknown>>;

export const databaseNarration = {
  'database-recovery': {
    en: (e: Entry) => `${e['host']} replays ${e['records']} records of its write-ahead log.`,
    zh: (e: Entry) => `${e['host']} 重放预写日志中的 ${e['records']} 条记录。`,
  },
  'database-commit': {
    en: (e: Entry) =>
      `${e['host']} commits the transaction of ${e['client']} (rows: ${e['rows']}).`,
    zh: (e: Entry) => `${e['host']} 提交 ${e['client']} 的事务（行数：${e['rows']}）。`,
  },
  'database-rollback': {
    en: (e: Entry) => `${e['host']} rolls back the transaction of ${e['client']}.`,
    zh: (e: Entry) => `${e['host']} 回滚 ${e['client']} 的事务。`,
  },
  'database-lock-wait': {
    en: (e: Entry) => `${e['waiter']} waits on ${e['host']} for the transaction of ${e['holder']}.`,
    zh: (e: Entry) => `${e['waiter']} 在 ${e['host']} 上等待 ${e['holder']} 的事务结束。`,
  },
};

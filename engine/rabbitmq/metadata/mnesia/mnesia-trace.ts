/** What the trace is told of Mnesia: its disk, and the nodes that share tables. */
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

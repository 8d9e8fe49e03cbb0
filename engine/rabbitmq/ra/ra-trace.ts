/**
 * What Ra servers tell the trace.
 *
 * Not here: the transitions of their roles (`consensus/raft.machine.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';

/** A member changed its role, term or leader; an empty text: no leader is known. */
export const raRoleKind = traceKind('ra-role', {
  cluster: 'string',
  role: 'string',
  term: 'int',
  leader: 'string',
});

/** All below is committed, as far as this member knows, and applied. */
export const raAppliedKind = traceKind('ra-applied', { cluster: 'string', to: 'int' });

/** A snapshot was `written` here, or `installed` from the leader's. */
export const raSnapshotKind = traceKind('ra-snapshot', {
  cluster: 'string',
  endOffset: 'int',
  term: 'int',
  how: 'string',
});

/** One sync of the write-ahead log: how many logs wrote, and how many waited for it. */
export const walSyncedKind = traceKind('ra-wal-synced', { servers: 'int', waiting: 'int' });

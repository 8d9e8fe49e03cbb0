/**
 * A session's state, as `pg_stat_activity.state` names it.
 *
 * `active` while a statement is executed, waits for a lock, or waits for its commit to be synced.
 * Not here: what the session does (`session.ts`).
 */
import { setup } from 'xstate';

export type SessionEvent =
  { type: 'QUERY' } | { type: 'DONE'; leaves: 'nothing' | 'transaction' | 'failed transaction' };

const DOC = 'PostgreSQL documentation, pg_stat_activity';

export const sessionMachine = setup({
  types: { events: {} as SessionEvent },
  guards: {
    leavesTransaction: ({ event }) => event.type === 'DONE' && event.leaves === 'transaction',
    leavesFailed: ({ event }) => event.type === 'DONE' && event.leaves === 'failed transaction',
  },
}).createMachine({
  id: 'session',
  initial: 'idle',
  states: {
    idle: { meta: { postgresql: 'idle', doc: DOC }, on: { QUERY: 'active' } },
    active: {
      meta: { postgresql: 'active', doc: DOC },
      on: {
        DONE: [
          { guard: 'leavesTransaction', target: 'idle in transaction' },
          { guard: 'leavesFailed', target: 'idle in transaction (aborted)' },
          { target: 'idle' },
        ],
      },
    },
    'idle in transaction': {
      meta: { postgresql: 'idle in transaction', doc: DOC },
      on: { QUERY: 'active' },
    },
    'idle in transaction (aborted)': {
      meta: { postgresql: 'idle in transaction (aborted)', doc: DOC },
      on: { QUERY: 'active' },
    },
  },
});

/**
 * How far a member is with joining its group, as `AbstractCoordinator.MemberState` names it.
 *
 * UNJOINED: not in the group, or thrown out. PREPARING_REBALANCE: JoinGroup is on its way.
 * COMPLETING_REBALANCE: in a generation, its assignment is on its way. STABLE: it has one.
 * Heartbeats are sent in the last two. Not here: generation and requests (`group-membership.ts`).
 */
import { setup } from 'xstate';

export type MemberStateEvent =
  { type: 'JOIN' } | { type: 'JOINED' } | { type: 'SYNCED' } | { type: 'RESET' };

const DOC = 'AbstractCoordinator.MemberState';

export const memberStateMachine = setup({
  types: { events: {} as MemberStateEvent },
}).createMachine({
  id: 'member-state',
  initial: 'UNJOINED',
  states: {
    UNJOINED: {
      meta: { kafka: 'UNJOINED', doc: DOC },
      on: { JOIN: 'PREPARING_REBALANCE' },
    },
    PREPARING_REBALANCE: {
      meta: { kafka: 'PREPARING_REBALANCE', doc: DOC },
      on: { JOIN: 'PREPARING_REBALANCE', JOINED: 'COMPLETING_REBALANCE', RESET: 'UNJOINED' },
    },
    COMPLETING_REBALANCE: {
      meta: { kafka: 'COMPLETING_REBALANCE', doc: DOC },
      on: { JOIN: 'PREPARING_REBALANCE', SYNCED: 'STABLE', RESET: 'UNJOINED' },
    },
    STABLE: {
      meta: { kafka: 'STABLE', doc: DOC },
      on: { JOIN: 'PREPARING_REBALANCE', RESET: 'UNJOINED' },
    },
  },
});

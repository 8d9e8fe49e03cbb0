/**
 * The states of a group of the classic protocol, as its coordinator has them. State names are those
 * of `ClassicGroupState`; each event is a call of `ClassicGroup.transitionTo` there.
 *
 * Not here: members, timers and answers (`classic-group.ts`, `rebalance.ts`).
 * Differences: a group that is read from the log begins as Empty and is RESTORED, if it had
 * members; there it is made with the state that it had.
 */
import { setup } from 'xstate';

export type ClassicGroupEvent =
  /** A member came, left, failed or asks for another assignment: all have to join. */
  | { type: 'PREPARE_REBALANCE' }
  /** All have joined, or the rebalance timeout is over. */
  | { type: 'COMPLETE_JOIN'; members: number }
  /** The leader's assignment is in the log. */
  | { type: 'ASSIGNED' }
  /** Read from the log, with members. */
  | { type: 'RESTORED' }
  /** Deleted or expired, or this broker coordinates it no more. */
  | { type: 'REMOVED' };

export const classicGroupMachine = setup({
  types: { events: {} as ClassicGroupEvent },
  guards: {
    hasMembers: ({ event }) => event.type === 'COMPLETE_JOIN' && event.members > 0,
  },
}).createMachine({
  id: 'classic-group',
  meta: { kafka: 'ClassicGroupState', doc: 'org.apache.kafka.coordinator.group.classic' },
  initial: 'Empty',
  states: {
    Empty: {
      on: { PREPARE_REBALANCE: 'PreparingRebalance', RESTORED: 'Stable', REMOVED: 'Dead' },
    },
    PreparingRebalance: {
      on: {
        COMPLETE_JOIN: [{ guard: 'hasMembers', target: 'CompletingRebalance' }, 'Empty'],
        REMOVED: 'Dead',
      },
    },
    CompletingRebalance: {
      on: { PREPARE_REBALANCE: 'PreparingRebalance', ASSIGNED: 'Stable', REMOVED: 'Dead' },
    },
    Stable: { on: { PREPARE_REBALANCE: 'PreparingRebalance', REMOVED: 'Dead' } },
    Dead: {},
  },
});

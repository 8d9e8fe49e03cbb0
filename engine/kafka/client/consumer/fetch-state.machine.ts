/**
 * What a consumer knows of its position in a partition, as `SubscriptionState.FetchStates` names
 * it.
 *
 * INITIALIZING: assigned, no position yet. FETCHING: the position is good. AWAIT_RESET: there is
 * none, or it is out of range; the offset to start from is asked for. AWAIT_VALIDATION: the leader
 * changed; it is asked whether the log still holds what was consumed (KIP-320). Not here: the
 * position itself (`subscription-state.ts`).
 */
import { setup } from 'xstate';

export type FetchStateEvent =
  | { type: 'SEEK' }
  | { type: 'SEEK_UNVALIDATED' }
  | { type: 'REQUEST_OFFSET_RESET' }
  | { type: 'LEADER_CHANGED' }
  | { type: 'COMPLETE_VALIDATION' };

export const fetchStateMachine = setup({
  types: { events: {} as FetchStateEvent },
}).createMachine({
  id: 'fetch-state',
  initial: 'INITIALIZING',
  on: {
    SEEK: '.FETCHING',
    SEEK_UNVALIDATED: '.AWAIT_VALIDATION',
    REQUEST_OFFSET_RESET: '.AWAIT_RESET',
  },
  states: {
    INITIALIZING: { meta: { kafka: 'INITIALIZING', doc: 'SubscriptionState.FetchStates' } },
    FETCHING: {
      meta: { kafka: 'FETCHING', doc: 'SubscriptionState.FetchStates' },
      on: { LEADER_CHANGED: 'AWAIT_VALIDATION' },
    },
    AWAIT_RESET: { meta: { kafka: 'AWAIT_RESET', doc: 'KIP-320' } },
    AWAIT_VALIDATION: {
      meta: { kafka: 'AWAIT_VALIDATION', doc: 'KIP-320' },
      on: { LEADER_CHANGED: 'AWAIT_VALIDATION', COMPLETE_VALIDATION: 'FETCHING' },
    },
  },
});

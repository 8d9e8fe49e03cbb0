/**
 * A failover as the Sentinel carries it out; the states are `SENTINEL_FAILOVER_STATE_*` of
 * `sentinel.c`.
 *
 * Not here: how an instance is found to be down, and what is sent (`sentinel.ts`).
 */
import { setup } from 'xstate';

export type FailoverEvent =
  | { type: 'MASTER_IS_DOWN' }
  | { type: 'ELECTED' }
  | { type: 'SELECTED' }
  | { type: 'ASKED' }
  | { type: 'PROMOTED' }
  | { type: 'RECONFIGURED' }
  | { type: 'UPDATED' }
  | { type: 'TIMED_OUT' };

const DOC = 'sentinel.c, sentinelFailoverStateMachine';

export const failoverMachine = setup({
  types: { events: {} as FailoverEvent },
}).createMachine({
  id: 'failover',
  initial: 'NONE',
  states: {
    NONE: { meta: { redis: 'NONE', doc: DOC }, on: { MASTER_IS_DOWN: 'WAIT_START' } },
    WAIT_START: { meta: { redis: 'WAIT_START', doc: DOC }, on: { ELECTED: 'SELECT_SLAVE' } },
    SELECT_SLAVE: {
      meta: { redis: 'SELECT_SLAVE', doc: DOC },
      on: { SELECTED: 'SEND_SLAVEOF_NOONE' },
    },
    SEND_SLAVEOF_NOONE: {
      meta: { redis: 'SEND_SLAVEOF_NOONE', doc: DOC },
      on: { ASKED: 'WAIT_PROMOTION', TIMED_OUT: 'NONE' },
    },
    WAIT_PROMOTION: {
      meta: { redis: 'WAIT_PROMOTION', doc: DOC },
      on: { PROMOTED: 'RECONF_SLAVES', TIMED_OUT: 'NONE' },
    },
    RECONF_SLAVES: {
      meta: { redis: 'RECONF_SLAVES', doc: DOC },
      on: { RECONFIGURED: 'UPDATE_CONFIG' },
    },
    UPDATE_CONFIG: { meta: { redis: 'UPDATE_CONFIG', doc: DOC }, on: { UPDATED: 'NONE' } },
  },
});

/**
 * How far a member of the consumer protocol (KIP-848) is, as `internals.MemberState` of the clients
 * names it.
 *
 * JOINING: its first heartbeat is on its way. RECONCILING: it was granted other partitions than it
 * has, and the application must give up or take over. ACKNOWLEDGING: it has done so, and says so in
 * its next heartbeat. FENCED: thrown out. STALE: it left because the application did not poll.
 * Not here: epochs and requests (`consumer-membership.ts`).
 */
import { setup } from 'xstate';

export type ConsumerMemberStateEvent =
  | { type: 'JOIN' }
  | { type: 'GRANTED' }
  | { type: 'TAKEN_OVER' }
  | { type: 'ACKNOWLEDGED' }
  | { type: 'FENCED' }
  | { type: 'POLL_TIMEOUT' }
  | { type: 'LEAVE' }
  | { type: 'FAILED' };

const DOC = 'internals.MemberState, KIP-848';
const OUT = { FENCED: 'FENCED', POLL_TIMEOUT: 'STALE', LEAVE: 'LEAVING', FAILED: 'FATAL' } as const;

export const consumerMemberMachine = setup({
  types: { events: {} as ConsumerMemberStateEvent },
}).createMachine({
  id: 'consumer-member-state',
  initial: 'UNSUBSCRIBED',
  states: {
    UNSUBSCRIBED: { meta: { kafka: 'UNSUBSCRIBED', doc: DOC }, on: { JOIN: 'JOINING' } },
    JOINING: {
      meta: { kafka: 'JOINING', doc: DOC },
      on: { ...OUT, GRANTED: 'RECONCILING', ACKNOWLEDGED: 'STABLE' },
    },
    RECONCILING: {
      meta: { kafka: 'RECONCILING', doc: DOC },
      on: { ...OUT, TAKEN_OVER: 'ACKNOWLEDGING' },
    },
    ACKNOWLEDGING: {
      meta: { kafka: 'ACKNOWLEDGING', doc: DOC },
      on: { ...OUT, GRANTED: 'RECONCILING', ACKNOWLEDGED: 'STABLE' },
    },
    STABLE: { meta: { kafka: 'STABLE', doc: DOC }, on: { ...OUT, GRANTED: 'RECONCILING' } },
    FENCED: { meta: { kafka: 'FENCED', doc: DOC }, on: { JOIN: 'JOINING', LEAVE: 'LEAVING' } },
    STALE: { meta: { kafka: 'STALE', doc: DOC }, on: { JOIN: 'JOINING', LEAVE: 'LEAVING' } },
    LEAVING: { meta: { kafka: 'LEAVING', doc: DOC } },
    FATAL: { meta: { kafka: 'FATAL', doc: DOC }, on: { LEAVE: 'LEAVING' } },
  },
});

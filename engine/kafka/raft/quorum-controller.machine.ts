/**
 * A controller as one of a quorum. `STANDBY`: another one decides, or nobody; it replays what is
 * committed. `ACTIVE`: it leads the metadata quorum, an entry of its epoch is committed, and it
 * decides. `STOPPED`: it was asked to stop, or its disk failed; who is active renounces first.
 *
 * Source: `QuorumController` (`claim`, `renounce`; `curClaimEpoch` is -1 in standby). Not here: the
 * roles in the quorum, which change before this does (`consensus/raft.machine.ts`).
 */
import { setup } from 'xstate';

export const quorumControllerMachine = setup({
  types: {
    events: {} as { readonly type: 'CLAIM' | 'RENOUNCE' | 'STOP' },
  },
}).createMachine({
  id: 'quorum-controller',
  meta: { kafka: 'QuorumController', doc: 'KIP-631' },
  initial: 'STANDBY',
  states: {
    STANDBY: { on: { CLAIM: 'ACTIVE', STOP: 'STOPPED' } },
    ACTIVE: { on: { RENOUNCE: 'STANDBY' } },
    STOPPED: { type: 'final' },
  },
});

/**
 * The controller itself. `LOADING`: the metadata log is read and its first record of this epoch is
 * being synced; requests are answered NOT_CONTROLLER. `ACTIVE`: it decides. `RESIGNED`: its disk
 * failed or it was asked to stop; it decides nothing any more.
 *
 * Source: `QuorumController` (`claim`, `renounce`). Difference: this one is alone; that of a
 * quorum, with standbys, is `raft/quorum-controller.machine.ts`.
 */
import { setup } from 'xstate';

export const controllerMachine = setup({
  types: {
    events: {} as { readonly type: 'CLAIMED' } | { readonly type: 'RESIGN' },
  },
}).createMachine({
  id: 'controller',
  meta: { kafka: 'QuorumController', doc: 'KIP-631' },
  initial: 'LOADING',
  states: {
    LOADING: { on: { CLAIMED: 'ACTIVE', RESIGN: 'RESIGNED' } },
    ACTIVE: { on: { RESIGN: 'RESIGNED' } },
    RESIGNED: { type: 'final' },
  },
});

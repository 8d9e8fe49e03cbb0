/**
 * The life of a share-partition on the leader of its partition: stepped when its state is read from
 * the share coordinator, and when it ends.
 *
 * State names: `SharePartition.SharePartitionState`. FENCED: another leader has it, or this one is
 * in a newer epoch.
 */
import { setup } from 'xstate';

export type SharePartitionEvent =
  { type: 'INITIALIZE' } | { type: 'STATE_READ' } | { type: 'READ_FAILED' } | { type: 'FENCE' };

export const sharePartitionMachine = setup({
  types: { events: {} as SharePartitionEvent },
}).createMachine({
  id: 'share-partition',
  meta: { kafka: 'SharePartitionState', doc: 'kafka.server.share.SharePartition' },
  initial: 'EMPTY',
  states: {
    EMPTY: { on: { INITIALIZE: 'INITIALIZING', FENCE: 'FENCED' } },
    INITIALIZING: { on: { STATE_READ: 'ACTIVE', READ_FAILED: 'FAILED', FENCE: 'FENCED' } },
    ACTIVE: { on: { FENCE: 'FENCED' } },
    FAILED: { on: { FENCE: 'FENCED' } },
    FENCED: { type: 'final' },
  },
});

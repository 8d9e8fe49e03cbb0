/**
 * The life of a transactional id at its coordinator. State names are those of `TransactionState`.
 *
 * A state is entered when its record is on all in-sync replicas, but `PrepareEpochFence`, which is
 * never written: the fenced producer's transaction goes on to `PrepareAbort` with a raised epoch.
 * REPLAY takes over what the log says after a failover. Not here: producer ids, epochs and
 * partitions (`transaction-metadata.ts`).
 */
import { setup } from 'xstate';
import type { TransactionState } from './transaction-state.ts';

export type TransactionEvent =
  | { type: 'INIT_PRODUCER_ID' }
  | { type: 'ADD_PARTITIONS' }
  | { type: 'PREPARE_COMMIT' }
  | { type: 'PREPARE_ABORT' }
  | { type: 'FENCE_PRODUCER_EPOCH' }
  | { type: 'MARKERS_WRITTEN' }
  | { type: 'EXPIRE' }
  | { type: 'REPLAY'; state: TransactionState };

const replayed = (state: TransactionState) => ({
  guard: { type: 'says' as const, params: { state } },
  target: `.${state}` as const,
});

export const transactionMachine = setup({
  types: { events: {} as TransactionEvent },
  guards: {
    says: ({ event }, { state }: { state: TransactionState }) =>
      event.type === 'REPLAY' && event.state === state,
  },
}).createMachine({
  id: 'transaction',
  meta: { kafka: 'TransactionState', doc: 'KIP-98, org.apache.kafka.coordinator.transaction' },
  initial: 'Empty',
  on: {
    REPLAY: [
      replayed('Empty'),
      replayed('Ongoing'),
      replayed('PrepareCommit'),
      replayed('PrepareAbort'),
      replayed('CompleteCommit'),
      replayed('CompleteAbort'),
    ],
  },
  states: {
    Empty: {
      on: {
        INIT_PRODUCER_ID: 'Empty',
        ADD_PARTITIONS: 'Ongoing',
        PREPARE_ABORT: 'PrepareAbort',
        EXPIRE: 'Dead',
      },
    },
    Ongoing: {
      on: {
        ADD_PARTITIONS: 'Ongoing',
        PREPARE_COMMIT: 'PrepareCommit',
        PREPARE_ABORT: 'PrepareAbort',
        FENCE_PRODUCER_EPOCH: 'PrepareEpochFence',
      },
    },
    PrepareEpochFence: { on: { PREPARE_ABORT: 'PrepareAbort' } },
    PrepareCommit: { on: { MARKERS_WRITTEN: 'CompleteCommit' } },
    PrepareAbort: { on: { MARKERS_WRITTEN: 'CompleteAbort' } },
    CompleteCommit: {
      on: {
        INIT_PRODUCER_ID: 'Empty',
        ADD_PARTITIONS: 'Ongoing',
        PREPARE_ABORT: 'PrepareAbort',
        EXPIRE: 'Dead',
      },
    },
    CompleteAbort: {
      on: {
        INIT_PRODUCER_ID: 'Empty',
        ADD_PARTITIONS: 'Ongoing',
        PREPARE_ABORT: 'PrepareAbort',
        EXPIRE: 'Dead',
      },
    },
    Dead: {},
  },
});

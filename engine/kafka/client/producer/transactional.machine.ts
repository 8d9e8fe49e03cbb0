/**
 * The life of a transactional producer, as `TransactionManager.State` names it.
 *
 * UNINITIALIZED and INITIALIZING: `initTransactions` was not called, or waits for an id. READY: no
 * transaction. IN_TRANSACTION: records and offsets belong to one. COMMITTING_TRANSACTION and
 * ABORTING_TRANSACTION: its end is under way. ABORTABLE_ERROR: only an abort is possible.
 * FATAL_ERROR: the producer is of no use any more; another one has its place.
 * Not here: the requests (`producer-transactions.ts`), the producer without transactions
 * (`producer.machine.ts`). Difference: PREPARED_TRANSACTION (KIP-939) is not there.
 */
import { setup } from 'xstate';

export type TransactionalProducerEvent =
  | { type: 'INIT_PRODUCER_ID' }
  | { type: 'PRODUCER_ID_ASSIGNED' }
  | { type: 'BEGIN_TRANSACTION' }
  | { type: 'BEGIN_COMMIT' }
  | { type: 'BEGIN_ABORT' }
  | { type: 'COMPLETE_TRANSACTION' }
  | { type: 'BUMP_EPOCH' }
  | { type: 'ABORTABLE_ERROR' }
  | { type: 'FATAL_ERROR' };

export const transactionalMachine = setup({
  types: { events: {} as TransactionalProducerEvent },
  actions: { abortBatches: () => undefined },
}).createMachine({
  id: 'transactional-producer',
  meta: { kafka: 'TransactionManager.State', doc: 'KIP-98' },
  initial: 'UNINITIALIZED',
  on: { FATAL_ERROR: '.FATAL_ERROR' },
  states: {
    UNINITIALIZED: { on: { INIT_PRODUCER_ID: 'INITIALIZING' } },
    INITIALIZING: { on: { PRODUCER_ID_ASSIGNED: 'READY', ABORTABLE_ERROR: 'ABORTABLE_ERROR' } },
    READY: { on: { BEGIN_TRANSACTION: 'IN_TRANSACTION' } },
    IN_TRANSACTION: {
      on: {
        BEGIN_COMMIT: 'COMMITTING_TRANSACTION',
        BEGIN_ABORT: 'ABORTING_TRANSACTION',
        ABORTABLE_ERROR: 'ABORTABLE_ERROR',
      },
    },
    COMMITTING_TRANSACTION: {
      on: {
        COMPLETE_TRANSACTION: 'READY',
        BUMP_EPOCH: 'INITIALIZING',
        ABORTABLE_ERROR: 'ABORTABLE_ERROR',
      },
    },
    ABORTABLE_ERROR: { on: { BEGIN_ABORT: 'ABORTING_TRANSACTION' } },
    ABORTING_TRANSACTION: {
      on: { COMPLETE_TRANSACTION: 'READY', BUMP_EPOCH: 'INITIALIZING' },
    },
    FATAL_ERROR: { entry: 'abortBatches' },
  },
});

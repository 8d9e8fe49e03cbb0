/**
 * The life of an idempotent producer's id, as `TransactionManager.State` names it.
 *
 * UNINITIALIZED: no producer id; nothing numbered can be sent. INITIALIZING: InitProducerId is
 * under way. READY: batches are numbered under the id. FATAL_ERROR: the producer is of no use any
 * more. Not here: the states of a transaction; the numbers (`sequence-numbers.ts`).
 */
import { setup } from 'xstate';

export type ProducerEvent =
  | { type: 'INIT_PRODUCER_ID' }
  | { type: 'RETRIABLE_ERROR' }
  | { type: 'PRODUCER_ID_ASSIGNED' }
  | { type: 'PRODUCER_ID_RESET' }
  | { type: 'FATAL_ERROR' };

export const producerMachine = setup({
  types: { events: {} as ProducerEvent },
  actions: {
    sendInitProducerId: () => undefined,
    backOffInitProducerId: () => undefined,
    abortBatches: () => undefined,
  },
}).createMachine({
  id: 'producer',
  initial: 'UNINITIALIZED',
  on: { FATAL_ERROR: '.FATAL_ERROR' },
  states: {
    UNINITIALIZED: {
      meta: { kafka: 'UNINITIALIZED', doc: 'KIP-98' },
      on: { INIT_PRODUCER_ID: 'INITIALIZING' },
    },
    INITIALIZING: {
      meta: { kafka: 'INITIALIZING', doc: 'KIP-98' },
      entry: 'sendInitProducerId',
      on: {
        PRODUCER_ID_ASSIGNED: 'READY',
        RETRIABLE_ERROR: { actions: 'backOffInitProducerId' },
      },
    },
    READY: {
      meta: { kafka: 'READY', doc: 'KIP-98' },
      on: { PRODUCER_ID_RESET: 'UNINITIALIZED' },
    },
    FATAL_ERROR: {
      meta: { kafka: 'FATAL_ERROR', doc: 'KIP-98' },
      entry: 'abortBatches',
    },
  },
});

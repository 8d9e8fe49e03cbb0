/**
 * The life of a broker from its start to its end, as the controller and its own heartbeats drive
 * it. State names are those of `org.apache.kafka.metadata.BrokerState`.
 *
 * Not here: the requests themselves (`lifecycle.ts`).
 */
import { setup } from 'xstate';

export type LifecycleEvent =
  | { type: 'START' }
  | { type: 'STALE_BROKER_EPOCH' }
  | { type: 'CAUGHT_UP' }
  | { type: 'UNFENCED' }
  | { type: 'STOP' }
  | { type: 'SHUT_DOWN_ALLOWED' }
  | { type: 'CONTROLLED_SHUTDOWN_FAILED' }
  | { type: 'STOPPED' };

export const lifecycleMachine = setup({
  types: { events: {} as LifecycleEvent },
  actions: {
    register: () => undefined,
    catchUp: () => undefined,
    askToShutDown: () => undefined,
    shutDown: () => undefined,
  },
}).createMachine({
  id: 'broker-lifecycle',
  meta: { kafka: 'BrokerState', doc: 'KIP-631, kafka.server.BrokerLifecycleManager' },
  initial: 'NOT_RUNNING',
  states: {
    NOT_RUNNING: { on: { START: { target: 'STARTING', actions: 'register' } } },
    STARTING: {
      on: {
        STALE_BROKER_EPOCH: { actions: 'register' },
        CAUGHT_UP: { target: 'RECOVERY', actions: 'catchUp' },
        STOP: { target: 'SHUTTING_DOWN', actions: 'shutDown' },
      },
    },
    RECOVERY: {
      on: {
        STALE_BROKER_EPOCH: { actions: 'register' },
        UNFENCED: 'RUNNING',
        STOP: { target: 'SHUTTING_DOWN', actions: 'shutDown' },
      },
    },
    RUNNING: {
      on: {
        STALE_BROKER_EPOCH: { actions: 'register' },
        STOP: { target: 'PENDING_CONTROLLED_SHUTDOWN', actions: 'askToShutDown' },
      },
    },
    PENDING_CONTROLLED_SHUTDOWN: {
      // `BrokerServer.shutdown` waits so long for the controller, and no longer.
      after: { 300_000: { target: 'SHUTTING_DOWN', actions: 'shutDown' } },
      on: {
        SHUT_DOWN_ALLOWED: { target: 'SHUTTING_DOWN', actions: 'shutDown' },
        CONTROLLED_SHUTDOWN_FAILED: { target: 'SHUTTING_DOWN', actions: 'shutDown' },
        STALE_BROKER_EPOCH: { target: 'SHUTTING_DOWN', actions: 'shutDown' },
      },
    },
    SHUTTING_DOWN: { on: { STOPPED: 'NOT_RUNNING' } },
  },
});

/**
 * The life of a coordinator's shard: its state is loaded from the internal topic's partition when
 * this broker is elected, and dropped when it resigns. State names are those of
 * `CoordinatorRuntime.CoordinatorState`.
 *
 * Not here: loading itself (`coordinator-loader.ts`), what is answered in which state
 * (`coordinator-runtime.ts`).
 */
import { setup } from 'xstate';

export type CoordinatorEvent =
  { type: 'LOAD' } | { type: 'LOADED' } | { type: 'LOAD_FAILED' } | { type: 'UNLOAD' };

export const coordinatorMachine = setup({
  types: { events: {} as CoordinatorEvent },
}).createMachine({
  id: 'coordinator',
  meta: { kafka: 'CoordinatorState', doc: 'org.apache.kafka.coordinator.common.runtime' },
  initial: 'INITIAL',
  states: {
    INITIAL: { on: { LOAD: 'LOADING', UNLOAD: 'CLOSED' } },
    LOADING: { on: { LOADED: 'ACTIVE', LOAD_FAILED: 'FAILED', UNLOAD: 'CLOSED' } },
    ACTIVE: { on: { UNLOAD: 'CLOSED' } },
    FAILED: { on: { LOAD: 'LOADING', UNLOAD: 'CLOSED' } },
    CLOSED: {},
  },
});

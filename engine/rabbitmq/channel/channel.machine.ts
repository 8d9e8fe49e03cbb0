/**
 * The life of a channel at the broker. State names are those of `rabbit_channel`; `committing` is
 * a value of its `tx` there.
 *
 * SOFT_ERROR: the broker closes the channel and waits for the client's close-ok; meanwhile it
 * answers a close of the client, and nothing else. COMMIT waits for the queues: any method but
 * close is an error until then. `stop` is the end of its process.
 */
import { setup } from 'xstate';

export type ChannelEvent =
  | { type: 'OPEN' }
  | { type: 'COMMIT' }
  | { type: 'COMMITTED' }
  | { type: 'SOFT_ERROR' }
  | { type: 'CLOSE' }
  | { type: 'CLOSE_OK' }
  | { type: 'SHUTDOWN' };

export const channelMachine = setup({
  types: { events: {} as ChannelEvent },
  actions: { endSession: () => undefined, gone: () => undefined },
}).createMachine({
  id: 'amqp-channel',
  meta: { rabbitmq: 'rabbit_channel #conf.state', doc: 'AMQP 0-9-1, section 1.5' },
  initial: 'starting',
  on: { SHUTDOWN: '.stop' },
  states: {
    starting: { on: { OPEN: 'running' } },
    running: {
      on: {
        COMMIT: 'committing',
        SOFT_ERROR: { target: 'closing', actions: 'endSession' },
        CLOSE: { target: 'stop', actions: 'endSession' },
        SHUTDOWN: { target: 'stop', actions: 'endSession' },
      },
    },
    committing: {
      on: {
        COMMITTED: 'running',
        SOFT_ERROR: { target: 'closing', actions: 'endSession' },
        CLOSE: { target: 'stop', actions: 'endSession' },
        SHUTDOWN: { target: 'stop', actions: 'endSession' },
      },
    },
    closing: { on: { CLOSE_OK: 'stop' } },
    stop: { entry: 'gone', type: 'final' },
  },
});

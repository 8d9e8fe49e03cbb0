/**
 * The life of a connection at the broker. State names are those of `rabbit_reader`.
 *
 * The real reader also sleeps three seconds within a state before it drops a connection that fails
 * before it is running; here that is `handshake_error`, the term which it throws then. `stop` is
 * the end of its process. BLOCK comes with the first publish after an alarm was raised. Not here:
 * what is sent (`connection.ts`), heartbeats (`heartbeat.ts`).
 */
import { setup } from 'xstate';

export type ConnectionEvent =
  | { type: 'PROTOCOL_HEADER' }
  | { type: 'START_OK' }
  | { type: 'AUTHENTICATED' }
  | { type: 'TUNE_OK' }
  | { type: 'OPEN' }
  | { type: 'BLOCK' }
  | { type: 'UNBLOCK' }
  /** The peer closes. */
  | { type: 'CLOSE' }
  /** The peer's close is answered. */
  | { type: 'CHANNELS_CLOSED' }
  /** The broker closes, and waits for the peer's answer. */
  | { type: 'HARD_ERROR' }
  /** The broker drops the connection, after a delay, without a word. */
  | { type: 'SILENT_ERROR' }
  | { type: 'STOP' };

export const connectionMachine = setup({
  types: { events: {} as ConnectionEvent },
  actions: { closeSocket: () => undefined },
  delays: { silentCloseDelay: 3000 },
}).createMachine({
  id: 'amqp-connection',
  meta: { rabbitmq: 'rabbit_reader connection_state', doc: 'AMQP 0-9-1, section 2.2.4' },
  initial: 'pre_init',
  on: { STOP: '.stop' },
  states: {
    pre_init: { on: { PROTOCOL_HEADER: 'starting' } },
    starting: { on: { START_OK: 'securing', SILENT_ERROR: 'handshake_error' } },
    securing: { on: { AUTHENTICATED: 'tuning', HARD_ERROR: 'closed' } },
    tuning: { on: { TUNE_OK: 'opening', SILENT_ERROR: 'handshake_error' } },
    opening: { on: { OPEN: 'running', HARD_ERROR: 'closed' } },
    running: { on: { BLOCK: 'blocked', CLOSE: 'closing', HARD_ERROR: 'closed' } },
    // The client is not read, so it cannot close.
    blocked: { on: { UNBLOCK: 'running', HARD_ERROR: 'closed' } },
    closing: { on: { CHANNELS_CLOSED: 'closed' } },
    closed: {},
    handshake_error: { after: { silentCloseDelay: 'stop' } },
    stop: { entry: 'closeSocket', type: 'final' },
  },
});

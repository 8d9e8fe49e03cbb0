/**
 * A connection from a client to a broker, as `org.apache.kafka.clients.ConnectionState` names it.
 *
 * CHECKING_API_VERSIONS is passed over between brokers of one cluster, which know each other's
 * versions. Not here: the connection itself and its requests (`kafka/request-channel.ts`), and
 * AUTHENTICATION_FAILED, since there is no authentication.
 */
import { setup } from 'xstate';

export type ConnectionEvent =
  | { type: 'CONNECT' }
  | { type: 'OPENED'; negotiates: boolean }
  | { type: 'API_VERSIONS_KNOWN' }
  | { type: 'DISCONNECTED' };

export const connectionMachine = setup({
  types: { events: {} as ConnectionEvent },
  guards: { negotiates: ({ event }) => event.type === 'OPENED' && event.negotiates },
}).createMachine({
  id: 'connection',
  initial: 'DISCONNECTED',
  states: {
    DISCONNECTED: {
      meta: { kafka: 'DISCONNECTED', doc: 'ClusterConnectionStates' },
      on: { CONNECT: 'CONNECTING' },
    },
    CONNECTING: {
      meta: { kafka: 'CONNECTING', doc: 'ClusterConnectionStates' },
      on: {
        OPENED: [{ guard: 'negotiates', target: 'CHECKING_API_VERSIONS' }, { target: 'READY' }],
        DISCONNECTED: 'DISCONNECTED',
      },
    },
    CHECKING_API_VERSIONS: {
      meta: { kafka: 'CHECKING_API_VERSIONS', doc: 'KIP-35' },
      on: { API_VERSIONS_KNOWN: 'READY', DISCONNECTED: 'DISCONNECTED' },
    },
    READY: {
      meta: { kafka: 'READY', doc: 'ClusterConnectionStates' },
      on: { DISCONNECTED: 'DISCONNECTED' },
    },
  },
});

/**
 * A client's session as the client sees it. State names are those of `ZooKeeper.States`.
 *
 * Losing the connection is not losing the session: only a server can say that it has expired.
 * Not here: what is sent (`zookeeper-client.ts`); read-only and authenticated states.
 */
import { setup } from 'xstate';

export type ClientEvent =
  { type: 'SyncConnected' } | { type: 'Disconnected' } | { type: 'Expired' } | { type: 'Close' };

export const zooKeeperClientMachine = setup({
  types: { events: {} as ClientEvent },
  actions: {
    connect: () => undefined,
    tellConnected: () => undefined,
    tellDisconnected: () => undefined,
    tellExpired: () => undefined,
  },
}).createMachine({
  id: 'zookeeper-client',
  meta: { zookeeper: 'ZooKeeper.States', doc: "Programmer's Guide, ZooKeeper Sessions" },
  initial: 'CONNECTING',
  states: {
    CONNECTING: {
      on: {
        SyncConnected: { target: 'CONNECTED', actions: 'tellConnected' },
        // One more attempt that failed.
        Disconnected: { actions: 'connect' },
        Expired: { target: 'CLOSED', actions: 'tellExpired' },
        Close: 'CLOSED',
      },
    },
    CONNECTED: {
      on: {
        Disconnected: { target: 'CONNECTING', actions: ['tellDisconnected', 'connect'] },
        Close: 'CLOSED',
      },
    },
    CLOSED: {},
  },
});

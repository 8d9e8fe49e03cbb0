/**
 * A broker as the controller sees it, by the states of `BrokerControlState`. It is stepped by the
 * broker's heartbeats and by the end of its session; its actions make the metadata records.
 *
 * `FENCED`: registered, not yet (or no longer) trusted: in no ISR, leads nothing.
 * `UNFENCED`: takes part. `CONTROLLED_SHUTDOWN`: its leaderships move away first.
 * `SHUTDOWN_NOW`: fenced, and told that it may stop.
 *
 * Not here: sessions and their clock (`broker-heartbeats.ts`), the records
 * (`broker-registration.ts`). A new incarnation begins with a new instance.
 * Source: `BrokerHeartbeatManager.calculateNextBrokerState`. Difference: there `SHUTDOWN_NOW` is
 * only an answer and the broker's next state is `FENCED`, from which it gets the same answer again.
 */
import { setup } from 'xstate';

export interface HeartbeatEvent {
  readonly type: 'HEARTBEAT';
  readonly wantFence: boolean;
  readonly wantShutDown: boolean;
  /** The broker has replayed the metadata log up to its own registration. */
  readonly isCaughtUp: boolean;
  readonly hasLeaderships: boolean;
  /** Every active broker has replayed the records that moved the leaderships away. */
  readonly isShutdownSeen: boolean;
}

export type BrokerRegistrationEvent = HeartbeatEvent | { readonly type: 'SESSION_EXPIRED' };

interface RegistrationInput {
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
}

export const brokerRegistrationMachine = setup({
  types: {
    context: {} as RegistrationInput,
    input: {} as RegistrationInput,
    events: {} as BrokerRegistrationEvent,
  },
  guards: {
    startsFenced: ({ context }) => context.fenced,
    startsInControlledShutdown: ({ context }) => context.inControlledShutdown,
    wantsShutDown: ({ event }) => event.type === 'HEARTBEAT' && event.wantShutDown,
    wantsFence: ({ event }) => event.type === 'HEARTBEAT' && event.wantFence,
    wantsFenceAndShutDown: ({ event }) =>
      event.type === 'HEARTBEAT' && event.wantFence && event.wantShutDown,
    wantsUnfenceAndIsCaughtUp: ({ event }) =>
      event.type === 'HEARTBEAT' && !event.wantFence && event.isCaughtUp,
    wantsShutDownAsLeader: ({ event }) =>
      event.type === 'HEARTBEAT' && event.wantShutDown && event.hasLeaderships,
    leadershipsMovedAndSeen: ({ event }) =>
      event.type === 'HEARTBEAT' && !event.hasLeaderships && event.isShutdownSeen,
  },
  actions: {
    /** Leave every ISR, then the record that fences. */
    fence: () => undefined,
    /** The record that unfences, then elections of what was offline. */
    unfence: () => undefined,
    /** The record, then new leaders for what this broker leads. */
    enterControlledShutdown: () => undefined,
  },
}).createMachine({
  id: 'broker-registration',
  meta: { kafka: 'BrokerControlState', doc: 'KIP-631' },
  context: ({ input }) => ({ ...input }),
  initial: 'REGISTERED',
  states: {
    REGISTERED: {
      always: [
        { guard: 'startsFenced', target: 'FENCED' },
        { guard: 'startsInControlledShutdown', target: 'CONTROLLED_SHUTDOWN' },
        { target: 'UNFENCED' },
      ],
    },
    FENCED: {
      meta: { kafka: 'BrokerControlState.FENCED' },
      on: {
        HEARTBEAT: [
          { guard: 'wantsShutDown', target: 'SHUTDOWN_NOW', actions: 'fence' },
          { guard: 'wantsUnfenceAndIsCaughtUp', target: 'UNFENCED', actions: 'unfence' },
        ],
      },
    },
    UNFENCED: {
      meta: { kafka: 'BrokerControlState.UNFENCED' },
      on: {
        HEARTBEAT: [
          { guard: 'wantsFenceAndShutDown', target: 'SHUTDOWN_NOW', actions: 'fence' },
          { guard: 'wantsFence', target: 'FENCED', actions: 'fence' },
          {
            guard: 'wantsShutDownAsLeader',
            target: 'CONTROLLED_SHUTDOWN',
            actions: 'enterControlledShutdown',
          },
          { guard: 'wantsShutDown', target: 'SHUTDOWN_NOW', actions: 'fence' },
        ],
        SESSION_EXPIRED: { target: 'FENCED', actions: 'fence' },
      },
    },
    CONTROLLED_SHUTDOWN: {
      meta: { kafka: 'BrokerControlState.CONTROLLED_SHUTDOWN' },
      on: {
        HEARTBEAT: { guard: 'leadershipsMovedAndSeen', target: 'SHUTDOWN_NOW', actions: 'fence' },
        SESSION_EXPIRED: { target: 'FENCED', actions: 'fence' },
      },
    },
    SHUTDOWN_NOW: {
      meta: { kafka: 'BrokerControlState.SHUTDOWN_NOW' },
      on: { HEARTBEAT: {} },
    },
  },
});

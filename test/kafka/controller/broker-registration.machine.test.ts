/** The broker's registration as the controller sees it, by `calculateNextBrokerState`. */
import { describe, expect, test } from 'vitest';
import { initialTransition, transition } from 'xstate';
import { toDirectedGraph } from 'xstate/graph';
import {
  brokerRegistrationMachine,
  type BrokerRegistrationEvent,
  type HeartbeatEvent,
} from '../../../engine/kafka/controller/broker-registration.machine.ts';
import { controllerMachine } from '../../../engine/kafka/controller/controller.machine.ts';

const heartbeat = (over: Partial<HeartbeatEvent> = {}): HeartbeatEvent => ({
  type: 'HEARTBEAT',
  wantFence: false,
  wantShutDown: false,
  isCaughtUp: true,
  hasLeaderships: false,
  isShutdownSeen: true,
  ...over,
});
const expired: BrokerRegistrationEvent = { type: 'SESSION_EXPIRED' };

const starts = {
  FENCED: { fenced: true, inControlledShutdown: false },
  UNFENCED: { fenced: false, inControlledShutdown: false },
  CONTROLLED_SHUTDOWN: { fenced: false, inControlledShutdown: true },
};
type Start = keyof typeof starts;

function step(start: Start, event: BrokerRegistrationEvent): readonly [unknown, readonly string[]] {
  const [before] = initialTransition(brokerRegistrationMachine, starts[start]);
  expect(before.value).toBe(start);
  const [after, actions] = transition(brokerRegistrationMachine, before, event);
  return [after.value, actions.map((action) => action.type)];
}

describe('kafka: broker registration', () => {
  const steps: readonly (readonly [Start, string, BrokerRegistrationEvent, string, string[]])[] = [
    ['FENCED', 'caught up', heartbeat(), 'UNFENCED', ['unfence']],
    ['FENCED', 'behind', heartbeat({ isCaughtUp: false }), 'FENCED', []],
    ['FENCED', 'wants to be fenced', heartbeat({ wantFence: true }), 'FENCED', []],
    ['FENCED', 'wants to stop', heartbeat({ wantShutDown: true }), 'SHUTDOWN_NOW', ['fence']],
    ['UNFENCED', 'alive', heartbeat(), 'UNFENCED', []],
    ['UNFENCED', 'wants to be fenced', heartbeat({ wantFence: true }), 'FENCED', ['fence']],
    [
      'UNFENCED',
      'wants to be fenced and to stop',
      heartbeat({ wantFence: true, wantShutDown: true, hasLeaderships: true }),
      'SHUTDOWN_NOW',
      ['fence'],
    ],
    [
      'UNFENCED',
      'wants to stop and leads',
      heartbeat({ wantShutDown: true, hasLeaderships: true }),
      'CONTROLLED_SHUTDOWN',
      ['enterControlledShutdown'],
    ],
    [
      'UNFENCED',
      'wants to stop and leads nothing',
      heartbeat({ wantShutDown: true }),
      'SHUTDOWN_NOW',
      ['fence'],
    ],
    ['UNFENCED', 'silent', expired, 'FENCED', ['fence']],
    [
      'CONTROLLED_SHUTDOWN',
      'still leads',
      heartbeat({ wantShutDown: true, hasLeaderships: true }),
      'CONTROLLED_SHUTDOWN',
      [],
    ],
    [
      'CONTROLLED_SHUTDOWN',
      'others have not seen it',
      heartbeat({ wantShutDown: true, isShutdownSeen: false }),
      'CONTROLLED_SHUTDOWN',
      [],
    ],
    [
      'CONTROLLED_SHUTDOWN',
      'moved and seen',
      heartbeat({ wantShutDown: true }),
      'SHUTDOWN_NOW',
      ['fence'],
    ],
    ['CONTROLLED_SHUTDOWN', 'silent', expired, 'FENCED', ['fence']],
  ];
  test.each(steps)('%s, %s', (start, _name, event, state, actions) => {
    expect(step(start, event)).toEqual([state, actions]);
  });

  test.each([brokerRegistrationMachine, controllerMachine])(
    'every target is a state',
    (machine) => {
      expect(toDirectedGraph(machine).children.length).toBeGreaterThan(2);
    },
  );
});

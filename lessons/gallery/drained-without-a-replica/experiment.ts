/**
 * A node is drained for maintenance and hands its mirrored queues to other nodes, chosen at random
 * and not among those with a mirror. Where there was none, one is added and the old copies are
 * dropped at once: nobody has the messages any more (issue 2749).
 *
 * Three nodes, four queues with a mirror each, and confirmed messages; then the leader's node is
 * drained and taken away.
 */
import { choice, experiment, prove } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import type { RabbitNode } from '#engine/rabbitmq/node.ts';
import { confirmedAndLost, declared, mirroredProfileKnob, mirrors } from '../rabbitmq-story.ts';
import { nodesStart, persistentTo, published, watchConfirmed } from '../rabbitmq-story.ts';

const QUEUES = ['orders-1', 'orders-2', 'orders-3', 'orders-4'] as const;
const PUBLISHER = 'publisher-1';
const [DRAINED, STAYS] = [1, 2] as const;
const EACH = 3;
const COUNT = QUEUES.length * EACH;

interface World {
  readonly rabbit: RabbitCluster;
}

const nothingIsLost = (measures: Measures): boolean =>
  measures['confirmed'] === COUNT && measures['lost'] === 0;

export default experiment({
  id: 'drained-without-a-replica',
  breaks: 'R1',
  knobs: {
    quirk: choice(['by-release', 'on', 'off'], 'on', {
      en: 'The bug: on, off, or as the last patch of the release has it.',
      zh: '这个缺陷：打开、关闭，或者由所选版本的最后一个补丁决定。',
    }),
    profile: mirroredProfileKnob('rabbitmq-3.8'),
  },

  world({ knobs, lab }): World {
    const { quirk, profile } = knobs;
    const quirks = quirk === 'by-release' ? {} : { drainLeavesMirroredQueues: quirk === 'off' };
    const rabbit = new RabbitCluster(lab, { nodes: 3, profile, quirks });
    watchConfirmed(lab, rabbit, QUEUES);
    return { rabbit };
  },

  steps: [
    nodesStart(3),
    declared<World>(
      { en: 'Four queues, two copies each', zh: '四个队列，各两份副本' },
      ({ rabbit }) => {
        const definition = {
          'ha-mode': 'exactly',
          'ha-params': 2,
          'ha-sync-mode': 'automatic',
          'ha-promote-on-failure': 'when-synced',
        };
        rabbit.setPolicy(mirrors(definition));
        rabbit.declare({ queues: QUEUES.map((queue) => ({ queue, durable: true })) });
        rabbit.addPublisher(PUBLISHER, { node: STAYS });
      },
    ),
    published<World>(
      { en: 'Messages for each, confirmed', zh: '给每个队列发消息，均已确认' },
      ({ rabbit }) => {
        for (const queue of QUEUES) rabbit.publish(PUBLISHER, persistentTo(queue, EACH));
      },
    ),
    {
      id: 'drain',
      title: { en: 'The node is drained', zh: '节点进入维护' },
      do: ({ rabbit }, lab) =>
        lab.command<RabbitNode>(rabbit.nodeName(DRAINED), 'rabbitmq-upgrade drain', (node) =>
          node.drain(),
        ),
      until: () => false,
      timeLimitMs: 5_000,
    },
    {
      id: 'node-goes',
      title: { en: 'The node is taken away', zh: '移走该节点' },
      do: ({ rabbit }, lab) => lab.inject({ fault: 'crash', host: rabbit.nodeName(DRAINED) }),
      until: () => false,
      timeLimitMs: 5_000,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ history }) {
    return confirmedAndLost({ history });
  },

  proofs: {
    'the-bug-shows': prove(
      { quirk: 'on' },
      (measures) => measures['confirmed'] === COUNT && measures['lost']! > 0,
      [
        { name: 'the quirk is off', knobs: { quirk: 'off' } },
        { name: 'the last patch of the release', knobs: { quirk: 'by-release' } },
      ],
      'drain',
    ),
    'the-mirrors-take-over': prove(
      { quirk: 'off' },
      nothingIsLost,
      [{ name: 'the queues are moved', knobs: { quirk: 'on' } }],
      'node-goes',
    ),
  },
});

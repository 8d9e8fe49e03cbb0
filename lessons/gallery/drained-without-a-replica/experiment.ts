/**
 * A node is drained for maintenance and hands its mirrored queues to other nodes, chosen at random
 * and not among those with a mirror. Where there was none, one is added and the old copies are
 * dropped at once: nobody has the messages any more (issue 2749).
 *
 * Three nodes, four queues with a mirror each, and confirmed messages; then the leader's node is
 * drained and taken away.
 */
import { choice, experiment, prove } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import type { RabbitNode } from '#engine/rabbitmq/node.ts';

const QUEUES = ['orders-1', 'orders-2', 'orders-3', 'orders-4'] as const;
const PUBLISHER = 'publisher-1';
const [DRAINED, STAYS] = [1, 2] as const;
const EACH = 3;
const COUNT = QUEUES.length * EACH;

interface World {
  readonly rabbit: RabbitCluster;
}

const confirmed = (lab: Pick<Lab, 'history'>): readonly string[] =>
  lab.history.sent.filter(({ outcome }) => outcome === 'acknowledged').map(({ id }) => id);

/** What the leaders have; null: a queue has none at the moment, or is being read to its end. */
function present(rabbit: RabbitCluster): ReadonlySet<string> | null {
  if (!rabbit.allRunning) return null;
  const all = new Set<string>();
  for (const name of QUEUES) {
    const views = rabbit.nodeNames.flatMap((_, place) => {
      const queue = rabbit
        .node(place + 1)
        ?.vhosts.get('/')
        ?.queues.get(name);
      return queue?.inspect?.() ?? [];
    });
    if (views.length === 0 || views.some(({ gone }) => gone['acknowledged'] !== 0)) return null;
    for (const { messages } of views) for (const { id } of messages) all.add(id);
  }
  return all;
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
    profile: choice(['rabbitmq-3.8', 'rabbitmq-3.12', 'rabbitmq-3.13'], 'rabbitmq-3.8', {
      en: 'The release; since 4.0 there are no mirrored queues.',
      zh: '版本；4.0 起不再有镜像队列。',
    }),
  },

  world({ knobs, lab }): World {
    const { quirk, profile } = knobs;
    const quirks = quirk === 'by-release' ? {} : { drainLeavesMirroredQueues: quirk === 'off' };
    const rabbit = new RabbitCluster(lab, { nodes: 3, profile, quirks });
    lab.invariant('R1', 'always', () => {
      const there = present(rabbit);
      const missing = there === null ? [] : confirmed(lab).filter((id) => !there.has(id));
      if (missing.length === 0) return null;
      return `${missing.join(', ')} were confirmed, and no node has them`;
    });
    return { rabbit };
  },

  steps: [
    {
      id: 'start',
      title: { en: 'Three nodes start', zh: '三个节点启动' },
      until: ({ rabbit }) => rabbit.allRunning,
      timeLimitMs: 60_000,
    },
    {
      id: 'declare',
      title: { en: 'Four queues, two copies each', zh: '四个队列，各两份副本' },
      do: ({ rabbit }) => {
        const definition = {
          'ha-mode': 'exactly',
          'ha-params': 2,
          'ha-sync-mode': 'automatic',
          'ha-promote-on-failure': 'when-synced',
        };
        rabbit.setPolicy({ name: 'ha', pattern: '', definition, priority: 0, applyTo: 'queues' });
        rabbit.declare({ queues: QUEUES.map((queue) => ({ queue, durable: true })) });
        rabbit.addPublisher(PUBLISHER, { node: STAYS });
      },
      until: ({ rabbit }) => rabbit.allDeclared && rabbit.allConnected,
      timeLimitMs: 30_000,
    },
    {
      id: 'publish',
      title: { en: 'Messages for each, confirmed', zh: '给每个队列发消息，均已确认' },
      do: ({ rabbit }) => {
        for (const routingKey of QUEUES) {
          const properties = { deliveryMode: 2 };
          rabbit.publish(PUBLISHER, { routingKey, count: EACH, properties });
        }
      },
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 30_000,
    },
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
    const ids = confirmed({ history });
    const left = new Set((history.final ?? []).map(({ id }) => id));
    return { confirmed: ids.length, lost: ids.filter((id) => !left.has(id)).length };
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

/**
 * A mirror that came back empty is made the leader, and the backlog that publishers have confirms
 * for is gone: the default of `ha-promote-on-failure`.
 *
 * Two nodes, a mirrored queue, three confirmed messages on both. The mirror's node restarts; its
 * mirror begins empty and is not synchronised by itself. Then the leader's node dies.
 */
import { choice, experiment, prove } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';

const QUEUE = 'orders';
const PUBLISHER = 'publisher-1';
const [LEADER, MIRROR] = [1, 2] as const;
const COUNT = 3;

interface World {
  readonly rabbit: RabbitCluster;
  readonly promotes: 'always' | 'when-synced';
}

/** The mirror's node has a mirror again. */
function hasMirror(rabbit: RabbitCluster): boolean {
  const queue = rabbit.node(MIRROR)?.vhosts.get('/')?.queues.get(QUEUE);
  return queue !== undefined && 'mirror' in queue && queue.mirror !== null;
}

const lost = (measures: Measures) => measures['confirmed'] === COUNT && measures['lost'] === COUNT;

export default experiment({
  id: 'unsynchronised-mirror',
  breaks: 'R1',
  knobs: {
    quirk: choice(['on', 'off'], 'on', {
      en: 'Off: ha-promote-on-failure is when-synced; the queue waits for its leader.',
      zh: '关闭时，ha-promote-on-failure 为 when-synced：队列等主节点回来。',
    }),
    profile: choice(['rabbitmq-3.8', 'rabbitmq-3.12', 'rabbitmq-3.13'], 'rabbitmq-3.13', {
      en: 'The release; since 4.0 there are no mirrored queues.',
      zh: '版本；4.0 起不再有镜像队列。',
    }),
  },

  world({ knobs, lab }): World {
    const rabbit = new RabbitCluster(lab, { nodes: 2, profile: knobs.profile });
    lab.invariant('R1', 'always', () => {
      const queue = rabbit.queue(QUEUE);
      if (queue === null) return null;
      const confirmed = lab.history.sent.filter(({ outcome }) => outcome === 'acknowledged');
      const taken = queue.gone['acknowledged'] ?? 0;
      const there = queue.ready + queue.unacknowledged + taken;
      if (there >= confirmed.length) return null;
      return `${confirmed.length} messages are confirmed, and the queue has ${there}`;
    });
    return { rabbit, promotes: knobs.quirk === 'on' ? 'always' : 'when-synced' };
  },

  steps: [
    {
      id: 'start',
      title: { en: 'Two nodes start', zh: '两个节点启动' },
      until: ({ rabbit }) => rabbit.allRunning,
      timeLimitMs: 60_000,
    },
    {
      id: 'declare',
      title: { en: 'A mirrored queue', zh: '一个镜像队列' },
      do: ({ rabbit, promotes }, lab) => {
        lab.command(rabbit.nodeName(LEADER), 'set policy', () => {
          const definition = { 'ha-mode': 'all', 'ha-promote-on-failure': promotes };
          const policy = { name: 'ha', pattern: '', definition, priority: 0 } as const;
          rabbit
            .node(LEADER)!
            .administration.setPolicy('/', { ...policy, applyTo: 'queues' }, 'user', () => {});
        });
        rabbit.declare({ queues: [{ queue: QUEUE, durable: true }] });
        rabbit.addPublisher(PUBLISHER);
      },
      until: ({ rabbit }) => rabbit.allDeclared && rabbit.allConnected,
      timeLimitMs: 30_000,
    },
    {
      id: 'publish',
      title: { en: 'Three messages, confirmed by both', zh: '三条消息，两个节点都确认' },
      do: ({ rabbit }) =>
        rabbit.publish(PUBLISHER, {
          ...{ routingKey: QUEUE, count: COUNT },
          properties: { deliveryMode: 2 },
        }),
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 30_000,
    },
    {
      id: 'mirror-restarts',
      title: { en: 'The mirror restarts, empty', zh: '镜像节点重启，内容为空' },
      do: ({ rabbit }, lab) => {
        lab.inject({ fault: 'crash', host: rabbit.nodeName(MIRROR) });
        lab.inject({ fault: 'start', host: rabbit.nodeName(MIRROR) });
      },
      until: ({ rabbit }) => rabbit.allRunning && hasMirror(rabbit),
      timeLimitMs: 60_000,
    },
    {
      id: 'leader-dies',
      title: { en: 'The leader dies', zh: '主节点宕机' },
      do: ({ rabbit }, lab) => lab.inject({ fault: 'crash', host: rabbit.nodeName(LEADER) }),
      until: ({ rabbit }) => rabbit.node(MIRROR)?.running.length === 1,
      timeLimitMs: 60_000,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ history }) {
    const confirmed = history.sent.filter(({ outcome }) => outcome === 'acknowledged');
    return { confirmed: confirmed.length, lost: confirmed.length - (history.final?.length ?? 0) };
  },

  proofs: {
    'the-bug-shows': prove({ quirk: 'on' }, lost, [
      { name: 'the quirk is off', knobs: { quirk: 'off' } },
    ]),
    'the-queue-waits': prove(
      { quirk: 'off' },
      (measures) => measures['confirmed'] === COUNT && measures['lost'] === 0,
      [{ name: 'any mirror is promoted', knobs: { quirk: 'on' } }],
    ),
  },
});

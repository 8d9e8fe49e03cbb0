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
import { confirmed, confirmedAndLost, declared, mirroredProfileKnob } from '../rabbitmq-story.ts';
import { mirrors, nodesStart, persistentTo, published } from '../rabbitmq-story.ts';

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
    profile: mirroredProfileKnob('rabbitmq-3.13'),
  },

  world({ knobs, lab }): World {
    const rabbit = new RabbitCluster(lab, { nodes: 2, profile: knobs.profile });
    lab.invariant('R1', 'always', () => {
      const queue = rabbit.queue(QUEUE);
      if (queue === null) return null;
      const { length } = confirmed(lab);
      const taken = queue.gone['acknowledged'] ?? 0;
      const there = queue.ready + queue.unacknowledged + taken;
      if (there >= length) return null;
      return `${length} messages are confirmed, and the queue has ${there}`;
    });
    return { rabbit, promotes: knobs.quirk === 'on' ? 'always' : 'when-synced' };
  },

  steps: [
    nodesStart(2),
    declared<World>({ en: 'A mirrored queue', zh: '一个镜像队列' }, ({ rabbit, promotes }) => {
      rabbit.setPolicy(mirrors({ 'ha-mode': 'all', 'ha-promote-on-failure': promotes }));
      rabbit.declare({ queues: [{ queue: QUEUE, durable: true }] });
      rabbit.addPublisher(PUBLISHER);
    }),
    published<World>(
      { en: 'Three messages, confirmed by both', zh: '三条消息，两个节点都确认' },
      ({ rabbit }) => rabbit.publish(PUBLISHER, persistentTo(QUEUE, COUNT)),
    ),
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
    return confirmedAndLost({ history });
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

/**
 * A partition leaves a mirrored queue with two leaders. Both confirm what they are given, and when
 * the network is whole again the messages of one side are thrown away.
 *
 * Three nodes; the leader's is cut off from the two others. What follows is decided by
 * `cluster_partition_handling`; with `ignore` the operator restarts the smaller side. A quorum
 * queue has a leader on the greater side only, whatever the setting.
 */
import { changed, choice, experiment, prove } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { onRaft } from '#engine/lab/rabbitmq-quorum.ts';

const QUEUE = 'orders';
/** At the node that is cut off, and at another. */
const ALONE = 'publisher-1';
const OTHER = 'publisher-2';
const LEADER = 'rabbit-1';
const COUNT = 3;
const NET_TICK_MS = 5_000;
const HANDLING = ['ignore', 'autoheal', 'pause_minority'] as const;

interface World {
  readonly rabbit: RabbitCluster;
  readonly type: 'classic' | 'quorum';
  readonly handling: (typeof HANDLING)[number];
  confirmedApart: number;
}

type QueueView = NonNullable<ReturnType<RabbitCluster['queue']>>;

const confirmed = (lab: Pick<Lab, 'history'>): readonly string[] =>
  lab.history.sent.filter(({ outcome }) => outcome === 'acknowledged').map(({ id }) => id);

/** Something was taken out of it. */
const isRead = ({ gone }: QueueView): boolean => Object.values(gone).some((count) => count > 0);

/** What the leaders have together; null: a node is down, or the queue is being read to its end. */
function present(rabbit: RabbitCluster): ReadonlySet<string> | null {
  if (!rabbit.allRunning) return null;
  const views = rabbit.nodeNames.flatMap((_, place) => {
    const queue = rabbit
      .node(place + 1)
      ?.vhosts.get('/')
      ?.queues.get(QUEUE);
    return queue?.inspect?.() ?? [];
  });
  if (views.length === 0 || views.some(isRead)) return null;
  return new Set(views.flatMap(({ messages }) => messages.map(({ id }) => id)));
}

const publish = ({ rabbit }: World, publisher: string): void =>
  rabbit.publish(publisher, {
    ...{ routingKey: QUEUE, count: COUNT },
    properties: { deliveryMode: 2 },
  });

function declare({ rabbit, type }: World): void {
  if (type === 'classic') {
    const definition = { 'ha-mode': 'all' };
    rabbit.setPolicy({ name: 'ha', pattern: '', definition, priority: 0, applyTo: 'queues' });
  }
  rabbit.declare({
    queues: [{ queue: QUEUE, durable: true, arguments: { 'x-queue-type': type } }],
  });
  rabbit.addPublisher(ALONE, { node: 1 });
  rabbit.addPublisher(OTHER, { node: 2 });
}

const bothSidesConfirm = (measures: Measures): boolean =>
  measures['confirmedApart'] === 2 * COUNT && measures['lost'] === COUNT;
const oneSideConfirms = (measures: Measures): boolean =>
  measures['confirmedApart'] === COUNT && measures['lost'] === 0;

export default experiment({
  id: 'partition-discards-a-side',
  breaks: 'R1',
  knobs: {
    quirk: choice(['on', 'off'], 'on', {
      en: 'On: a classic queue mirrored on all nodes. Off: a quorum queue.',
      zh: '打开：镜像到所有节点的经典队列。关闭：仲裁队列。',
    }),
    cluster_partition_handling: choice(HANDLING, 'autoheal', {
      en: 'What nodes do about a partition.',
      zh: '节点怎样应对网络分区。',
    }),
    profile: choice(['rabbitmq-3.8', 'rabbitmq-3.12', 'rabbitmq-3.13'], 'rabbitmq-3.13', {
      en: 'The release; since 4.0 there are no mirrored queues.',
      zh: '版本；4.0 起不再有镜像队列。',
    }),
  },

  world({ knobs, lab }): World {
    const handling = knobs.cluster_partition_handling;
    const rabbit = new RabbitCluster(lab, {
      ...{ ...onRaft, nodes: 3, profile: knobs.profile, netTickTimeMs: NET_TICK_MS },
      partitionHandling: handling,
    });
    lab.invariant('R1', 'always', () => {
      const there = present(rabbit);
      const missing = there === null ? [] : confirmed(lab).filter((id) => !there.has(id));
      if (missing.length === 0) return null;
      return `${missing.join(', ')} were confirmed, and no node has them in ${QUEUE}`;
    });
    const type = knobs.quirk === 'on' ? 'classic' : 'quorum';
    return { rabbit, type, handling, confirmedApart: 0 };
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
      title: { en: 'One queue, three copies', zh: '一个队列，三份副本' },
      do: declare,
      until: ({ rabbit }) => rabbit.allDeclared && rabbit.allConnected,
      timeLimitMs: 30_000,
    },
    {
      id: 'publish',
      title: { en: 'Three messages', zh: '三条消息' },
      do: (world) => {
        // Autoheal counts connections: each side is to have that of its publisher.
        world.rabbit.disconnect('declarer');
        publish(world, ALONE);
      },
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'cut',
      title: { en: 'The leader’s node is cut off', zh: '主节点与其他节点断开' },
      do: (_, lab) => {
        const groups = [
          [LEADER, ALONE],
          ['rabbit-2', 'rabbit-3', OTHER],
        ];
        lab.inject({ fault: 'partition', groups });
      },
      until: () => false,
      timeLimitMs: 4 * NET_TICK_MS,
    },
    {
      id: 'publish-apart',
      title: { en: 'Three messages on each side', zh: '两边各发三条消息' },
      do: (world, lab) => {
        world.confirmedApart = -confirmed(lab).length;
        for (const publisher of [ALONE, OTHER]) publish(world, publisher);
      },
      until: () => false,
      timeLimitMs: 3_000,
    },
    {
      id: 'mend',
      title: { en: 'The network is whole again', zh: '网络恢复' },
      do: (world, lab) => {
        world.confirmedApart += confirmed(lab).length;
        lab.inject({ fault: 'heal' });
      },
      until: () => false,
      timeLimitMs: 6 * NET_TICK_MS,
    },
    {
      id: 'operator-restarts',
      title: { en: 'With ignore: one side is restarted', zh: 'ignore 时：重启其中一边' },
      do: ({ handling }, lab) => {
        if (handling !== 'ignore') return;
        lab.inject({ fault: 'crash', host: LEADER });
        lab.inject({ fault: 'start', host: LEADER });
      },
      until: ({ rabbit }) => rabbit.allRunning && rabbit.allConnected,
      timeLimitMs: 60_000,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ world, history }) {
    const ids = confirmed({ history });
    const left = new Set((history.final ?? []).map(({ id }) => id));
    return {
      confirmed: ids.length,
      confirmedApart: world.confirmedApart,
      lost: ids.filter((id) => !left.has(id)).length,
    };
  },

  proofs: {
    'the-bug-shows': prove({ quirk: 'on' }, bothSidesConfirm, [
      { name: 'the quirk is off', knobs: { quirk: 'off' } },
      changed('cluster_partition_handling', 'pause_minority'),
    ]),
    'ignore-loses-at-the-restart': prove(
      { quirk: 'on', cluster_partition_handling: 'ignore' },
      bothSidesConfirm,
      [{ name: 'the quirk is off', knobs: { quirk: 'off' } }],
      'operator-restarts',
    ),
    'the-minority-pauses': prove(
      { quirk: 'on', cluster_partition_handling: 'pause_minority' },
      oneSideConfirms,
      [changed('cluster_partition_handling', 'autoheal')],
      'publish-apart',
    ),
    'a-quorum-queue-keeps-all': prove(
      { quirk: 'off' },
      oneSideConfirms,
      [{ name: 'the queue is mirrored', knobs: { quirk: 'on' } }],
      'publish-apart',
    ),
  },
});

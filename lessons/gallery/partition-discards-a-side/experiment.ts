/**
 * A partition leaves a mirrored queue with two leaders. Both confirm what they are given, and when
 * the network is whole again the messages of one side are thrown away.
 *
 * Three nodes; the leader's is cut off from the two others. What follows is decided by
 * `cluster_partition_handling`; with `ignore` the operator restarts the smaller side. A quorum
 * queue has a leader on the greater side only, whatever the setting.
 */
import { changed, choice, experiment, prove } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { onRaft } from '#engine/lab/rabbitmq-quorum.ts';
import { confirmed, confirmedAndLost, declared, mirroredProfileKnob } from '../rabbitmq-story.ts';
import { mirrors, nodesStart, persistentTo, published, watchConfirmed } from '../rabbitmq-story.ts';

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

const publish = ({ rabbit }: World, publisher: string): void =>
  rabbit.publish(publisher, persistentTo(QUEUE, COUNT));

function declare({ rabbit, type }: World): void {
  if (type === 'classic') {
    rabbit.setPolicy(mirrors({ 'ha-mode': 'all' }));
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
    profile: mirroredProfileKnob('rabbitmq-3.13'),
  },

  world({ knobs, lab }): World {
    const handling = knobs.cluster_partition_handling;
    const rabbit = new RabbitCluster(lab, {
      ...{ ...onRaft, nodes: 3, profile: knobs.profile, netTickTimeMs: NET_TICK_MS },
      partitionHandling: handling,
    });
    watchConfirmed(lab, rabbit, [QUEUE]);
    const type = knobs.quirk === 'on' ? 'classic' : 'quorum';
    return { rabbit, type, handling, confirmedApart: 0 };
  },

  steps: [
    nodesStart(3),
    declared<World>({ en: 'One queue, three copies', zh: '一个队列，三份副本' }, declare),
    published<World>({ en: 'Three messages', zh: '三条消息' }, (world) => {
      // Autoheal counts connections: each side is to have that of its publisher.
      world.rabbit.disconnect('declarer');
      publish(world, ALONE);
    }),
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
    return { ...confirmedAndLost({ history }), confirmedApart: world.confirmedApart };
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

/**
 * Which copies count? Three nodes and one queue: classic and mirrored by a policy, or a quorum
 * queue. Its leader dies, or a mirror comes back empty and then the leader dies, or the network is
 * cut between the leader and the two others.
 *
 * Confirmed and absent at the end is *lost*.
 */
import { changed, choice, experiment, prove, proveSince } from '#engine/lab/index.ts';
import type { Lab } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { onRaft } from '#engine/lab/rabbitmq-quorum.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { judgeQueues } from '#engine/lab/check/queue-delivery.ts';
import { nodeStarts, point } from '../story.ts';

const QUEUE = 'orders';
const DECLARER = 'client-1';
/** At the leader's node, and at another. */
const PUBLISHER = 'publisher-1';
const OTHER = 'publisher-2';
const LEADER = 'rabbit-1';
const FOLLOWERS = ['rabbit-2', 'rabbit-3'] as const;
const COUNT = 10;
const NET_TICK_MS = 5_000;
/** Long enough for nodes to miss each other, and do what they do about it. */
const QUIET_MICROS = 3 * NET_TICK_MS * 1_000;
const HANDLING = ['ignore', 'autoheal', 'pause_minority'] as const;
const FAULTS = ['none', 'leader dies', 'mirrors restart, leader dies', 'partition'] as const;

interface World {
  readonly rabbit: RabbitCluster;
  readonly type: 'mirrored' | 'quorum';
  readonly promotes: string;
  readonly fault: (typeof FAULTS)[number];
  policyProblem: string | null;
  confirmedBefore: number;
  /** When a fault began: virtual time, 0 before. */
  struckAt: number;
  /** Of the orders published while a fault lasted. */
  confirmedInTrouble: number;
}

function declare(world: World, lab: Lab): void {
  const { rabbit, type, promotes } = world;
  rabbit.addClient(DECLARER);
  if (type === 'mirrored') {
    lab.command(LEADER, 'set_policy', () => {
      const definition = { 'ha-mode': 'all', 'ha-promote-on-failure': promotes };
      const policy = {
        name: 'ha',
        pattern: '',
        definition,
        priority: 0,
        applyTo: 'queues',
      } as const;
      rabbit.node(1)!.administration.setPolicy('/', policy, 'user', (problem) => {
        world.policyProblem = problem;
      });
    });
  }
  const args = { 'x-queue-type': type === 'quorum' ? 'quorum' : 'classic' };
  rabbit.call(DECLARER, 'queue.declare', { queue: QUEUE, durable: true, arguments: args });
  rabbit.addPublisher(PUBLISHER, { node: 1 });
  rabbit.addPublisher(OTHER, { node: 2 });
}

const publish = ({ rabbit }: World, publisher: string): void =>
  rabbit.publish(publisher, {
    ...{ routingKey: QUEUE, count: COUNT },
    properties: { deliveryMode: 2 },
  });

const confirmed = (lab: Lab): number =>
  lab.history.sent.filter(({ outcome }) => outcome === 'acknowledged').length;

function strike({ fault }: World, lab: Lab): void {
  if (fault === 'leader dies') lab.inject({ fault: 'crash', host: LEADER });
  if (fault === 'mirrors restart, leader dies') {
    for (const host of FOLLOWERS) {
      lab.inject({ fault: 'crash', host });
      lab.inject({ fault: 'start', host });
    }
  }
  if (fault === 'partition') {
    const others = [...FOLLOWERS, OTHER];
    lab.inject({ fault: 'partition', groups: [[LEADER, PUBLISHER, DECLARER], others] });
  }
}

type Reached = (world: World, lab: Lab) => boolean;
/** Its leader is there, and both publishers know of it. */
const isDeclared: Reached = ({ rabbit }) =>
  rabbit.queue(QUEUE) !== null && rabbit.allDeclared && rabbit.allConnected;
const hasOne: Reached = (_, lab) => confirmed(lab) > 0;
const isCalm: Reached = (_, lab) => confirmed(lab) >= COUNT;
const isQuiet: Reached = ({ struckAt }, lab) => struckAt > 0 && lab.now - struckAt >= QUIET_MICROS;
const hasMore: Reached = (world, lab) =>
  isQuiet(world, lab) && confirmed(lab) > world.confirmedBefore;
const isTold: Reached = ({ rabbit }, lab) => lab.history.sent.length > COUNT && rabbit.allTold;

export default experiment({
  id: 'mirrored-and-quorum-queues',
  knobs: {
    queue: choice(['mirrored', 'quorum'], 'mirrored', {
      en: 'A classic queue mirrored on all nodes, or a quorum queue.',
      zh: '镜像到所有节点的经典队列，还是仲裁队列。',
    }),
    fault: choice(FAULTS, 'leader dies', {
      en: 'What goes wrong.',
      zh: '出什么故障。',
    }),
    cluster_partition_handling: choice(HANDLING, 'autoheal', {
      en: 'What nodes do about a partition.',
      zh: '节点怎样应对网络分区。',
    }),
    'ha-promote-on-failure': choice(['always', 'when-synced'], 'always', {
      en: 'Whether a mirror that lacks messages may become the leader.',
      zh: '内容不全的镜像能不能当主节点。',
    }),
    profile: { ...rabbitProfileKnob, preset: 'rabbitmq-3.13' },
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, {
        ...{ ...onRaft, nodes: 3, profile: knobs.profile, netTickTimeMs: NET_TICK_MS },
        partitionHandling: knobs.cluster_partition_handling,
      }),
      type: knobs.queue,
      promotes: knobs['ha-promote-on-failure'],
      fault: knobs.fault,
      ...{ policyProblem: null, confirmedBefore: 0, struckAt: 0, confirmedInTrouble: 0 },
    };
  },

  steps: [
    nodeStarts,
    {
      id: 'declare',
      title: { en: 'One queue, three copies', zh: '一个队列，三份副本' },
      do: declare,
      until: ({ rabbit }) => rabbit.allConnected,
      timeLimitMs: 30_000,
    },
    {
      id: 'publish',
      title: { en: 'Ten orders', zh: '十个订单' },
      do: (world) => publish(world, PUBLISHER),
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'strike',
      title: { en: 'Something goes wrong', zh: '出了故障' },
      do: (world, lab) => {
        world.confirmedBefore = confirmed(lab);
        world.struckAt = lab.now;
        strike(world, lab);
      },
      until: () => false,
      timeLimitMs: 4 * NET_TICK_MS,
    },
    {
      id: 'leader-dies',
      title: { en: 'The leader dies, if it was to', zh: '如果安排了，主节点这时死去' },
      do: ({ fault }, lab) => {
        if (fault === 'mirrors restart, leader dies') lab.inject({ fault: 'crash', host: LEADER });
      },
      until: () => false,
      timeLimitMs: 2_000,
    },
    {
      id: 'publish-in-trouble',
      title: { en: 'Ten orders from each side', zh: '两边各来十个订单' },
      do: (world) => {
        for (const publisher of [PUBLISHER, OTHER]) publish(world, publisher);
      },
      until: (world, lab) => {
        world.confirmedInTrouble = confirmed(lab) - world.confirmedBefore;
        return world.rabbit.allTold;
      },
      timeLimitMs: 3_000,
    },
    {
      id: 'mend',
      title: { en: 'The network is whole again', zh: '网络恢复' },
      do: (_, lab) => lab.inject({ fault: 'heal' }),
      until: () => false,
      timeLimitMs: 6 * NET_TICK_MS,
    },
  ],

  settle: RabbitCluster.settle(),

  exploration: {
    knobs: { fault: 'none' },
    presets: { queue: 'quorum' },
    hosts: [LEADER, ...FOLLOWERS],
    forbidden: ['lost'],
    points: [
      point('declared', 'the queue is new and empty', '队列刚声明、还没有消息', isDeclared),
      point('first', 'the first order is confirmed', '第一个订单得到确认', hasOne),
      point('calm', 'the first ten orders are confirmed', '前十个订单都已确认', isCalm),
      point('quiet', 'the nodes have had their time', '节点已有足够时间作出反应', isQuiet),
      point('more', 'one of the next orders is confirmed', '后面的订单中有一个得到确认', hasMore),
      point('told', 'both publishers have their answers', '两个发布者都得到了答复', isTold),
    ],
  },

  measures({ world, history }) {
    const verdict = judgeQueues(history);
    return {
      confirmed: verdict.acknowledged.length,
      confirmedInTrouble: world.confirmedInTrouble,
      lost: verdict.lost.length,
      duplicated: verdict.duplicated.length,
      policyRefused: world.policyProblem === null ? 0 : 1,
    };
  },

  proofs: {
    'a-synchronised-mirror-takes-over': prove(
      {},
      (m) => m['lost'] === 0 && m['confirmedInTrouble']! >= COUNT,
      [changed('fault', 'mirrors restart, leader dies')],
      'publish-in-trouble',
    ),
    'an-empty-mirror-takes-over-and-all-is-lost': prove(
      { fault: 'mirrors restart, leader dies' },
      (m) => m['lost']! >= COUNT,
      [changed('ha-promote-on-failure', 'when-synced'), changed('queue', 'quorum')],
      'leader-dies',
    ),
    'a-partition-loses-what-one-side-confirmed': prove(
      { fault: 'partition' },
      (m) => m['lost']! > 0,
      [changed('queue', 'quorum'), changed('fault', 'none')],
      'publish-in-trouble',
    ),
    'a-quorum-queue-loses-nothing': prove(
      { fault: 'partition', queue: 'quorum' },
      (m) => m['lost'] === 0 && m['confirmedInTrouble']! >= COUNT,
      [changed('queue', 'mirrored')],
      'publish-in-trouble',
    ),
    'mirroring-is-gone-since-4-0': proveSince(
      '4.0',
      {},
      (m) => m['policyRefused'] === 1,
      [changed('queue', 'quorum')],
      'declare',
    ),
  },
});

/**
 * Who decides, and who carries the data? Three controllers, three brokers, one partition.
 *
 * Five records are written while all is well. Then something befalls the controllers; five more
 * records are sent, a topic is to be created, and at last the partition's leader dies. So each run
 * shows what goes on without an active controller (produce, fetch) and what waits for one (a new
 * topic, a new leader). At the end everything is healed and read from the start.
 */
import { choice, experiment, integer, prove, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { profileKnob } from '#engine/lab/kafka-profile.ts';
import { quorumOf, raftQuorum } from '#engine/lab/kafka-quorum.ts';
import { acknowledgedBy, lossOf, topicIsReady } from '../story.ts';

const TOPIC = 'pay';
const LATE_TOPIC = 'refund';
const BROKERS = 3;
const RECORDS = 5;
/** Long enough for a voter that hears nobody to stand for election a few times. */
const AWAY_MICROS = 8_000_000;
/** Long enough for a voter that was away to be heard again, and to disturb or not. */
const RETURN_MICROS = 5_000_000;

const FAULTS = [
  'none',
  'controller-dies',
  'controller-isolated',
  'standby-cut-off',
  'majority-dies',
  'all-controllers-die',
  'majority-and-leader-die',
] as const;
type FaultKnob = (typeof FAULTS)[number];

/** The story's state between steps. */
interface World {
  readonly cluster: KafkaCluster;
  readonly fault: FaultKnob;
  /** The host that decided when the fault began, and the epoch of its office. */
  active: string;
  epoch: number;
  /** The partition's leader before it dies. */
  leader: number;
  struckAt: number;
  failoverMicros: number;
  acknowledgedBefore: number;
  acknowledgedMeanwhile: number;
  deliveredMeanwhile: number;
  created: boolean;
  oldRenounced: boolean;
  returnedAt: number;
  epochsMeanwhile: number;
  elected: boolean;
}

/** The controllers that the fault ends, the active one first. */
function dying({ cluster, fault, active }: World): readonly string[] {
  const others = cluster.controllerNames.filter((name) => name !== active);
  switch (fault) {
    case 'controller-dies':
      return [active];
    case 'majority-dies':
    case 'majority-and-leader-die':
      return [active, ...others.slice(0, 1)];
    case 'all-controllers-die':
      return [active, ...others];
    default:
      return [];
  }
}

function strike(world: World, lab: Lab): void {
  const { cluster, fault } = world;
  world.active = cluster.activeController ?? cluster.controllerNames[0]!;
  world.epoch = cluster.controller?.epoch ?? 0;
  world.leader = cluster.leaderOf(TOPIC, 0) ?? 1;
  world.struckAt = lab.now;
  world.acknowledgedBefore = acknowledgedBy(lab);
  for (const host of dying(world)) lab.inject({ fault: 'crash', host });
  const standby = cluster.controllerNames.find((name) => name !== world.active);
  if (fault === 'controller-isolated') lab.inject({ fault: 'isolate', host: world.active });
  if (fault === 'standby-cut-off' && standby !== undefined) {
    lab.inject({ fault: 'isolate', host: standby });
  }
  if (fault !== 'majority-and-leader-die') return;
  lab.inject({ fault: 'crash', host: cluster.brokerName(world.leader) });
}

/** What was acknowledged and read since the fault began. */
function carried(world: World, lab: Lab): boolean {
  world.acknowledgedMeanwhile = acknowledgedBy(lab) - world.acknowledgedBefore;
  world.deliveredMeanwhile = lab.history.delivered.length - RECORDS;
  return world.acknowledgedMeanwhile >= RECORDS && world.deliveredMeanwhile >= RECORDS;
}

/** Somebody else decides, where the fault took the one who did. */
function failedOver(world: World, lab: Lab): boolean {
  const { cluster, active, fault } = world;
  const now = cluster.activeController;
  const isGone = fault === 'controller-isolated' || dying(world).length > 0;
  if (fault === 'standby-cut-off') return lab.now - world.struckAt >= AWAY_MICROS;
  if (!isGone) return true;
  if (now === null || now === active || lab.host(now).state !== 'running') return false;
  world.failoverMicros = lab.now - world.struckAt;
  return true;
}

function lateTopicIsThere(world: World): boolean {
  world.created = world.cluster.leaderOf(LATE_TOPIC, 0) !== null;
  return world.created;
}

function comeBack(world: World, lab: Lab): void {
  world.returnedAt = lab.now;
  const old = quorumOf(lab, world.active)?.role;
  world.oldRenounced = world.fault === 'controller-isolated' && old !== 'Leader';
  lab.inject({ fault: 'heal' });
}

function isBack(world: World, lab: Lab): boolean {
  world.epochsMeanwhile = (world.cluster.controller?.epoch ?? world.epoch) - world.epoch;
  return lab.now - world.returnedAt >= RETURN_MICROS;
}

function killLeader(world: World, lab: Lab): void {
  world.leader = world.cluster.leaderOf(TOPIC, 0) ?? world.leader;
  const host = world.cluster.brokerName(world.leader);
  if (lab.host(host).state === 'running') lab.inject({ fault: 'crash', host });
}

function hasNewLeader(world: World): boolean {
  const { cluster, leader } = world;
  const now = cluster.leaderOf(TOPIC, 0);
  world.elected = now !== null && now !== leader && cluster.replica(now, TOPIC, 0) !== null;
  return world.elected;
}

/** The partition has another leader, a topic was made, and nothing was lost. */
const decides = (measures: Measures) =>
  measures['topicCreated'] === 1 && measures['leaderElected'] === 1 && measures['lost'] === 0;
const carries = (measures: Measures) =>
  measures['acknowledgedMeanwhile'] === RECORDS &&
  measures['deliveredMeanwhile']! >= RECORDS &&
  measures['lost'] === 0;
const nobodyDecides = (measures: Measures) =>
  measures['topicCreated'] === 0 && measures['leaderElected'] === 0;

export default experiment({
  id: 'kafka-architecture',
  knobs: {
    controllers: choice(['1', '3'], '3', {
      en: 'How many controllers there are: one that is alone, or a quorum.',
      zh: '控制器数量：单个，还是三个组成仲裁。',
    }),
    fault: choice(FAULTS, 'controller-dies', {
      en: 'What befalls the controllers after the first five records.',
      zh: '前五条消息写完之后，控制器遇到什么故障。',
    }),
    'controller.quorum.fetch.timeout.ms': integer(1000, 10_000, 2000, {
      en: 'How long a controller puts up with a silent leader of the quorum.',
      zh: '控制器能容忍仲裁 leader 沉默多久。',
    }),
    profile: profileKnob,
  },

  world({ knobs, lab }): World {
    const name = 'controller.quorum.fetch.timeout.ms';
    const settings = { [name]: String(knobs[name]) };
    const quorum = { quorum: raftQuorum({ controllers: 3, settings }) };
    const cluster = new KafkaCluster(lab, {
      brokers: BROKERS,
      profile: knobs.profile,
      ...(knobs.controllers === '1' ? {} : quorum),
    });
    return {
      ...{ cluster, fault: knobs.fault },
      ...{ active: '', epoch: 0, leader: 0, struckAt: 0, failoverMicros: 0 },
      ...{ acknowledgedBefore: 0, acknowledgedMeanwhile: 0, deliveredMeanwhile: 0 },
      ...{ created: false, oldRenounced: false, returnedAt: 0, epochsMeanwhile: 0, elected: false },
    };
  },

  steps: [
    {
      id: 'start',
      title: {
        en: 'Controllers elect one of them, brokers register',
        zh: '控制器选主，Broker 注册',
      },
      until: ({ cluster }) => cluster.allRegistered,
      timeLimitMs: 30_000,
    },
    topicIsReady({ en: 'A topic with three replicas', zh: '创建三副本的主题' }, ({ cluster }) => {
      cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: BROKERS });
      cluster.addProducer('producer-1', { acks: 'all' });
      cluster.addConsumer('consumer-1', TOPIC, {});
    }),
    {
      id: 'produce',
      title: { en: 'Five records while all is well', zh: '一切正常时写入五条消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, RECORDS),
      until: (_, lab) =>
        acknowledgedBy(lab) === RECORDS && lab.history.delivered.length === RECORDS,
      timeLimitMs: 30_000,
    },
    {
      id: 'strike',
      title: { en: 'The controllers are struck', zh: '控制器出故障' },
      do: strike,
      until: () => true,
      timeLimitMs: 1_000,
    },
    {
      id: 'send-more',
      title: { en: 'Five more records, at once', zh: '立刻再发五条消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, RECORDS),
      until: carried,
      timeLimitMs: 1_000,
    },
    {
      id: 'fail-over',
      title: { en: 'Another controller takes over, or none', zh: '另一个控制器接管，或没有' },
      until: failedOver,
      timeLimitMs: 15_000,
    },
    {
      id: 'create-late',
      title: { en: 'A topic is to be created', zh: '尝试创建一个新主题' },
      do: ({ cluster }) =>
        cluster.createTopic(LATE_TOPIC, { partitions: 1, replicationFactor: BROKERS }),
      until: lateTopicIsThere,
      timeLimitMs: 4_000,
    },
    {
      id: 'return',
      title: { en: 'Whoever was cut off is back', zh: '被隔离的节点回来' },
      do: comeBack,
      until: isBack,
      timeLimitMs: 6_000,
    },
    {
      id: 'die',
      title: { en: "The partition's leader dies", zh: '分区的 leader 宕机' },
      do: killLeader,
      until: () => true,
      timeLimitMs: 1_000,
    },
    {
      id: 'elect',
      title: { en: 'A new leader, or none', zh: '选出新 leader，或者选不出' },
      until: hasNewLeader,
      timeLimitMs: 14_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    return {
      ...lossOf({ history }),
      acknowledgedMeanwhile: world.acknowledgedMeanwhile,
      deliveredMeanwhile: world.deliveredMeanwhile,
      topicCreated: world.created ? 1 : 0,
      leaderElected: world.elected ? 1 : 0,
      failoverMillis: Math.floor(world.failoverMicros / 1000),
      oldRenounced: world.oldRenounced ? 1 : 0,
      epochsMeanwhile: world.epochsMeanwhile,
    };
  },

  proofs: {
    'another-controller-takes-over': prove(
      { fault: 'controller-dies' },
      decides,
      [
        { name: 'one controller', knobs: { controllers: '1' } },
        { name: 'two of three die', knobs: { fault: 'majority-dies' } },
      ],
      'fail-over',
    ),
    'data-flows-without-controllers': prove(
      { fault: 'all-controllers-die' },
      carries,
      [{ name: "the partition's leader dies, too", knobs: { fault: 'majority-and-leader-die' } }],
      'send-more',
    ),
    'no-majority-no-decision': prove(
      { fault: 'majority-dies' },
      nobodyDecides,
      [{ name: 'a majority is left', knobs: { fault: 'controller-dies' } }],
      'create-late',
    ),
    'one-controller-is-no-quorum': prove(
      { controllers: '1', fault: 'controller-dies' },
      nobodyDecides,
      [{ name: 'three controllers', knobs: { controllers: '3' } }],
      'create-late',
    ),
    'an-isolated-controller-steps-down': prove(
      { fault: 'controller-isolated' },
      (measures) => measures['oldRenounced'] === 1 && decides(measures),
      [{ name: 'nobody is isolated', knobs: { fault: 'none' } }],
      'return',
    ),
    'failover-waits-for-the-fetch-timeout': prove(
      { fault: 'controller-isolated' },
      (measures) => measures['failoverMillis']! >= 1_000 && measures['failoverMillis']! < 5_000,
      [
        {
          name: 'controller.quorum.fetch.timeout.ms=8000',
          knobs: { 'controller.quorum.fetch.timeout.ms': '8000' },
        },
      ],
      'fail-over',
    ),
    'who-was-away-disturbs-nobody': proveSince(
      '4.0',
      { fault: 'standby-cut-off' },
      (measures) => measures['epochsMeanwhile'] === 0,
      [{ name: 'the active controller was away', knobs: { fault: 'controller-isolated' } }],
      'return',
    ),
  },
});

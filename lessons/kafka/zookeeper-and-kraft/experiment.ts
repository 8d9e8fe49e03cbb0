/**
 * What did ZooKeeper keep for Kafka, and what replaced it? The same story on both, with Kafka 3.9,
 * which ran on either: three brokers, a topic, and something that dies.
 *
 * With ZooKeeper one broker is the controller, and cluster state stands in znodes. With KRaft three
 * controllers keep it in a log of their own. Five records are written in peace, five more after the
 * fault; a late topic is asked for where the keeper of the metadata died; then everything heals.
 */
import { choice, experiment, integer, prove } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { raftQuorum } from '#engine/lab/kafka-quorum.ts';
import {
  ZOOKEEPER_HOST,
  znodeOf,
  zooKeeperMode,
  zooKeeperOf,
} from '#engine/lab/kafka-zookeeper.ts';
import { acknowledgedBy, lossOf, topicIsReady } from '../story.ts';

const TOPIC = 'pay';
const LATE_TOPIC = 'refund';
const BROKERS = 3;
const RECORDS = 5;
/** So long the leader does not reach who keeps the metadata: longer than 4 s, less than 18 s. */
const DISCONNECT_MICROS = 6_000_000;

const FAULTS = [
  'none',
  'leader-dies',
  'controller-dies',
  'leader-disconnects',
  'metadata-dies',
  'metadata-and-leader-die',
] as const;
type FaultKnob = (typeof FAULTS)[number];

/** The story's state between steps. */
interface World {
  readonly cluster: KafkaCluster;
  readonly isZooKeeper: boolean;
  readonly fault: FaultKnob;
  /** The partition that the story looks at: its leader is not the controller. */
  partition: number;
  leader: number;
  controller: string;
  struckAt: number;
  /** Since the fault, 0: never. */
  electedMicros: number;
  controllerMicros: number;
  unregisteredMicros: number;
  stateMissing: boolean;
  before: State;
  after: State;
  ephemeral: boolean;
  addressed: boolean;
  topicZnodes: number;
  ephemeralTopics: number;
  acknowledgedBefore: number;
  acknowledged: number;
  delivered: number;
  created: boolean;
}

/** A partition's state znode. */
interface State {
  readonly writes: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly controllerEpoch: number;
}

const NO_STATE: State = { writes: 0, leader: -1, leaderEpoch: 0, controllerEpoch: 0 };
const statePath = ({ partition }: World) =>
  `/brokers/topics/${TOPIC}/partitions/${partition}/state`;
const idPath = ({ leader }: World) => `/brokers/ids/${leader}`;
const kills = ({ fault }: World) => fault === 'leader-dies' || fault === 'metadata-and-leader-die';
const keeperDies = ({ fault }: World) => fault.startsWith('metadata');

/** ZooKeeper's hosts or the controllers': who keeps the metadata. */
const keepers = ({ isZooKeeper, cluster }: World) =>
  isZooKeeper ? [ZOOKEEPER_HOST] : cluster.controllerNames;

function stateOf(world: World, lab: Lab): State {
  const znode = world.isZooKeeper ? znodeOf(lab, statePath(world)) : null;
  if (znode === null) return NO_STATE;
  const json = JSON.parse(znode.data) as Readonly<Record<string, number>>;
  return {
    writes: znode.version,
    leader: json['leader'] ?? -1,
    leaderEpoch: json['leader_epoch'] ?? 0,
    controllerEpoch: json['controller_epoch'] ?? 0,
  };
}

/** A partition whose leader is not the controller, and what stands in ZooKeeper now. */
function choose(world: World, lab: Lab): void {
  const { cluster } = world;
  world.controller = cluster.activeController ?? '';
  const isOther = (partition: number) =>
    cluster.brokerName(cluster.leaderOf(TOPIC, partition) ?? 0) !== world.controller;
  world.partition = [0, 1, 2].find(isOther) ?? 0;
  world.leader = cluster.leaderOf(TOPIC, world.partition) ?? 1;
  cluster.addConsumer('consumer-1', TOPIC, {}, world.partition);
  cluster.send('producer-1', TOPIC, RECORDS, { partition: world.partition });
  if (!world.isZooKeeper) return;
  world.before = stateOf(world, lab);
  const ids = cluster.nodeIds.map((id) => znodeOf(lab, `/brokers/ids/${id}`));
  world.ephemeral = ids.every((znode) => znode !== null && znode.ephemeralOwner !== '0x0');
  world.addressed = cluster.nodeIds.every((id, place) => {
    const said = JSON.parse(ids[place]?.data ?? '{}') as Readonly<Record<string, unknown>>;
    return said['host'] === cluster.brokerName(id) && Number(said['timestamp']) > 0;
  });
}

/** Is a znode gone, as far as ZooKeeper can be asked? */
function isGone(lab: Lab, path: string): boolean {
  return zooKeeperOf(lab) !== null && znodeOf(lab, path) === null;
}

function strike(world: World, lab: Lab): void {
  const { cluster, fault } = world;
  const leader = cluster.brokerName(world.leader);
  world.struckAt = lab.now;
  world.acknowledgedBefore = acknowledgedBy(lab);
  if (world.isZooKeeper) watch(world, lab);
  if (kills(world)) lab.inject({ fault: 'crash', host: leader });
  if (fault === 'controller-dies') lab.inject({ fault: 'crash', host: world.controller });
  if (fault === 'leader-disconnects') {
    for (const host of keepers(world)) {
      lab.inject({ fault: 'cut', from: leader, to: host });
      lab.inject({ fault: 'cut', from: host, to: leader });
    }
  }
  if (keeperDies(world)) {
    for (const host of keepers(world)) lab.inject({ fault: 'crash', host });
  }
  cluster.send('producer-1', TOPIC, RECORDS, { partition: world.partition });
}

/** Notes when the leader's registration goes, and whether the partition's state ever did. */
function watch(world: World, lab: Lab): void {
  lab.when(
    () => isGone(lab, idPath(world)),
    () => {
      world.unregisteredMicros = lab.now - world.struckAt;
    },
  );
  lab.when(
    () => isGone(lab, statePath(world)),
    () => {
      world.stateMissing = true;
    },
  );
}

function carried(world: World, lab: Lab): boolean {
  world.acknowledged = acknowledgedBy(lab) - world.acknowledgedBefore;
  world.delivered = lab.history.delivered.length - RECORDS;
  return world.acknowledged >= RECORDS && world.delivered >= RECORDS;
}

function askForTopic(world: World): void {
  if (!keeperDies(world)) return;
  world.cluster.createTopic(LATE_TOPIC, { partitions: 1, replicationFactor: BROKERS });
}

function lateTopicIsThere(world: World): boolean {
  if (!keeperDies(world)) return true;
  world.created = world.cluster.leaderOf(LATE_TOPIC, 0) !== null;
  return world.created;
}

/** Whoever is to be replaced is replaced, or the connection is back. */
function isOver(world: World, lab: Lab): boolean {
  const { cluster, fault } = world;
  const since = lab.now - world.struckAt;
  if (fault === 'none') return true;
  if (fault === 'leader-disconnects') return since >= DISCONNECT_MICROS;
  if (fault === 'controller-dies') {
    const now = cluster.activeController;
    if (now === null || now === world.controller) return false;
    world.controllerMicros = since;
    return true;
  }
  if (!kills(world)) return since >= DISCONNECT_MICROS;
  const now = cluster.leaderOf(TOPIC, world.partition);
  if (now === null || now === world.leader) return false;
  if (cluster.replica(now, TOPIC, world.partition)?.role !== 'leader') return false;
  world.electedMicros = since;
  return true;
}

/** What stands in ZooKeeper at the end, before anything is healed. */
function look(world: World, lab: Lab): void {
  if (!world.isZooKeeper) return;
  world.after = stateOf(world, lab);
  const znodes = zooKeeperOf(lab)?.znodes ?? [];
  const topics = znodes.filter(({ path }) => path.startsWith('/brokers/topics/'));
  world.topicZnodes = topics.length;
  world.ephemeralTopics = topics.filter((znode) => znode.ephemeralOwner !== '0x0').length;
}

const millis = (micros: number) => Math.floor(micros / 1000);
const flag = (is: boolean) => (is ? 1 : 0);
const goesOn = (measures: Measures) =>
  measures['acknowledgedMeanwhile'] === RECORDS && measures['deliveredMeanwhile']! >= RECORDS;

export default experiment({
  id: 'zookeeper-and-kraft',
  knobs: {
    metadata: choice(['zookeeper', 'kraft'], 'zookeeper', {
      en: 'Who keeps the metadata: a ZooKeeper server, or three controllers of Kafka.',
      zh: '元数据由谁保存：一个 ZooKeeper，还是 Kafka 自己的三个控制器。',
    }),
    fault: choice(FAULTS, 'leader-dies', {
      en: 'What happens after the first five records.',
      zh: '前五条消息写完之后发生什么。',
    }),
    'zookeeper.session.timeout.ms': integer(4000, 18_000, 18_000, {
      en: 'How long ZooKeeper keeps the session of a broker that it does not hear.',
      zh: '听不到某个 Broker 时，ZooKeeper 保留它的会话多久。',
    }),
  },

  world({ knobs, lab }): World {
    const isZooKeeper = knobs.metadata === 'zookeeper';
    const sessionTimeoutMs = knobs['zookeeper.session.timeout.ms'];
    const quorum = isZooKeeper
      ? zooKeeperMode({ brokers: BROKERS, sessionTimeoutMs })
      : raftQuorum({ controllers: 3 });
    const cluster = new KafkaCluster(lab, { brokers: BROKERS, profile: 'kafka-3.9', quorum });
    return {
      ...{ cluster, isZooKeeper, fault: knobs.fault, partition: 0, leader: 0, controller: '' },
      ...{ struckAt: 0, electedMicros: 0, controllerMicros: 0, unregisteredMicros: 0 },
      ...{ stateMissing: false, before: NO_STATE, after: NO_STATE },
      ...{ ephemeral: false, addressed: false, topicZnodes: 0, ephemeralTopics: 0 },
      ...{ acknowledgedBefore: 0, acknowledged: 0, delivered: 0, created: false },
    };
  },

  steps: [
    {
      id: 'start',
      title: { en: 'Brokers register, one controller is there', zh: 'Broker 登记，产生控制器' },
      until: ({ cluster }) => cluster.allRegistered && cluster.activeController !== null,
      timeLimitMs: 30_000,
    },
    topicIsReady({ en: 'A topic with three partitions', zh: '创建三分区的主题' }, ({ cluster }) => {
      cluster.createTopic(TOPIC, { partitions: 3, replicationFactor: BROKERS });
      cluster.addProducer('producer-1', { acks: 'all' });
    }),
    {
      id: 'produce',
      title: { en: 'Five records while all is well', zh: '一切正常时写入五条消息' },
      do: choose,
      until: (_, lab) =>
        acknowledgedBy(lab) === RECORDS && lab.history.delivered.length === RECORDS,
      timeLimitMs: 30_000,
    },
    {
      id: 'strike',
      title: { en: 'The fault, and five more records', zh: '故障发生，再发五条消息' },
      do: strike,
      until: carried,
      timeLimitMs: 2_000,
    },
    {
      id: 'create-late',
      title: { en: 'A topic is to be created', zh: '尝试创建一个新主题' },
      do: askForTopic,
      until: lateTopicIsThere,
      timeLimitMs: 4_000,
    },
    {
      id: 'elect',
      title: { en: 'Somebody else takes over, or nobody', zh: '由别人接管，或者没人接管' },
      until: isOver,
      timeLimitMs: 30_000,
    },
    {
      id: 'look',
      title: { en: 'What stands in ZooKeeper now', zh: '现在 ZooKeeper 里有什么' },
      do: look,
      until: () => true,
      timeLimitMs: 1_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const { before, after, isZooKeeper } = world;
    return {
      ...lossOf({ history }),
      acknowledgedMeanwhile: world.acknowledged,
      deliveredMeanwhile: world.delivered,
      topicCreated: flag(world.created),
      leaderElected: flag(world.electedMicros > 0),
      electionMillis: millis(world.electedMicros),
      controllerMillis: millis(world.controllerMicros),
      registrationEphemeral: flag(world.ephemeral),
      registrationAddressed: flag(world.addressed),
      unregisteredMillis: millis(world.unregisteredMicros),
      topicZnodes: world.topicZnodes,
      ephemeralTopicZnodes: world.ephemeralTopics,
      stateKept: flag(isZooKeeper && !world.stateMissing),
      stateWrites: after.writes - before.writes,
      leaderEpochs: after.leaderEpoch - before.leaderEpoch,
      stateNamesNewLeader: flag(after.leader > 0 && after.leader !== world.leader),
      stateByController: flag(after.controllerEpoch > 0),
    };
  },

  proofs: {
    'a-broker-is-an-ephemeral-znode': prove(
      { fault: 'none' },
      (measures) =>
        measures['registrationEphemeral'] === 1 && measures['registrationAddressed'] === 1,
      [{ name: 'KRaft', knobs: { metadata: 'kraft' } }],
      'produce',
    ),
    'registration-outlives-a-connection': prove(
      { fault: 'leader-disconnects' },
      (measures) => measures['registrationEphemeral'] === 1 && measures['unregisteredMillis'] === 0,
      [
        { name: 'the broker dies', knobs: { fault: 'leader-dies' } },
        {
          name: 'zookeeper.session.timeout.ms=4000',
          knobs: { 'zookeeper.session.timeout.ms': '4000' },
        },
      ],
      'elect',
    ),
    'topics-are-persistent': prove(
      { fault: 'leader-dies' },
      (measures) =>
        measures['topicZnodes']! > 0 &&
        measures['ephemeralTopicZnodes'] === 0 &&
        measures['leaderElected'] === 1 &&
        measures['stateKept'] === 1,
      [{ name: 'KRaft', knobs: { metadata: 'kraft' } }],
      'look',
    ),
    'controller-rewrites-the-state': prove(
      { fault: 'leader-dies' },
      (measures) =>
        measures['stateKept'] === 1 &&
        measures['stateNamesNewLeader'] === 1 &&
        measures['leaderEpochs'] === 1 &&
        measures['stateByController'] === 1 &&
        measures['stateWrites']! >= 1,
      [
        { name: 'nobody dies', knobs: { fault: 'none' } },
        { name: 'ZooKeeper dies, too', knobs: { fault: 'metadata-and-leader-die' } },
      ],
      'elect',
    ),
    'a-new-leader-waits-for-the-session': prove(
      { fault: 'leader-dies' },
      (measures) => measures['electionMillis']! >= 12_000 && measures['lost'] === 0,
      [
        {
          name: 'zookeeper.session.timeout.ms=4000',
          knobs: { 'zookeeper.session.timeout.ms': '4000' },
        },
        { name: 'KRaft', knobs: { metadata: 'kraft' } },
      ],
      'elect',
    ),
    'another-broker-becomes-the-controller': prove(
      { fault: 'controller-dies' },
      (measures) => measures['controllerMillis']! >= 12_000 && measures['lost'] === 0,
      [
        { name: 'nobody dies', knobs: { fault: 'none' } },
        { name: 'KRaft', knobs: { metadata: 'kraft' } },
      ],
      'elect',
    ),
    'data-flows-without-zookeeper': prove(
      { fault: 'metadata-dies' },
      (measures) => goesOn(measures) && measures['topicCreated'] === 0,
      [{ name: "the partition's leader dies, too", knobs: { fault: 'metadata-and-leader-die' } }],
      'strike',
    ),
    'no-election-without-zookeeper': prove(
      { fault: 'metadata-and-leader-die' },
      (measures) => measures['leaderElected'] === 0 && measures['topicCreated'] === 0,
      [{ name: 'ZooKeeper lives', knobs: { fault: 'leader-dies' } }],
      'elect',
    ),
    'kraft-elects-without-znodes': prove(
      { metadata: 'kraft', fault: 'leader-dies' },
      (measures) => measures['leaderElected'] === 1 && measures['topicZnodes'] === 0,
      [{ name: 'ZooKeeper', knobs: { metadata: 'zookeeper' } }],
      'elect',
    ),
  },
});

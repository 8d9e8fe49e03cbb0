/**
 * Why did Kafka lose my message? Three brokers, one partition, one producer; then something dies.
 *
 * Five records are written while all is well. Then a fault keeps the followers (or one of them)
 * from the leader, or the producer from its replies (where the ISR is to shrink, one more record
 * makes the followers lag); three more records are sent; the leader dies if the fault says so. At
 * the end everything is healed and read from the start. With the fault `yours` nothing goes wrong
 * by itself, and the story leaves time for what is injected: for the ISR to shrink before the three
 * records, and for elections after them.
 */
import {
  changed,
  choice,
  experiment,
  integer,
  judgeDelivery,
  prove,
  proveSince,
} from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import type { Acknowledged } from '#engine/lab/kafka.ts';
import { profileKnob } from '#engine/lab/kafka-profile.ts';
import { brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 3;
const CALM_RECORDS = 5;
const FAULT_RECORDS = 3;
/** A follower that is away falls behind, and so out of the ISR, only when something is written. */
const LAG_RECORDS = 1;
/** Longer than replica.lag.time.max.ms (30 s) and half of it: how often the ISR is looked at. */
const SHRINK_MICROS = 46_000_000;
/** Longer than broker.session.timeout.ms (9 s): whoever is silent has been fenced. */
const ELECTION_MICROS = 12_000_000;
/** Between the last point of a search and the end. */
const LAST_MICROS = 1_000_000;
/** Long enough for another leader to take over and be asked. */
const REPLY_MICROS = 12_000_000;

const FAULTS = [
  'none',
  'leader-crash',
  'leader-power',
  'isr-shrinks-leader-crash',
  'isr-shrinks-leader-power',
  'one-follower-away',
  'reply-lost',
  'yours',
] as const;
type FaultKnob = (typeof FAULTS)[number];

/** The story's state between steps. */
interface World {
  readonly cluster: KafkaCluster;
  readonly fault: FaultKnob;
  readonly minInSyncReplicas: number;
  /** acks=all: what only the leader has is not acknowledged. */
  readonly waitsForAll: boolean;
  /** Creates the topic and its clients, once the brokers are there. */
  readonly create: () => void;
  /** The leader when the fault began: the one that dies. */
  leader: number;
  /** When the fault began, and when more was sent, and read: virtual time, 0 before. */
  faultSince: number;
  /** How long the fault took to take hold. */
  lagMicros: number;
  /** The leader's epoch when the fault began, and before the leader dies. */
  epochBefore: number;
  epochAfter: number;
  moreSince: number;
  readsSince: number;
  /** Deliveries before the consumer read once more. */
  deliveredBefore: number;
  readsBelowMinIsr: number;
  acknowledgedUnsynced: number;
  acknowledgedByFewer: number;
}

const shrinks = (fault: FaultKnob) => fault.startsWith('isr-shrinks');
const lags = (fault: FaultKnob) =>
  shrinks(fault) || fault === 'one-follower-away' || fault === 'yours';
const kills = (fault: FaultKnob) => fault.includes('leader');

function startFault(world: World, lab: Lab): void {
  const { cluster, fault } = world;
  world.faultSince = lab.now;
  world.leader = cluster.leaderOf(TOPIC, 0) ?? 1;
  world.epochBefore = cluster.replica(world.leader, TOPIC, 0)?.leaderEpoch ?? 0;
  const host = cluster.brokerName(world.leader);
  const followers = cluster.nodeIds
    .filter((id) => id !== world.leader)
    .map((id) => cluster.brokerName(id));
  if (kills(fault)) lab.inject({ fault: 'isolate', host, from: followers });
  if (fault === 'one-follower-away') {
    lab.inject({ fault: 'isolate', host, from: followers.slice(0, 1) });
  }
  if (fault === 'reply-lost') {
    const always = { numerator: 1, denominator: 1 };
    lab.inject({ fault: 'duplicate', from: 'producer-1', to: host, ratio: always });
  }
  if (lags(fault)) cluster.send('producer-1', TOPIC, LAG_RECORDS);
}

/** Records of which the client knows what became of them. */
const toldOf = ({ history }: Lab) =>
  history.sent.filter((sent) => sent.outcome !== 'pending').length;

/** The log end offset of the leader that the controller has. */
function leaderEnd(cluster: KafkaCluster): number {
  const leader = cluster.leaderOf(TOPIC, 0);
  return leader === null ? 0 : (cluster.replica(leader, TOPIC, 0)?.leo ?? 0);
}

/** Every member of the ISR runs and has all records: those who do not have left it. */
function keepsUp({ cluster }: World): boolean {
  const leader = cluster.leaderOf(TOPIC, 0);
  const first = leader === null ? null : cluster.replica(leader, TOPIC, 0);
  if (first?.role !== 'leader' || first.leo <= CALM_RECORDS) return false;
  const isr = cluster.isrOf(TOPIC, 0);
  return isr.every((id) => cluster.replica(id, TOPIC, 0)?.leo === first.leo);
}

type Reached = (world: World, lab: Lab) => boolean;
const point = (id: string, en: string, zh: string, reached: Reached) => {
  return { id, title: { en, zh }, reached };
};
const isReady: Reached = ({ cluster }) =>
  cluster.leaderOf(TOPIC, 0) !== null && cluster.partitionsReady(true);
const isCalm: Reached = (_, lab) => toldOf(lab) >= CALM_RECORDS;
const hasShrunk: Reached = ({ cluster, faultSince }) =>
  faultSince > 0 && cluster.isrOf(TOPIC, 0).length < REPLICAS;
/** The leader has the first of the three records. */
const has: Reached = ({ cluster }) => leaderEnd(cluster) > CALM_RECORDS + LAG_RECORDS;
const haveAll: Reached = (world, lab) => has(world, lab) && keepsUp(world);
const isTold: Reached = (_, lab) => toldOf(lab) > CALM_RECORDS + LAG_RECORDS;
const isQuiet: Reached = ({ readsSince }, lab) =>
  readsSince > 0 && lab.now - readsSince >= ELECTION_MICROS;

/** The fault has taken hold; from now on it is known how long that took. */
function tookHold(world: World, lab: Lab): boolean {
  world.lagMicros = lab.now - world.faultSince;
  return faultHolds(world, lab);
}

/** Where the ISR is meant to shrink, it has shrunk, and its leader knows. */
function faultHolds(world: World, lab: Lab): boolean {
  const { cluster, fault } = world;
  const isr = cluster.isrOf(TOPIC, 0).length;
  if (fault === 'yours') return keepsUp(world) || lab.now - world.faultSince > SHRINK_MICROS;
  if (shrinks(fault)) return isr === 1;
  return fault === 'one-follower-away' ? isr === REPLICAS - 1 : true;
}

function sendMore(world: World, lab: Lab): void {
  world.moreSince = lab.now;
  world.cluster.send('producer-1', TOPIC, FAULT_RECORDS);
}

/** Every record has its outcome, or the leader has what it will not acknowledge alone. */
function sentMore(world: World, lab: Lab): boolean {
  const { cluster, leader, fault, waitsForAll } = world;
  const asked = CALM_RECORDS + FAULT_RECORDS + (lags(fault) ? LAG_RECORDS : 0);
  if (lab.history.sent.length < asked) return false;
  const pending = lab.history.sent.filter((sent) => sent.outcome === 'pending').length;
  const written = cluster.replica(leader, TOPIC, 0)?.leo ?? 0;
  const enough = written >= CALM_RECORDS + FAULT_RECORDS;
  if (fault === 'reply-lost') return enough;
  if (fault === 'yours' && lab.now - world.moreSince > REPLY_MICROS) return true;
  return pending === 0 || (waitsForAll && kills(fault) && !shrinks(fault) && enough);
}

function stopLosingReplies(world: World, lab: Lab): void {
  if (world.fault !== 'reply-lost') return;
  const never = { numerator: 0, denominator: 1 };
  const to = world.cluster.brokerName(world.leader);
  lab.inject({ fault: 'duplicate', from: 'producer-1', to, ratio: never });
}

function readOnceMore(world: World, lab: Lab): void {
  stopLosingReplies(world, lab);
  world.readsSince = lab.now;
  world.deliveredBefore = lab.history.delivered.length;
  world.cluster.rewind('consumer-1', TOPIC);
}

function readOnce(world: World, lab: Lab): boolean {
  const read = lab.history.delivered.length - world.deliveredBefore;
  const below = world.cluster.isrOf(TOPIC, 0).length < world.minInSyncReplicas;
  if (below) world.readsBelowMinIsr = read;
  return read >= CALM_RECORDS;
}

function killLeader(world: World, lab: Lab): void {
  const { cluster, fault, leader } = world;
  world.epochAfter = cluster.replica(leader, TOPIC, 0)?.leaderEpoch ?? world.epochBefore;
  if (!kills(fault)) return;
  const host = cluster.brokerName(leader);
  lab.inject({ fault: fault.endsWith('power') ? 'power' : 'crash', host });
}

/** The dead leader is the leader no more, and its successor, if there is one, leads. */
function elected({ cluster, fault, leader, readsSince }: World, lab: Lab): boolean {
  if (fault === 'yours') return lab.now - readsSince > ELECTION_MICROS + LAST_MICROS;
  if (!kills(fault)) return true;
  const now = cluster.leaderOf(TOPIC, 0);
  return now !== leader && (now === null || cluster.partitionsReady(false));
}

/** What was true of the copies of a record when its producer was told that it is written. */
function lookAtCopies(world: World, { topic, partition, offset }: Acknowledged): void {
  const { cluster } = world;
  const replicas = cluster.nodeIds.map((id) => cluster.replica(id, topic, partition));
  const holders = replicas.filter((replica) => (replica?.leo ?? 0) > offset).length;
  const synced = replicas.some((replica) => (replica?.synced ?? 0) > offset);
  if (holders < REPLICAS) world.acknowledgedByFewer++;
  if (!synced) world.acknowledgedUnsynced++;
}

const loses = (measures: Measures) => measures['lost']! > 0;
const keeps = (measures: Measures) => measures['lost'] === 0 && measures['acknowledged']! > 0;

/** The ISR shrinks to the leader, which dies with what only it has. */
const lastDies = { acks: 'all', 'min.insync.replicas': '1', fault: 'isr-shrinks-leader-crash' };

export default experiment({
  id: 'acks-and-loss',
  knobs: {
    acks: choice(['default', '0', '1', 'all'], '1', {
      en: 'Which replicas must have a record before the producer is told that it is written.',
      zh: '写到哪些副本之后才通知生产者“已写入”。',
    }),
    'min.insync.replicas': integer(1, 3, 2, {
      en: 'With acks=all: writes are refused while fewer replicas are in sync.',
      zh: 'acks=all 时，同步副本少于这个数就拒绝写入。',
    }),
    'unclean.leader.election.enable': choice(['default', 'true', 'false'], 'false', {
      en: 'Whether a replica that may lack records can become the leader.',
      zh: '是否允许可能缺数据的副本当选 leader。',
    }),
    'enable.idempotence': choice(['default', 'true', 'false'], 'default', {
      en: 'Whether the broker recognises a batch that is sent again.',
      zh: 'Broker 是否识别重发的批次。',
    }),
    retries: choice(['default', '0'], 'default', {
      en: 'How often the producer sends a failed batch again.',
      zh: '批次失败后生产者重发的次数。',
    }),
    'log.flush.interval.messages': choice(['default', '1'], 'default', {
      en: 'Whether a broker syncs every record to disk, or leaves that to the operating system.',
      zh: 'Broker 是每条消息都刷盘，还是交给操作系统。',
    }),
    fault: choice(FAULTS, 'leader-crash', {
      en: 'What goes wrong after the first five records.',
      zh: '前五条消息写完之后，出什么故障。',
    }),
    profile: profileKnob,
  },

  world({ knobs, lab }): World {
    const flush = knobs['log.flush.interval.messages'];
    const cluster = new KafkaCluster(lab, {
      brokers: REPLICAS,
      profile: knobs.profile,
      settings: flush === 'default' ? {} : { 'log.flush.interval.messages': flush },
    });
    const producer: Record<string, string> = { 'linger.ms': '0' };
    for (const name of ['acks', 'enable.idempotence', 'retries'] as const) {
      if (knobs[name] !== 'default') producer[name] = knobs[name];
    }
    const unclean = knobs['unclean.leader.election.enable'];
    const configs = {
      'min.insync.replicas': String(knobs['min.insync.replicas']),
      ...(unclean === 'default' ? {} : { 'unclean.leader.election.enable': unclean }),
    };
    const world: World = {
      cluster,
      fault: knobs.fault,
      minInSyncReplicas: knobs['min.insync.replicas'],
      waitsForAll: (producer['acks'] ?? cluster.profile.defaults.acks) === 'all',
      create: () => {
        cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: REPLICAS, configs });
        cluster.addProducer('producer-1', producer);
        cluster.addConsumer('consumer-1', TOPIC, {});
      },
      ...{ leader: 0, faultSince: 0, lagMicros: 0, epochBefore: 0, epochAfter: 0, moreSince: 0 },
      ...{ readsSince: 0, deliveredBefore: 0, readsBelowMinIsr: 0, acknowledgedUnsynced: 0 },
      ...{ acknowledgedByFewer: 0 },
    };
    cluster.whenAcknowledged((acknowledged) => lookAtCopies(world, acknowledged));
    return world;
  },

  steps: [
    brokersStart(3),
    topicIsReady<World>(
      { en: 'A topic with three replicas', zh: '创建三副本的主题' },
      ({ create }) => create(),
    ),
    {
      id: 'produce',
      title: { en: 'Five records while all is well', zh: '一切正常时写入五条消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, CALM_RECORDS),
      until: (_, { history }) =>
        history.sent.length === CALM_RECORDS &&
        history.sent.every((sent) => sent.outcome !== 'pending') &&
        history.delivered.length >= CALM_RECORDS,
      timeLimitMs: 30_000,
    },
    {
      id: 'cut',
      title: { en: 'Something goes wrong', zh: '故障出现' },
      do: startFault,
      until: tookHold,
      timeLimitMs: 120_000,
    },
    {
      id: 'send-more',
      title: { en: 'Three more records', zh: '再发三条消息' },
      do: sendMore,
      until: sentMore,
      timeLimitMs: 60_000,
    },
    {
      id: 'read',
      title: { en: 'A consumer reads from the start', zh: '消费者从头读一遍' },
      do: readOnceMore,
      until: readOnce,
      timeLimitMs: 2_000,
    },
    {
      id: 'die',
      title: { en: 'The leader dies', zh: 'leader 宕机' },
      do: killLeader,
      until: () => true,
      timeLimitMs: 1_000,
    },
    {
      id: 'elect',
      title: { en: 'A new leader', zh: '选出新 leader' },
      until: elected,
      timeLimitMs: 30_000,
    },
  ],

  settle: KafkaCluster.settle(),

  exploration: {
    knobs: { fault: 'yours' },
    presets: { acks: 'all' },
    hosts: ['broker-1', 'broker-2', 'broker-3'],
    controllers: ['controller-1'],
    forbidden: ['lost'],
    points: [
      point('ready', 'the topic is new and empty', '主题刚建好、还没有消息', isReady),
      point('calm', 'the first five records are acknowledged', '前五条消息都已确认', isCalm),
      point('shrunk', 'the ISR has shrunk', 'ISR 已缩小', hasShrunk),
      point('appended', 'the leader has written the next record', 'leader 已写入下一条消息', has),
      point('replicated', 'the whole ISR has the next record', 'ISR 都有了下一条消息', haveAll),
      point('told', 'the producer has heard about the next record', '生产者得到了答复', isTold),
      point('quiet', 'elections have had their time', '选举的时间已经过去', isQuiet),
    ],
  },

  measures({ world, history }) {
    const verdict = judgeDelivery(history);
    return {
      sent: history.sent.length,
      acknowledged: verdict.acknowledged.length,
      lost: verdict.lost.length,
      refused: verdict.refused.length,
      indeterminate: verdict.indeterminate.length,
      vanished: verdict.vanished.length,
      duplicated: verdict.duplicated.length,
      reordered: verdict.reordered.length,
      dirtyRead: verdict.dirtyRead.length,
      acknowledgedUnsynced: world.acknowledgedUnsynced,
      acknowledgedByFewer: world.acknowledgedByFewer,
      readsBelowMinIsr: world.readsBelowMinIsr,
      lagSeconds: Math.floor(world.lagMicros / 1_000_000),
      epochBumps: world.epochAfter - world.epochBefore,
    };
  },

  proofs: {
    'acks-1-loses': prove({ acks: '1' }, loses, [
      changed('acks', 'all'),
      { name: 'the leader lives', knobs: { fault: 'none' } },
    ]),
    'acks-all-keeps': prove({ acks: 'all' }, keeps, [changed('acks', '1')]),
    'acks-0-loses-silently': prove(
      { acks: '0' },
      (measures) => measures['vanished']! > 0 && measures['refused'] === 0,
      [changed('acks', 'all')],
      'die',
    ),
    'acks-all-min-isr-1-loses': prove(
      { acks: 'all', 'min.insync.replicas': '1', fault: 'isr-shrinks-leader-power' },
      loses,
      [
        changed('min.insync.replicas', '2'),
        { name: 'every record is synced', knobs: { 'log.flush.interval.messages': '1' } },
      ],
    ),
    'min-isr-2-refuses': prove(
      { acks: 'all', retries: '0', fault: 'isr-shrinks-leader-power' },
      (measures) => measures['refused'] === FAULT_RECORDS && measures['lost'] === 0,
      [changed('min.insync.replicas', '1')],
      'send-more',
    ),
    'acks-all-waits-for-isr-not-all-replicas': prove(
      { acks: 'all', fault: 'one-follower-away' },
      (measures) => measures['acknowledgedByFewer']! > 0 && measures['lost'] === 0,
      [{ name: 'all replicas in sync', knobs: { fault: 'none' } }],
      'send-more',
    ),
    'unclean-election-loses': prove(
      { ...lastDies, 'unclean.leader.election.enable': 'true' },
      loses,
      [changed('unclean.leader.election.enable', 'false')],
    ),
    'reads-continue-below-min-isr': prove(
      { acks: 'all', fault: 'isr-shrinks-leader-crash' },
      (measures) => measures['readsBelowMinIsr']! >= CALM_RECORDS,
      [{ name: 'the ISR is not below the minimum', knobs: { 'min.insync.replicas': '1' } }],
      'read',
    ),
    'no-flush-before-ack': prove(
      { acks: 'all', fault: 'none' },
      (measures) => measures['acknowledgedUnsynced']! > 0,
      [changed('log.flush.interval.messages', '1')],
      'produce',
    ),
    'retries-do-not-help-acks-1': prove({ acks: '1', retries: 'default' }, loses, [
      changed('acks', 'all'),
    ]),
    'acks-all-by-default': proveSince('3.0', { acks: 'default' }, keeps),
    'idempotence-prevents-duplicates': proveSince(
      '3.0',
      { acks: 'all', fault: 'reply-lost' },
      (measures) => measures['duplicated'] === 0,
      [changed('enable.idempotence', 'false')],
      'send-more',
    ),
    'retries-by-default': proveSince(
      '2.1',
      { acks: 'all', fault: 'isr-shrinks-leader-power' },
      (measures) => measures['refused'] === 0 && measures['lost'] === 0,
      [changed('retries', '0')],
      'send-more',
    ),
    'no-unclean-election-by-default': proveSince(
      '0.11',
      { ...lastDies, 'unclean.leader.election.enable': 'default' },
      keeps,
      [changed('unclean.leader.election.enable', 'true')],
    ),
    'followers-may-lag-30-seconds': proveSince(
      '2.5',
      { acks: 'all', fault: 'one-follower-away' },
      (measures) => measures['lagSeconds']! >= 30,
      [],
      'cut',
    ),
    'unseen-below-min-isr': proveSince(
      '3.7',
      { fault: 'isr-shrinks-leader-crash' },
      (measures) => measures['readsBelowMinIsr'] === CALM_RECORDS,
      [{ name: 'the ISR is not below the minimum', knobs: { 'min.insync.replicas': '1' } }],
      'read',
    ),
    'a-smaller-isr-is-no-new-epoch': proveSince(
      '3.6',
      { acks: 'all', fault: 'one-follower-away' },
      (measures) => measures['epochBumps'] === 0,
      [],
      'cut',
    ),
  },
});

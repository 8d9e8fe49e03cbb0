/**
 * The experiment behind "Is my configuration safe?" for Kafka's replication: one topic with as many
 * brokers as replicas, one producer with the given settings, and nothing that goes wrong by itself.
 *
 * Three records are written while all is well, then one more, by which followers that are away fall
 * behind; three more follow close on each other, so that several requests are under way at once.
 * Between them and after them there is time for the ISR to shrink and for elections. The producer
 * is 20 ms away from the brokers and they 50 ms from each other, so that there are moments at which
 * a record is here and not yet there. Not here: which faults are tried (`kafka-plan.ts`), and what
 * the lines of a file come to (`kafka-settings.ts`).
 */
import { judgeDelivery } from '../../check/delivery.ts';
import { experiment } from '../../experiment.ts';
import type { Experiment, Lab } from '../../experiment.ts';
import { KafkaCluster, profileNames } from '../../kafka.ts';
import { choice, flag, integer } from '../../knob.ts';
import type { KnobValues, Localized } from '../../knob.ts';

const TOPIC = 'orders';
const PRODUCER = 'producer-1';
export const REPLICAS_MAX = 5;
const CALM_RECORDS = 3;
/** A follower that is away falls behind, and so out of the ISR, only when something is written. */
const LAG_RECORDS = 1;
const BURST_RECORDS = 3;
/** Each way between the producer and a broker. */
const CLIENT_MICROS = 20_000;
/** Each way between two brokers: acks=1 answers before a follower has the record. */
const REPLICATION_MICROS = 50_000;
/** Between the records of a burst, over linger.ms: each in a batch of its own. */
const SPACING_MS = 2;
const LINGER_MS_WAITED_MAX = 100;
/** Longer than broker.session.timeout.ms (9 s): whoever is silent has been fenced. */
const ELECTION_MICROS = 12_000_000;
/** Between the last point of a search and the end. */
const LAST_MICROS = 1_000_000;
const INT_MAX = 2_147_483_647;
/** Stands for Long.MAX_VALUE: the largest number that a knob takes. */
export const NEVER = 999_999_999_999_999;

interface World {
  readonly cluster: KafkaCluster;
  readonly replicas: number;
  readonly spacingMicros: number;
  /** How long the ISR may take to shrink. */
  readonly shrinkMicros: number;
  readonly losesReplies: boolean;
  readonly create: () => void;
  /** When the record was sent that followers may miss, when the burst began, when it was over. */
  lagSince: number;
  burstSince: number;
  quietSince: number;
  /** Records that were not acknowledged when everything was healed, by their producer's count. */
  unacknowledged: number;
}

const nothing: Localized = { en: 'As in the configuration.', zh: '与配置中的取值相同。' };

const knobs = {
  profile: choice(profileNames, 'kafka-4.1', {
    en: 'Behaviour of a release.',
    zh: '采用哪个版本的行为。',
  }),
  'replication.factor': integer(1, REPLICAS_MAX, 3, {
    en: 'Replicas of the topic, and brokers.',
    zh: '主题的副本数，也是 Broker 的数量。',
  }),
  'min.insync.replicas': integer(1, INT_MAX, 1, {
    en: 'With acks=all: writes are refused while fewer replicas are in sync.',
    zh: 'acks=all 时，同步副本少于这个数就拒绝写入。',
  }),
  'unclean.leader.election.enable': flag(false, {
    en: 'Whether a replica that may lack records can become the leader.',
    zh: '是否允许可能缺数据的副本当选 leader。',
  }),
  'eligible.leader.replicas.version': integer(0, 1, 1, {
    en: 'Whether the controller remembers who left an ISR at its minimum (KIP-966).',
    zh: '控制器是否记住那些离开最小 ISR 的副本（KIP-966）。',
  }),
  'replica.lag.time.max.ms': integer(1, 600_000, 30_000, {
    en: 'How long a follower may lag before it leaves the ISR.',
    zh: 'follower 落后多久会被移出 ISR。',
  }),
  'replica.fetch.wait.max.ms': integer(0, 600_000, 500, nothing),
  'log.flush.interval.messages': integer(1, NEVER, NEVER, {
    en: 'Records after which a broker syncs to disk.',
    zh: '每写多少条消息刷一次盘。',
  }),
  'log.flush.interval.ms': integer(0, NEVER, NEVER, {
    en: 'Time after which a broker syncs to disk.',
    zh: '每隔多久刷一次盘。',
  }),
  acks: choice(['0', '1', 'all'], 'all', {
    en: 'Which replicas must have a record before the producer is told that it is written.',
    zh: '写到哪些副本之后才通知生产者“已写入”。',
  }),
  'enable.idempotence': flag(true, {
    en: 'Whether the broker recognises a batch that is sent again.',
    zh: 'Broker 是否识别重发的批次。',
  }),
  retries: integer(0, INT_MAX, INT_MAX, {
    en: 'How often the producer sends a failed batch again.',
    zh: '批次失败后生产者重发的次数。',
  }),
  'max.in.flight.requests.per.connection': integer(1, INT_MAX, 5, {
    en: 'Requests that may be unanswered on one connection.',
    zh: '一条连接上可以有多少个未答复的请求。',
  }),
  'linger.ms': integer(0, NEVER, 5, nothing),
  'request.timeout.ms': integer(0, INT_MAX, 30_000, nothing),
  'delivery.timeout.ms': integer(0, INT_MAX, 120_000, {
    en: 'When the producer gives a record up.',
    zh: '生产者多久之后放弃一条消息。',
  }),
  'replies-lost': flag(false, {
    en: 'Whether the connection breaks before the reply to the next record arrives.',
    zh: '下一条消息的答复到达之前，连接是否断开。',
  }),
};

type Values = KnobValues<typeof knobs>;

const BROKER_KNOBS = [
  'replica.lag.time.max.ms',
  'replica.fetch.wait.max.ms',
  'log.flush.interval.messages',
  'log.flush.interval.ms',
] as const;
const TOPIC_KNOBS = ['min.insync.replicas', 'unclean.leader.election.enable'] as const;
const PRODUCER_KNOBS = [
  'acks',
  'enable.idempotence',
  'retries',
  'max.in.flight.requests.per.connection',
  'linger.ms',
  'request.timeout.ms',
  'delivery.timeout.ms',
] as const;

/** The values of some knobs as settings. What never happens is left unset. */
function settingsOf(values: Values, names: readonly (keyof Values)[]): Record<string, string> {
  const set = names.filter((name) => values[name] !== NEVER);
  return Object.fromEntries(set.map((name) => [name, String(values[name])]));
}

function makeWorld(values: Values, lab: Lab): World {
  const replicas = values['replication.factor'];
  const cluster = new KafkaCluster(lab, {
    brokers: replicas,
    profile: values.profile,
    quirks: { eligibleLeaderReplicas: values['eligible.leader.replicas.version'] === 1 },
    settings: settingsOf(values, BROKER_KNOBS),
  });
  const lagMicros = values['replica.lag.time.max.ms'] * 1000;
  const lingerMs = Math.min(values['linger.ms'], LINGER_MS_WAITED_MAX);
  return {
    cluster,
    replicas,
    spacingMicros: (lingerMs + SPACING_MS) * 1000,
    // the ISR is looked at every half of it
    shrinkMicros: lagMicros + Math.floor(lagMicros / 2) + LAST_MICROS,
    losesReplies: values['replies-lost'],
    create: () => {
      const configs = settingsOf(values, TOPIC_KNOBS);
      cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: replicas, configs });
      cluster.addProducer(PRODUCER, settingsOf(values, PRODUCER_KNOBS));
      const brokers = cluster.nodeIds.map((id) => cluster.brokerName(id));
      for (const from of [PRODUCER, ...brokers]) {
        for (const to of [PRODUCER, ...brokers]) {
          const isClient = from === PRODUCER || to === PRODUCER;
          const minMicros = isClient ? CLIENT_MICROS : REPLICATION_MICROS;
          if (from !== to) lab.inject({ fault: 'delay', from, to, minMicros, jitterMicros: 0 });
        }
      }
    },
    lagSince: 0,
    burstSince: 0,
    quietSince: 0,
    unacknowledged: 0,
  };
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
function keepsUp({ cluster }: World, atLeast: number): boolean {
  const leader = cluster.leaderOf(TOPIC, 0);
  const first = leader === null ? null : cluster.replica(leader, TOPIC, 0);
  if (first?.role !== 'leader' || first.leo < atLeast) return false;
  return cluster.isrOf(TOPIC, 0).every((id) => cluster.replica(id, TOPIC, 0)?.leo === first.leo);
}

function sendLagging(world: World, lab: Lab): void {
  world.lagSince = lab.now;
  world.cluster.send(PRODUCER, TOPIC, LAG_RECORDS);
}

function sendBurst(world: World, lab: Lab): void {
  const { cluster, losesReplies, spacingMicros } = world;
  world.burstSince = lab.now;
  if (losesReplies) loseReplies(world, lab, true);
  cluster.send(PRODUCER, TOPIC, 1);
  for (let place = 1; place < BURST_RECORDS; place++) {
    const due = lab.now + place * spacingMicros;
    lab.when(
      () => lab.now >= due,
      () => cluster.send(PRODUCER, TOPIC, 1),
    );
  }
}

/** A connection that breaks once the request has arrived, or no longer. */
function loseReplies({ cluster }: World, lab: Lab, on: boolean): void {
  const ratio = { numerator: on ? 1 : 0, denominator: 1 };
  for (const id of cluster.nodeIds) {
    lab.inject({ fault: 'duplicate', from: PRODUCER, to: cluster.brokerName(id), ratio });
  }
}

/** Every record has its outcome, or there was time for another leader to be found and asked. */
function burstOver(world: World, lab: Lab): boolean {
  const { cluster, burstSince, losesReplies } = world;
  const all = CALM_RECORDS + LAG_RECORDS + BURST_RECORDS;
  if (lab.history.sent.length < all) return false;
  if (losesReplies) return leaderEnd(cluster) >= all;
  return toldOf(lab) >= all || lab.now - burstSince > ELECTION_MICROS;
}

function beginQuiet(world: World, lab: Lab): void {
  world.quietSince = lab.now;
  if (world.losesReplies) loseReplies(world, lab, false);
}

function endQuiet(world: World, lab: Lab): boolean {
  const { sent } = lab.history;
  world.unacknowledged = sent.filter(
    ({ outcome }) => outcome !== 'acknowledged' && outcome !== 'unasked',
  ).length;
  return lab.now - world.quietSince > ELECTION_MICROS + LAST_MICROS;
}

const BEFORE_BURST = CALM_RECORDS + LAG_RECORDS;

const base = experiment({
  id: 'kafka-configuration',
  knobs,
  world: ({ knobs: values, lab }) => makeWorld(values, lab),
  steps: [
    {
      id: 'start',
      title: { en: 'The brokers start', zh: 'Broker 启动' },
      until: ({ cluster }) => cluster.allRegistered,
      timeLimitMs: 30_000,
    },
    {
      id: 'create',
      title: { en: 'The topic is created', zh: '创建主题' },
      do: ({ create }) => create(),
      until: ({ cluster }) => cluster.partitionsReady(true),
      timeLimitMs: 30_000,
    },
    {
      id: 'produce',
      title: { en: 'Three records while all is well', zh: '一切正常时写入三条消息' },
      do: ({ cluster }) => cluster.send(PRODUCER, TOPIC, CALM_RECORDS),
      until: (world, lab) => toldOf(lab) >= CALM_RECORDS && keepsUp(world, CALM_RECORDS),
      timeLimitMs: 10_000,
    },
    {
      id: 'lag',
      title: { en: 'One more record', zh: '再写一条消息' },
      do: sendLagging,
      until: (world, lab) =>
        keepsUp(world, BEFORE_BURST) || lab.now - world.lagSince > world.shrinkMicros,
      timeLimitMs: 1_000_000,
    },
    {
      id: 'burst',
      title: { en: 'Three records close on each other', zh: '接连写入三条消息' },
      do: sendBurst,
      until: burstOver,
      timeLimitMs: 60_000,
    },
    {
      id: 'quiet',
      title: { en: 'Time for elections', zh: '留出选举的时间' },
      do: beginQuiet,
      until: endQuiet,
      timeLimitMs: 30_000,
    },
  ],
  settle: KafkaCluster.settle(),
  exploration: {
    knobs: {},
    hosts: Array.from({ length: REPLICAS_MAX }, (_, place) => `broker-${place + 1}`),
    controllers: ['controller-1'],
    forbidden: ['lost', 'vanished'],
    points: [
      {
        id: 'calm',
        title: { en: 'the first three records are written', zh: '前三条消息写完' },
        reached: ({ lagSince }) => lagSince > 0,
      },
      {
        id: 'shrunk',
        title: { en: 'the ISR has shrunk', zh: 'ISR 缩小' },
        reached: ({ cluster, replicas, lagSince }) =>
          lagSince > 0 && cluster.isrOf(TOPIC, 0).length < replicas,
      },
      {
        id: 'appended',
        title: { en: 'the leader has written the next record', zh: 'leader 写下下一条消息' },
        reached: ({ cluster, burstSince }) => burstSince > 0 && leaderEnd(cluster) > BEFORE_BURST,
      },
      {
        id: 'replicated',
        title: { en: 'the whole ISR has the next record', zh: '整个 ISR 都有了下一条消息' },
        reached: (world) => world.burstSince > 0 && keepsUp(world, BEFORE_BURST + 1),
      },
      {
        id: 'told',
        title: { en: 'the producer has heard about it', zh: '生产者得到这条消息的答复' },
        reached: ({ burstSince }, lab) => burstSince > 0 && toldOf(lab) > BEFORE_BURST,
      },
      {
        id: 'quiet',
        title: { en: 'elections have had their time', zh: '选举的时间已经过去' },
        reached: ({ quietSince }, lab) => quietSince > 0 && lab.now - quietSince >= ELECTION_MICROS,
      },
    ],
  },
  measures({ world, history }) {
    const verdict = judgeDelivery(history);
    const { sent } = history;
    return {
      sent: sent.length,
      acknowledged: verdict.acknowledged.length,
      lost: verdict.lost.length,
      vanished: verdict.vanished.length,
      refused: verdict.refused.length,
      indeterminate: verdict.indeterminate.length,
      duplicated: verdict.duplicated.length,
      reordered: verdict.reordered.length,
      unacknowledged: world.unacknowledged,
    };
  },
  proofs: {},
});

/** The experiment: what a link names. */
export const kafkaConfiguration: Experiment = base;

/** The experiment for a search: faults at so many brokers, and what must stay 0. */
export function kafkaConfigurationFor(replicas: number, forbidden: readonly string[]): Experiment {
  const { exploration } = base;
  const hosts = exploration!.hosts.slice(0, replicas);
  return { ...base, exploration: { ...exploration!, hosts, forbidden } };
}

/**
 * The experiment of the swarm: a Kafka cluster whose whole configuration is knobs, records in
 * bursts while faults come from outside as inputs, then everything is healed and must come to rest.
 *
 * A seed draws knobs and inputs (`kafka-plan.ts`, `kafka-faults.ts`); the workload has a stream of
 * its own, so that a fault more or less does not change what is sent. Not a lesson: it has no
 * proofs. Not here: what counts as a failure (`kafka-verdict.ts`).
 */
import '../../bytes/codecs.ts';
import { newestProfile, profileOf } from '../../kafka/profiles.ts';
import type { SwitchName } from '../../kafka/profiles.ts';
import { randomStream } from '../../kernel/random.ts';
import type { Random } from '../../kernel/ports.ts';
import { defaultConditions } from '../../sim/link.ts';
import { judgeDelivery } from '../check/delivery.ts';
import { experiment } from '../experiment.ts';
import type { Lab, Step } from '../experiment.ts';
import { KafkaCluster } from '../kafka.ts';
import { administration } from '../kafka-administration.ts';
import { compaction } from '../kafka-cleaner.ts';
import { consumerGroupCoordination } from '../kafka-consumer-protocol.ts';
import { groupCoordination } from '../kafka-groups.ts';
import { profileKnob } from '../kafka-profile.ts';
import { raftQuorum } from '../kafka-quorum.ts';
import { transactionCoordination } from '../kafka-transactions.ts';
import { choice, flag, integer } from '../knob.ts';
import type { KnobValues, Localized } from '../knob.ts';
import { GroupPart, groupBrokerSettings } from './group-part.ts';
import { lasting } from './kafka-verdict.ts';
import { partKnobs } from './swarm-parts.ts';
import { TopicPart, cleanerBrokerSettings } from './topic-part.ts';
import { TransactionPart, transactionBrokerSettings } from './transaction-part.ts';

export const TOPIC = 'swarm';
/** Faults begin after this event: by then every cluster that can be drawn has come up. */
export const CALM_EVENTS = 1500;
/** A quorum has more to say before it is calm. */
const QUORUM_CALM_EVENTS = 3000;
/** Records are sent in so many bursts, evenly over the events of the chaos. */
const BURSTS = 16;
/** Virtual time between two looks at whether everything has come to rest. */
const LOOK_MICROS = 100_000;
/** A disk without a bound, after one that was full. */
export const CAPACITY_BYTES_MAX = Number.MAX_SAFE_INTEGER;

const newest = profileOf(newestProfile);
/** The switches of a release: each can be turned by the knob `quirk`. */
export const quirkNames = Object.keys(newest.switches).sort((left, right) =>
  left < right ? -1 : 1,
) as SwitchName[];

const setting: Localized = { en: 'The setting of this name.', zh: '同名配置项。' };

const knobs = {
  promise: choice(['within', 'beyond'], 'within', {
    en: 'Whether the faults stay within what the configuration promises to survive.',
    zh: '故障是否在配置承诺能承受的范围之内。',
  }),
  profile: profileKnob,
  quirk: choice(['none', ...quirkNames], 'none', {
    en: 'One behaviour otherwise than the release has it: a historical bug.',
    zh: '把某一行为改成与该版本相反：重现历史缺陷。',
  }),
  'eligible.leader.replicas.version': integer(0, 1, 1, setting),
  brokers: integer(1, 5, 3, { en: 'Brokers.', zh: 'Broker 数。' }),
  controllers: integer(1, 3, 1, { en: 'Controllers: one, or a quorum.', zh: '控制器数。' }),
  partitions: integer(1, 4, 1, { en: 'Partitions.', zh: '分区数。' }),
  'replication.factor': integer(1, 5, 3, { en: 'Replicas of a partition.', zh: '副本数。' }),
  'min.insync.replicas': integer(1, 5, 2, setting),
  'unclean.leader.election.enable': flag(false, setting),
  'log.flush.interval.messages': choice(['default', '1'], 'default', setting),
  'segment.bytes': integer(512, 1_073_741_824, 1_073_741_824, setting),
  'index.interval.bytes': integer(0, 4096, 4096, setting),
  'replica.lag.time.max.ms': integer(1000, 60_000, 10_000, setting),
  'replica.fetch.wait.max.ms': integer(50, 1000, 500, setting),
  'replica.fetch.max.bytes': integer(1, 1_048_576, 1_048_576, setting),
  'replica.high.watermark.checkpoint.interval.ms': integer(50, 60_000, 5000, setting),
  'broker.session.timeout.ms': integer(2000, 18_000, 9000, setting),
  'broker.heartbeat.interval.ms': integer(200, 5000, 2000, setting),
  acks: choice(['0', '1', 'all'], 'all', setting),
  'enable.idempotence': flag(true, setting),
  'max.in.flight.requests.per.connection': integer(1, 10, 5, setting),
  'linger.ms': integer(0, 1000, 5, setting),
  'batch.size': integer(0, 16_384, 16_384, setting),
  'compression.type': choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], 'none', setting),
  'request.timeout.ms': integer(1000, 30_000, 30_000, setting),
  'delivery.timeout.ms': integer(2000, 120_000, 60_000, setting),
  'max.partition.fetch.bytes': integer(1, 1_048_576, 1_048_576, setting),
  producers: integer(1, 3, 1, { en: 'Producers.', zh: '生产者数。' }),
  consumers: integer(0, 2, 1, { en: 'Consumers.', zh: '消费者数。' }),
  records: integer(1, 200, 48, { en: 'Records, all in all.', zh: '消息总数。' }),
  'chaos.events': integer(50, 8000, 2000, {
    en: 'Events between the first record and the healing.',
    zh: '从第一条消息到恢复之间的事件数。',
  }),
  ...partKnobs,
} as const;

type SwarmKnobs = KnobValues<typeof knobs>;

/** The state between steps. */
class SwarmWorld {
  readonly knobs: SwarmKnobs;
  readonly cluster: KafkaCluster;
  readonly #workload: Random;
  readonly #incarnations = new Map<string, number>();
  readonly #group: GroupPart | null;
  readonly #transactions: TransactionPart | null;
  readonly #topics: TopicPart;
  #lookAt = 0;

  constructor(knobValues: SwarmKnobs, lab: Lab) {
    this.knobs = knobValues;
    this.#workload = randomStream(lab.seed, 'swarm/workload');
    const { profile, quirk } = knobValues;
    const elr = knobValues['eligible.leader.replicas.version'] === 1;
    const quirks: Partial<Record<SwitchName, boolean>> = { eligibleLeaderReplicas: elr };
    if (quirk !== 'none') {
      const name = quirk as SwitchName;
      quirks[name] = !profileOf(profile, quirks).switches[name];
    }
    const settings = {
      ...brokerSettings(knobValues),
      'auto.create.topics.enable': 'false',
      ...partSettings(knobValues),
    };
    this.cluster = new KafkaCluster(lab, {
      brokers: knobValues.brokers,
      profile,
      quirks,
      settings,
      modules: modulesOf(knobValues),
      ...quorumOf(knobValues),
    });
    const { cluster } = this;
    const { partitions } = knobValues;
    this.#group = hasGroup(knobValues) ? new GroupPart(lab, cluster, TOPIC, knobValues) : null;
    const topic = { name: TOPIC, partitions };
    const transacts = knobValues.transactional > 0;
    this.#transactions = transacts ? new TransactionPart(lab, cluster, topic, knobValues) : null;
    this.#topics = new TopicPart(lab, cluster, knobValues, {
      topic: TOPIC,
      partitions,
      replicationFactor: knobValues['replication.factor'],
      minInSyncReplicas: knobValues['min.insync.replicas'],
    });
  }

  get producers(): readonly string[] {
    return namesOf('producer', this.knobs.producers);
  }

  create(): void {
    const { cluster, knobs: set } = this;
    cluster.createTopic(TOPIC, {
      partitions: set.partitions,
      replicationFactor: set['replication.factor'],
      configs: {
        'min.insync.replicas': String(set['min.insync.replicas']),
        'unclean.leader.election.enable': String(set['unclean.leader.election.enable']),
        'segment.bytes': String(set['segment.bytes']),
        'index.interval.bytes': String(set['index.interval.bytes']),
      },
    });
    for (const name of this.producers) cluster.addProducer(name, producerSettings(set));
    const fetch = { 'max.partition.fetch.bytes': String(set['max.partition.fetch.bytes']) };
    for (const [place, name] of namesOf('consumer', set.consumers).entries()) {
      cluster.addConsumer(name, TOPIC, fetch, place % set.partitions);
    }
    this.#group?.begin(namesOf('member', set.members));
    this.#transactions?.begin(namesOf('teller', set.transactional));
    this.#topics.begin();
  }

  /** Sends what is due by this burst, in groups to a producer and a partition drawn for each. */
  burst(number: number, lab: Lab): void {
    const { cluster, knobs: set } = this;
    const due = Math.floor((set.records * number) / BURSTS);
    const before = Math.floor((set.records * (number - 1)) / BURSTS);
    let left = due - before;
    this.noteDeadProducers(lab);
    while (left > 0) {
      const count = Math.min(left, 1 + this.#workload.below(4));
      const producer = this.producers[this.#workload.below(set.producers)]!;
      cluster.send(producer, TOPIC, count, { partition: this.#workload.below(set.partitions) });
      left -= count;
    }
    this.#group?.burst(number);
    this.#transactions?.burst();
    this.#topics.burst(number);
  }

  /** What a dead incarnation of a producer waited for, nobody will be told any more. */
  noteDeadProducers(lab: Lab): void {
    for (const name of new Set(lab.history.sent.map(({ producer }) => producer))) {
      const { incarnation } = lab.host(name);
      const known = this.#incarnations.get(name) ?? 1;
      this.#incarnations.set(name, incarnation);
      if (known === incarnation) continue;
      for (const sent of lab.history.sent) {
        if (sent.producer !== name || sent.outcome !== 'pending') continue;
        lab.history.tell(sent.id, lab.event, 'indeterminate', { error: 'the producer died' });
      }
    }
  }

  /** Ends every fault. Looks at conditions of links, since any two hosts may have some. */
  heal(lab: Lab): void {
    lab.inject({ fault: 'heal' });
    const hosts = lab.hosts();
    for (const { name: from, world } of hosts) {
      for (const { name: to } of hosts) {
        const { conditions } = world.network.link(from, to);
        if (conditions === defaultConditions) continue;
        const { delayMicrosMin: minMicros, jitterMicros, loss, breakAfter } = defaultConditions;
        lab.inject({ fault: 'delay', from, to, minMicros, jitterMicros });
        lab.inject({ fault: 'loss', from, to, ratio: loss });
        lab.inject({ fault: 'duplicate', from, to, ratio: breakAfter });
      }
    }
    for (const { name: host } of hosts) {
      lab.inject({ fault: 'disk-full', host, capacityBytes: CAPACITY_BYTES_MAX });
      lab.inject({ fault: 'sync-error', host, count: 0 });
      lab.inject({ fault: 'lying-sync', host, on: false });
      lab.inject({ fault: 'slow', host, factor: 1 });
      lab.inject({ fault: 'slow-disk', host, factor: 1 });
    }
    this.#keepRunning(lab);
    this.#group?.heal();
  }

  /**
   * Whether all is there again and every record has its outcome. Between two looks it does what a
   * supervisor does: a process that has halted is started again.
   */
  atRest(lab: Lab): boolean {
    if (lab.now < this.#lookAt) return false;
    this.#lookAt = lab.now + LOOK_MICROS;
    this.#keepRunning(lab);
    this.noteDeadProducers(lab);
    if (lab.history.sent.some((sent) => sent.outcome === 'pending')) return false;
    const { cluster } = this;
    // One that is about to stop, as it was asked to in the chaos, is not at rest.
    const running = cluster.nodeIds.every((id) => cluster.broker(id)?.state === 'RUNNING');
    return running && cluster.allRegistered && cluster.partitionsReady(true);
  }

  /** Whether groups, transactions and moves have come to their ends, too. */
  partsAtRest(): boolean {
    const transactionsRest = this.#transactions?.atRest() ?? true;
    const groupRests = this.#group?.atRest(this.knobs.acks === 'all') ?? true;
    return transactionsRest && groupRests && this.#topics.atRest();
  }

  get halfTransactions(): number {
    return this.#transactions?.transactions.torn.length ?? 0;
  }

  get lostTransactions(): number {
    return this.#transactions?.transactions.lost.length ?? 0;
  }

  #keepRunning(lab: Lab): void {
    for (const host of lab.hosts()) {
      if (host.paused) lab.inject({ fault: 'resume', host: host.name });
      if (host.state !== 'running') lab.inject({ fault: 'start', host: host.name });
    }
  }
}

/** How many events a cluster with so many controllers has to itself. */
export function calmEvents(controllers: number): number {
  return controllers === 1 ? CALM_EVENTS : QUORUM_CALM_EVENTS;
}

const hasGroup = ({ members, 'late.member': late }: SwarmKnobs): boolean => members > 0 || late;

/** What brokers can do besides, for the parts of a seed. */
function modulesOf(set: SwarmKnobs) {
  const groups =
    set['group.protocol'] === 'consumer' ? consumerGroupCoordination : groupCoordination;
  return [
    ...(hasGroup(set) || set.transactional > 0 ? groups : []),
    ...(set.transactional > 0 ? transactionCoordination : []),
    ...(set.compacts ? compaction : []),
    ...administration,
  ];
}

/** Internal topics are promised as much as the swarm's own. */
function partSettings(set: SwarmKnobs): Readonly<Record<string, string>> {
  const hasGroups = hasGroup(set) || set.transactional > 0;
  if (!hasGroups && !set.compacts) return {};
  const replicas = String(set['replication.factor']);
  const minimum = String(set['min.insync.replicas']);
  const { 'offsets.topic.segment.bytes': segmentBytes, ...cleaner } = cleanerBrokerSettings;
  return {
    ...(hasGroups
      ? {
          ...groupBrokerSettings(set),
          'offsets.topic.replication.factor': replicas,
          'min.insync.replicas': minimum,
        }
      : {}),
    ...(set.transactional > 0
      ? {
          ...transactionBrokerSettings,
          'transaction.state.log.replication.factor': replicas,
          'transaction.state.log.min.isr': minimum,
        }
      : {}),
    ...(set.compacts ? cleaner : {}),
    ...(set.compacts && hasGroups ? { 'offsets.topic.segment.bytes': segmentBytes } : {}),
  };
}

/** Snapshots are made often, so that a controller that was away needs one. */
function quorumOf({ controllers }: SwarmKnobs) {
  if (controllers === 1) return {};
  const settings = {
    'metadata.log.max.record.bytes.between.snapshots': '2000',
    'metadata.max.retention.bytes': '6000',
  };
  return { quorum: raftQuorum({ controllers, settings }) };
}

/** `producer-1` to `producer-n`. */
export function namesOf(role: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, place) => `${role}-${place + 1}`);
}

function brokerSettings(set: SwarmKnobs): Record<string, string> {
  const flush = set['log.flush.interval.messages'];
  const settings: Record<string, string> =
    flush === 'default' ? {} : { 'log.flush.interval.messages': flush };
  for (const name of [
    'replica.lag.time.max.ms',
    'replica.fetch.wait.max.ms',
    'replica.fetch.max.bytes',
    'replica.high.watermark.checkpoint.interval.ms',
    'broker.session.timeout.ms',
    'broker.heartbeat.interval.ms',
  ] as const) {
    settings[name] = String(set[name]);
  }
  return settings;
}

function producerSettings(set: SwarmKnobs): Record<string, string> {
  // Old releases do not try again by default; what was not told is then all that the swarm sees.
  const settings: Record<string, string> = { retries: '2147483647' };
  for (const name of [
    'acks',
    'enable.idempotence',
    'max.in.flight.requests.per.connection',
    'linger.ms',
    'batch.size',
    'compression.type',
    'request.timeout.ms',
    'delivery.timeout.ms',
  ] as const) {
    settings[name] = String(set[name]);
  }
  return settings;
}

function bursts(): Step<SwarmWorld>[] {
  return Array.from({ length: BURSTS }, (_, place) => ({
    id: `burst-${place + 1}`,
    title: { en: `Burst ${place + 1} of ${BURSTS}`, zh: `第 ${place + 1} 批（共 ${BURSTS} 批）` },
    do: (world: SwarmWorld, lab: Lab) => world.burst(place + 1, lab),
    until: ({ knobs: set }: SwarmWorld, lab: Lab) =>
      lab.event >=
      calmEvents(set.controllers) + Math.floor((set['chaos.events'] * (place + 1)) / BURSTS),
    timeLimitMs: 120_000,
  }));
}

export default experiment({
  id: 'kafka-swarm',
  knobs,
  world: ({ knobs: set, lab }) => new SwarmWorld(set, lab),

  steps: [
    {
      id: 'start',
      title: { en: 'The brokers start', zh: '启动所有 Broker' },
      until: ({ cluster }) => cluster.allRegistered,
      timeLimitMs: 60_000,
    },
    {
      id: 'create',
      title: { en: 'A topic and its clients', zh: '创建主题和客户端' },
      do: (world) => world.create(),
      until: (world, lab) => lab.event >= calmEvents(world.knobs.controllers) && world.atRest(lab),
      timeLimitMs: 120_000,
    },
    ...bursts(),
    {
      id: 'recover',
      title: { en: 'Everything is healed and comes to rest', zh: '恢复一切，等待系统平稳' },
      do: (world, lab) => world.heal(lab),
      until: (world, lab) => world.atRest(lab) && world.partsAtRest(),
      timeLimitMs: 400_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world: { knobs: set, halfTransactions, lostTransactions }, history }) {
    const verdict = judgeDelivery(history);
    return {
      brokers: set.brokers,
      sent: history.sent.length,
      acknowledged: verdict.acknowledged.length,
      lost: lasting(verdict.lost, history).length,
      refused: verdict.refused.length,
      indeterminate: verdict.indeterminate.length,
      vanished: verdict.vanished.length,
      duplicated: verdict.duplicated.length,
      reordered: verdict.reordered.length,
      skipped: verdict.skipped.length,
      dirtyRead: verdict.dirtyRead.length,
      phantom: verdict.phantom.length,
      halfTransactions,
      lostTransactions,
    };
  },

  proofs: {},
});

/**
 * Who reads which partition? One topic, the members of the group `billing`, and later a second
 * application, `reports-1`, in a group of its own or in the same one.
 *
 * Records are sent in peace, then while members are away or dead, then once more when the second
 * application has come. Before 4.0 brokers have no KIP-848 here.
 */
import { changed, choice, experiment, integer, prove, proveSince } from '#engine/lab/index.ts';
import type { History, Lab, Measures } from '#engine/lab/index.ts';
import {
  consumerGroupCoordination,
  consumerGroupNarration,
} from '#engine/lab/kafka-consumer-protocol.ts';
import { ConsumerGroup, groupCoordination } from '#engine/lab/kafka-groups.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { isBefore, profileKnob } from '#engine/lab/kafka-profile.ts';
import { brokersStart } from '../story.ts';

const TOPIC = 'orders';
const BROKERS = 2;
const PRODUCER = 'shop';
const SECOND = 'reports-1';
/** So many for each partition, in each of three rounds. */
const ROUND_RECORDS = 1;
const ROUNDS = 3;
const PROCESSING_MS = 100;
/** Who is there has read by then; no session has ended. */
const AWAY_MICROS = 3_000_000;

interface World {
  readonly cluster: KafkaCluster;
  readonly billing: ConsumerGroup;
  /** The group of the second application: one of its own, or `billing`. */
  readonly second: ConsumerGroup;
  readonly members: readonly string[];
  readonly partitions: number;
  readonly fault: string;
  /** When the second round was sent, 0 before. */
  sentAt: number;
  idle: number;
  leaders: number;
  lag: number;
}

const lagOf = ({ billing, partitions }: World) =>
  billing.lag(TOPIC, partitions).reduce((sum, { lag }) => sum + lag, 0);
const awayOf = ({ fault, members }: World) =>
  fault === 'all-away' ? members : fault === 'member-crashes' ? members.slice(0, 1) : [];
const specOf = { commit: 'after-processing', processingMs: PROCESSING_MS } as const;

function join({ cluster, billing, members, partitions }: World, lab: Lab): void {
  cluster.createTopic(TOPIC, { partitions, replicationFactor: BROKERS });
  cluster.addProducer(PRODUCER, { acks: 'all', 'linger.ms': '0' });
  lab.when(
    () => cluster.partitionsReady(true),
    () => members.forEach((name) => billing.addMember(name, specOf)),
  );
}

function send({ cluster, partitions }: World): void {
  for (let partition = 0; partition < partitions; partition++) {
    cluster.send(PRODUCER, TOPIC, ROUND_RECORDS, { partition });
  }
}

/** So many rounds are written, and the group has committed all of them. */
function committed(world: World, rounds: number, { history }: Lab): boolean {
  return written(world, rounds, history) && lagOf(world) === 0;
}

function written({ partitions }: World, rounds: number, { sent }: History): boolean {
  const told = sent.filter(({ outcome }) => outcome === 'acknowledged').length;
  return told === rounds * ROUND_RECORDS * partitions;
}

function goAway(world: World, lab: Lab): void {
  const { billing, fault } = world;
  world.idle = [...billing.views().values()].filter((view) => view.partitions.length === 0).length;
  world.leaders = [...billing.views().values()].filter(({ leads }) => leads).length;
  const away = awayOf(world);
  for (const name of away) {
    if (fault === 'all-away') billing.close(name);
    else lab.inject({ fault: 'crash', host: name });
  }
  lab.when(
    () => away.every((name) => lab.host(name).process === null),
    () => {
      world.sentAt = lab.now;
      send(world);
    },
  );
}

function comeBack(world: World, lab: Lab): void {
  world.lag = lagOf(world);
  if (world.fault !== 'all-away') return;
  for (const host of awayOf(world)) lab.inject({ fault: 'start', host });
}

/** The second application knows its partitions, if it has any, and where it is in them. */
function hasBegun({ billing, second, partitions }: World): boolean {
  const view = second.member(SECOND);
  if (view === null || !second.isStable()) return false;
  const all = second === billing ? [...billing.views().values()] : [view];
  const owned = all.flatMap((one) => one.partitions);
  return owned.length === partitions && owned.every(({ position }) => position >= 0);
}

// ------------------------------------------------------------------------------------- measures

const readBy = ({ delivered }: History, isOne: (consumer: string) => boolean) =>
  new Set(delivered.filter(({ consumer }) => isOne(consumer)).map(({ id }) => id)).size;

const RESET = 'auto.offset.reset';
const PROTOCOL = 'group.protocol';
const GROUP = 'group.id';
const readAll = (measures: Measures) =>
  measures['sent']! > 0 && measures['read'] === measures['sent'];

export default experiment({
  id: 'consumer-groups',
  knobs: {
    partitions: integer(1, 4, 3, {
      en: 'How many partitions the topic has.',
      zh: '主题有几个分区。',
    }),
    members: integer(1, 4, 2, {
      en: 'How many members the group billing has.',
      zh: '消费组 billing 有几个成员。',
    }),
    [GROUP]: choice(['audit', 'billing'], 'audit', {
      en: 'The group of the second application, which comes late.',
      zh: '后来的第二个应用属于哪个消费组。',
    }),
    [RESET]: choice(['earliest', 'latest'], 'earliest', {
      en: 'Where a group begins that has committed nothing.',
      zh: '从未提交过位移的组，从哪里读起。',
    }),
    [PROTOCOL]: choice(['classic', 'consumer'], 'classic', {
      en: 'A member shares out, or the coordinator does (KIP-848).',
      zh: '由某个成员分配，还是由协调者分配（KIP-848）。',
    }),
    fault: choice(['none', 'member-crashes', 'all-away'], 'all-away', {
      en: 'Who is away while the second round is sent.',
      zh: '发第二轮消息时谁不在。',
    }),
    profile: profileKnob,
  },

  world({ knobs, lab }): World {
    const { profile, partitions } = knobs;
    const isNew = !isBefore(profile, 'kafka-4.0');
    const isKip848 = knobs[PROTOCOL] === 'consumer';
    if (isKip848) lab.narrateWith(consumerGroupNarration);
    const cluster = new KafkaCluster(lab, {
      ...{ brokers: BROKERS, profile },
      modules: isKip848 && isNew ? consumerGroupCoordination : groupCoordination,
      settings: {
        'offsets.topic.num.partitions': '1',
        'offsets.topic.replication.factor': String(BROKERS),
      },
    });
    const spec = {
      topics: [TOPIC],
      settings: { [RESET]: knobs[RESET], [PROTOCOL]: knobs[PROTOCOL] },
    };
    // The first group is there before the records: for it both resets are the same.
    const billing = new ConsumerGroup(lab, cluster, { ...spec, group: 'billing' });
    const isSame = knobs[GROUP] === 'billing';
    const second = isSame ? billing : new ConsumerGroup(lab, cluster, { ...spec, group: 'audit' });
    const members = Array.from({ length: knobs.members }, (_, place) => `billing-${place + 1}`);
    return {
      ...{ cluster, billing, second, members, partitions, fault: knobs.fault },
      ...{ sentAt: 0, idle: 0, leaders: 0, lag: 0 },
    };
  },

  steps: [
    brokersStart(2),
    {
      id: 'join',
      title: { en: 'The members share the partitions', zh: '成员分摊分区' },
      do: join,
      until: ({ billing, members, partitions }) => {
        const views = [...billing.views().values()];
        const owned = views.flatMap((view) => view.partitions);
        const isShared = owned.length === partitions && owned.every((one) => one.position >= 0);
        return views.length === members.length && billing.isStable() && isShared;
      },
      timeLimitMs: 60_000,
    },
    {
      id: 'work',
      title: { en: 'They read and commit', zh: '读取并提交位移' },
      do: send,
      until: (world, lab) => committed(world, 1, lab),
      timeLimitMs: 30_000,
    },
    {
      id: 'away',
      title: { en: 'Somebody is away', zh: '有人不在' },
      do: goAway,
      until: (world, { history, now }) =>
        written(world, 2, history) && now - world.sentAt > AWAY_MICROS,
      timeLimitMs: 30_000,
    },
    {
      id: 'back',
      title: { en: 'The group catches up', zh: '消费组追平' },
      do: comeBack,
      until: (world, lab) => committed(world, 2, lab),
      timeLimitMs: 120_000,
    },
    {
      id: 'second',
      title: { en: 'A second application comes', zh: '第二个应用加入' },
      do: ({ second }) => second.addMember(SECOND, specOf),
      until: hasBegun,
      timeLimitMs: 60_000,
    },
    {
      id: 'more',
      title: { en: 'More records for everybody', zh: '再来一轮消息' },
      do: send,
      until: (world, lab) => {
        const lags = world.second.lag(TOPIC, world.partitions);
        return committed(world, ROUNDS, lab) && lags.every(({ lag }) => lag === 0);
      },
      timeLimitMs: 30_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const { billing, members } = world;
    const isMember = (name: string) => members.includes(name);
    const readBySecond = readBy(history, (name) => name === SECOND);
    return {
      sent: history.sent.length,
      read: readBy(history, isMember),
      readBySecond,
      readByAny: readBy(history, () => true),
      missedBySecond: history.sent.length - readBySecond,
      processedTwice: billing.doubled.size,
      workers: members.filter((name) => billing.processedBy(name).length > 0).length,
      idle: world.idle,
      lag: world.lag,
      leaders: world.leaders,
    };
  },

  proofs: {
    'a-failed-members-partitions-move': prove(
      { fault: 'member-crashes' },
      (measures) => readAll(measures) && measures['workers'] === 2 && measures['lag']! > 0,
      [changed('members', '1'), changed('fault', 'none')],
      'away',
    ),
    'one-id-is-one-group': prove(
      { [GROUP]: 'billing' },
      (measures) =>
        measures['read']! + measures['readBySecond']! === measures['sent'] &&
        measures['readByAny'] === measures['sent'],
      [changed(GROUP, 'audit')],
      'second',
    ),
    'each-group-reads-all': prove(
      {},
      (measures) => readAll(measures) && measures['missedBySecond'] === 0,
      [changed(GROUP, 'billing'), changed(RESET, 'latest')],
      'second',
    ),
    'the-coordinator-assigns': proveSince(
      '4.0',
      { [PROTOCOL]: 'consumer' },
      (measures) => measures['leaders'] === 0 && readAll(measures),
      [changed(PROTOCOL, 'classic')],
      'join',
    ),
    'more-members-than-partitions': prove(
      { members: '4' },
      (measures) => measures['idle'] === 1 && measures['workers'] === 3,
      [changed('partitions', '4'), changed('members', '3')],
      'join',
    ),
    'commits-survive-the-members': prove(
      {},
      (measures) => measures['lag']! > 0 && measures['processedTwice'] === 0 && readAll(measures),
      [changed('fault', 'none')],
      'back',
    ),
    'a-new-group-may-miss-the-past': prove(
      { [RESET]: 'latest' },
      (measures) => measures['missedBySecond']! > 0 && readAll(measures),
      [changed(RESET, 'earliest')],
      'second',
    ),
  },
});

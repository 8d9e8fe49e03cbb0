/**
 * Does a member that is one too many have nothing to do? The same topic, read by a consumer group
 * or by a share group (KIP-932) of the same members: first in peace, then while a member hangs on a
 * record, or a record cannot be processed by anybody.
 *
 * In a share group a member that cannot process a record releases it; a consumer group knows
 * nothing of the kind, so that its members process everything. Before 4.1 brokers have no share
 * groups here.
 */
import { choice, experiment, integer, prove, proveSince } from '#engine/lab/index.ts';
import type { History, Lab } from '#engine/lab/index.ts';
import { ConsumerGroup } from '#engine/lab/kafka-groups.ts';
import { ShareGroup, shareGroupCoordination } from '#engine/lab/kafka-share-groups.ts';
import { KafkaCluster, profileNames } from '#engine/lab/kafka.ts';

const TOPIC = 'orders';
const BROKERS = 2;
const PRODUCER = 'shop';
/** So many for each partition, in each of two rounds. */
const ROUND_RECORDS = 4;
/** The slowest member takes as many times this as there are members. */
const PROCESSING_MS = 100;
/** Longer than `group.share.record.lock.duration.ms`. */
const HANGS_MS = 35_000;

interface World {
  readonly cluster: KafkaCluster;
  /** One of the two is null. */
  readonly consumers: ConsumerGroup | null;
  readonly sharers: ShareGroup | null;
  readonly members: readonly string[];
  readonly partitions: number;
  readonly fault: string;
  idle: number;
}

const total = ({ partitions }: World, rounds: number): number =>
  rounds * ROUND_RECORDS * partitions;

/** Partitions that each member has; null for one that is not in the group yet. */
function shares({ consumers, sharers, members }: World): (number | null)[] {
  if (consumers !== null) {
    const views = consumers.views();
    const isStable = consumers.isStable();
    return members.map((name) => (isStable ? (views.get(name)?.partitions.length ?? null) : null));
  }
  const views = sharers?.views();
  // A member's first assignment is empty: it is told its partitions by the next heartbeat.
  return members.map((name) => views?.get(name)?.partitions.length || null);
}

function isShared(world: World): boolean {
  const all = shares(world);
  if (all.includes(null)) return false;
  return all.reduce<number>((sum, one) => sum + (one ?? 0), 0) >= world.partitions;
}

function join(world: World, lab: Lab): void {
  const { cluster, sharers, members, partitions } = world;
  cluster.createTopic(TOPIC, { partitions, replicationFactor: BROKERS });
  // Each record is a batch of its own, so that members can have them one by one.
  cluster.addProducer(PRODUCER, { acks: 'all', 'linger.ms': '0', 'batch.size': '0' });
  sharers?.configure({ 'share.auto.offset.reset': 'earliest' }, TOPIC);
  lab.when(
    () => cluster.partitionsReady(true),
    () => members.forEach((name, place) => addMember(world, name, place)),
  );
}

function addMember({ consumers, sharers, fault }: World, name: string, place: number): void {
  const processingMs = PROCESSING_MS * (place + 1);
  consumers?.addMember(name, { commit: 'after-processing', processingMs });
  sharers?.addMember(name, {
    processingMs,
    decide: ({ partition, offset }) =>
      fault === 'bad-record' && partition === 0 && offset === ROUND_RECORDS ? 'release' : 'accept',
  });
}

function send({ cluster, partitions }: World): void {
  for (let partition = 0; partition < partitions; partition++) {
    cluster.send(PRODUCER, TOPIC, ROUND_RECORDS, { partition });
  }
}

/** So many rounds are written, and the group is done with all of them. */
function isDone(world: World, rounds: number, { sent }: History): boolean {
  const { consumers, sharers, partitions } = world;
  const told = sent.filter(({ outcome }) => outcome === 'acknowledged').length;
  if (told < total(world, rounds)) return false;
  if (consumers !== null) return consumers.lag(TOPIC, partitions).every(({ lag }) => lag === 0);
  const starts = (sharers?.partitions ?? []).map(({ startOffset }) => startOffset);
  return starts.reduce((sum, one) => sum + one, 0) >= total(world, rounds);
}

function trouble(world: World, lab: Lab): void {
  const [hangs = ''] = world.members;
  const group = world.consumers ?? world.sharers;
  if (world.fault === 'member-hangs') {
    group?.setProcessingMs(hangs, HANGS_MS);
    const begun = lab.now;
    lab.when(
      () => lab.now >= begun + HANGS_MS * 1_000,
      () => group?.setProcessingMs(hangs, PROCESSING_MS),
    );
  }
  send(world);
}

// ------------------------------------------------------------------------------------- measures

/** Records that were processed after a later one of their partition. */
function outOfOrder({ delivered }: History, isOne: (consumer: string) => boolean): number {
  const latest = new Map<string, number>();
  let count = 0;
  for (const { partition, offset, consumer } of delivered) {
    if (!isOne(consumer)) continue;
    const last = latest.get(partition) ?? -1;
    if (offset < last) count++;
    else latest.set(partition, offset);
  }
  return count;
}

const changed = (knob: string, value: string) => ({
  name: `${knob}=${value}`,
  knobs: { [knob]: value },
});
const LIMIT = 'group.share.delivery.count.limit';

export default experiment({
  id: 'share-groups',
  knobs: {
    group: choice(['consumer', 'share'], 'share', {
      en: 'Which kind of group the members are in.',
      zh: '成员组成哪一种组。',
    }),
    partitions: integer(1, 4, 3, {
      en: 'How many partitions the topic has.',
      zh: '主题有几个分区。',
    }),
    members: integer(1, 5, 4, {
      en: 'How many members the group has.',
      zh: '组里有几个成员。',
    }),
    fault: choice(['none', 'member-hangs', 'bad-record'], 'member-hangs', {
      en: 'What goes wrong in the second round.',
      zh: '第二轮出什么问题。',
    }),
    [LIMIT]: integer(2, 6, 5, {
      en: 'How often a record is delivered at most.',
      zh: '一条记录最多投递几次。',
    }),
    profile: choice(profileNames, 'kafka-4.1', {
      en: 'Behaviour and defaults of a release.',
      zh: '采用哪个版本的行为和默认值。',
    }),
  },

  world({ knobs, lab }): World {
    const { profile, partitions, fault } = knobs;
    const cluster = new KafkaCluster(lab, {
      ...{ brokers: BROKERS, profile },
      modules: shareGroupCoordination,
      settings: {
        'offsets.topic.num.partitions': '1',
        'offsets.topic.replication.factor': String(BROKERS),
        'share.coordinator.state.topic.num.partitions': '1',
        'share.coordinator.state.topic.replication.factor': String(BROKERS),
        [LIMIT]: String(knobs[LIMIT]),
      },
    });
    const spec = { group: 'packing', topics: [TOPIC], settings: { 'max.poll.records': '1' } };
    const isShare = knobs.group === 'share';
    const members = Array.from({ length: knobs.members }, (_, place) => `packer-${place + 1}`);
    return {
      cluster,
      consumers: isShare ? null : new ConsumerGroup(lab, cluster, spec),
      sharers: isShare ? new ShareGroup(lab, cluster, spec, knobs[LIMIT]) : null,
      ...{ members, partitions, fault, idle: 0 },
    };
  },

  steps: [
    {
      id: 'start',
      title: { en: 'Two brokers start', zh: '两个 Broker 启动' },
      until: ({ cluster }) => cluster.allRegistered,
      timeLimitMs: 30_000,
    },
    {
      id: 'join',
      title: { en: 'The members join', zh: '成员加入' },
      do: join,
      until: isShared,
      timeLimitMs: 60_000,
    },
    {
      id: 'work',
      title: { en: 'They work', zh: '大家干活' },
      do: (world) => {
        world.idle = shares(world).filter((one) => one === 0).length;
        send(world);
      },
      until: (world, { history }) => isDone(world, 1, history),
      timeLimitMs: 30_000,
    },
    {
      id: 'trouble',
      title: { en: 'Something goes wrong', zh: '出问题了' },
      do: trouble,
      until: (world, { history }) => isDone(world, 2, history),
      timeLimitMs: 200_000,
    },
    {
      id: 'late',
      title: { en: 'Who hung is back', zh: '卡住的成员缓过来' },
      until: () => false,
      timeLimitMs: 10_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const { members, sharers } = world;
    const isMember = (name: string) => members.includes(name);
    const processed = history.delivered.filter(({ consumer }) => isMember(consumer));
    const ids = new Set(processed.map(({ id }) => id));
    const workers = new Set(processed.map(({ consumer }) => consumer));
    const counts = (sharers?.deliveries ?? []).map(({ deliveryCount }) => deliveryCount);
    return {
      sent: history.sent.length,
      processed: ids.size,
      repeats: processed.length - ids.size,
      workers: workers.size,
      idle: world.idle,
      outOfOrder: outOfOrder(history, isMember),
      deliveries: Math.max(0, ...counts),
      accepted: sharers?.accepted.size ?? 0,
    };
  },

  proofs: {
    'a-consumer-group-leaves-one-idle': prove(
      { group: 'consumer', fault: 'none' },
      (measures) => measures['idle'] === 1 && measures['workers'] === 3,
      [changed('group', 'share'), changed('members', '3')],
      'join',
    ),
    'a-share-group-has-work-for-all': proveSince(
      '4.1',
      { group: 'share', fault: 'none' },
      (measures) =>
        measures['idle'] === 0 &&
        measures['workers'] === 4 &&
        measures['accepted'] === measures['sent'],
      [changed('group', 'consumer')],
      'work',
    ),
    'order-is-given-up': proveSince(
      '4.1',
      { group: 'share', partitions: '1', fault: 'none' },
      (measures) => measures['outOfOrder']! > 0 && measures['processed'] === measures['sent'],
      [changed('group', 'consumer'), changed('members', '1')],
      'work',
    ),
    'a-lock-runs-out': prove(
      { fault: 'member-hangs' },
      (measures) => measures['repeats']! > 0 && measures['accepted'] === measures['sent'],
      [changed('fault', 'none'), changed('group', 'consumer')],
      'trouble',
    ),
    'a-bad-record-is-given-up': prove(
      { fault: 'bad-record' },
      (measures) => measures['deliveries'] === 5 && measures['accepted'] === measures['sent']! - 1,
      [changed('fault', 'none'), changed(LIMIT, '3')],
      'trouble',
    ),
  },
});

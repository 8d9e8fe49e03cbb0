/**
 * Four numbers of one log: where it starts, what is stable, what is committed, where it ends. One
 * partition, three replicas, 200 ms from broker to broker, so that each step can be seen.
 *
 * Two records are written while all is well. A transaction is left open for a while. Nothing is
 * written for longer than `replica.lag.time.max.ms`. Followers lose the leader, and it writes on
 * with acks=1. At last the beginning of the log is deleted, the followers return, and each follows
 * the leader from where the leader begins.
 */
import { changed, choice, experiment, integer, prove, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { deleteRecords, recordDeletion } from '#engine/lab/kafka-delete-records.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { isBefore, profileKnob } from '#engine/lab/kafka-profile.ts';
import { Transactions, transactionCoordination } from '#engine/lab/kafka-transactions.ts';
import { acknowledgedBy, brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'ledger';
const REPLICAS = 3;
const PRODUCER = 'producer-1';
const TELLER = 'teller-1';
const READER = 'read-uncommitted';
const STABLE_READER = 'read-committed';
const BETWEEN_BROKERS_MICROS = 200_000;
const PATIENT = { 'linger.ms': '0', retries: '2147483647' };
const CALM_RECORDS = 2;
const LATER_RECORDS = 3;
const OPEN_MICROS = 3_000_000;
/** Longer than `replica.lag.time.max.ms`, 30 s; and than what the controller does then. */
const IDLE_MICROS = 45_000_000;
const SHRINK_MICROS = 45_000_000;

/** The story's state between steps. Times are virtual, 0 before. */
interface World {
  readonly cluster: KafkaCluster;
  readonly transactions: Transactions | null;
  readonly fault: string;
  readonly transaction: string;
  readonly deleted: string;
  readonly create: () => void;
  /** Since the step began. */
  since: number;
  /** When a follower had the first records, and when it knew that they are committed. */
  appendedAt: number;
  knownAt: number;
  /** Records that a reader got at or beyond the bound that it stops below. */
  readBeyondHw: number;
  readBeyondLso: number;
  /** How often a record at the bound stood in the log and was not given to the reader. */
  heldAtHw: number;
  heldAtLso: number;
  /** HW less LSO while the transaction is open, and when it is over. */
  openLag: number;
  closedLag: number;
  isrAfterIdle: number;
  /** What stands behind the LSO when the transaction is over. */
  behindLso: number;
  hwBefore: number;
  leoBefore: number;
  /** At the end of the step in which followers were away. */
  hwMoved: number;
  isrAway: number;
  leoAway: number;
  /** Where each replica's log ended, and how often an end moved back. */
  readonly ends: Map<number, number>;
  endsWentBack: number;
}

const leaderOf = ({ cluster }: World) => {
  const leader = cluster.leaderOf(TOPIC, 0);
  return leader === null ? null : cluster.replica(leader, TOPIC, 0);
};
const followersOf = ({ cluster }: World) =>
  cluster.nodeIds
    .filter((id) => id !== cluster.leaderOf(TOPIC, 0))
    .flatMap((id) => cluster.replica(id, TOPIC, 0) ?? []);

/** Looks at the leader and at what readers have, after an event. */
function look(world: World, { history }: Lab): void {
  const leader = leaderOf(world);
  if (leader === null) return;
  const { cluster, ends } = world;
  for (const id of cluster.nodeIds) {
    const leo = cluster.replica(id, TOPIC, 0)?.leo ?? 0;
    if (leo < (ends.get(id) ?? 0)) world.endsWentBack += 1;
    ends.set(id, leo);
  }
  const last = (reader: string) =>
    history.delivered.findLast(({ consumer }) => consumer === reader)?.offset ?? -1;
  const [plain, stable] = [last(READER), last(STABLE_READER)];
  if (plain >= leader.hw) world.readBeyondHw += 1;
  else if (leader.leo > leader.hw) world.heldAtHw += 1;
  if (stable >= leader.lso) world.readBeyondLso += 1;
  else if (leader.hw > leader.lso) world.heldAtLso += 1;
}

function slowDown({ cluster }: World, lab: Lab): void {
  for (const from of cluster.nodeIds) {
    for (const to of cluster.nodeIds.filter((id) => id !== from)) {
      const pair = { from: cluster.brokerName(from), to: cluster.brokerName(to) };
      lab.inject({ fault: 'delay', ...pair, minMicros: BETWEEN_BROKERS_MICROS, jitterMicros: 0 });
    }
  }
}

function leaveBehind(world: World, lab: Lab): void {
  const { cluster, fault } = world;
  const leader = cluster.leaderOf(TOPIC, 0) ?? 1;
  const followers = cluster.nodeIds.filter((id) => id !== leader);
  const count = { none: 0, 'one-follower-away': 1, 'both-followers-away': 2 }[fault] ?? 0;
  const from = followers.slice(0, count).map((id) => cluster.brokerName(id));
  world.since = lab.now;
  world.hwBefore = leaderOf(world)?.hw ?? 0;
  world.leoBefore = leaderOf(world)?.leo ?? 0;
  if (count > 0) lab.inject({ fault: 'isolate', host: cluster.brokerName(leader), from });
  cluster.send(PRODUCER, TOPIC, LATER_RECORDS);
}

function openTransaction({ cluster, transactions }: World): void {
  transactions?.begin(TELLER);
  if (transactions === null) return cluster.send(PRODUCER, TOPIC, 2);
  transactions.send(TELLER, TOPIC, 1);
  // Behind it stands a record of somebody who has no transaction.
  cluster.send(PRODUCER, TOPIC, 1, { delayMs: OPEN_MICROS / 2000 });
}

const OPEN = 'left-open';
const MIN_ISR = 'min.insync.replicas';
const FETCH_WAIT = 'replica.fetch.wait.max.ms';
/** The ISR is the leader alone, whose log grows; the HW does not. */
const stands = (measures: Measures) =>
  measures['isrAway'] === 1 && measures['hwMoved'] === 0 && measures['leoMoved'] === LATER_RECORDS;
const calm = { fault: 'none' };

export default experiment({
  id: 'replication-isr-hw',
  knobs: {
    [MIN_ISR]: integer(1, 2, 2, {
      en: 'With fewer replicas in sync, acks=all is refused; since 3.7 the HW stands still.',
      zh: '同步副本少于这个数，就拒绝 acks=all；3.7 起高水位也不动。',
    }),
    fault: choice(['none', 'one-follower-away', 'both-followers-away'], 'both-followers-away', {
      en: 'How many followers lose the leader.',
      zh: '有几个 follower 与 leader 断开。',
    }),
    transaction: choice(['none', 'committed', 'aborted', OPEN], 'committed', {
      en: 'How a transaction ends that was open for three seconds.',
      zh: '打开三秒之后，事务怎样结束。',
    }),
    'delete-records': choice(['none', 'first-two', 'to-high-watermark'], 'first-two', {
      en: 'Whether the beginning of the log is deleted.',
      zh: '是否删除日志开头的消息。',
    }),
    [FETCH_WAIT]: choice(['10', '500'], '500', {
      en: 'How long the leader holds a follower’s fetch while there is nothing new.',
      zh: '没有新消息时，leader 把 follower 的拉取请求挂起多久。',
    }),
    profile: profileKnob,
  },

  world({ knobs, lab }): World {
    const { profile, fault, transaction } = knobs;
    const isOld = isBefore(profile, 'kafka-0.11');
    const hasTransactions = transaction !== 'none' && !isOld;
    const deletion = isOld ? [] : recordDeletion;
    const modules = [...deletion, ...(hasTransactions ? transactionCoordination : [])];
    const settings = {
      [FETCH_WAIT]: knobs[FETCH_WAIT],
      ...(hasTransactions ? { 'transaction.state.log.num.partitions': '1' } : {}),
    };
    const cluster = new KafkaCluster(lab, { brokers: REPLICAS, profile, modules, settings });
    const transactions = hasTransactions ? new Transactions(lab, cluster) : null;
    // Both came with 0.11.
    const deleted = isOld ? 'none' : knobs['delete-records'];
    const create = () => {
      const configs = { [MIN_ISR]: String(knobs[MIN_ISR]) };
      cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: REPLICAS, configs });
      cluster.addProducer(PRODUCER, { acks: '1', 'linger.ms': '0' });
      const stable = { 'isolation.level': isOld ? 'read_uncommitted' : 'read_committed' };
      cluster.addConsumer(READER, TOPIC, {});
      cluster.addConsumer(STABLE_READER, TOPIC, stable);
      transactions?.addProducer(TELLER, 'transfers', { acks: 'all', ...PATIENT });
    };
    return {
      ...{ cluster, transactions, fault, transaction, deleted, create },
      ...{ since: 0, appendedAt: 0, knownAt: 0, readBeyondHw: 0, readBeyondLso: 0 },
      ...{ heldAtHw: 0, heldAtLso: 0, openLag: 0, closedLag: 0, behindLso: 0, isrAfterIdle: 0 },
      ...{
        hwBefore: 0,
        leoBefore: 0,
        endsWentBack: 0,
        ends: new Map(),
        hwMoved: 0,
        isrAway: 0,
        leoAway: 0,
      },
    };
  },

  steps: [
    brokersStart(3),
    topicIsReady<World>(
      { en: 'A topic with three replicas', zh: '创建三副本的主题' },
      ({ create }) => create(),
    ),
    {
      id: 'init',
      title: { en: 'A transactional producer', zh: '一个事务生产者' },
      do: ({ transactions }) => transactions?.init(TELLER),
      until: ({ transactions }) =>
        transactions === null || transactions.answer(TELLER, 'initTransactions') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'write',
      title: { en: 'Two records, step by step', zh: '两条消息，一步一步看' },
      do: (world, lab) => {
        slowDown(world, lab);
        world.cluster.send(PRODUCER, TOPIC, CALM_RECORDS);
      },
      until: (world, lab) => {
        look(world, lab);
        const followers = followersOf(world);
        if (world.appendedAt === 0 && followers.some(({ leo }) => leo === CALM_RECORDS)) {
          world.appendedAt = lab.now;
        }
        if (world.knownAt === 0 && followers.some(({ hw }) => hw === CALM_RECORDS)) {
          world.knownAt = lab.now;
        }
        return followers.length === 2 && followers.every(({ hw }) => hw === CALM_RECORDS);
      },
      timeLimitMs: 30_000,
    },
    {
      id: 'open',
      title: { en: 'A transaction is open', zh: '一个事务开着' },
      do: (world, lab) => {
        world.since = lab.now;
        openTransaction(world);
      },
      until: (world, lab) => {
        look(world, lab);
        const leader = leaderOf(world);
        world.openLag = leader === null ? 0 : leader.hw - leader.lso;
        return lab.now - world.since >= OPEN_MICROS;
      },
      timeLimitMs: 2 * (OPEN_MICROS / 1000),
    },
    {
      id: 'close',
      title: { en: 'The transaction ends', zh: '事务结束' },
      do: (world, lab) => {
        world.since = lab.now;
        if (world.transaction === 'committed') world.transactions?.commit(TELLER);
        if (world.transaction === 'aborted') world.transactions?.abort(TELLER);
      },
      until: (world, lab) => {
        look(world, lab);
        const leader = leaderOf(world);
        world.closedLag = leader === null ? 0 : leader.hw - leader.lso;
        world.behindLso = leader === null ? 0 : leader.leo - leader.lso;
        return lab.now - world.since >= OPEN_MICROS;
      },
      timeLimitMs: 2 * (OPEN_MICROS / 1000),
    },
    {
      id: 'idle',
      title: { en: 'Nothing is written', zh: '一段时间没有写入' },
      do: (world, lab) => (world.since = lab.now),
      until: (world, lab) => {
        look(world, lab);
        world.isrAfterIdle = leaderOf(world)?.isr.length ?? 0;
        return lab.now - world.since >= IDLE_MICROS;
      },
      timeLimitMs: IDLE_MICROS / 1000,
    },
    {
      id: 'away',
      title: { en: 'The leader writes on', zh: 'leader 继续写' },
      do: leaveBehind,
      until: (world, lab) => {
        look(world, lab);
        const leader = leaderOf(world);
        world.hwMoved = (leader?.hw ?? 0) - world.hwBefore;
        world.isrAway = leader?.isr.length ?? 0;
        world.leoAway = (leader?.leo ?? 0) - world.leoBefore;
        return lab.now - world.since >= SHRINK_MICROS;
      },
      timeLimitMs: SHRINK_MICROS / 1000,
    },
    {
      id: 'delete',
      title: { en: 'The beginning is deleted', zh: '删除开头的消息' },
      do: (world, lab) => {
        world.since = lab.now;
        if (world.deleted === 'none') return;
        const hw = leaderOf(world)?.hw ?? 0;
        deleteRecords(lab, TOPIC, world.deleted === 'first-two' ? CALM_RECORDS : hw);
      },
      until: (world, lab) => {
        look(world, lab);
        const waited = lab.now - world.since >= OPEN_MICROS;
        return waited && acknowledgedBy(lab) === lab.history.sent.length;
      },
      timeLimitMs: 2 * (OPEN_MICROS / 1000),
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const leader = leaderOf(world);
    const followers = followersOf(world);
    const final = history.final ?? [];
    const starts = followers.filter(({ logStart }) => logStart !== leader?.logStart);
    const later = history.sent.filter(({ producer }) => producer === PRODUCER).at(-LATER_RECORDS);
    const writtenAt = Number(later?.place.split('@')[1] ?? -1);
    return {
      sent: history.sent.length,
      followerHwLagMs: Math.floor((world.knownAt - world.appendedAt) / 1000),
      readBeyondHw: world.readBeyondHw,
      heldAtHw: world.heldAtHw,
      readBeyondLso: world.readBeyondLso,
      heldAtLso: world.heldAtLso,
      openLag: world.openLag,
      closedLag: world.closedLag,
      isrAfterIdle: world.isrAfterIdle,
      isrAway: world.isrAway,
      hwMoved: world.hwMoved,
      leoMoved: world.leoAway,
      logStart: leader?.logStart ?? 0,
      startsApart: starts.length,
      endsWentBack: world.endsWentBack,
      writtenAtLeo: writtenAt === world.leoBefore ? 1 : 0,
      behindLso: world.behindLso,
      firstRead: final.reduce((first, { offset }) => Math.min(first, offset), leader?.leo ?? 0),
      leo: leader?.leo ?? 0,
    };
  },

  proofs: {
    'a-follower-appends-first': prove(
      {},
      (measures) => measures['followerHwLagMs']! >= 500 && measures['heldAtHw']! > 0,
      [changed(FETCH_WAIT, '10')],
      'write',
    ),
    'reads-stop-below-both-bounds': proveSince(
      '0.11',
      { ...calm, transaction: 'aborted' },
      (measures) =>
        measures['readBeyondHw'] === 0 &&
        measures['readBeyondLso'] === 0 &&
        measures['heldAtHw']! > 0 &&
        measures['heldAtLso']! > 0,
      [changed('transaction', 'none')],
      'open',
    ),
    'the-lso-is-a-bound': proveSince(
      '0.11',
      { ...calm, transaction: 'aborted' },
      (measures) =>
        measures['openLag'] === 2 && measures['closedLag'] === 0 && measures['behindLso'] === 0,
      [changed('transaction', 'none'), changed('transaction', OPEN)],
      'open',
    ),
    'an-idle-follower-stays-in-sync': prove(
      { fault: 'one-follower-away' },
      (measures) => measures['isrAfterIdle'] === REPLICAS && measures['isrAway'] === REPLICAS - 1,
      [changed('fault', 'none')],
      'idle',
    ),
    'the-isr-is-a-set-of-replicas': prove(
      { fault: 'one-follower-away' },
      (measures) => measures['isrAfterIdle'] === REPLICAS && measures['isrAway'] === 2,
      [changed('fault', 'none'), changed('fault', 'both-followers-away')],
      'away',
    ),
    'the-high-watermark-stands-still-below-min-isr': proveSince(
      '3.7',
      { fault: 'both-followers-away' },
      (measures) => stands(measures) && measures['readBeyondHw'] === 0,
      [changed(MIN_ISR, '1'), changed('fault', 'none')],
      'away',
    ),
    'a-log-starts-and-ends': prove(
      calm,
      (measures) =>
        measures['writtenAtLeo'] === 1 &&
        measures['logStart']! > 0 &&
        measures['firstRead'] === measures['logStart'],
      [changed('delete-records', 'none')],
      'delete',
    ),
    'a-start-moves-forward-and-no-end-back': proveSince(
      '0.11',
      calm,
      (measures) =>
        measures['logStart'] === CALM_RECORDS &&
        measures['startsApart'] === 0 &&
        measures['endsWentBack'] === 0 &&
        measures['leo']! > measures['logStart']!,
      [changed('delete-records', 'none'), changed('delete-records', 'to-high-watermark')],
      'delete',
    ),
  },
});

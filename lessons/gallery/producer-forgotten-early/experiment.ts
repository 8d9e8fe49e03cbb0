/**
 * A coordinator that was replaced still writes: KAFKA-9144.
 *
 * A leader refuses markers of an old coordinator by what it remembers of the producer. It forgot
 * producers by the age of their records, markers not counted. So after a transaction that took
 * long the memory is gone at once, and with it the fence: the late marker is appended.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart } from '../story.ts';
import {
  PRODUCER,
  type TransactionStory,
  coordinatorOf,
  partitionElsewhere,
  partitionsAreCreated,
  producerIsInitialized,
  transactionStory,
} from '../transactions.ts';

const TOPIC = 'pay';
const EXPIRATION_MS = 15_000;
/** The second transaction is open for longer than a producer is remembered. */
const OPEN_MS = 17_000;
/** Twice as long as from one look for silent producers to the next. */
const FORGET_MS = 2_000;
const ARRIVAL_MS = 3_000;

interface World extends TransactionStory {
  partition: number;
  /** The coordinator that is replaced. */
  first: string;
}

const twoMarkers = (measures: Measures) => measures['markers'] === 2;

/** From when on a marker is on its way: it and what follows waits. */
function holdMarker({ cluster, transactions, partition, first }: World, lab: Lab): void {
  const leader = cluster.brokerName(cluster.leaderOf(TOPIC, partition) ?? 1);
  const controller = cluster.activeController ?? '';
  lab.when(
    () => transactions.transaction('transfers')?.state === 'PrepareAbort',
    () => {
      lab.inject({ fault: 'clog', from: first, to: leader });
      lab.inject({ fault: 'clog', from: first, to: controller });
    },
  );
}

export default experiment({
  id: 'producer-forgotten-early',
  breaks: 'K25',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const quirks = quirksOf(knobs.quirk, 'markerRenewsProducer', { transactionVersion2: false });
    const { profile } = knobs;
    const story = transactionStory(
      lab,
      { profile, quirks },
      // What a transactional producer has in any case: old releases begin with acks=1.
      { acks: 'all', 'enable.idempotence': 'true' },
      {
        'producer.id.expiration.ms': String(EXPIRATION_MS),
        'producer.id.expiration.check.interval.ms': '1000',
      },
    );
    return { ...story, partition: 0, first: '' };
  },

  steps: [
    brokersStart(3),
    partitionsAreCreated(TOPIC),
    producerIsInitialized(),
    {
      id: 'first',
      title: { en: 'A first transaction', zh: '第一个事务' },
      do: (world) => {
        world.partition = partitionElsewhere(world, TOPIC);
        world.first = coordinatorOf(world) ?? '';
        world.transactions.begin(PRODUCER);
        world.transactions.send(PRODUCER, TOPIC, 1, world.partition);
        world.transactions.commit(PRODUCER);
      },
      until: ({ transactions }) => transactions.answer(PRODUCER, 'commitTransaction') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'second',
      title: { en: 'The second writes a record', zh: '第二个事务写入一条' },
      do: ({ transactions, partition }) => {
        transactions.begin(PRODUCER);
        transactions.send(PRODUCER, TOPIC, 1, partition);
      },
      until: (_, lab) => acknowledgedBy(lab) === 2,
      timeLimitMs: 30_000,
    },
    {
      id: 'long',
      title: { en: 'It stays open for long', zh: '它开了很久' },
      do: ({ pause }, lab) => pause.begin(lab, OPEN_MS),
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * OPEN_MS,
    },
    {
      id: 'abort',
      title: { en: 'It aborts, and the marker is stuck', zh: '中止事务，标记卡住了' },
      do: (world, lab) => {
        holdMarker(world, lab);
        world.transactions.abort(PRODUCER);
      },
      until: (world) => {
        const now = coordinatorOf(world);
        return now !== null && now !== world.first;
      },
      timeLimitMs: 60_000,
    },
    {
      id: 'next',
      title: { en: 'The next coordinator writes it', zh: '新协调者写下标记' },
      until: ({ transactions, partition }) => transactions.stableLag(TOPIC, partition) === 0,
      timeLimitMs: 60_000,
    },
    {
      id: 'forget',
      title: { en: 'Silent producers are forgotten', zh: '沉默的生产者被忘掉' },
      do: ({ pause }, lab) => pause.begin(lab, FORGET_MS),
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * FORGET_MS,
    },
    {
      id: 'arrives',
      title: { en: 'The stuck marker arrives', zh: '卡住的标记到了' },
      do: ({ pause }, lab) => {
        lab.inject({ fault: 'heal' });
        pause.begin(lab, ARRIVAL_MS);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * ARRIVAL_MS,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const { cluster, partition } = world;
    const leader = cluster.leaderOf(TOPIC, partition);
    const end = leader === null ? 0 : (cluster.replica(leader, TOPIC, partition)?.leo ?? 0);
    return { transactions: world.transactions.history.length, markers: end - history.sent.length };
  },

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['markers']! > measures['transactions']!),
    'a-marker-renews-its-producer': proveSince('2.4', { quirk: 'by-release' }, twoMarkers),
  },
});

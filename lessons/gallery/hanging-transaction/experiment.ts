/**
 * A batch arrives when its transaction has been aborted: KIP-890, KAFKA-14402.
 *
 * The producer gives up on a record and aborts; the marker is written. Then the batch comes out of
 * the network. For the log it begins a transaction, which nobody will ever end: the last stable
 * offset stays where it is, and with it everybody who reads committed records.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { brokersStart } from '../story.ts';
import {
  PRODUCER,
  type TransactionStory,
  partitionElsewhere,
  partitionsAreCreated,
  producerIsInitialized,
  told,
  transactionStory,
} from '../transactions.ts';

const TOPIC = 'pay';
const OTHER = 'teller-2';
const READER = 'reader-1';
/** Of the first transaction, and of another producer's. */
const BEFORE = 1;
const AFTER = 2;
/** Enough for what is on its way to arrive and to be answered. */
const ARRIVAL_MS = 3_000;

interface World extends TransactionStory {
  /** Led by another broker than the one that coordinates. */
  partition: number;
}

const flows = (measures: Measures) => measures['held'] === 0 && measures['read'] === BEFORE + AFTER;

export default experiment({
  id: 'hanging-transaction',
  breaks: 'K24',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const quirks = quirksOf(knobs.quirk, 'verifiesFirstWrite', { transactionVersion2: false });
    const { profile } = knobs;
    const settings = { 'request.timeout.ms': '3000', 'delivery.timeout.ms': '4000' };
    const story = transactionStory(lab, { profile, quirks }, settings);
    story.transactions.addProducer(OTHER, 'refunds', { 'linger.ms': '0' });
    return { ...story, partition: 0 };
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
        world.transactions.begin(PRODUCER);
        world.transactions.send(PRODUCER, TOPIC, BEFORE, world.partition);
        world.transactions.commit(PRODUCER);
      },
      until: ({ transactions }) => transactions.answer(PRODUCER, 'commitTransaction') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'late',
      title: { en: 'A record is stuck in the network', zh: '一条消息卡在网络里' },
      do: ({ cluster, transactions, partition }, lab) => {
        const leader = cluster.brokerName(cluster.leaderOf(TOPIC, partition) ?? 1);
        transactions.begin(PRODUCER);
        // The connection is there already; what is sent on it from now on waits.
        lab.inject({ fault: 'clog', from: PRODUCER, to: leader });
        transactions.send(PRODUCER, TOPIC, 1, partition);
      },
      until: (_, lab) => told(lab) === BEFORE + 1,
      timeLimitMs: 30_000,
    },
    {
      id: 'abort',
      title: { en: 'The producer aborts', zh: '生产者中止事务' },
      do: ({ transactions }) => transactions.abort(PRODUCER),
      until: ({ transactions }) =>
        transactions.answer(PRODUCER, 'abortTransaction') !== null &&
        transactions.transaction('transfers')?.partitions.length === 0,
      timeLimitMs: 60_000,
    },
    {
      id: 'arrives',
      title: { en: 'The record arrives', zh: '那条消息到了' },
      do: ({ pause }, lab) => {
        lab.inject({ fault: 'heal' });
        pause.begin(lab, ARRIVAL_MS);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * ARRIVAL_MS,
    },
    {
      id: 'others',
      title: { en: 'Another producer commits', zh: '另一个生产者提交' },
      do: ({ transactions }) => transactions.init(OTHER),
      until: ({ transactions }) => transactions.answer(OTHER, 'initTransactions') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'commit',
      title: { en: 'Its records are committed', zh: '它的消息已提交' },
      do: ({ transactions, partition }) => {
        transactions.begin(OTHER);
        transactions.send(OTHER, TOPIC, AFTER, partition);
        transactions.commit(OTHER);
      },
      until: ({ transactions }) => transactions.answer(OTHER, 'commitTransaction') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'read',
      title: { en: 'A read_committed consumer waits', zh: 'read_committed 消费者在等' },
      do: ({ transactions, pause, partition }, lab) => {
        transactions.addReader(READER, TOPIC, {}, partition);
        pause.begin(lab, ARRIVAL_MS);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * ARRIVAL_MS,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const { transactions, partition } = world;
    const read = history.delivered.filter(({ consumer }) => consumer === READER).length;
    return { held: transactions.stableLag(TOPIC, partition), read };
  },

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['held']! > 0 && measures['read'] === BEFORE),
    'a-first-write-is-verified': proveSince('3.6', { quirk: 'by-release' }, flows),
  },
});

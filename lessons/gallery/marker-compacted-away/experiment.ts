/**
 * The cleaner takes a commit marker for an old value: KAFKA-14055.
 *
 * A marker is a record with a key of four bytes: version and type. An account number as an integer
 * is four bytes, too, and account 1 has the very key of a commit marker. So the cleaner removed the
 * marker, and kept the record that it commits. A replica that copies such a log takes that record
 * for a part of the producer's next transaction, and shares its fate.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import type { Key } from '#engine/lab/kafka.ts';
import { administration, reassign } from '#engine/lab/kafka-administration.ts';
import { compaction, watchCompaction } from '#engine/lab/kafka-cleaner.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart } from '../story.ts';
import {
  PRODUCER,
  type TransactionStory,
  consumerReads,
  producerIsInitialized,
  transactionStory,
} from '../transactions.ts';

const TOPIC = 'accounts';
/** Writes without transactions. */
const CLERK = 'clerk-1';
const READER = 'reader-1';
const CONFIGS = {
  'cleanup.policy': 'compact',
  'min.cleanable.dirty.ratio': '0.01',
  'min.insync.replicas': '2',
  'segment.bytes': '300',
};
/** Where the partition is at first, and where it moves to: the leader is new to it. */
const REPLICAS = [1, 2];
const MOVED = [3, 2];
/** The accounts of the transactions, of the record that does the harm, and of some more. */
const COMMITTED = 7;
const ABORTED = 8;
const HARMFUL = 1;
const OTHERS = [20, 21, 22, 23, 24, 25];
/** Several times as long as a cleaner sleeps. */
const CLEAN_MS = 5_000;

/** An account number as an integer is written: four bytes, the highest first. */
const keyOf = (account: number): Key =>
  new Uint8Array([account >>> 24, account >>> 16, account >>> 8, account]);

/** Those without transactions, and the one that was committed. */
const whole = (measures: Measures) =>
  measures['lost'] === 0 && measures['read'] === OTHERS.length + 2;

export default experiment({
  id: 'marker-compacted-away',
  breaks: 'K16',
  knobs: bugKnobs,

  world({ knobs, lab }): TransactionStory {
    const quirks = quirksOf(knobs.quirk, 'cleanerKeepsMarkers', { transactionVersion2: false });
    const { profile } = knobs;
    // What a transactional producer has in any case: old releases begin with acks=1.
    const settings = { acks: 'all', 'enable.idempotence': 'true' };
    const brokers = { 'log.cleaner.backoff.ms': '1000' };
    const cluster = { profile, quirks, modules: [...compaction, ...administration] };
    const story = transactionStory(lab, cluster, settings, brokers);
    watchCompaction(lab);
    return story;
  },

  steps: [
    brokersStart(3),
    {
      id: 'create',
      title: { en: 'A compacted topic with two replicas', zh: '创建压实的双副本主题' },
      do: ({ cluster }) => {
        const topic = { partitions: 1, replicationFactor: REPLICAS.length, configs: CONFIGS };
        cluster.createTopic(TOPIC, topic);
        cluster.addProducer(CLERK, { 'linger.ms': '0', acks: 'all' });
      },
      until: ({ cluster }) => cluster.partitionsReady(true),
      timeLimitMs: 30_000,
    },
    producerIsInitialized(),
    {
      id: 'commit',
      title: { en: 'Account seven is written and committed', zh: '写入七号账户，并提交' },
      do: ({ transactions }) => {
        transactions.begin(PRODUCER);
        transactions.send(PRODUCER, TOPIC, [keyOf(COMMITTED)]);
        transactions.commit(PRODUCER);
      },
      until: ({ transactions }) => transactions.answer(PRODUCER, 'commitTransaction') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'harm',
      title: { en: 'Somebody writes account one', zh: '有人写入一号账户' },
      do: ({ cluster }) => cluster.send(CLERK, TOPIC, [keyOf(HARMFUL)]),
      until: (_, lab) => acknowledgedBy(lab) === 2,
      timeLimitMs: 30_000,
    },
    {
      id: 'next',
      title: { en: 'The next transaction writes account eight', zh: '下一个事务写入八号账户' },
      do: ({ transactions }) => {
        transactions.begin(PRODUCER);
        transactions.send(PRODUCER, TOPIC, [keyOf(ABORTED)]);
      },
      until: (_, lab) => acknowledgedBy(lab) === 3,
      timeLimitMs: 30_000,
    },
    {
      id: 'abort',
      title: { en: 'It is aborted', zh: '这个事务中止' },
      do: ({ transactions }) => transactions.abort(PRODUCER),
      until: ({ transactions }) => transactions.answer(PRODUCER, 'abortTransaction') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'clean',
      title: { en: 'The cleaner comes by', zh: '清理线程来了' },
      do: ({ cluster, pause }, lab) => {
        OTHERS.forEach((account, place) =>
          cluster.send(CLERK, TOPIC, [keyOf(account)], { delayMs: 20 * place }),
        );
        pause.begin(lab, CLEAN_MS);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * CLEAN_MS,
    },
    {
      id: 'move',
      title: { en: 'The partition moves to another broker', zh: '分区搬到另一个 Broker' },
      do: (_, lab) => reassign(lab, TOPIC, 0, MOVED),
      until: ({ cluster }) =>
        !cluster.isReassigning(TOPIC, 0) && cluster.leaderOf(TOPIC, 0) === MOVED[0],
      timeLimitMs: 60_000,
    },
    consumerReads(READER, TOPIC),
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const read = history.delivered.filter(({ consumer }) => consumer === READER).length;
    return { lost: world.transactions.lost.length, read };
  },

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['lost'] === 1),
    'a-marker-is-kept': proveSince('3.0', { quirk: 'by-release' }, whole),
  },
});

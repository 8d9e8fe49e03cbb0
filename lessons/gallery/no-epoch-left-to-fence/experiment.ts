/**
 * A coordinator cannot fence the producer with the highest epoch: KAFKA-19367.
 *
 * With transactions of version 2 each end of a transaction raises the epoch, an int16. The last one
 * that a producer is given is one below the highest, which is left for fencing. But 4.0.0 raised it
 * twice for a fence: for the fence, and for the abort that follows. The second time there is no
 * room, an exception is thrown, and the transaction stays open, every time that it is tried.
 */
import { experiment } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart, topicIsCreated } from '../story.ts';
import {
  TRANSACTIONAL_ID,
  type TransactionStory,
  consumerReads,
  producerIsInitialized,
  transactionStory,
} from '../transactions.ts';

const TOPIC = 'pay';
/** The application's next lives. */
const SECOND = 'teller-2';
const THIRD = 'teller-3';
const OTHER = 'refunder-1';
const READER = 'reader-1';
/** So many transactions have ended: the producer that is initialized next gets the last epoch. */
const WORN_EPOCH = 32_765;
/** Of the other producer. */
const OTHERS = 2;
const TIMEOUT_MS = 10_000;
/** Long enough for the coordinator to look several times for what is overdue. */
const OVERDUE_MS = 20_000;

const hangs = (measures: Measures) => measures['held']! > 0 && measures['read'] === 0;

export default experiment({
  id: 'no-epoch-left-to-fence',
  breaks: 'K24',
  knobs: bugKnobs,

  world({ knobs, lab }): TransactionStory {
    const quirks = quirksOf(knobs.quirk, 'epochFenceBumpsOnce');
    const { profile } = knobs;
    const settings = { 'transaction.timeout.ms': String(TIMEOUT_MS) };
    const story = transactionStory(lab, { profile, quirks }, settings);
    for (const name of [SECOND, THIRD]) {
      story.transactions.addProducer(name, TRANSACTIONAL_ID, { 'linger.ms': '0', ...settings });
    }
    story.transactions.addProducer(OTHER, 'refunds', { 'linger.ms': '0' });
    return story;
  },

  steps: [
    brokersStart(3),
    topicIsCreated(TOPIC, 3, 2, {}),
    producerIsInitialized(),
    {
      id: 'wear',
      title: { en: 'Thousands of transactions later', zh: '几万个事务之后' },
      do: ({ transactions }) => transactions.wearOut(TRANSACTIONAL_ID, WORN_EPOCH),
      until: ({ transactions }) =>
        transactions.transaction(TRANSACTIONAL_ID)?.producerEpoch === WORN_EPOCH,
      timeLimitMs: 1_000,
    },
    {
      id: 'second',
      title: { en: 'The application is started anew', zh: '应用重新启动' },
      do: ({ transactions }) => transactions.init(SECOND),
      until: ({ transactions }) => transactions.answer(SECOND, 'initTransactions') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'write',
      title: { en: 'It writes in a transaction', zh: '它在事务里写入一条' },
      do: ({ transactions }) => {
        transactions.begin(SECOND);
        transactions.send(SECOND, TOPIC);
      },
      until: (_, lab) => acknowledgedBy(lab) === 1,
      timeLimitMs: 30_000,
    },
    {
      id: 'crash',
      title: { en: 'It dies in the middle', zh: '它中途崩溃' },
      do: (_, lab) => lab.inject({ fault: 'crash', host: SECOND }),
      until: (_, lab) => lab.host(SECOND).state !== 'running',
      timeLimitMs: 1_000,
    },
    {
      id: 'third',
      title: { en: 'It is started once more', zh: '它再次启动' },
      do: ({ transactions }) => transactions.init(THIRD),
      until: ({ transactions }) => transactions.answer(THIRD, 'initTransactions') !== null,
      timeLimitMs: 60_000,
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
      do: ({ transactions }) => {
        transactions.begin(OTHER);
        transactions.send(OTHER, TOPIC, OTHERS);
        transactions.commit(OTHER);
      },
      until: ({ transactions }) => transactions.answer(OTHER, 'commitTransaction') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'overdue',
      title: { en: 'The time of the first is over', zh: '前一个事务超时' },
      do: ({ pause }, lab) => pause.begin(lab, OVERDUE_MS),
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * OVERDUE_MS,
    },
    consumerReads(READER, TOPIC, 'waits'),
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const { transactions } = world;
    const read = history.delivered.filter(({ consumer }) => consumer === READER).length;
    const isRefused = transactions.answer(THIRD, 'initTransactions') !== 'NONE';
    return { held: transactions.stableLag(TOPIC), read, refused: Number(isRefused) };
  },

  proofs: {
    'the-bug-shows': bugShows(hangs, [
      { name: 'transactions of version 1', knobs: { profile: 'kafka-3.9' } },
    ]),
  },
});

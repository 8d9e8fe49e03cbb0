/**
 * The commit of one transaction ends the next: KAFKA-17754, found by Jepsen.
 *
 * EndTxn is late, so the producer sends it again, and goes on. When the first one arrives it finds
 * the next transaction open, of the same producer and the same epoch, and commits what there is of
 * it. The rest is refused: half a transaction.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart, topicIsCreated } from '../story.ts';
import {
  PRODUCER,
  type TransactionStory,
  consumerReads,
  coordinatorOf,
  producerIsInitialized,
  told,
  transactionStory,
} from '../transactions.ts';

const TOPIC = 'pay';
const READER = 'reader-1';
/** So late is the first EndTxn. */
const LATE_MS = 8_000;
/** When the network is well again: the first is on its way, the second is not sent yet. */
const SHORT_MS = 500;

const whole = (measures: Measures) => measures['torn'] === 0 && measures['read'] === 3;

export default experiment({
  id: 'late-commit-in-the-next-transaction',
  breaks: 'K23',
  knobs: bugKnobs,

  world({ knobs, lab }): TransactionStory {
    const quirks = quirksOf(knobs.quirk, 'transactionVersion2');
    const { profile } = knobs;
    const settings = { 'request.timeout.ms': '3000', 'delivery.timeout.ms': '30000' };
    return transactionStory(lab, { profile, quirks }, settings);
  },

  steps: [
    brokersStart(3),
    topicIsCreated(TOPIC, 3, 2, {}),
    producerIsInitialized(),
    {
      id: 'first',
      title: { en: 'The first transaction', zh: '第一个事务' },
      do: ({ transactions }) => {
        transactions.begin(PRODUCER);
        transactions.send(PRODUCER, TOPIC);
      },
      until: (_, lab) => acknowledgedBy(lab) === 1,
      timeLimitMs: 30_000,
    },
    {
      id: 'commit',
      title: { en: 'Its commit is late, and sent again', zh: '提交迟到，又发了一次' },
      do: (world, lab) => {
        const { transactions, pause } = world;
        const link = { from: PRODUCER, to: coordinatorOf(world) ?? '' };
        const late = { minMicros: LATE_MS * 1_000, jitterMicros: 0 };
        lab.inject({ fault: 'delay', ...link, ...late });
        transactions.commit(PRODUCER);
        pause.begin(lab, LATE_MS + SHORT_MS);
        const soon = lab.now + SHORT_MS * 1_000;
        lab.when(
          () => lab.now >= soon,
          () => lab.inject({ fault: 'delay', ...link, minMicros: 100, jitterMicros: 0 }),
        );
      },
      until: ({ transactions }) => transactions.answer(PRODUCER, 'commitTransaction') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'second',
      title: { en: 'The second transaction begins', zh: '第二个事务开始' },
      do: ({ transactions }) => {
        transactions.begin(PRODUCER);
        transactions.send(PRODUCER, TOPIC);
      },
      until: (_, lab) => acknowledgedBy(lab) === 2,
      timeLimitMs: 30_000,
    },
    {
      id: 'arrives',
      title: { en: 'The first EndTxn arrives', zh: '第一个 EndTxn 到了' },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * LATE_MS,
    },
    {
      id: 'rest',
      title: { en: 'The rest of the second transaction', zh: '第二个事务的其余部分' },
      do: ({ transactions }) => transactions.send(PRODUCER, TOPIC),
      until: (_, lab) => told(lab) === 3,
      timeLimitMs: 60_000,
    },
    {
      id: 'end',
      title: { en: 'The producer ends it', zh: '生产者结束事务' },
      do: ({ transactions }) => {
        const goesOn = transactions.producer(PRODUCER)?.state === 'IN_TRANSACTION';
        if (goesOn) transactions.commit(PRODUCER);
        else transactions.abort(PRODUCER);
      },
      until: ({ transactions }) => transactions.isIdle(PRODUCER),
      timeLimitMs: 60_000,
    },
    consumerReads(READER, TOPIC),
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const read = history.delivered.filter(({ consumer }) => consumer === READER).length;
    return { torn: world.transactions.torn.length, read };
  },

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['torn'] === 1),
    'each-end-raises-the-epoch': proveSince('4.0', { quirk: 'by-release' }, whole),
  },
});

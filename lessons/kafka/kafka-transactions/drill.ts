/**
 * The drill: a producer died in the middle of its transaction, and readers of committed records
 * stand still behind it. Find the transaction and end it. Not here: the experiment of the lesson.
 */
import { drill } from '#engine/lab/drill.ts';
import { Transactions } from '#engine/lab/kafka-transactions.ts';
import { drillCluster, drillHandles } from '../drill-world.ts';
import { topicIsReady } from '../story.ts';
import type { Told } from '../story.ts';

const TOPIC = 'pay';
const PRODUCER = 'payments-1';
const ID = 'payments';
/** Kafka's largest: nobody wants to wait for it. */
const TIMEOUT_MS = 900_000;

interface World extends Told {
  readonly transactions: Transactions;
}

const offsets = ({ cluster }: World): { readonly hw: number; readonly lso: number } => {
  const leader = cluster.leaderOf(TOPIC, 0);
  const replica = leader === null ? null : cluster.replica(leader, TOPIC, 0);
  return { hw: replica?.hw ?? 0, lso: replica?.lso ?? 0 };
};

export default drill<World>({
  id: 'kafka-transactions',
  release: 'kafka-4.1',
  title: { en: 'Nobody reads on', zh: '谁都读不动了' },
  task: {
    en:
      'The producer of payments died in its transaction and will not come back. For fifteen ' +
      'minutes readers with read_committed get nothing behind its first record on pay. Do ' +
      'not wait so long: end the transaction, so that everything on pay can be read.',
    zh:
      '支付服务的生产者死在事务中间，不会再回来。接下来的十五分钟，read_committed 的读者在 ' +
      'pay 上都读不过它的第一条消息。别等：结束这个事务，让 pay 上的消息都能读到。',
  },
  products: ['kafka'],
  tools: ['kafka-transactions.sh', 'kafka-console-consumer.sh', 'kafka-producer-perf-test.sh'],
  world: ({ lab }) => {
    const cluster = drillCluster(lab);
    return { cluster, transactions: new Transactions(lab, cluster) };
  },
  handles: drillHandles,
  prepare: [
    topicIsReady<World>(
      { en: 'The topic is made', zh: '创建主题' },
      ({ cluster, transactions }) => {
        cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 3 });
        cluster.addProducer('orders-1', {});
        const timeout = { 'transaction.timeout.ms': `${TIMEOUT_MS}` };
        transactions.addProducer(PRODUCER, ID, timeout);
      },
    ),
    {
      id: 'init',
      title: { en: 'The producer gets its id', zh: '生产者初始化事务' },
      do: ({ transactions }) => transactions.init(PRODUCER),
      until: ({ transactions }) => transactions.answer(PRODUCER, 'initTransactions') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'begin',
      title: {
        en: 'Two payments of a transaction, three orders behind',
        zh: '事务里两笔支付，后面三个订单',
      },
      do: ({ cluster, transactions }) => {
        transactions.begin(PRODUCER);
        transactions.send(PRODUCER, TOPIC, 2);
        cluster.send('orders-1', TOPIC, 3, { delayMs: 500 });
      },
      until: (world) => offsets(world).hw === 5,
      timeLimitMs: 60_000,
    },
    {
      id: 'dies',
      title: { en: 'The producer dies', zh: '生产者崩溃' },
      do: (_world, lab) => lab.inject({ fault: 'crash', host: PRODUCER }),
      until: (_world, lab) => lab.host(PRODUCER).state !== 'running',
      timeLimitMs: 10_000,
    },
  ],
  goal: [
    {
      id: 'readable',
      text: {
        en: 'the last stable offset of pay-0 is its high watermark',
        zh: 'pay-0 的 LSO 等于高水位',
      },
      holds: (world) => {
        const { hw, lso } = offsets(world);
        return hw >= 5 && lso === hw;
      },
    },
    {
      id: 'early',
      text: { en: 'and that before the timeout', zh: '而且没等到超时' },
      holds: (_world, lab) => lab.now < TIMEOUT_MS * 1000,
    },
  ],
  solution: [
    'kafka-transactions.sh --bootstrap-server broker-1:9092 abort --topic pay --partition ' +
      '0 --start-offset 0',
    'run 5s',
  ],
  otherWay: [
    'kafka-producer-perf-test.sh --topic pay --num-records 1 --record-size 10 --throughput ' +
      '-1 --transactional-id payments --transaction-duration-ms 100 --producer-props ' +
      'bootstrap.servers=broker-1:9092',
    'run 10s',
  ],
  hints: [
    {
      en:
        'Look first: one tool lists transactional ids and their states, describes them, and ' +
        'shows the producers of a partition.',
      zh: '先查看：有个工具能列出事务 ID 及其状态、查看详情，还能显示某个分区上的生产者。',
    },
    {
      en:
        'The same tool can abort a transaction on a partition. It wants to know at which ' +
        'offset the transaction begins.',
      zh: '同一个工具能中止某分区上的事务，但要告诉它事务从哪个位移开始。',
    },
    {
      en:
        'Whoever comes with the same transactional id ends what its predecessor left behind. ' +
        'Then give the markers a moment.',
      zh: '用同一个事务 ID 启动新的生产者，也会结束前任留下的事务。然后等事务标记写完。',
    },
  ],
});

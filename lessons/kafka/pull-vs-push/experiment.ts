/**
 * Who decides when a record reaches a consumer? A consumer pulls: it asks, and the broker holds the
 * question until there are enough bytes or the wait is over. First nothing is written for twelve
 * seconds, then one record, then more than the consumer takes in one poll.
 */
import { choice, experiment, mutant, prove } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'orders';
const BROKER = 'broker-1';
const CONSUMER = 'consumer-1';
const PRODUCER = 'producer-1';
const IDLE_MICROS = 12_000_000;
const BURST_RECORDS = 500;
/** After the record: longer than the longest wait. */
const ONE_RECORD_MICROS = 6_000_000;

interface World {
  readonly cluster: KafkaCluster;
  readonly consumer: Readonly<Record<string, string>>;
  since: number;
  requestsBefore: number;
  idleRequests: number;
  acknowledgedAt: number;
  deliveredAt: number;
  deliveredBefore: number;
}

const requests = (lab: Lab): number => lab.host(BROKER).counters.request;

function sendOne(world: World, lab: Lab): void {
  world.since = lab.now;
  world.deliveredBefore = lab.history.delivered.length;
  world.cluster.send(PRODUCER, TOPIC, 1);
  lab.when(
    () => lab.history.delivered.length > world.deliveredBefore,
    () => {
      world.deliveredAt = lab.now;
    },
  );
}

const soon = (measures: Measures) =>
  measures['delivered']! > 0 && measures['delayMicros']! < 10_000;
const late = (measures: Measures) => measures['delayMicros']! > 1_000_000;

export default experiment({
  id: 'pull-vs-push',
  knobs: {
    'fetch.max.wait.ms': choice(['0', '100', '500', '5000'], '500', {
      en: 'How long the broker holds a fetch that it cannot fill.',
      zh: '数据不够时，Broker 最多把拉取请求挂起多久。',
    }),
    'fetch.min.bytes': choice(['1', '10000'], '1', {
      en: 'How many bytes a fetch waits for.',
      zh: '拉取请求要等到多少字节。',
    }),
    'max.poll.records': choice(['1', '50', '500'], '500', {
      en: 'How many records one poll hands to the application.',
      zh: '一次 poll 最多交给应用多少条消息。',
    }),
  },

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, { brokers: 1 });
    const world: World = {
      ...{ cluster, consumer: { ...knobs }, since: 0, requestsBefore: 0, idleRequests: 0 },
      ...{ acknowledgedAt: 0, deliveredAt: 0, deliveredBefore: 0 },
    };
    cluster.whenAcknowledged(() => {
      if (world.acknowledgedAt === 0) world.acknowledgedAt = lab.now;
    });
    return world;
  },

  steps: [
    brokersStart(1),
    topicIsReady<World>(
      { en: 'An empty topic and a consumer', zh: '空主题和一个消费者' },
      ({ cluster, consumer }) => {
        cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 1 });
        cluster.addConsumer(CONSUMER, TOPIC, consumer);
      },
    ),
    {
      id: 'idle',
      title: { en: 'Twelve seconds without a record', zh: '十二秒没有消息' },
      do: (world, lab) => {
        world.since = lab.now;
        world.requestsBefore = requests(lab);
      },
      until: (world, lab) => {
        world.idleRequests = requests(lab) - world.requestsBefore;
        return lab.now - world.since >= IDLE_MICROS;
      },
      timeLimitMs: IDLE_MICROS / 1000,
    },
    {
      id: 'produce',
      title: { en: 'A producer appears', zh: '生产者出现' },
      do: ({ cluster }) => cluster.addProducer(PRODUCER, { 'linger.ms': '0' }),
      until: () => false,
      timeLimitMs: 300,
    },
    {
      id: 'one-record',
      title: { en: 'One record', zh: '一条消息' },
      do: sendOne,
      until: (world, lab) => world.deliveredAt > 0 || lab.now - world.since > ONE_RECORD_MICROS,
      timeLimitMs: ONE_RECORD_MICROS / 1000,
    },
    {
      id: 'burst',
      title: { en: 'More than one poll takes', zh: '一次 poll 拿不完的一批' },
      do: ({ cluster }) => cluster.send(PRODUCER, TOPIC, BURST_RECORDS),
      until: (_, { history }) => history.delivered.length === 1 + BURST_RECORDS,
      timeLimitMs: 30_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const perPoll = new Map<number, number>();
    for (const { event } of history.delivered) perPoll.set(event, (perPoll.get(event) ?? 0) + 1);
    return {
      sent: history.sent.length,
      delivered: history.delivered.length,
      idleRequests: world.idleRequests,
      delayMicros: Math.max(0, world.deliveredAt - world.acknowledgedAt),
      largestPoll: [...perPoll.values()].reduce((most, count) => Math.max(most, count), 0),
      polls: perPoll.size,
    };
  },

  proofs: {
    'the-broker-holds-an-empty-fetch': prove(
      {},
      (measures) => measures['idleRequests']! >= 20 && measures['idleRequests']! <= 30,
      [
        mutant('no wait', { 'fetch.max.wait.ms': '0' }),
        mutant('a longer wait', { 'fetch.max.wait.ms': '5000' }),
      ],
      'idle',
    ),
    'without-a-wait-a-consumer-spins': prove(
      { 'fetch.max.wait.ms': '0' },
      (measures) => measures['idleRequests']! > 1000,
      [mutant('fetch.max.wait.ms=500', { 'fetch.max.wait.ms': '500' })],
      'idle',
    ),
    'a-record-arrives-in-one-trip': prove(
      { 'fetch.max.wait.ms': '5000' },
      soon,
      [mutant('fetch.min.bytes=10000', { 'fetch.min.bytes': '10000' })],
      'one-record',
    ),
    'a-fetch-waits-for-bytes': prove(
      { 'fetch.max.wait.ms': '5000', 'fetch.min.bytes': '10000' },
      late,
      [
        mutant('one byte is enough', { 'fetch.min.bytes': '1' }),
        mutant('a shorter wait', { 'fetch.max.wait.ms': '100' }),
      ],
      'one-record',
    ),
    'records-do-not-make-a-fetch-wait': prove(
      { 'fetch.max.wait.ms': '5000', 'max.poll.records': '500' },
      (measures) => soon(measures) && measures['polls']! > 1,
      [mutant('bytes do', { 'fetch.min.bytes': '10000' })],
      'one-record',
    ),
    'the-consumer-sets-its-pace': prove(
      { 'max.poll.records': '50' },
      (measures) => measures['delivered'] === 1 + BURST_RECORDS && measures['largestPoll'] === 50,
      [
        mutant('one by one', { 'max.poll.records': '1' }),
        mutant('as many as there are', { 'max.poll.records': '500' }),
      ],
      'burst',
    ),
  },
});

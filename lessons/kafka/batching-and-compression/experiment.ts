/**
 * What is a batch good for? A producer sends a record a millisecond. batch.size and linger.ms
 * decide how many of them share a request, a header and a place in the log; compression works on
 * the whole batch. Then the producer may die with records in its buffer, of which nobody was told
 * anything.
 */
import '#engine/lab/gzip.ts';
import { choice, experiment, judgeDelivery, mutant, prove, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { profileKnob } from '#engine/lab/kafka-profile.ts';
import { logFacts } from '#engine/lab/kafka-log.ts';
import type { LogFacts } from '#engine/lab/kafka-log.ts';
import { brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'clicks';
const RECORDS = 300;
/** Sent beforehand, so that the producer knows the leader and has its id. */
const FIRST = 1;
const PRODUCER = 'producer-1';
const BROKER = 'broker-1';
/** So far the producer comes before it dies. */
const CRASH_MICROS = 150_000;
const KEYS = ['page-view', 'add-to-cart', 'page-view', 'check-out'];

interface World {
  readonly cluster: KafkaCluster;
  readonly dies: boolean;
  readonly addClients: () => void;
  since: number;
  /** Of acknowledged records, in order of their offsets. */
  readonly waitedMicros: number[];
  facts: LogFacts | null;
  decompressed: number;
}

function sendAll(world: World, lab: Lab): void {
  world.since = lab.now;
  for (let turn = 0; turn < RECORDS; turn++) {
    world.cluster.send(PRODUCER, TOPIC, [KEYS[turn % KEYS.length]!], { delayMs: turn });
  }
}

function looked(world: World, lab: Lab): void {
  world.facts = logFacts(lab, BROKER, TOPIC);
  world.decompressed = lab.host(BROKER).counters.decompress;
}

const told = ({ history }: Lab) => history.sent.filter(({ outcome }) => outcome !== 'pending');
const all = (measures: Measures) => measures['inLog'] === FIRST + RECORDS;
const few = (measures: Measures) => all(measures) && measures['batches']! * 10 <= RECORDS;
const GZIP = { 'compression.type': 'gzip', 'linger.ms': '50' };
const smaller = (measures: Measures) => measures['logBytes']! * 2 < measures['plainBytes']!;

export default experiment({
  id: 'batching-and-compression',
  knobs: {
    'batch.size': choice(['0', '500', '16384'], '16384', {
      en: 'Bytes of a batch. With 0 every record goes by itself.',
      zh: '批次的字节数。0 表示每条消息单独发送。',
    }),
    'linger.ms': choice(['default', '0', '5', '50'], '50', {
      en: 'How long a batch waits for more records.',
      zh: '批次为等更多消息而停留多久。',
    }),
    'compression.type': choice(['none', 'gzip'], 'none', {
      en: 'Whether batches are compressed.',
      zh: '批次是否压缩。',
    }),
    fault: choice(['none', 'producer-crash'], 'none', {
      en: 'Whether the producer dies while it has records in its buffer.',
      zh: '生产者是否在缓冲区还有消息时宕机。',
    }),
    profile: profileKnob,
  },

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, { brokers: 1, profile: knobs.profile });
    const settings: Record<string, string> = {
      acks: 'all',
      'batch.size': knobs['batch.size'],
      'compression.type': knobs['compression.type'],
    };
    if (knobs['linger.ms'] !== 'default') settings['linger.ms'] = knobs['linger.ms'];
    const addClients = (): void => {
      cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 1 });
      cluster.addProducer(PRODUCER, settings);
      cluster.addConsumer('consumer-1', TOPIC, {});
    };
    const dies = knobs.fault === 'producer-crash';
    const world: World = {
      ...{ cluster, dies, addClients, since: 0, waitedMicros: [], facts: null, decompressed: 0 },
    };
    cluster.whenAcknowledged(({ offset }) => {
      if (offset < FIRST) return;
      world.waitedMicros.push(lab.now - world.since - (offset - FIRST) * 1000);
    });
    return world;
  },

  steps: [
    brokersStart(1),
    topicIsReady<World>(
      { en: 'A topic and its clients', zh: '创建主题和客户端' },
      ({ addClients }) => addClients(),
    ),
    {
      id: 'first',
      title: { en: 'A first record', zh: '先发一条' },
      do: ({ cluster }) => cluster.send(PRODUCER, TOPIC, [KEYS[0]!]),
      until: (_, lab) => told(lab).length === FIRST,
      timeLimitMs: 5_000,
    },
    {
      id: 'send',
      title: { en: 'A record a millisecond', zh: '每毫秒一条消息' },
      do: sendAll,
      until: (world, lab) =>
        world.dies ? lab.now - world.since >= CRASH_MICROS : told(lab).length === FIRST + RECORDS,
      timeLimitMs: 5_000,
    },
    {
      id: 'die',
      title: { en: 'The producer dies, or lives', zh: '生产者宕机（或继续运行）' },
      do: ({ dies }, lab) => {
        if (dies) lab.inject({ fault: 'crash', host: PRODUCER });
      },
      until: () => false,
      timeLimitMs: 200,
    },
    {
      id: 'look',
      title: { en: 'What lies in the log', zh: '看日志里有什么' },
      do: looked,
      until: () => true,
      timeLimitMs: 1_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const { facts, waitedMicros } = world;
    const verdict = judgeDelivery(history);
    const waited = waitedMicros.reduce((sum, micros) => sum + micros, 0);
    const acknowledged = verdict.acknowledged.length;
    return {
      sent: history.sent.length,
      acknowledged,
      inLog: facts?.records ?? 0,
      lost: verdict.lost.length,
      // send() had returned, and nothing had been reported.
      neverReported: history.sent.length - acknowledged,
      batches: facts?.batches ?? 0,
      logBytes: facts?.bytes ?? 0,
      plainBytes: facts?.plainBytes ?? 0,
      decompressedBytes: world.decompressed,
      waitMicros: acknowledged === 0 ? 0 : Math.floor(waited / Math.max(1, waitedMicros.length)),
    };
  },

  proofs: {
    'batches-form': prove({}, few, [
      mutant('batch.size=0', { 'batch.size': '0' }),
      mutant('linger.ms=0', { 'linger.ms': '0' }),
    ]),
    'time-sends-a-batch-that-is-not-full': prove(
      { 'linger.ms': '5' },
      (measures) => all(measures) && measures['batches']! > 20 && measures['batches']! < RECORDS,
      [mutant('linger.ms=50', { 'linger.ms': '50' })],
    ),
    'size-sends-a-batch-before-its-time': prove(
      { 'batch.size': '500' },
      (measures) => all(measures) && measures['batches']! > 10,
      [mutant('batch.size=16384', { 'batch.size': '16384' })],
    ),
    'waiting-costs-latency': prove(
      {},
      (measures) => all(measures) && measures['waitMicros']! > 15_000,
      [mutant('linger.ms=0', { 'linger.ms': '0' }), mutant('linger.ms=5', { 'linger.ms': '5' })],
    ),
    'compression-needs-a-batch': prove(
      GZIP,
      (measures) => all(measures) && smaller(measures),
      [
        mutant('no compression', { 'compression.type': 'none' }),
        mutant('a record a batch', { 'batch.size': '0' }),
      ],
      'look',
    ),
    'the-batch-stays-compressed-on-disk': prove(
      GZIP,
      (measures) => measures['logBytes']! > 0 && smaller(measures),
      [mutant('no compression', { 'compression.type': 'none' })],
      'look',
    ),
    'the-broker-decompresses-to-validate': prove(
      GZIP,
      (measures) => measures['decompressedBytes']! > 0,
      [mutant('no compression', { 'compression.type': 'none' })],
      'look',
    ),
    'a-crash-loses-what-was-buffered': prove(
      { fault: 'producer-crash' },
      (measures) => measures['neverReported']! > 0 && measures['inLog']! < measures['sent']!,
      [mutant('it lives', { fault: 'none' })],
      'die',
    ),
    'a-crash-loses-nothing-acknowledged': prove(
      { fault: 'producer-crash' },
      (measures) =>
        measures['lost'] === 0 && measures['acknowledged']! > 0 && measures['neverReported']! > 0,
      [mutant('it lives', { fault: 'none' })],
      'die',
    ),
    'linger-5-ms-by-default': proveSince(
      '4.0',
      { 'linger.ms': 'default' },
      (measures) => all(measures) && measures['batches']! * 3 < RECORDS,
      [mutant('linger.ms=0', { 'linger.ms': '0' })],
    ),
  },
});

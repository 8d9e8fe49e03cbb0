/**
 * How often is a byte copied on its way to a consumer? One broker has a log; consumers read it from
 * the start. The path from the file to the card is a knob, and so are TLS, the card, and whether
 * the page cache has the file. Every copy, system call and byte in user space is counted.
 */
import { choice, experiment, mutant, prove } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { TransferMeter, fileTransfer } from '#engine/lab/file-transfer.ts';
import type { TransferCounts } from '#engine/lab/file-transfer.ts';
import { brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'pay';
const BROKER = 'broker-1';
const FLAGS = ['true', 'false'] as const;
const RECORDS = 12;
/** Four records fill a batch of `BATCH_BYTES`: the log has three. */
const RECORDS_AT_ONCE = 4;
const PADDING_BYTES = 16_000;
const BATCH_BYTES = 65_536;
const PACE_MS = 20;
/** Less than a batch has: each fetch brings one, since the first batch always comes whole. */
const FETCH_BYTES = 16_384;
const FIRST_BATCH = { 'max.partition.fetch.bytes': `${FETCH_BYTES}` };
/** It reads everything once more at the end of each run. */
const AUDITOR = 'auditor';

interface World {
  readonly cluster: KafkaCluster;
  readonly consumers: number;
  readonly addConsumers: () => void;
  meter: TransferMeter | null;
  /** Once everything was read; what the end of the run reads besides is not counted. */
  counts: TransferCounts | null;
}

const measure =
  (name: string, wanted: number) =>
  (measures: Measures): boolean =>
    measures['received'] === measures['expected'] && measures[name] === wanted;

const isZeroCopy = measure('cpuCopies', 0);

export default experiment({
  id: 'zero-copy',
  knobs: {
    path: choice(['read-write', 'mmap-write', 'sendfile'], 'sendfile', {
      en: 'How the broker gets the bytes of a file to a socket.',
      zh: 'Broker 用什么方式把文件内容送到套接字。',
    }),
    tls: choice(FLAGS, 'false', {
      en: 'Whether the listener encrypts.',
      zh: '监听器是否加密（TLS）。',
    }),
    'scatter-gather': choice(FLAGS, 'true', {
      en: 'Whether the card can gather pages from several places by itself.',
      zh: '网卡能否自己从多处收集页面（scatter-gather）。',
    }),
    cached: choice(FLAGS, 'true', {
      en: 'Whether the page cache has the file.',
      zh: '文件是否已在页缓存里。',
    }),
    consumers: choice(['1', '3', '10'], '1', {
      en: 'How many consumers read the same records.',
      zh: '有多少消费者读同样的消息。',
    }),
  },

  world({ knobs, lab }): World {
    const { path } = knobs;
    const consumers = Number(knobs.consumers);
    const tls = knobs.tls === 'true';
    const gather = knobs['scatter-gather'] === 'true';
    const cached = knobs.cached === 'true';
    const cluster = new KafkaCluster(lab, {
      brokers: 1,
      modules: [fileTransfer({ path, tls, gather, cached, auditor: AUDITOR })],
    });
    const addConsumers = (): void => {
      for (let place = 1; place <= consumers; place++) {
        cluster.addConsumer(`consumer-${place}`, TOPIC, FIRST_BATCH);
      }
    };
    return { cluster, consumers, addConsumers, meter: null, counts: null };
  },

  steps: [
    brokersStart(1),
    topicIsReady({ en: 'A topic with one partition', zh: '创建单分区主题' }, ({ cluster }) => {
      cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 1 });
      cluster.addProducer('producer-1', { 'linger.ms': '5', 'batch.size': `${BATCH_BYTES}` });
    }),
    {
      id: 'produce',
      title: { en: 'The log is filled', zh: '写满日志' },
      do: ({ cluster }) => {
        for (let sent = 0; sent < RECORDS; sent += RECORDS_AT_ONCE) {
          const delayMs = (sent / RECORDS_AT_ONCE) * PACE_MS;
          cluster.send('producer-1', TOPIC, RECORDS_AT_ONCE, {
            delayMs,
            paddingBytes: PADDING_BYTES,
          });
        }
      },
      until: (_, { history }) =>
        history.sent.length === RECORDS &&
        history.sent.every((sent) => sent.outcome === 'acknowledged'),
      timeLimitMs: 60_000,
    },
    {
      id: 'read',
      title: { en: 'Consumers read it from the start', zh: '消费者从头读' },
      do: (world, lab) => {
        world.meter = new TransferMeter(lab, BROKER);
        world.addConsumers();
      },
      until: (world, { history }) => {
        if (history.delivered.length < RECORDS * world.consumers) return false;
        world.counts ??= world.meter?.counts(world.consumers) ?? null;
        return true;
      },
      timeLimitMs: 60_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const { consumers, counts } = world;
    return {
      expected: RECORDS * consumers,
      received: Math.min(history.delivered.length, RECORDS * consumers),
      bytesSent: counts?.bytesSent ?? 0,
      cpuCopies: counts?.cpuCopies ?? -1,
      transfers: counts?.transfers ?? -1,
      diskBytes: counts?.diskBytes ?? 0,
      diskReads: counts?.diskReads ?? 0,
      userSpaceBytes: counts?.userSpaceBytes ?? 0,
      syscalls: counts?.syscalls ?? 0,
      pageFaults: counts?.pageFaults ?? 0,
      modeSwitches: counts?.modeSwitches ?? 0,
      transferNanos: counts?.transferNanos ?? 0,
    };
  },

  proofs: {
    'read-write-copies-twice': prove(
      { path: 'read-write' },
      (measures) =>
        measure('cpuCopies', 2)(measures) && measures['userSpaceBytes'] === measures['bytesSent'],
      [mutant('sendfile', { path: 'sendfile' }), mutant('mmap', { path: 'mmap-write' })],
      'read',
    ),
    'four-transfers-two-by-the-cpu': prove(
      { path: 'read-write', cached: 'false' },
      (measures) => measure('cpuCopies', 2)(measures) && measures['transfers'] === 4,
      [
        mutant('the page cache has it', { cached: 'true' }),
        mutant('sendfile', { path: 'sendfile' }),
      ],
      'read',
    ),
    'sendfile-copies-nothing': prove(
      { path: 'sendfile' },
      (measures) => isZeroCopy(measures) && measures['userSpaceBytes'] === 0,
      [
        mutant('read and write', { path: 'read-write' }),
        mutant('mmap and write', { path: 'mmap-write' }),
        mutant('TLS', { tls: 'true' }),
      ],
      'read',
    ),
    'zero-copy-still-transfers': prove(
      { path: 'sendfile', cached: 'false' },
      (measures) => isZeroCopy(measures) && measures['transfers'] === 2,
      [mutant('the page cache has it', { cached: 'true' }), mutant('TLS', { tls: 'true' })],
      'read',
    ),
    'mmap-copies-once': prove(
      { path: 'mmap-write' },
      (measures) => measure('cpuCopies', 1)(measures) && measures['userSpaceBytes'] === 0,
      [mutant('sendfile', { path: 'sendfile' }), mutant('read', { path: 'read-write' })],
      'read',
    ),
    'sendfile-needs-a-gathering-card': prove(
      { path: 'sendfile', 'scatter-gather': 'false' },
      (measures) => measure('cpuCopies', 1)(measures) && measures['userSpaceBytes'] === 0,
      [mutant('the card gathers', { 'scatter-gather': 'true' })],
      'read',
    ),
    'tls-goes-through-user-space': prove(
      { path: 'sendfile', tls: 'true' },
      (measures) => measures['cpuCopies']! >= 2 && measures['userSpaceBytes']! > 0,
      [mutant('plaintext', { tls: 'false' })],
      'read',
    ),
    'ten-consumers-one-disk-read': prove(
      { path: 'sendfile', cached: 'false', consumers: '10' },
      (measures) => isZeroCopy(measures) && measures['diskBytes']! * 10 === measures['bytesSent']!,
      [mutant('one consumer', { consumers: '1' }), mutant('cached', { cached: 'true' })],
      'read',
    ),
  },
});

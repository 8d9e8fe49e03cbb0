/**
 * Where does a written record go? A broker appends to a log in the page cache; then its process
 * dies, or its machine loses power. Beside it a machine only writes: one record after another or
 * each at a random place, to one file or to twenty, to a spinning disk or to flash.
 */
import { choice, experiment, judgeDelivery, mutant, prove } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { diskWriter } from '#engine/lab/disk-writer.ts';
import type { DiskWriter } from '#engine/lab/disk-writer.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { acknowledgedBy, brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'pay';
const PRODUCER = 'producer-1';
const WRITER = 'writer';
const RECORDS = 10;
const WRITES = 1000;
const WRITE_BYTES = 1024;
const FLAGS = ['true', 'false'] as const;

interface World {
  readonly cluster: KafkaCluster;
  readonly replicas: number;
  readonly fault: 'none' | 'crash' | 'power';
  readonly flush: string;
  /** When the writing machine's calls had returned, and when its device had all of it. */
  calledMicros: number;
  doneMicros: number;
}

function create({ cluster, replicas, flush }: World): void {
  const configs: Record<string, string> = flush === 'default' ? {} : { 'flush.messages': flush };
  cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: replicas, configs });
  cluster.addProducer(PRODUCER, { acks: 'all', 'linger.ms': '0' });
  cluster.addConsumer('consumer-1', TOPIC, {});
}

function strike({ cluster, fault }: World, lab: Lab): void {
  const host = cluster.brokerName(cluster.leaderOf(TOPIC, 0) ?? 1);
  if (fault !== 'none') lab.inject({ fault, host });
}

const writerOf = (lab: Lab): DiskWriter | null => lab.host(WRITER).process as DiskWriter | null;
const kept = (measures: Measures) => measures['acknowledged'] === RECORDS && measures['lost'] === 0;
const quick = (measures: Measures) =>
  measures['doneMicros']! > 0 && measures['doneMicros']! < 100_000;
const slow = (measures: Measures) => measures['doneMicros']! > 1_000_000;
/** Nothing between the writes and the device. */
const DIRECT = { 'page-cache': 'false' };

export default experiment({
  id: 'sequential-io-and-page-cache',
  knobs: {
    fault: choice(['none', 'crash', 'power'], 'power', {
      en: 'What happens to the leader: its process dies, or its machine loses power.',
      zh: 'leader 出什么事：进程宕机，还是机器断电。',
    }),
    'flush.messages': choice(['default', '1'], 'default', {
      en: 'Whether every append is synced, or that is left to the operating system.',
      zh: '每次追加都刷盘，还是交给操作系统。',
    }),
    replicas: choice(['1', '3'], '1', {
      en: 'Copies of the partition.',
      zh: '分区的副本数。',
    }),
    pattern: choice(['append', 'random'], 'append', {
      en: 'Where the writing machine puts its records.',
      zh: '那台只写的机器把记录写到哪里。',
    }),
    device: choice(['hdd', 'ssd'], 'hdd', {
      en: 'A spinning disk, or flash.',
      zh: '机械硬盘，还是闪存。',
    }),
    files: choice(['1', '20'], '1', {
      en: 'Files that it appends to in turn.',
      zh: '轮流追加的文件数。',
    }),
    'page-cache': choice(FLAGS, 'true', {
      en: 'Whether the page cache takes its writes.',
      zh: '写入是否先进页缓存。',
    }),
  },

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, { brokers: 3 });
    const writer = {
      pattern: knobs.pattern,
      device: knobs.device,
      files: Number(knobs.files),
      records: WRITES,
      recordBytes: WRITE_BYTES,
      pageCache: knobs['page-cache'] === 'true',
    };
    lab.addHost(WRITER, diskWriter(writer), { started: false });
    const flush = knobs['flush.messages'];
    const { fault } = knobs;
    const times = { calledMicros: -1, doneMicros: -1 };
    return { cluster, replicas: Number(knobs.replicas), fault, flush, ...times };
  },

  steps: [
    brokersStart(3),
    topicIsReady({ en: 'A topic and its clients', zh: '创建主题和客户端' }, create),
    {
      id: 'produce',
      title: { en: 'Ten records', zh: '十条消息' },
      do: ({ cluster }) => cluster.send(PRODUCER, TOPIC, RECORDS),
      until: (_, lab) =>
        acknowledgedBy(lab) === RECORDS && lab.history.delivered.length === RECORDS,
      timeLimitMs: 30_000,
    },
    {
      id: 'strike',
      title: { en: 'The leader is struck', zh: 'leader 出事' },
      do: strike,
      until: () => false,
      timeLimitMs: 500,
    },
    {
      id: 'write',
      title: { en: 'A machine that only writes', zh: '一台只写的机器' },
      do: (_, lab) => lab.inject({ fault: 'start', host: WRITER }),
      until: (world, lab) => {
        const writer = writerOf(lab);
        world.calledMicros = writer?.calledMicros ?? -1;
        world.doneMicros = writer?.doneMicros ?? -1;
        return world.doneMicros >= 0;
      },
      timeLimitMs: 60_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const verdict = judgeDelivery(history);
    const { calledMicros, doneMicros } = world;
    return {
      acknowledged: verdict.acknowledged.length,
      lost: verdict.lost.length,
      writes: WRITES,
      calledMicros,
      doneMicros,
    };
  },

  proofs: {
    'a-process-restart-keeps-the-page-cache': prove(
      { fault: 'crash' },
      kept,
      [mutant('power', { fault: 'power' })],
      'strike',
    ),
    'power-takes-what-was-not-written-back': prove({}, (measures) => measures['lost']! > 0, [
      mutant('only the process dies', { fault: 'crash' }),
      mutant('every append is synced', { 'flush.messages': '1' }),
    ]),
    'flush-messages-1-syncs-each-append': prove({ 'flush.messages': '1' }, kept, [
      mutant('left to the system', { 'flush.messages': 'default' }),
    ]),
    'replicas-keep-what-one-disk-loses': prove({ replicas: '3' }, kept, [
      mutant('one copy', { replicas: '1' }),
    ]),
    'appending-needs-no-seek': prove(
      DIRECT,
      quick,
      [mutant('random places', { pattern: 'random' }), mutant('twenty files', { files: '20' })],
      'write',
    ),
    'random-places-on-a-spinning-disk-are-slow': prove(
      { ...DIRECT, pattern: 'random' },
      slow,
      [mutant('append', { pattern: 'append' }), mutant('flash', { device: 'ssd' })],
      'write',
    ),
    'random-places-on-flash-are-not': prove(
      { ...DIRECT, pattern: 'random', device: 'ssd' },
      quick,
      [mutant('a spinning disk', { device: 'hdd' })],
      'write',
    ),
    'many-files-bring-the-seeks-back': prove(
      { ...DIRECT, files: '20' },
      slow,
      [
        mutant('one file', { files: '1' }),
        mutant('the page cache merges', { 'page-cache': 'true' }),
      ],
      'write',
    ),
    'the-page-cache-merges-many-files': prove(
      { files: '20' },
      (measures) => measures['doneMicros']! > 0 && measures['doneMicros']! < 1_000_000,
      [mutant('no page cache', { 'page-cache': 'false' })],
      'write',
    ),
    'a-write-returns-before-the-disk-has-it': prove(
      {},
      (measures) =>
        measures['calledMicros']! > 0 && measures['calledMicros']! * 2 < measures['doneMicros']!,
      [mutant('no page cache', { 'page-cache': 'false' })],
      'write',
    ),
  },
});

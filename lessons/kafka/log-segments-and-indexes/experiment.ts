/**
 * What is in a partition's folder? A log is cut into segments, each with two sparse indexes. Two
 * thousand records are written, an offset is looked up, time passes, one more record is written,
 * and retention or compaction takes its share, whole segments or single records.
 */
import { choice, experiment, mutant, prove } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { compaction, watchCompaction } from '#engine/lab/kafka-cleaner.ts';
import { logFacts, lookUp } from '#engine/lab/kafka-log.ts';
import type { LogFacts, Lookup } from '#engine/lab/kafka-log.ts';
import { acknowledgedBy, brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'visits';
const BROKER = 'broker-1';
const PRODUCER = 'producer-1';
const RECORDS = 2000;
const RECORDS_AT_ONCE = 100;
const KEYS = 20;
const ASKED_OFFSET = 1234;
/** Between the records and one more; together with the rest longer than the short retention. */
const AGE_MS = 3_000;
const CLEAN_MS = 4_000;
const SETTINGS = { 'log.retention.check.interval.ms': '1000', 'log.cleaner.backoff.ms': '1000' };

interface World {
  readonly cluster: KafkaCluster;
  readonly configs: Readonly<Record<string, string>>;
  written: LogFacts | null;
  lookup: Lookup | null;
  left: LogFacts | null;
}

function sendAll({ cluster }: World): void {
  for (let turn = 0; turn < RECORDS / RECORDS_AT_ONCE; turn++) {
    const keys = Array.from({ length: RECORDS_AT_ONCE }, (_, place) => `user-${place % KEYS}`);
    cluster.send(PRODUCER, TOPIC, keys, { delayMs: 20 * turn });
  }
}

function look(world: World, lab: Lab): void {
  world.written = logFacts(lab, BROKER, TOPIC);
  world.lookup = lookUp(lab, BROKER, TOPIC, ASKED_OFFSET);
}

const whole = (measures: Measures) => measures['records'] === RECORDS;
const BIG = '1073741824';
const EXPIRES = { 'retention.ms': '5000' };
const COMPACTS = { 'cleanup.policy': 'compact' };

export default experiment({
  id: 'log-segments-and-indexes',
  knobs: {
    'segment.bytes': choice(['8192', '32768', BIG], '8192', {
      en: 'Bytes of a segment; the default is the largest.',
      zh: '日志段的字节数；默认是最大的那个。',
    }),
    'index.interval.bytes': choice(['0', '1024', '4096', '1048576'], '1024', {
      en: 'Bytes of log between two entries of an index.',
      zh: '两个索引条目之间相隔多少日志字节。',
    }),
    'retention.ms': choice(['5000', '604800000'], '604800000', {
      en: 'Age after which a segment may be deleted.',
      zh: '日志段多老之后可以删除。',
    }),
    'cleanup.policy': choice(['delete', 'compact'], 'delete', {
      en: 'Whether old segments are deleted, or old values of a key.',
      zh: '删除旧日志段，还是删除同一个键的旧值。',
    }),
  },

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, {
      brokers: 1,
      modules: compaction,
      brokerSettings: { 1: SETTINGS },
    });
    watchCompaction(lab);
    const configs = { ...knobs, 'file.delete.delay.ms': '1000' };
    return { cluster, configs, written: null, lookup: null, left: null };
  },

  steps: [
    brokersStart(1),
    topicIsReady<World>(
      { en: 'A topic with one partition', zh: '创建单分区主题' },
      ({ cluster, configs }) => {
        cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 1, configs });
        cluster.addProducer(PRODUCER, { 'batch.size': '400', 'linger.ms': '5' });
      },
    ),
    {
      id: 'write',
      title: { en: 'Two thousand records', zh: '两千条消息' },
      do: sendAll,
      until: (_, lab) => acknowledgedBy(lab) === RECORDS,
      timeLimitMs: 30_000,
    },
    {
      id: 'look-up',
      title: { en: 'An offset is looked up', zh: '查找一个位移' },
      do: look,
      until: () => true,
      timeLimitMs: 1_000,
    },
    {
      id: 'age',
      title: { en: 'Time passes', zh: '时间过去' },
      until: () => false,
      timeLimitMs: AGE_MS,
    },
    {
      id: 'write-one',
      title: { en: 'One more record', zh: '再写一条' },
      do: ({ cluster }) => cluster.send(PRODUCER, TOPIC, ['user-0']),
      until: (_, lab) => acknowledgedBy(lab) === RECORDS + 1,
      timeLimitMs: 30_000,
    },
    {
      id: 'clean',
      title: { en: 'Old data goes', zh: '清理旧数据' },
      until: (world, lab) => {
        world.left = logFacts(lab, BROKER, TOPIC);
        return false;
      },
      timeLimitMs: CLEAN_MS,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world }) {
    const { written, lookup, left } = world;
    return {
      records: written?.records ?? 0,
      batches: written?.batches ?? 0,
      logBytes: written?.bytes ?? 0,
      segments: written?.segments ?? 0,
      indexEntries: written?.indexEntries ?? 0,
      timeIndexEntries: written?.timeIndexEntries ?? 0,
      comparisons: lookup?.comparisons ?? 0,
      bytesScanned: lookup?.bytesScanned ?? 0,
      found: lookup?.found === true ? 1 : 0,
      recordsLeft: left?.records ?? 0,
      segmentsLeft: left?.segments ?? 0,
      activeRecords: (left?.logEndOffset ?? 0) - (left?.activeBaseOffset ?? 0),
      logStart: left?.logStartOffset ?? 0,
      logEnd: left?.logEndOffset ?? 0,
    };
  },

  proofs: {
    'a-log-is-cut-into-segments': prove(
      {},
      (measures) => whole(measures) && measures['segments']! > 5,
      [mutant('the default size', { 'segment.bytes': BIG })],
      'look-up',
    ),
    'a-segment-has-two-indexes': prove(
      {},
      (measures) => measures['indexEntries']! > 0 && measures['timeIndexEntries']! > 0,
      [
        mutant('one segment and rare entries', {
          'segment.bytes': BIG,
          'index.interval.bytes': '1048576',
        }),
      ],
      'look-up',
    ),
    'the-index-is-sparse': prove(
      {},
      (measures) =>
        whole(measures) &&
        measures['indexEntries']! > 0 &&
        measures['indexEntries']! * 2 < measures['batches']!,
      [mutant('an entry a batch', { 'index.interval.bytes': '0' })],
      'look-up',
    ),
    'a-lookup-is-a-search-and-a-short-scan': prove(
      { 'segment.bytes': BIG },
      (measures) =>
        measures['found'] === 1 &&
        measures['bytesScanned']! < 2048 &&
        measures['comparisons']! > 2 &&
        measures['comparisons']! < 10,
      [mutant('rare entries', { 'index.interval.bytes': '1048576' })],
      'look-up',
    ),
    'retention-takes-whole-segments': prove(
      EXPIRES,
      (measures) =>
        whole(measures) && measures['logStart']! > 0 && measures['recordsLeft']! < RECORDS,
      [
        mutant('nothing is old', { 'retention.ms': '604800000' }),
        mutant('one segment', { 'segment.bytes': BIG }),
      ],
      'clean',
    ),
    'expired-records-stay-in-a-large-segment': prove(
      { ...EXPIRES, 'segment.bytes': BIG },
      (measures) => measures['recordsLeft'] === RECORDS + 1,
      [mutant('small segments', { 'segment.bytes': '8192' })],
      'clean',
    ),
    'compaction-keeps-the-last-of-each-key': prove(
      COMPACTS,
      (measures) =>
        whole(measures) &&
        measures['logStart'] === 0 &&
        measures['logEnd'] === RECORDS + 1 &&
        measures['recordsLeft']! <= KEYS * 2 + measures['activeRecords']!,
      [mutant('cleanup.policy=delete', { 'cleanup.policy': 'delete' })],
      'clean',
    ),
    'the-active-segment-is-not-compacted': prove(
      { ...COMPACTS, 'segment.bytes': BIG },
      (measures) => measures['recordsLeft'] === RECORDS + 1,
      [mutant('small segments', { 'segment.bytes': '8192' })],
      'clean',
    ),
  },
});

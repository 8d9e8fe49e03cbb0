/**
 * Kafka's tools as `bin/` lists them: their names, what they are for, and which releases have them.
 *
 * Source: `bin/` in the tags of Apache Kafka's repository. Not here: their programs and options
 * (`tools.ts`), which a page loads when a line names them.
 */
import { assert } from '../../kernel/assert.ts';
import { type Release, releases } from '../../kafka/profiles/releases.ts';
import type { Localized } from '../../lab/knob.ts';
import type { ShellWorld, ToolEntry } from '../program.ts';

const abouts = {
  'kafka-broker-api-versions.sh': {
    en: 'tells which requests each broker takes, in which versions',
    zh: '查看各 broker 支持的请求及其版本',
  },
  'kafka-configs.sh': {
    en: 'reads and changes settings of topics, brokers and groups',
    zh: '查看和修改主题、broker、组的配置',
  },
  'kafka-console-consumer.sh': { en: 'prints records as they come', zh: '打印收到的记录' },
  'kafka-console-producer.sh': {
    en: 'writes what is typed as records',
    zh: '把输入的每一行写成一条记录',
  },
  'kafka-consumer-groups.sh': {
    en: 'lists and describes consumer groups, resets and deletes their offsets',
    zh: '列出和查看消费者组，重设或删除它们的偏移量',
  },
  'kafka-consumer-perf-test.sh': {
    en: 'reads many records and measures',
    zh: '读取大量消息并测量性能',
  },
  'kafka-delete-records.sh': {
    en: 'deletes the first records of partitions',
    zh: '删除分区中最早的一些记录',
  },
  'kafka-dump-log.sh': {
    en: "prints a partition's files: batches, records, index entries",
    zh: '打印分区文件的内容：批次、消息、索引项',
  },
  'kafka-get-offsets.sh': { en: 'tells offsets of partitions', zh: '查询分区的偏移量' },
  'kafka-leader-election.sh': {
    en: 'elects leaders: the preferred ones, or unclean ones where there is none',
    zh: '选举 leader：首选副本，或在没有 leader 时进行 unclean 选举',
  },
  'kafka-log-dirs.sh': {
    en: 'tells how many bytes each replica has on each disk',
    zh: '查看各副本在各磁盘上占用的字节数',
  },
  'kafka-metadata-quorum.sh': {
    en: 'tells who leads the metadata quorum and how far its members are',
    zh: '查看元数据仲裁的 leader 和各成员的进度',
  },
  'kafka-producer-perf-test.sh': {
    en: 'sends many records and measures',
    zh: '发送大量消息并测量性能',
  },
  'kafka-reassign-partitions.sh': {
    en: 'moves partitions to other brokers, and tells how far that is',
    zh: '把分区迁移到其他 broker，并查看进度',
  },
  'kafka-topics.sh': {
    en: 'creates, lists, describes, alters and deletes topics',
    zh: '创建、列出、查看、修改和删除主题',
  },
  'kafka-transactions.sh': {
    en: 'lists, describes and ends transactions',
    zh: '列出、查看和终止事务',
  },
  'zookeeper-shell.sh': { en: 'looks at znodes and changes them', zh: '查看和修改 znode' },
} satisfies Readonly<Record<string, Localized>>;

export type KafkaToolName = keyof typeof abouts;

/** The releases between which a tool stands in `bin/`: the first that has it, the first without. */
const spans: Readonly<Record<string, { readonly since?: Release; readonly until?: Release }>> = {
  'kafka-broker-api-versions.sh': { since: '0.10' },
  'kafka-delete-records.sh': { since: '0.11' },
  'kafka-log-dirs.sh': { since: '1.0' },
  'kafka-dump-log.sh': { since: '2.0' },
  'kafka-leader-election.sh': { since: '2.4' },
  'kafka-get-offsets.sh': { since: '3.0' },
  'kafka-transactions.sh': { since: '3.0' },
  'kafka-metadata-quorum.sh': { since: '3.3' },
  'zookeeper-shell.sh': { until: '4.0' },
};

/** In the order of their names. */
export const kafkaEntries: readonly ToolEntry[] = Object.entries(abouts).map(([name, about]) => ({
  name,
  about,
  absence: (world) => absenceOf(name, world),
}));

/** Why a tool is not in `bin/` of the world's release; null if it is. */
function absenceOf(name: string, { handles }: ShellWorld): Localized | null {
  const { since, until } = spans[name] ?? {};
  if (handles.kafka === undefined) return null;
  const { release } = handles.kafka.profile;
  assert(releases.includes(release), 'a known release', { release });
  const isBefore = (other: Release): boolean => releases.indexOf(release) < releases.indexOf(other);
  if (since !== undefined && isBefore(since)) {
    return {
      en: `Kafka ${release} has no ${name}: it came with ${since}.`,
      zh: `Kafka ${release} 没有 ${name}：${since} 才有。`,
    };
  }
  if (until === undefined || isBefore(until)) return null;
  return {
    en: `Kafka ${release} has no ${name}: it is gone since ${until}.`,
    zh: `Kafka ${release} 没有 ${name}：从 ${until} 起已移除。`,
  };
}

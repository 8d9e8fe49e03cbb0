/**
 * The options of `kafka-topics.sh`, and which of them go together. Source:
 * `org.apache.kafka.tools.TopicCommand.TopicCommandOptions` of 4.1; `--zookeeper`, with which
 * releases before 3.0 could do the same, is not supported. Not here: what they do (`topics.ts`).
 */
import { argument, type JoptOption } from './jopt.ts';

/** Options that say what to do; a line has one of them. */
export const topicActions = ['list', 'describe', 'create', 'alter', 'delete'] as const;

export const bootstrapOption: JoptOption = {
  name: 'bootstrap-server',
  argument: argument('String', 'server to connect to', 'broker-address'),
  about: {
    en: 'REQUIRED: brokers to begin with, as host:port,host:port.',
    zh: '必填：最先连接的 broker，格式为 host:port,host:port。',
  },
};

export const commandConfigOption: JoptOption = {
  name: 'command-config',
  argument: argument('String', 'command config property file', 'file'),
  about: { en: 'A file of settings of the admin client.', zh: '管理客户端的配置文件。' },
};

const only = (en: string, zh: string): JoptOption['about'] => ({
  en: `With --describe: only ${en}.`,
  zh: `与 --describe 连用：只显示${zh}。`,
});

export const topicOptions: readonly JoptOption[] = [
  bootstrapOption,
  commandConfigOption,
  { name: 'list', about: { en: 'Names all topics.', zh: '列出所有主题。' } },
  {
    name: 'describe',
    about: {
      en: 'Shows partitions, leaders, replicas, ISRs.',
      zh: '显示分区、leader、副本和 ISR。',
    },
  },
  { name: 'create', about: { en: 'Creates a topic.', zh: '创建主题。' } },
  { name: 'delete', about: { en: 'Deletes topics.', zh: '删除主题。' } },
  {
    name: 'alter',
    about: { en: 'Raises the number of partitions.', zh: '增加分区数。' },
  },
  {
    name: 'topic',
    argument: argument('String', 'topic', 'topic'),
    about: {
      en: 'The topic; but for --create a regular expression, too.',
      zh: '主题名；除 --create 外也可以是正则表达式。',
    },
  },
  {
    name: 'topic-id',
    argument: argument('String', 'topic-id'),
    about: { en: 'The id of the topic to describe.', zh: '要查看的主题的 ID。' },
  },
  {
    name: 'config',
    argument: argument('String', 'name=value'),
    about: {
      en: 'With --create: a setting of the topic. Several may be given.',
      zh: '与 --create 连用：主题的一项配置，可以给出多个。',
    },
  },
  {
    name: 'delete-config',
    argument: argument('String', 'name'),
    isUnsupported: true,
    about: { en: 'Not supported any more since 4.0.', zh: '4.0 起不再支持。' },
  },
  {
    name: 'partitions',
    argument: argument('Integer', '# of partitions'),
    about: {
      en: 'With --create or --alter: how many. Keys change partitions when they are added.',
      zh: '与 --create 或 --alter 连用：分区数。增加分区后，键会映射到别的分区。',
    },
  },
  {
    name: 'replication-factor',
    argument: argument('Integer', 'replication factor'),
    about: { en: 'With --create: replicas of a partition.', zh: '与 --create 连用：副本数。' },
  },
  {
    name: 'replica-assignment',
    argument: argument(
      'String',
      'broker_id_for_part1_replica1 : broker_id_for_part1_replica2 , ' +
        'broker_id_for_part2_replica1 : broker_id_for_part2_replica2 , ...',
    ),
    about: {
      en: 'Which brokers have the replicas of each partition, as in 1:2,2:3.',
      zh: '每个分区的副本在哪些 broker 上，例如 1:2,2:3。',
    },
  },
  {
    name: 'under-replicated-partitions',
    about: only('partitions that lack replicas in the ISR', 'ISR 不完整的分区'),
  },
  {
    name: 'unavailable-partitions',
    about: only('partitions without a leader', '没有 leader 的分区'),
  },
  {
    name: 'under-min-isr-partitions',
    about: only('partitions below min.insync.replicas', 'ISR 少于 min.insync.replicas 的分区'),
  },
  {
    name: 'at-min-isr-partitions',
    about: only('partitions at min.insync.replicas', 'ISR 恰为 min.insync.replicas 的分区'),
  },
  {
    name: 'topics-with-overrides',
    about: only('topics with settings of their own', '有自己配置的主题'),
  },
  {
    name: 'if-exists',
    about: { en: 'A topic that is not there is no error.', zh: '主题不存在时不报错。' },
  },
  {
    name: 'if-not-exists',
    about: { en: 'With --create: a topic that is there is no error.', zh: '主题已存在时不报错。' },
  },
  {
    name: 'exclude-internal',
    about: {
      en: 'Without __consumer_offsets and the like.',
      zh: '不包括 __consumer_offsets 等内部主题。',
    },
  },
  {
    name: 'partition-size-limit-per-response',
    argument: argument('Integer', 'maximum number of partitions per response'),
    about: {
      en: 'How many partitions a reply holds at most.',
      zh: '一次响应最多包含的分区数。',
    },
  },
];

/** Filters of `--describe`. */
export const describeFilters = [
  'under-replicated-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
  'unavailable-partitions',
] as const;

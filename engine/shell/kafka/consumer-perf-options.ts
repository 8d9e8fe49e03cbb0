/**
 * The options of `kafka-consumer-perf-test.sh`, and what is asked for by them.
 *
 * Source: `ConsumerPerformance.ConsumerPerfOptions` (4.1).
 */
import { assert } from '../../kernel/assert.ts';
import { consumerSettings } from '../../kafka/client/config.ts';
import type { ShellWorld } from '../program.ts';
import { propertiesFile } from './admin-session.ts';
import { type JavaException, noSuchFile } from './java-exception.ts';
import { formattedDate } from './java-log.ts';
import { argument, type GivenOptions, type JoptOption, JoptTable } from './jopt.ts';
import { optionsOfAll } from './option-history.ts';

const options: readonly JoptOption[] = [
  {
    name: 'bootstrap-server',
    argument: argument('String', 'server to connect to', 'broker-address'),
    about: { en: 'REQUIRED: brokers to begin with.', zh: '必填：最先连接的 broker。' },
  },
  {
    name: 'topic',
    argument: argument('String', 'topic', 'topic'),
    about: { en: 'REQUIRED: the topic to read.', zh: '必填：读取的主题。' },
  },
  {
    name: 'messages',
    argument: argument('Long', 'count'),
    about: { en: 'REQUIRED: how many records to read.', zh: '必填：读取多少条消息。' },
  },
  {
    name: 'fetch-size',
    argument: argument('Integer', 'size'),
    defaultText: '1048576',
    about: { en: 'Bytes of a partition in one fetch.', zh: '一次拉取中每个分区的字节数。' },
  },
  {
    name: 'from-latest',
    about: {
      en: 'Without a committed offset begin behind the last record, not with the first.',
      zh: '没有已提交的偏移量时，从末尾而不是第一条记录开始。',
    },
  },
  {
    name: 'socket-buffer-size',
    argument: argument('Integer', 'size'),
    defaultText: '2097152',
    about: { en: 'Bytes of the receive buffer.', zh: '接收缓冲区的字节数。' },
  },
  {
    name: 'consumer.config',
    argument: argument('String', 'config file', 'file'),
    about: { en: 'A file of settings of the consumer.', zh: '消费者的配置文件。' },
  },
  {
    name: 'print-metrics',
    isUnsupported: true,
    about: { en: 'Unsupported here.', zh: '此处不支持。' },
  },
  {
    name: 'show-detailed-stats',
    about: { en: 'Figures of every interval.', zh: '打印每个间隔的数据。' },
  },
  {
    name: 'timeout',
    argument: { ...argument('Long', 'milliseconds'), isOptional: true },
    defaultText: '10000',
    about: { en: 'Ends when no record comes for so long.', zh: '这么久没有记录就结束。' },
  },
  {
    name: 'reporting-interval',
    argument: argument('Long', 'interval_ms'),
    defaultText: '5000',
    about: { en: 'The interval, in milliseconds.', zh: '打印间隔，单位毫秒。' },
  },
  {
    name: 'date-format',
    argument: argument('String', 'date format'),
    defaultText: 'yyyy-MM-dd HH:mm:ss:SSS',
    about: { en: 'How times are written.', zh: '时间的格式。' },
  },
  { name: 'hide-header', about: { en: 'No line of names.', zh: '不打印表头。' } },
];

/** The table, with the number of the group that is made up where none is given. */
export function consumerPerfTable(number: number): JoptTable {
  assert(number >= 0, 'the number of a group', { number });
  const group: JoptOption = {
    name: 'group',
    argument: argument('String', 'gid', 'group'),
    defaultText: `perf-consumer-${number}`,
    about: { en: 'The consumer group.', zh: '消费者组。' },
  };
  return new JoptTable(optionsOfAll('kafka-consumer-perf-test', [...options, group]));
}

/** What a line asks for. */
export interface PerfWish {
  readonly bootstrap: string;
  readonly topic: string;
  readonly messages: number;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly isDetailed: boolean;
  readonly dateFormat: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** What a line asks for, or the exception that it ends with. Its numbers are numbers. */
export function perfWish(given: GivenOptions, world: ShellWorld): PerfWish | JavaException {
  const file = given.value('consumer.config');
  const read = propertiesFile(file, world);
  if (read === null) return noSuchFile(file!);
  const bootstrap = given.value('bootstrap-server');
  if (bootstrap === null) return { exception: 'java.lang.NullPointerException', message: '' };
  const illegal = (message: string): JavaException => {
    return { exception: 'java.lang.IllegalArgumentException', message };
  };
  const intervalMs = Number(given.value('reporting-interval'));
  if (intervalMs <= 0) return illegal('Reporting interval must be greater than 0.');
  const dateFormat = given.value('date-format')!;
  const letter = /[a-z]/i.exec(dateFormat.replace(/[yMdHmsS]/g, ''))?.[0];
  if (letter !== undefined) return illegal(`Illegal pattern character '${letter}'`);
  assert(formattedDate(0, dateFormat) !== '' || dateFormat === '', 'a format', { dateFormat });
  const settings: Record<string, string> = {
    ...read,
    'group.id': given.value('group')!,
    'receive.buffer.bytes': given.value('socket-buffer-size')!,
    'max.partition.fetch.bytes': given.value('fetch-size')!,
    'auto.offset.reset': given.has('from-latest') ? 'latest' : 'earliest',
    'check.crcs': 'false',
  };
  const known = Object.keys(settings).filter((name) => Object.hasOwn(consumerSettings, name));
  return {
    bootstrap,
    topic: given.value('topic')!,
    messages: Number(given.value('messages')),
    timeoutMs: Number(given.value('timeout')),
    isDetailed: given.has('show-detailed-stats'),
    settings: Object.fromEntries(known.map((name) => [name, settings[name]!])),
    ...{ intervalMs, dateFormat },
  };
}

/**
 * The options of `kafka-console-consumer.sh`, what goes together, and the consumer's settings that
 * follow. Source: `org.apache.kafka.tools.consumer.ConsoleConsumerOptions` (4.1).
 */
import { assert } from '../../kernel/assert.ts';
import type { ShellWorld } from '../program.ts';
import { settingsOf } from './console-producer-options.ts';
import { argument, type GivenOptions, type JoptOption } from './jopt.ts';
import { missingOption, unsupportedOption } from './jopt-tool.ts';

export const consumerOptions: readonly JoptOption[] = [
  {
    name: 'topic',
    argument: argument('String', 'topic', 'topic'),
    about: { en: 'Where to read.', zh: '读取的主题。' },
  },
  {
    name: 'include',
    argument: argument('String', 'Java regex (String)'),
    about: { en: 'Topics to read, as a regular expression.', zh: '用正则表达式给出要读取的主题。' },
  },
  {
    name: 'partition',
    argument: argument('Integer', 'partition'),
    about: {
      en: 'The only partition to read, from its end unless --offset says else.',
      zh: '只读这个分区；没有 --offset 时从末尾开始。',
    },
  },
  {
    name: 'offset',
    argument: argument('String', 'consume offset', ['earliest', 'latest']),
    defaultText: 'latest',
    about: {
      en: 'Where to begin: a number, earliest or latest.',
      zh: '起始位置：偏移量、earliest 或 latest。',
    },
  },
  {
    name: 'bootstrap-server',
    argument: argument('String', 'server to connect to', 'broker-address'),
    about: {
      en: 'REQUIRED: brokers to begin with, as host:port,host:port.',
      zh: '必填：最先连接的 broker，格式为 host:port,host:port。',
    },
  },
  {
    name: 'group',
    argument: argument('String', 'consumer group id', 'group'),
    about: {
      en: 'The consumer group; without it one of its own that commits nothing.',
      zh: '消费者组；不给时使用一个不提交偏移量的临时组。',
    },
  },
  {
    name: 'from-beginning',
    about: {
      en: 'Without a committed offset begin with the first record, not behind the last.',
      zh: '没有已提交的偏移量时，从第一条记录而不是末尾开始。',
    },
  },
  {
    name: 'max-messages',
    argument: argument('Integer', 'num_messages'),
    about: { en: 'Ends after so many records.', zh: '读取这么多条记录后结束。' },
  },
  {
    name: 'timeout-ms',
    argument: argument('Long', 'timeout_ms'),
    about: { en: 'Ends when no record comes for so long.', zh: '这么久没有记录就结束。' },
  },
  {
    name: 'isolation-level',
    argument: argument('String', null, ['read_committed', 'read_uncommitted']),
    defaultText: 'read_uncommitted',
    about: {
      en: 'With read_committed records of open and aborted transactions are left out.',
      zh: 'read_committed 时略过未提交和已中止事务的记录。',
    },
  },
  {
    name: 'property',
    argument: argument('String', 'prop'),
    about: {
      en:
        'What is printed of a record, as name=value: print.timestamp, print.partition, ' +
        'print.offset, print.epoch, print.headers, print.key, print.value, key.separator, ' +
        'line.separator, headers.separator, null.literal.',
      zh:
        '打印记录的哪些内容，格式为 名称=值：print.timestamp、print.partition、print.offset、' +
        'print.epoch、print.headers、print.key、print.value、key.separator、line.separator、' +
        'headers.separator、null.literal。',
    },
  },
  {
    name: 'formatter-config',
    argument: argument('String', 'config file', 'file'),
    about: { en: 'A file of such properties.', zh: '包含上述属性的文件。' },
  },
  {
    name: 'consumer-property',
    argument: argument('String', 'consumer_prop'),
    about: {
      en: 'A setting of the consumer, as name=value.',
      zh: '消费者的一项配置，格式为 名称=值。',
    },
  },
  {
    name: 'consumer.config',
    argument: argument('String', 'config file', 'file'),
    about: { en: 'A file of settings of the consumer.', zh: '消费者的配置文件。' },
  },
  {
    name: 'formatter',
    argument: argument('String', 'class'),
    defaultText: 'org.apache.kafka.tools.consumer.DefaultMessageFormatter',
    isUnsupported: true,
    about: { en: 'The class that prints; unsupported here.', zh: '打印用的类；此处不支持。' },
  },
  {
    name: 'key-deserializer',
    argument: argument('String', 'deserializer for key'),
    isUnsupported: true,
    about: { en: 'Unsupported here: keys are text.', zh: '此处不支持：键都按文本处理。' },
  },
  {
    name: 'value-deserializer',
    argument: argument('String', 'deserializer for values'),
    isUnsupported: true,
    about: { en: 'Unsupported here: values are text.', zh: '此处不支持：值都按文本处理。' },
  },
  {
    name: 'skip-message-on-error',
    about: { en: 'A record that cannot be printed is left out.', zh: '略过无法打印的记录。' },
  },
  {
    name: 'enable-systest-events',
    isUnsupported: true,
    about: {
      en: 'For tests of Kafka itself; unsupported here.',
      zh: '用于 Kafka 自身测试，此处不支持。',
    },
  },
];

/** What a line asks for, or what is wrong with it. */
export type ConsumerWish =
  | {
      readonly ok: true;
      readonly settings: Readonly<Record<string, string>>;
      readonly formatter: Readonly<Record<string, string>>;
    }
  | { readonly ok: false; readonly problem: string; readonly isUsage: boolean };

const usage = (problem: string): ConsumerWish => ({ ok: false, problem, isUsage: true });

/** Source: `ConsoleConsumerOptions.checkRequiredArgs` and what follows it. */
export function consumerWish(
  given: GivenOptions,
  world: ShellWorld,
  anonymousGroup: string,
): ConsumerWish {
  const problem = misuseOf(given);
  if (problem !== null) return usage(problem);
  const read = settingsOf(given, 'consumer.config', 'consumer-property', world);
  const formatter = settingsOf(given, 'formatter-config', 'property', world);
  if (!read.ok || !formatter.ok) {
    const file = read.ok ? (formatter.ok ? '' : formatter.missing) : read.missing;
    return { ok: false, problem: `java.nio.file.NoSuchFileException: ${file}`, isUsage: false };
  }
  const settings: Record<string, string> = { ...read.settings };
  const reset = settings['auto.offset.reset'];
  if (given.has('from-beginning') && reset !== undefined && reset !== 'earliest') {
    const both = `Can't simultaneously specify --from-beginning and 'auto.offset.reset=${reset}'`;
    return { ok: false, problem: `${both}, please remove one option`, isUsage: false };
  }
  settings['auto.offset.reset'] = given.has('from-beginning') ? 'earliest' : (reset ?? 'latest');
  const groups = [given.value('group'), settings['group.id'] ?? null].filter((one) => one !== null);
  if (groups.length > 1 && groups[0] !== groups[1]) {
    return usage(
      "The group ids provided in different places (directly using '--group', via " +
        "'--consumer-property', or via '--consumer.config') do not match. " +
        `Detected group ids: ${groups.map((one) => `'${one}'`).join(', ')}`,
    );
  }
  const [group] = groups;
  if (group === undefined) {
    settings['group.id'] = anonymousGroup;
    settings['enable.auto.commit'] ??= 'false';
  } else if (given.has('partition')) {
    return usage('Options group and partition cannot be specified together.');
  } else settings['group.id'] = group;
  settings['client.id'] ??= 'console-consumer';
  settings['isolation.level'] = given.value('isolation-level')!;
  assert(settings['group.id'] !== '', 'a consumer has a group', { group });
  return { ok: true, settings, formatter: formatter.settings };
}

function misuseOf(given: GivenOptions): string | null {
  const topics = [...given.values('topic'), ...given.values('include')];
  const missing = missingOption(given, ['bootstrap-server']);
  if (topics.length !== 1) {
    return missing !== null && topics.length > 0
      ? missing
      : `Exactly one of --${given.nameOf('include')}/--topic is required. `;
  }
  if (given.has('partition') && !given.has('topic')) {
    return 'The topic is required when partition is specified.';
  }
  if (given.has('offset') && !given.has('partition')) {
    return 'The partition is required when offset is specified.';
  }
  if (given.has('from-beginning') && given.has('offset')) {
    return 'Options from-beginning and offset cannot be specified together.';
  }
  const offset = given.value('offset') ?? 'latest';
  if (given.has('offset') && !/^(?:earliest|latest|\d{1,18})$/.test(offset)) {
    return (
      `The provided offset value '${offset}' is incorrect. Valid values are 'earliest', ` +
      "'latest', or a non-negative long."
    );
  }
  const formatter = given.value('formatter')!;
  if (given.has('formatter') && !formatter.startsWith('org.apache.kafka.')) return formatter;
  return missing ?? unsupportedOption(given);
}

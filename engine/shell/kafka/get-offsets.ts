/**
 * `kafka-get-offsets.sh`: the first, the last or other offsets of partitions.
 *
 * Source: `org.apache.kafka.tools.GetOffsetShell` (4.1). Difference: there is no tiered storage, so
 * `earliest-local` and `latest-tiered` are unsupported.
 */
import { assert } from '../../kernel/assert.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import {
  type TopicPartition,
  topicPartitionText,
} from '../../kafka/client/consumer/subscription-state.ts';
import {
  type ListedOffset,
  listOffsets,
  type OffsetQuery,
} from '../../kafka/client/list-offsets.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { type Call, ended, type Program, type ToolProgram } from '../program.ts';
import { openAdminBy } from './admin-client.ts';
import { isAddressList, messageOf, problemOf } from './admin-session.ts';
import { stackTrace } from './java-exception.ts';
import { argument, JoptTable, type GivenOptions, type JoptOption } from './jopt.ts';
import { missingOption, printUsageAndExit, toldHelpOrVersion, tableOf } from './jopt-tool.ts';
import { optionsOfAll } from './option-history.ts';
import { internalTopics } from './topics.ts';
import { topicPattern } from './topic-pattern.ts';

const options: readonly JoptOption[] = [
  {
    name: 'bootstrap-server',
    argument: argument('String', 'HOST1:PORT1,...,HOST3:PORT3', 'broker-address'),
    about: { en: 'REQUIRED: brokers to begin with.', zh: '必填：最先连接的 broker。' },
  },
  {
    name: 'topic-partitions',
    argument: argument('String', 'topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3'),
    about: {
      en: 'Topics as patterns, each with a partition or a range of them.',
      zh: '主题（可以是正则表达式），可带分区或分区范围。',
    },
  },
  {
    name: 'topic',
    argument: argument('String', 'topic', 'topic'),
    about: { en: 'Topics, as one pattern.', zh: '主题，可以是正则表达式。' },
  },
  {
    name: 'partitions',
    argument: argument('String', 'partition ids'),
    about: { en: 'Only these partitions, as 0,1.', zh: '只看这些分区，例如 0,1。' },
  },
  {
    name: 'time',
    argument: argument(
      'String',
      '<timestamp> / -1 or latest / -2 or earliest / -3 or ' +
        'max-timestamp / -4 or earliest-local / -5 or latest-tiered',
      ['latest', 'earliest', 'max-timestamp'],
    ),
    defaultText: 'latest',
    about: {
      en: 'Which offset: an end, the largest timestamp, or the first of a time (ms since 1970).',
      zh: '哪个偏移量：两端、时间戳最大的，或某个时间（1970 年以来的毫秒）之后的第一个。',
    },
  },
  {
    name: 'command-config',
    argument: argument('String', 'config file', 'file'),
    about: { en: 'A file of settings of the admin client.', zh: '管理客户端的配置文件。' },
  },
  {
    name: 'exclude-internal-topics',
    about: {
      en: 'Without __consumer_offsets and the like.',
      zh: '不包括 __consumer_offsets 等内部主题。',
    },
  },
];

const tables = new JoptTable(optionsOfAll('kafka-get-offsets', options));
const HELP = 'An interactive shell for getting topic-partition offsets.';
const TIMES: Readonly<Record<string, OffsetQuery['at']>> = {
  '-1': 'latest',
  latest: 'latest',
  '-2': 'earliest',
  earliest: 'earliest',
  '-3': 'max-timestamp',
  'max-timestamp': 'max-timestamp',
};
const TIERED = ['-4', 'earliest-local', '-5', 'latest-tiered'];

export const getOffsetsTool: ToolProgram = {
  options: (world) => tableOf(tables, world).specs(),
  examples: [
    'kafka-get-offsets.sh --bootstrap-server broker-1:9092 --topic orders',
    'kafka-get-offsets.sh --bootstrap-server broker-1:9092 --topic orders --time earliest',
  ],
  start,
};

type IsWanted = (partition: TopicPartition) => boolean;

function start(call: Call): Program {
  const table = tableOf(tables, call.world);
  const fail = (problem: string): Program =>
    ended(call, 1, `Error occurred: ${problem}`.split('\n'));
  const parsed = table.parse(call.words);
  if (!parsed.ok) return fail(parsed.problem.message);
  const { given } = parsed;
  if (toldHelpOrVersion(call, table, given, { help: HELP, nothing: HELP })) return {};
  const missing = missingOption(given, ['bootstrap-server']);
  if (missing !== null) {
    printUsageAndExit(call, table, missing);
    return {};
  }
  const bootstrap = given.value('bootstrap-server')!;
  if (!isAddressList(bootstrap)) {
    printUsageAndExit(call, table, 'Please provide valid host:port like host1:9091,host2:9092\n');
    return {};
  }
  const wanted = wantedOf(given);
  if (typeof wanted === 'string') return fail(wanted);
  const time = given.value('time')!;
  const at = timeOf(time);
  if (typeof at === 'object') return fail(at.problem);
  const admin = openAdminBy(call, bootstrap, given.value('command-config'));
  if ('exception' in admin) return fail([admin.message, ...stackTrace(admin)].join('\n'));
  tell(call, admin, { at, wanted, excludesInternal: given.has('exclude-internal-topics') }, fail);
  return {};
}

function timeOf(text: string): OffsetQuery['at'] | { readonly problem: string } {
  const named = TIMES[text];
  if (named !== undefined) return named;
  if (TIERED.includes(text)) return { problem: `--time ${text} is unsupported: no tiered storage` };
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const allowed =
    '-1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / ' +
    '-5 or latest-tiered';
  return {
    problem:
      `Malformed time argument ${text}. Please use ${allowed}, ` +
      'or a specified long format timestamp',
  };
}

/** Which partitions are asked for, or what is wrong with the words that say it. */
function wantedOf(given: GivenOptions): IsWanted | string {
  const rules = given.value('topic-partitions');
  const topic = given.value('topic');
  const partitions = given.value('partitions');
  if (rules !== null && (topic !== null || partitions !== null)) {
    return '--topic-partitions cannot be used with --topic or --partitions';
  }
  if (rules !== null) return ruledBy(rules);
  const pattern = topicPattern(topic ?? '.*');
  if (!pattern.ok) return pattern.problem;
  const ids = partitions === null ? null : partitions.split(',').filter((one) => one !== '');
  if (ids !== null && !ids.every((one) => /^\d{1,9}$/.test(one))) {
    return (
      '--partitions expects a comma separated list of numeric partition ids, ' +
      `but received: ${partitions}`
    );
  }
  return ({ topic: name, partition }) =>
    pattern.matches(name) && (ids === null || ids.includes(String(partition)));
}

/** `topic1:1,topic2:0-3,topic3`: any of these. */
function ruledBy(text: string): IsWanted | string {
  const rules: IsWanted[] = [];
  for (const rule of text.split(',')) {
    const match = /^([^:]*)(?::(?:(\d{1,9})|(\d{0,9})-(\d{0,9})))?$/.exec(rule);
    const pattern = topicPattern(match?.[1] === '' ? '.*' : (match?.[1] ?? ''));
    if (match === null || !pattern.ok) {
      const terse = `org.apache.kafka.tools.TerseException: Invalid rule specification: ${rule}`;
      return `${terse}\njava.lang.RuntimeException: ${terse}\n`;
    }
    const [, , only, from, to] = match;
    const least = only ?? (from === undefined || from === '' ? '0' : from);
    rules.push(({ topic, partition }) => {
      if (!pattern.matches(topic) || partition < Number(least)) return false;
      if (only !== undefined) return partition === Number(only);
      return to === undefined || to === '' || partition < Number(to);
    });
  }
  assert(rules.length > 0, 'a text has a rule', { text });
  return (partition) => rules.some((rule) => rule(partition));
}

function tell(
  call: Call,
  admin: Admin,
  asked: { at: OffsetQuery['at']; wanted: IsWanted; excludesInternal: boolean },
  fail: (problem: string) => void,
): void {
  admin.describeTopics(null, (topics) => {
    if (!topics.ok) return fail(problemOf('listTopics', topics));
    const queries = topics.value
      .filter(({ name }) => !asked.excludesInternal || !internalTopics.includes(name ?? ''))
      .flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex: partition }) => ({ topic: name ?? '', partition })),
      )
      .filter(asked.wanted)
      .sort(inOrder)
      .map((one): OffsetQuery => ({ ...one, at: asked.at }));
    if (queries.length === 0) {
      return fail('Could not match any topic-partitions with the specified filters');
    }
    listOffsets(admin, queries, (listed) => {
      for (const one of listed.value ?? []) print(call, one);
      admin.close();
      call.exit(0);
    });
  });
}

function print(call: Call, one: ListedOffset): void {
  if (one.errorCode !== ErrorCode.NONE) {
    const partition = topicPartitionText(one);
    const what = `Skip getting offsets for topic-partition ${partition}`;
    call.err(`${what} due to error: ${messageOf(one.errorCode)}`);
  } else if (one.offset >= 0) call.out(`${one.topic}:${one.partition}:${one.offset}`);
}

function inOrder(left: TopicPartition, right: TopicPartition): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  return left.partition - right.partition;
}

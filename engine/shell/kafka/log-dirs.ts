/**
 * `kafka-log-dirs.sh`: how many bytes each replica has on each broker's disk, as JSON.
 *
 * Source: `org.apache.kafka.tools.LogDirsCommand` (4.1). Not here: what a broker answers
 * (`api/35-describe-log-dirs.ts`). Difference: there, the order of partitions is a hash map's.
 */
import { assert } from '../../kernel/assert.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import {
  JavaHashSet,
  hashOfPartition,
} from '../../kafka/client/consumer/assignor/java-hash-set.ts';
import { describeCluster } from '../../kafka/client/administration.ts';
import { describeLogDirs } from '../../kafka/client/cluster-administration.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { DescribeLogDirsResponse } from '../../wire/kafka/messages/describe-log-dirs.ts';
import type { Call, Program, ToolProgram } from '../program.ts';
import { openAdminBy } from './admin-client.ts';
import { executionException, tellThrown } from './java-exception.ts';
import { exceptionOf } from './java-log.ts';
import { argument, type GivenOptions, type JoptOption, JoptTable } from './jopt.ts';
import { givenOptions, tableOf } from './jopt-tool.ts';
import { optionsOfAll } from './option-history.ts';

const options: readonly JoptOption[] = [
  {
    name: 'bootstrap-server',
    argument: argument('String', 'The server(s) to use for bootstrapping', 'broker-address'),
    about: { en: 'REQUIRED: brokers to begin with.', zh: '必填：最先连接的 broker。' },
  },
  {
    name: 'command-config',
    argument: argument('String', 'Admin client property file', 'file'),
    about: { en: 'A file of settings of the admin client.', zh: '管理客户端的配置文件。' },
  },
  { name: 'describe', about: { en: 'REQUIRED: tells what there is.', zh: '必填：显示内容。' } },
  {
    name: 'topic-list',
    argument: argument('String', 'Topic list', 'topic'),
    defaultText: '',
    about: { en: 'Only these topics, as in a,b.', zh: '只看这些主题，如 a,b。' },
  },
  {
    name: 'broker-list',
    argument: argument('String', 'Broker list'),
    defaultText: '',
    about: { en: 'Only these brokers, as in 1,2.', zh: '只看这些 broker，如 1,2。' },
  },
];
const tables = new JoptTable(optionsOfAll('kafka-log-dirs', options));

export const logDirsTool: ToolProgram = {
  options: (world) => tableOf(tables, world).specs(),
  examples: [
    'kafka-log-dirs.sh --bootstrap-server broker-1:9092 --describe',
    'kafka-log-dirs.sh --bootstrap-server broker-1:9092 --describe --topic-list orders',
  ],
  start,
};

function start(call: Call): Program {
  const about = 'This tool helps to query log directory usage on the specified brokers.';
  const given = givenOptions(call, tableOf(tables, call.world), about, [
    'bootstrap-server',
    'describe',
  ]);
  if (given === null) return {};
  const bootstrap = given.value('bootstrap-server')!;
  const admin = openAdminBy(call, bootstrap, given.value('command-config'));
  if ('exception' in admin) tellThrown(call, admin);
  else describe(call, given, admin);
  return {};
}

function describe(call: Call, given: GivenOptions, admin: Admin): void {
  describeCluster(admin, (result) => {
    if (!result.ok) {
      tellThrown(call, executionException('listNodes', result));
      return;
    }
    const known = result.value.brokers
      .filter(({ isFenced }) => !isFenced)
      .map(({ brokerId }) => brokerId)
      .sort((left, right) => left - right);
    const words = listOf(given.value('broker-list'));
    const wrong = words.find((word) => !/^[+-]?\d{1,9}$/.test(word));
    if (wrong !== undefined) {
      const message = `For input string: "${wrong}"`;
      tellThrown(call, { exception: 'java.lang.NumberFormatException', message });
      return;
    }
    const wanted = words.map(Number);
    const absent = wanted.filter((id) => !known.includes(id));
    if (absent.length > 0) {
      call.err(
        `ERROR: The given brokers do not exist from --broker-list: ${absent.join(',')}. ` +
          `Current existent brokers: ${known.join(',')}`,
      );
      call.exit(1);
      return;
    }
    ask(call, admin, {
      brokers: wanted.length > 0 ? wanted : known,
      topics: listOf(given.value('topic-list')),
    });
  });
}

function listOf(text: string | null): string[] {
  return (text ?? '').split(',').filter((word) => word !== '');
}

interface Asked {
  readonly brokers: readonly number[];
  /** None: all. */
  readonly topics: readonly string[];
}

function ask(call: Call, admin: Admin, { brokers, topics }: Asked): void {
  assert(brokers.length > 0, 'a broker to ask', { brokers });
  call.out('Querying brokers for log directories information');
  const told = new Map<number, DescribeLogDirsResponse>();
  for (const brokerId of brokers) {
    describeLogDirs(admin, brokerId, (result) => {
      if (!result.ok) {
        tellThrown(call, executionException('describeLogDirs', result));
        return;
      }
      told.set(brokerId, result.value);
      if (told.size < brokers.length) return;
      call.out(`Received log directory information from brokers ${brokers.join(',')}`);
      const all = brokers.map((broker) => {
        return { broker, logDirs: told.get(broker)!.results.map((dir) => dirOf(dir, topics)) };
      });
      call.out(JSON.stringify({ brokers: all, version: 1 }));
      call.exit(0);
    });
  }
}

type LogDirResult = DescribeLogDirsResponse['results'][number];

function dirOf({ errorCode, logDir, topics }: LogDirResult, wanted: readonly string[]) {
  const all = topics.flatMap(({ name, partitions: ofTopic }) =>
    ofTopic.map(({ partitionIndex, ...rest }) => {
      return { topic: name, partition: partitionIndex, ...rest };
    }),
  );
  // In the order of a Java map of partitions.
  const partitions = new JavaHashSet<(typeof all)[number]>(hashOfPartition, all)
    .inOrder()
    .filter(({ topic }) => wanted.length === 0 || wanted.includes(topic))
    .map(({ topic, partition, partitionSize, offsetLag, isFutureKey }) => ({
      partition: `${topic}-${partition}`,
      ...{ size: partitionSize, offsetLag, isFuture: isFutureKey },
    }));
  const error = errorCode === ErrorCode.NONE ? null : exceptionOf(errorCode);
  return { partitions, error, logDir };
}

/**
 * `kafka-delete-records.sh`: records below an offset are forgotten, as a file says.
 *
 * Source: `org.apache.kafka.tools.DeleteRecordsCommand` (4.1). Differences: partitions are told in
 * the order of a Java map of default size; of a stack trace its first line is printed.
 */
import { assert } from '../../kernel/assert.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import {
  JavaHashSet,
  hashOfPartition,
} from '../../kafka/client/consumer/assignor/java-hash-set.ts';
import {
  type TopicPartition,
  topicPartitionText,
} from '../../kafka/client/consumer/subscription-state.ts';
import { deleteRecordsBefore } from '../../kafka/client/delete-records.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { Call, Program, ToolProgram } from '../program.ts';
import { openAdminBy } from './admin-client.ts';
import { messageOf } from './admin-session.ts';
import {
  COMMAND_FAILED,
  type JavaException,
  OPERATION_FAILED,
  tellThrown,
  unreadFile,
} from './java-exception.ts';
import { exceptionOf } from './java-log.ts';
import { argument, JoptTable, type JoptOption } from './jopt.ts';
import { givenOptions } from './jopt-tool.ts';
import { commandConfigOption } from './topics-options.ts';

const options: readonly JoptOption[] = [
  {
    name: 'bootstrap-server',
    argument: argument('String', 'server(s) to use for bootstrapping', 'broker-address'),
    about: { en: 'REQUIRED: brokers to begin with.', zh: '必填：最先连接的 broker。' },
  },
  {
    name: 'offset-json-file',
    argument: argument('String', 'Offset json file path', 'file'),
    about: {
      en:
        'REQUIRED: a JSON file with the first offset to keep, by partition; -1: delete all: ' +
        '{"partitions":[{"topic":"orders","partition":0,"offset":5}],"version":1}',
      zh:
        '必填：JSON 文件，给出每个分区要保留的第一个偏移量（-1 表示全部删除）：' +
        '{"partitions":[{"topic":"orders","partition":0,"offset":5}],"version":1}',
    },
  },
  {
    ...commandConfigOption,
    argument: argument('String', 'command config property file path', 'file'),
  },
];

const table = new JoptTable(options);
const HELP =
  'This tool helps to delete records of the given partitions down to the specified offset.';

export const deleteRecordsTool: ToolProgram = {
  options: () => table.specs(),
  examples: [
    'echo \'{"partitions":[{"topic":"orders","partition":0,"offset":5}]}\' > below.json',
    'kafka-delete-records.sh --bootstrap-server broker-1:9092 --offset-json-file below.json',
  ],
  start,
};

interface Wish extends TopicPartition {
  readonly offset: number;
}

function start(call: Call): Program {
  const given = givenOptions(call, table, HELP, ['bootstrap-server', 'offset-json-file']);
  if (given === null) return {};
  const bootstrap = given.value('bootstrap-server')!;
  const admin = openAdminBy(call, bootstrap, given.value('command-config'));
  if ('exception' in admin) {
    tellThrown(call, admin);
    return {};
  }
  const name = given.value('offset-json-file')!;
  const text = call.world.files.get(name);
  const wishes = text === undefined ? unreadFile(name) : wishesOf(text);
  if ('exception' in wishes) tellThrown(call, wishes);
  else run(call, admin, wishes);
  return {};
}

/** What a file asks for, or the exception that there is in place of it. */
function wishesOf(text: string): readonly Wish[] | JavaException {
  const notJson = { exception: OPERATION_FAILED, message: 'The input string is not a valid JSON' };
  const read = parsedJson(text);
  if (typeof read !== 'object' || read === null) return notJson;
  const { version, partitions } = read as { version?: unknown; partitions?: unknown };
  if (version !== undefined && version !== 1) {
    return {
      exception: OPERATION_FAILED,
      message: `Not supported version field value ${String(version)}`,
    };
  }
  if (!Array.isArray(partitions)) {
    return { exception: OPERATION_FAILED, message: 'Missing partitions field' };
  }
  const wishes: Wish[] = [];
  for (const one of partitions as unknown[]) {
    const wish = wishOf(one);
    if ('exception' in wish) return wish;
    wishes.push(wish);
  }
  const names = wishes.map(topicPartitionText);
  const twice = [...new Set(names.filter((name, place) => names.indexOf(name) < place))];
  if (twice.length === 0) return wishes;
  const message = `Offset json file contains duplicate topic partitions: ${twice.join(',')}`;
  return { exception: COMMAND_FAILED, message };
}

function wishOf(one: unknown): Wish | JavaException {
  const exception = 'com.fasterxml.jackson.databind.JsonMappingException';
  if (typeof one !== 'object' || one === null) {
    return { exception, message: `Expected JSON object, received ${String(one)}` };
  }
  const fields = one as Readonly<Record<string, unknown>>;
  for (const name of ['topic', 'partition', 'offset']) {
    if (fields[name] === undefined)
      return { exception, message: `No such field exists: \`${name}\`` };
  }
  const { topic, partition, offset } = fields;
  for (const number of [partition, offset]) {
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= -1) continue;
    return { exception, message: `Expected \`Integer\` value, received ${JSON.stringify(number)}` };
  }
  return { topic: String(topic), partition: partition as number, offset: offset as number };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function run(call: Call, admin: Admin, wishes: readonly Wish[]): void {
  call.out('Executing records delete operation');
  const results = new Map<Wish, AdminResult<number>>();
  const done = (): void => {
    call.out('Records delete operation completed:');
    for (const wish of new JavaHashSet(hashOfPartition, wishes).inOrder()) {
      const result = results.get(wish);
      assert(result !== undefined, 'each partition was answered', { ...wish });
      call.out(`partition: ${topicPartitionText(wish)}\t${outcomeOf(result)}`);
    }
    admin.close();
    call.exit(0);
  };
  if (wishes.length === 0) done();
  for (const wish of wishes) {
    deleteRecordsBefore(admin, wish, wish.offset, (result) => {
      results.set(wish, result);
      if (results.size === wishes.length) done();
    });
  }
}

function outcomeOf(result: AdminResult<number>): string {
  if (result.ok) return `low_watermark: ${result.value}`;
  const { errorCode } = result;
  if (errorCode === ErrorCode.BROKER_NOT_AVAILABLE) {
    const timeout = exceptionOf(ErrorCode.REQUEST_TIMED_OUT);
    const call = 'deleteRecords(api=METADATA)';
    return `error: ${timeout}: Timed out waiting for a node assignment. Call: ${call}`;
  }
  return `error: ${exceptionOf(errorCode)}: ${messageOf(errorCode)}`;
}

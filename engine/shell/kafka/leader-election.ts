/**
 * `kafka-leader-election.sh`: gives partitions their preferred leaders, or unclean ones.
 *
 * Source: `org.apache.kafka.tools.LeaderElectionCommand` (4.1; since 2.4, KIP-460). Not here: what
 * an election is (`controller/elect-on-request.ts`). Difference: a file that is no JSON is told as
 * an empty one whatever is wrong with it, as there.
 */
import { assert } from '../../kernel/assert.ts';
import { electLeaders } from '../../kafka/client/administration.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import type { TopicPartition } from '../../kafka/client/consumer/subscription-state.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { ElectLeadersResponse } from '../../wire/kafka/messages/elect-leaders.ts';
import type { Call, Program, ToolProgram } from '../program.ts';
import { openAdminBy } from './admin-client.ts';
import { messageOf } from './admin-session.ts';
import {
  causeOf,
  COMMAND_FAILED,
  type JavaException,
  OPERATION_FAILED,
  tellThrown,
  toText,
  unreadFile,
  withCauses,
} from './java-exception.ts';
import { exceptionOf } from './java-log.ts';
import { argument, type GivenOptions, type JoptOption, JoptTable } from './jopt.ts';
import { givenOptions } from './jopt-tool.ts';
import { type Json, parseJson } from './json-file.ts';

type ElectionType = 'preferred' | 'unclean';

const options: readonly JoptOption[] = [
  {
    name: 'bootstrap-server',
    argument: argument('String', 'host:port', 'broker-address'),
    about: { en: 'REQUIRED: brokers to begin with.', zh: '必填：最先连接的 broker。' },
  },
  {
    name: 'admin.config',
    argument: argument('String', 'config file', 'file'),
    about: { en: 'A file of settings of the admin client.', zh: '管理客户端的配置文件。' },
  },
  {
    name: 'election-type',
    argument: {
      type: 'String',
      label: '[PREFERRED,UNCLEAN]: election type',
      kind: ['preferred', 'unclean'],
    },
    about: {
      en: 'REQUIRED: preferred: the first replica leads; unclean: any leads that is alive.',
      zh: '必填：preferred 让首选副本当 leader；unclean 让任一存活副本当 leader。',
    },
  },
  {
    name: 'topic',
    argument: argument('String', 'topic name', 'topic'),
    about: { en: 'The topic of one partition.', zh: '单个分区所属的主题。' },
  },
  {
    name: 'partition',
    argument: argument('Integer', 'partition id'),
    about: { en: 'The partition of --topic.', zh: '--topic 的分区号。' },
  },
  {
    name: 'all-topic-partitions',
    about: { en: 'All partitions that need it.', zh: '所有需要选举的分区。' },
  },
  {
    name: 'path-to-json-file',
    argument: argument('String', 'Path to JSON file', 'file'),
    about: {
      en: 'The partitions: {"partitions":[{"topic":"orders","partition":0}]}.',
      zh: '分区列表：{"partitions":[{"topic":"orders","partition":0}]}。',
    },
  },
];
const table = new JoptTable(options);
const ONE_OF = ['topic', 'all-topic-partitions', 'path-to-json-file'];

export const leaderElectionTool: ToolProgram = {
  options: () => table.specs(),
  examples: [
    'kafka-leader-election.sh --bootstrap-server broker-1:9092 --election-type preferred ' +
      '--all-topic-partitions',
    'kafka-leader-election.sh --bootstrap-server broker-1:9092 --election-type unclean ' +
      '--topic orders --partition 0',
  ],
  start,
};

function start(call: Call): Program {
  const about =
    'This tool attempts to elect a new leader for a set of topic partitions. The type of ' +
    'elections supported are preferred replicas and unclean replicas.';
  const given = givenOptions(call, table, about);
  if (given === null) return {};
  const asked = askedOf(call, given);
  if ('exception' in asked) {
    tellThrown(call, asked);
    return {};
  }
  const admin = openAdminBy(call, given.value('bootstrap-server')!, given.value('admin.config'));
  if ('exception' in admin) {
    tellThrown(call, admin);
    return {};
  }
  const { type, partitions } = asked;
  electLeaders(admin, type, partitions, (result) => tellElection(call, type, result));
  return {};
}

interface Asked {
  readonly type: ElectionType;
  /** Null: all. */
  readonly partitions: readonly TopicPartition[] | null;
}

/** Source: `LeaderElectionCommandOptions.validate`, and what is read after it. */
function askedOf(call: Call, given: GivenOptions): Asked | JavaException {
  const failed = (message: string): JavaException => ({ exception: COMMAND_FAILED, message });
  const missing = ['election-type', 'bootstrap-server'].filter((name) => !given.has(name));
  if (missing.length > 0) return failed(`Missing required option(s): ${missing.join(', ')}`);
  if (ONE_OF.filter((name) => given.has(name)).length !== 1) {
    return failed(`One and only one of the following options is required: ${ONE_OF.join(', ')}`);
  }
  if (given.has('topic') && !given.has('partition')) {
    return failed('Missing required option(s): partition');
  }
  if (!given.has('topic') && given.has('partition')) {
    return failed('Option partition is only allowed if topic is used');
  }
  const type = given.value('election-type')!.toLowerCase();
  if (type !== 'preferred' && type !== 'unclean') return noElection(given);
  const number = given.malformed();
  if (number !== null) return withCauses(number);
  const file = given.value('path-to-json-file');
  if (file !== null) return fromFile(call, type, file);
  const topic = given.value('topic');
  const partition = Number(given.value('partition') ?? '-1');
  return { type, partitions: topic === null ? null : [{ topic, partition }] };
}

function noElection(given: GivenOptions): JavaException {
  const value = given.value('election-type')!;
  const cause = {
    exception: 'joptsimple.ValueConversionException',
    message: `Value [${value}] is not one of [[PREFERRED,UNCLEAN]]`,
  };
  return {
    exception: 'joptsimple.OptionArgumentConversionException',
    message: `Cannot parse argument '${value}' of option election-type`,
    cause,
  };
}

/** Source: `parseReplicaElectionData`. */
function fromFile(call: Call, type: ElectionType, name: string): Asked | JavaException {
  const text = call.world.files.get(name);
  if (text === undefined) {
    const cause = unreadFile(name);
    return { exception: 'java.lang.RuntimeException', message: toText(cause), cause };
  }
  const bad = (message: string): JavaException => ({ exception: OPERATION_FAILED, message });
  const json = parseJson(text);
  if (!json.ok) return bad('Replica election data is empty');
  const partitions = json.value.field('partitions')?.elements ?? null;
  if (partitions === null) return bad('Replica election data is missing "partitions" field');
  const named = partitions.map((one: Json) => ({
    topic: one.field('topic')?.text ?? '',
    partition: one.field('partition')?.number ?? -1,
  }));
  const names = named.map(nameOf);
  const twice = names.filter((one, place) => names.indexOf(one) !== place);
  if (twice.length > 0) {
    const told = [...new Set(twice)].join(', ');
    return bad(`Replica election data contains duplicate partitions: [${told}]`);
  }
  return { type, partitions: named };
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

type Results = ElectLeadersResponse['replicaElectionResults'];

function tellElection(call: Call, type: ElectionType, result: AdminResult<Results>): void {
  const kind = type.toUpperCase();
  const results = result.value;
  if (!result.ok && results === null) {
    const message = 'Timeout waiting for election results';
    call.out(message);
    tellThrown(call, {
      exception: COMMAND_FAILED,
      message,
      cause: causeOf('electLeaders', result),
    });
    return;
  }
  assert(results !== null, 'the controller has answered', { kind });
  const all = results.flatMap(({ topic, partitionResult }) =>
    partitionResult.map(({ partitionId, ...one }) => ({ ...one, name: `${topic}-${partitionId}` })),
  );
  const namesOf = (errorCode: number): string =>
    all
      .filter((one) => one.errorCode === errorCode)
      .map(({ name }) => name)
      .join(', ');
  const elected = namesOf(ErrorCode.NONE);
  if (elected !== '') {
    call.out(`Successfully completed leader election (${kind}) for partitions ${elected}`);
  }
  const valid = namesOf(ErrorCode.ELECTION_NOT_NEEDED);
  if (valid !== '') call.out(`Valid replica already elected for partitions ${valid}`);
  const suppressed: JavaException[] = [];
  for (const { name, errorCode, errorMessage } of all) {
    if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.ELECTION_NOT_NEEDED) continue;
    const message = errorMessage ?? messageOf(errorCode);
    const thrown = { exception: exceptionOf(errorCode), message };
    call.out(
      `Error completing leader election (${kind}) for partition: ${name}: ${toText(thrown)}`,
    );
    suppressed.push(thrown);
  }
  if (suppressed.length === 0) {
    call.exit(0);
    return;
  }
  const message = `${suppressed.length} replica(s) could not be elected`;
  tellThrown(call, { exception: COMMAND_FAILED, message, suppressed });
}

/**
 * `kafka-consumer-groups.sh`: groups are listed, described and deleted, their offsets set anew.
 *
 * Source: `org.apache.kafka.tools.consumer.group.ConsumerGroupCommand` (4.1). Not here: options
 * (`consumer-groups-options.ts`), what `--describe` prints (`consumer-groups-description.ts`),
 * offsets (`consumer-groups-offsets.ts`). Differences: of a stack trace its first line is printed;
 * times are UTC.
 */
import { assert } from '../../kernel/assert.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import {
  deleteGroup,
  type GroupAdministered,
  listGroupsOfAll,
  type ListedGroup,
} from '../../kafka/client/group-administration.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { Call, Program, ToolProgram } from '../program.ts';
import { openAdmin } from './admin-client.ts';
import { messageOf, problemOf, propertiesFile } from './admin-session.ts';
import { describeGroupsTo } from './consumer-groups-description.ts';
import { deleteOffsetsTo, resetOffsetsTo } from './consumer-groups-offsets.ts';
import {
  groupMisuse,
  groupOptions,
  groupStates,
  groupTypes,
  NOT_EXECUTED,
} from './consumer-groups-options.ts';
import {
  type JavaException,
  noSuchFile,
  stackTrace,
  tellUncaught,
  toText,
} from './java-exception.ts';
import { exceptionOf } from './java-log.ts';
import { JoptTable, type GivenOptions } from './jopt.ts';
import { printUsageAndExit, toldHelpOrVersion, tableOf } from './jopt-tool.ts';
import { optionsOfAll } from './option-history.ts';
import { textTable } from './text-table.ts';

/** Of the admin client, where `--timeout` is not shorter. */
const REQUEST_TIMEOUT_MS = 30_000;
const tables = new JoptTable(optionsOfAll('kafka-consumer-groups', groupOptions));
const HELP =
  'This tool helps to list all consumer groups, describe a consumer group, delete consumer group ' +
  'info, or reset consumer group offsets.';

export const consumerGroupsTool: ToolProgram = {
  options: (world) => tableOf(tables, world).specs(),
  examples: [
    'kafka-consumer-groups.sh --bootstrap-server broker-1:9092 --describe --group billing',
    'kafka-consumer-groups.sh --bootstrap-server broker-1:9092 --reset-offsets --group billing ' +
      '--topic orders --to-earliest --execute',
  ],
  start,
};

/** A command on groups under way: what all its parts need. */
export interface GroupSession extends GroupAdministered {
  readonly call: Call;
  readonly given: GivenOptions;
  /** Ends it well. Errors that were told do not change that: so does the real tool. */
  end(): void;
  /** `\nError: ...`, with the first line of the stack trace if there is an exception. */
  error(message: string, exception?: string): void;
  /** An exception that reaches `main`: told, and the tool ends. */
  fail(message: string, exception: string): void;
  /** The same for a call that failed. */
  failed(callName: string, result: AdminResult<unknown> & { ok: false }): void;
  usage(problem: string): void;
}

function start(call: Call): Program {
  const table = tableOf(tables, call.world);
  const parsed = table.parse(call.words);
  if (!parsed.ok) {
    tellUncaught(call, parsed.problem);
    return {};
  }
  const { given } = parsed;
  if (toldHelpOrVersion(call, table, given, { help: HELP, nothing: HELP })) return {};
  const { problem, isUnclear } = groupMisuse(given);
  if (isUnclear) call.err(NOT_EXECUTED);
  if (problem !== null) {
    printUsageAndExit(call, table, problem);
    return {};
  }
  const file = given.value('command-config');
  const settings = propertiesFile(file, call.world);
  const wrong = given.malformed(['timeout']) ?? given.repeated(['bootstrap-server', 'timeout']);
  if (settings === null || wrong !== null) {
    const cause = noSuchFile(file ?? '');
    const unread = { exception: 'java.lang.RuntimeException', message: toText(cause), cause };
    tellFailure(call, wrong ?? unread);
    return {};
  }
  const timeout = given.value('timeout')!;
  const admin = openAdmin(call, given.value('bootstrap-server')!, {
    'default.api.timeout.ms': timeout,
    'request.timeout.ms': String(Math.min(REQUEST_TIMEOUT_MS, Number(timeout))),
    ...settings,
  });
  if ('exception' in admin) {
    tellFailure(call, admin);
    return {};
  }
  run(sessionOf(call, given, admin));
  return {};
}

/** Source: `ConsumerGroupCommand.printError`: its sentence goes to standard output. */
function tellFailure(call: Call, thrown: JavaException): void {
  call.out('');
  call.out(`Error: Executing consumer group command failed due to ${thrown.message}`);
  for (const line of stackTrace(thrown).slice(0, -1)) call.err(line);
  call.exit(0);
}

function sessionOf(call: Call, given: GivenOptions, admin: Admin): GroupSession {
  const fail = (message: string, exception: string): void => {
    admin.close();
    tellFailure(call, { exception, message });
  };
  return {
    call,
    given,
    admin,
    ports: call.ports,
    end: () => {
      admin.close();
      call.exit(0);
    },
    error: (message, exception) => {
      call.err('');
      call.err(`Error: ${message}`);
      if (exception !== undefined) call.err(exception);
    },
    fail,
    failed: (callName, result) => {
      const { errorCode } = result;
      const exception = exceptionOf(
        errorCode === ErrorCode.BROKER_NOT_AVAILABLE ? ErrorCode.REQUEST_TIMED_OUT : errorCode,
      );
      fail(problemOf(callName, result), exception);
    },
    usage: (problem) => {
      admin.close();
      printUsageAndExit(call, tableOf(tables, call.world), problem);
    },
  };
}

function run(session: GroupSession): void {
  const { given } = session;
  if (given.has('list')) list(session);
  else if (given.has('describe'))
    withGroups(session, (groups) => describeGroupsTo(session, groups));
  else if (given.has('delete')) withGroups(session, (groups) => remove(session, groups));
  else if (given.has('reset-offsets')) {
    if (!given.has('topic') && !given.has('all-topics') && !given.has('from-file')) {
      session.usage('One of the reset scopes should be defined: --all-topics, --topic.');
      return;
    }
    withGroups(session, (groups) => resetOffsetsTo(session, groups));
  } else deleteOffsetsTo(session);
}

/** The groups that are named, or all. */
function withGroups(session: GroupSession, take: (groups: readonly string[]) => void): void {
  if (!session.given.has('all-groups')) {
    take([...new Set(session.given.values('group'))]);
    return;
  }
  ask(session, { states: [], types: [] }, (groups) => take(groups.map(({ groupId }) => groupId)));
}

function ask(
  session: GroupSession,
  filter: { readonly states: readonly string[]; readonly types: readonly string[] },
  take: (groups: readonly ListedGroup[]) => void,
): void {
  listGroupsOfAll(session, filter, (result) => {
    if (result.ok) {
      const isOfConsumers = ({ protocolType, groupType }: ListedGroup): boolean =>
        (protocolType === 'consumer' || protocolType === '') && groupType !== 'share';
      take(result.value.filter(isOfConsumers));
      return;
    }
    const java = 'java.util.concurrent.ExecutionException';
    const reason =
      'org.apache.kafka.common.KafkaException: Failed to find brokers to send ListGroups';
    if (result.errorCode === ErrorCode.BROKER_NOT_AVAILABLE) {
      session.fail(`${java}: ${reason}`, 'java.lang.RuntimeException');
    } else session.failed('listGroups', result);
  });
}

/** Names of a list, as the real ones are written; null if one is none of these. */
function wanted(text: string, known: readonly string[]): readonly string[] | null {
  const names = text.split(',').map((name) => {
    return known.find((one) => one.toLowerCase() === name.trim().toLowerCase()) ?? null;
  });
  return names.includes(null) ? null : names.filter((name) => name !== null);
}

function list(session: GroupSession): void {
  const { given, call } = session;
  const [stateText = ''] = given.values('state');
  const [typeText = ''] = given.values('type');
  const states = stateText === '' ? [] : wanted(stateText, groupStates);
  if (states === null) {
    const valid = groupStates.join(', ');
    session.usage(`Invalid state list '${stateText}'. Valid states are: ${valid}`);
    return;
  }
  const types = typeText === '' ? [] : wanted(typeText, groupTypes);
  if (types === null) {
    session.usage(`Invalid types list '${typeText}'. Valid types are: ${groupTypes.join(', ')}`);
    return;
  }
  const filter = { states, types: types.map((type) => type.toLowerCase()) };
  ask(session, filter, (groups) => {
    const columns = [
      { title: 'GROUP', width: 25, grows: true as const },
      ...(given.has('type') ? [{ title: 'TYPE', width: 20 }] : []),
      ...(given.has('state') ? [{ title: 'STATE', width: 20 }] : []),
    ];
    const rows = groups.map(({ groupId, groupType, groupState }) => [
      groupId,
      ...(given.has('type') ? [titled(groupType)] : []),
      ...(given.has('state') ? [groupState] : []),
    ]);
    const isPlain = columns.length === 1;
    const lines = isPlain ? groups.map(({ groupId }) => groupId) : textTable(columns, rows);
    for (const line of lines) call.out(line);
    session.end();
  });
}

function titled(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

function remove(session: GroupSession, groups: readonly string[]): void {
  const deleted: string[] = [];
  const failures: string[] = [];
  const next = (place: number): void => {
    const group = groups[place];
    if (group === undefined) {
      tellRemoved(session, deleted, failures);
      return;
    }
    deleteGroup(session, group, (result) => {
      assert(place < groups.length, 'one after the other', { place });
      if (result.ok) deleted.push(group);
      else {
        const reason = `${exceptionOf(result.errorCode)}: ${messageOf(result.errorCode)}`;
        failures.push(`* Group '${group}' could not be deleted due to: ${reason}`);
      }
      next(place + 1);
    });
  };
  next(0);
}

function tellRemoved(
  session: GroupSession,
  deleted: readonly string[],
  failures: readonly string[],
): void {
  const { call } = session;
  const names = deleted.map((group) => `'${group}'`).join(', ');
  if (failures.length === 0) {
    call.out(`Deletion of requested consumer groups (${names}) was successful.`);
  } else {
    session.error('Deletion of some consumer groups failed:');
    for (const line of failures) call.out(line);
    if (deleted.length > 0) {
      call.out('');
      call.out(`These consumer groups were deleted successfully: ${names}`);
    }
  }
  session.end();
}

/**
 * `kafka-reassign-partitions.sh`: partitions move to other brokers, by a file that says where to.
 *
 * Source: `org.apache.kafka.tools.reassign.ReassignPartitionsCommand` (4.1). Not here: options
 * (`reassign-options.ts`), the files (`reassignment-file.ts`), throttles (`reassign-throttles.ts`).
 * Difference: `--generate` proposes by the broker's own placing.
 */
import { assert } from '../../kernel/assert.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import {
  alterPartitionReassignments,
  describeCluster,
  listPartitionReassignments,
} from '../../kafka/client/administration.ts';
import { JavaHashSet, hashOfText } from '../../kafka/client/consumer/assignor/java-hash-set.ts';
import { placeReplicas } from '../../kafka/controller/replica-placement.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type * as reassignments from '../../wire/kafka/messages/alter-partition-reassignments.ts';
import type { DescribeClusterResponse } from '../../wire/kafka/messages/describe-cluster.ts';
import type { MetadataResponse } from '../../wire/kafka/messages/metadata.ts';
import type { Call, Program, ToolProgram } from '../program.ts';
import { openAdminBy } from './admin-client.ts';
import { messageOf } from './admin-session.ts';
import {
  COMMAND_FAILED,
  executionException,
  type JavaException,
  stackTrace,
  tellUncaught,
  toText,
  unreadFile,
  withCauses,
} from './java-exception.ts';
import { type GivenOptions, JoptTable } from './jopt.ts';
import { printUsageAndExit, toldHelpOrVersion, tableOf } from './jopt-tool.ts';
import { optionsOfAll } from './option-history.ts';
import { reassignActionOf, type ReassignAction, reassignOptions } from './reassign-options.ts';
import { alterAll, clearedThrottles, type Ongoing, throttlesOf } from './reassign-throttles.ts';
import {
  type Assigned,
  byPartition,
  formatAssignments,
  nameOf,
  readAssignments,
  readPlan,
  readTopicsToMove,
} from './reassignment-file.ts';

const tables = new JoptTable(optionsOfAll('kafka-reassign-partitions', reassignOptions));
const ONGOING =
  'Cannot execute because there is an existing partition assignment.  Use --additional to ' +
  'override this and create a new partition assignment in addition to the existing one. The ' +
  '--additional flag can also be used to change the throttle by resubmitting the current ' +
  'reassignment.';

export const reassignPartitionsTool: ToolProgram = {
  options: (world) => tableOf(tables, world).specs(),
  examples: [
    'kafka-reassign-partitions.sh --bootstrap-server broker-1:9092 --execute ' +
      '--reassignment-json-file move.json',
    'kafka-reassign-partitions.sh --bootstrap-server broker-1:9092 --list',
  ],
  start,
};

function start(call: Call): Program {
  const table = tableOf(tables, call.world);
  const parsed = table.parse(call.words);
  if (!parsed.ok) {
    tellUncaught(call, parsed.problem);
    return {};
  }
  const { given } = parsed;
  const sentence = 'This tool helps to move topic partitions between replicas.';
  if (toldHelpOrVersion(call, table, given, { help: sentence, nothing: sentence })) return {};
  const found = reassignActionOf(given);
  if ('problem' in found) printUsageAndExit(call, table, found.problem);
  else open(call, given, found.action);
  return {};
}

function open(call: Call, given: GivenOptions, action: ReassignAction): void {
  const bootstrap = given.value('bootstrap-server')!;
  const admin = openAdminBy(call, bootstrap, given.value('command-config'));
  if ('exception' in admin) {
    tellError(call, admin);
    return;
  }
  const number = given.malformed();
  if (number === null) new Reassigning(call, given, admin).run(action);
  else tellError(call, withCauses(number));
}

/** Everything that goes wrong is told on standard output here. */
function tellError(call: Call, thrown: JavaException): void {
  call.out(`Error: ${thrown.message}`);
  for (const line of stackTrace(thrown)) call.out(line);
  call.exit(1);
}

/** What `done` of a call is told when it went well. */
type Answered<F extends (...of: never[]) => void> =
  Parameters<F> extends [...unknown[], (result: infer R) => void]
    ? Extract<R, { readonly ok: true }> extends { readonly value: infer V }
      ? V
      : never
    : never;
type Altered = reassignments.AlterPartitionReassignmentsResponse;
type Listed = Answered<typeof listPartitionReassignments>;

/** A command under way. */
class Reassigning {
  readonly #call: Call;
  readonly #given: GivenOptions;
  readonly #admin: Admin;

  constructor(call: Call, given: GivenOptions, admin: Admin) {
    this.#call = call;
    this.#given = given;
    this.#admin = admin;
  }

  run(action: ReassignAction): void {
    if (action === 'list') {
      this.#listed(null, (topics) => this.#tellList(topics));
      return;
    }
    const option = action === 'generate' ? 'topics-to-move-json-file' : 'reassignment-json-file';
    const name = this.#given.value(option)!;
    const text = this.#call.world.files.get(name);
    if (text === undefined) this.#throw(unreadFile(name));
    else if (action === 'generate') this.#generate(text);
    else if (action === 'execute') this.#execute(text);
    else if (action === 'verify') this.#verify(text);
    else this.#cancel(text);
  }

  #throw(thrown: JavaException): void {
    tellError(this.#call, thrown);
  }

  /** A `TerseException`: sentences without a trace. */
  #refuse(lines: readonly string[]): void {
    for (const line of lines) this.#call.out(line);
    this.#call.exit(1);
  }

  #out(...lines: readonly string[]): void {
    for (const line of lines) this.#call.out(line);
  }

  // --------------------------------------------------------------------- what is asked of brokers

  #listed(partitions: readonly Assigned[] | null, then: (topics: Ongoing[]) => void): void {
    listPartitionReassignments(this.#admin, partitions, (result) => {
      if (result.ok) then(ongoingOf(result.value));
      else this.#throw(executionException('listPartitionReassignments', result));
    });
  }

  #brokers(then: (brokers: DescribeClusterResponse['brokers']) => void): void {
    describeCluster(this.#admin, (result) => {
      if (result.ok) then(result.value.brokers.filter(({ isFenced }) => !isFenced));
      else this.#throw(executionException('listNodes', result));
    });
  }

  #topics(
    names: readonly string[],
    then: (assigned: readonly Assigned[], missing: readonly string[]) => void,
  ): void {
    const unique = [...new Set(names)];
    if (unique.length === 0) {
      then([], []);
      return;
    }
    this.#admin.describeTopics(unique, (result) => {
      const topics = result.value;
      if (topics === null) {
        assert(!result.ok, 'a result without a value failed');
        this.#throw(executionException('describeTopics', result));
        return;
      }
      const missing = topics.filter(({ errorCode }) => errorCode !== ErrorCode.NONE);
      then(
        topics.flatMap(assignedOf),
        missing.map(({ name }) => name ?? ''),
      );
    });
  }

  #unknown(topic: string): void {
    const cause = {
      exception: 'org.apache.kafka.common.errors.UnknownTopicOrPartitionException',
      message: `Topic ${topic} not found.`,
    };
    const exception = 'java.util.concurrent.ExecutionException';
    this.#throw({ exception, message: toText(cause), cause });
  }

  // --------------------------------------------------------------------------------------- actions

  #tellList(ongoing: readonly Ongoing[]): void {
    if (ongoing.length === 0) this.#out('No partition reassignments found.');
    else this.#out('Current partition reassignments:', ...ongoing.map(textOf));
    this.#call.exit(0);
  }

  #execute(text: string): void {
    const plan = readPlan(text);
    if (!plan.ok) {
      this.#throw(plan.thrown);
      return;
    }
    this.#listed(null, (ongoing) => {
      if (ongoing.length > 0 && !this.#given.has('additional')) {
        this.#refuse([ONGOING]);
        return;
      }
      this.#brokers((brokers) => {
        const known = brokers.map(({ brokerId }) => brokerId);
        const wrong = plan.value
          .flatMap(({ replicas }) => replicas)
          .find((id) => !known.includes(id));
        if (wrong === undefined) this.#executeFrom(plan.value, ongoing);
        else this.#throw({ exception: COMMAND_FAILED, message: `Unknown broker id ${wrong}` });
      });
    });
  }

  #executeFrom(plan: readonly Assigned[], ongoing: readonly Ongoing[]): void {
    const names = plan.map(({ topic }) => topic);
    this.#topics(names, (current, [missing]) => {
      if (missing !== undefined) {
        this.#unknown(missing);
        return;
      }
      const now = plan.map((one) => current.find((other) => nameOf(other) === nameOf(one)));
      const lost = now.indexOf(undefined);
      if (lost >= 0) {
        const exception = 'org.apache.kafka.common.errors.UnknownTopicOrPartitionException';
        const cause = { exception, message: `Unable to find partition: ${nameOf(plan[lost]!)}` };
        const outer = 'java.util.concurrent.ExecutionException';
        this.#throw({ exception: outer, message: toText(cause), cause });
        return;
      }
      this.#out(
        'Current partition replica assignment',
        '',
        formatAssignments(now as Assigned[]),
        '',
        'Save this to use as the --reassignment-json-file option during rollback',
      );
      this.#throttled(plan, now as Assigned[], ongoing, () => this.#begin(plan));
    });
  }

  /** With a throttle it is set before anything moves. */
  #throttled(
    plan: readonly Assigned[],
    current: readonly Assigned[],
    ongoing: readonly Ongoing[],
    then: () => void,
  ): void {
    const rate = Number(this.#given.value('throttle'));
    if (rate < 0) {
      then();
      return;
    }
    this.#out(
      'Warning: You must run --verify periodically, until the reassignment completes, to ensure ' +
        'the throttle is removed.',
    );
    this.#alter(throttlesOf(plan, current, ongoing, rate), () => {
      this.#out(`The inter-broker throttle limit was set to ${rate} B/s`);
      then();
    });
  }

  #alter(changes: Parameters<typeof alterAll>[1], then: () => void): void {
    alterAll(this.#admin, changes, (failed) => {
      if (failed === null) then();
      else this.#throw(executionException('incrementalAlterConfigs', failed));
    });
  }

  #begin(plan: readonly Assigned[]): void {
    const done = (result: AdminResult<Altered>): void => {
      const problems = this.#problemsOf(result);
      if (problems === null) return;
      if (problems.length > 0) {
        this.#refuse(['Error reassigning partition(s):', ...problems]);
        return;
      }
      const started = [...plan].sort(byPartition).map(nameOf);
      const some = started.length === 1 ? '' : 's';
      this.#out(`Successfully started partition reassignment${some} for ${started.join(',')}`);
      this.#call.exit(0);
    };
    const mayGrow = !this.#given.has('disallow-replication-factor-change');
    alterPartitionReassignments(this.#admin, plan, done, mayGrow);
  }

  /** A line for each partition that was refused; null where the call itself failed, as told. */
  #problemsOf(result: AdminResult<Altered>): string[] | null {
    if (!result.ok && result.value === null) {
      this.#throw(executionException('alterPartitionReassignments', result));
      return null;
    }
    const responses = result.value?.responses ?? [];
    return responses.flatMap(({ name, partitions }) =>
      partitions
        .filter(({ errorCode }) => errorCode !== ErrorCode.NONE)
        .map(({ partitionIndex, errorCode, errorMessage }) => {
          return `${name}-${partitionIndex}: ${errorMessage ?? messageOf(errorCode)}`;
        }),
    );
  }

  #verify(text: string): void {
    const read = readAssignments(text);
    if (!read.ok) {
      this.#throw(read.thrown);
      return;
    }
    const wanted = [...read.value].sort(byPartition);
    this.#listed(null, (ongoing) => {
      const isOngoing = (one: Assigned): boolean =>
        ongoing.some((other) => nameOf(other) === nameOf(one));
      const settled = wanted.filter((one) => !isOngoing(one));
      this.#topics(
        settled.map(({ topic }) => topic),
        (current) => {
          const states = wanted.map((one) =>
            isOngoing(one)
              ? `Reassignment of partition ${nameOf(one)} is still in progress.`
              : stateOf(one, current),
          );
          this.#out('Status of partition reassignment:', ...states, '');
          if (ongoing.length > 0) this.#call.exit(0);
          else this.#clearThrottles(wanted, '');
        },
      );
    });
  }

  #cancel(text: string): void {
    const read = readAssignments(text);
    if (!read.ok) {
      this.#throw(read.thrown);
      return;
    }
    const moves = 'None of the specified partition moves are active.';
    this.#listed(read.value, (ongoing) => {
      if (ongoing.length === 0) {
        this.#out('None of the specified partition reassignments are active.');
        this.#clearThrottles(read.value, moves);
        return;
      }
      const taken = ongoing.map((one) => ({ ...one, replicas: null }));
      const some = ongoing.length === 1 ? '' : 's';
      alterPartitionReassignments(this.#admin, taken, (result) => {
        const problems = this.#problemsOf(result);
        if (problems === null) return;
        if (problems.length > 0) {
          this.#refuse([`Error cancelling partition reassignment${some} for:`, ...problems]);
          return;
        }
        const names = ongoing.map(nameOf).join(',');
        this.#out(`Successfully cancelled partition reassignment${some} for: ${names}`);
        this.#clearThrottles(read.value, moves);
      });
    });
  }

  /** What is said of throttles; `before` stands without an end of line, as in the real tool. */
  #clearThrottles(partitions: readonly Assigned[], before: string): void {
    if (this.#given.has('preserve-throttles')) {
      if (before !== '') this.#out(before);
      this.#call.exit(0);
      return;
    }
    this.#brokers((brokers) => {
      const ids = new Set([
        ...brokers.map(({ brokerId }) => brokerId),
        ...partitions.flatMap(({ replicas }) => replicas),
      ]);
      const all = [...ids].sort((left, right) => left - right);
      const some = ids.size === 1 ? '' : 's';
      // In the order of a Java set of their names.
      const names = partitions.map(({ topic }) => topic);
      const topics = new JavaHashSet(hashOfText, [...new Set(names)]).inOrder();
      const more = topics.length === 1 ? '' : 's';
      this.#out(
        `${before}Clearing broker-level throttles on broker${some} ${all.join(',')}`,
        `Clearing topic-level throttles on topic${more} ${topics.join(',')}`,
      );
      const known = brokers.map(({ brokerId }) => brokerId);
      this.#alter(clearedThrottles(known, topics), () => this.#call.exit(0));
    });
  }

  #generate(text: string): void {
    const read = readTopicsToMove(text, this.#given.value('broker-list')!);
    if (!read.ok) {
      this.#throw(read.thrown);
      return;
    }
    const { topics, brokers } = read.value;
    this.#topics(topics, (current, [missing]) => {
      if (missing !== undefined) {
        this.#unknown(missing);
        return;
      }
      this.#brokers((all) =>
        this.#propose(
          current,
          all.filter(({ brokerId }) => brokers.includes(brokerId)),
        ),
      );
    });
  }

  #propose(current: readonly Assigned[], brokers: DescribeClusterResponse['brokers']): void {
    const racks = !this.#given.has('disable-rack-aware');
    const on = brokers.map(({ brokerId: id, rack }) => {
      return { id, rack: racks ? rack : null, fenced: false, inControlledShutdown: false };
    });
    const image = { brokers: new Map(on.map((broker) => [broker.id, broker])) };
    const random = this.#call.ports.random('kafka-reassign-partitions');
    const proposed: Assigned[] = [];
    for (const topic of new Set(current.map((one) => one.topic))) {
      const partitions = current.filter((one) => one.topic === topic).sort(byPartition);
      const replicationFactor = partitions[0]!.replicas.length;
      const spec = { partitions: partitions.length, replicationFactor };
      const placed = placeReplicas(image, spec, random);
      if (typeof placed === 'string') {
        const exception = 'org.apache.kafka.common.errors.InvalidReplicationFactorException';
        this.#throw({ exception, message: placed });
        return;
      }
      proposed.push(...partitions.map((one, place) => ({ ...one, replicas: placed[place]! })));
    }
    this.#out('Current partition replica assignment', formatAssignments(current), '');
    this.#out('Proposed partition reassignment configuration', formatAssignments(proposed));
    this.#call.exit(0);
  }
}

function ongoingOf({ topics }: Listed): Ongoing[] {
  return topics
    .flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => ({
        ...{ topic: name, partition: partitionIndex, replicas },
        ...{ adding: addingReplicas, removing: removingReplicas },
      })),
    )
    .sort(byPartition);
}

function textOf(ongoing: Ongoing): string {
  const { replicas, adding, removing } = ongoing;
  const more = adding.length === 0 ? '' : ` adding: ${adding.join(',')}.`;
  const less = removing.length === 0 ? '' : ` removing: ${removing.join(',')}.`;
  return `${nameOf(ongoing)}: replicas: ${replicas.join(',')}.${more}${less}`;
}

function assignedOf({ name, partitions }: MetadataResponse['topics'][number]): Assigned[] {
  return partitions.map(({ partitionIndex, replicaNodes }) => {
    return { topic: name ?? '', partition: partitionIndex, replicas: replicaNodes };
  });
}

function stateOf(wanted: Assigned, current: readonly Assigned[]): string {
  const has = current.find((one) => nameOf(one) === nameOf(wanted))?.replicas.join(',') ?? '';
  const wants = wanted.replicas.join(',');
  if (has === wants) return `Reassignment of partition ${nameOf(wanted)} is completed.`;
  return (
    `There is no active reassignment of partition ${nameOf(wanted)}, ` +
    `but replica set is ${has} rather than ${wants}.`
  );
}

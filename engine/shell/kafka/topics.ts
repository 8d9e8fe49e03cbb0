/**
 * `kafka-topics.sh`: topics are listed, described, created, altered and deleted.
 *
 * Source: `org.apache.kafka.tools.TopicCommand` (4.1). Not here: options (`topics-options.ts`),
 * what `--describe` prints (`topics-description.ts`). Differences: stack traces and log lines are
 * not printed.
 */
import { assert } from '../../kernel/assert.ts';
import type { Admin, NewTopic } from '../../kafka/client/admin.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import { createPartitions, deleteTopics } from '../../kafka/client/administration.ts';
import { topicSettings } from '../../kafka/partition/topic-config.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { MetadataResponse } from '../../wire/kafka/messages/metadata.ts';
import type { Call, Program, ShellWorld, ToolProgram } from '../program.ts';
import { openAdminBy } from './admin-client.ts';
import { brokersByZooKeeper, problemOf } from './admin-session.ts';
import { configProblem } from './config-problem.ts';
import { tellThrown } from './java-exception.ts';
import { JoptTable, type GivenOptions } from './jopt.ts';
import {
  contradiction,
  missingOption,
  printUsageAndExit,
  toldHelpOrVersion,
  unsupportedOption,
  tableOf,
} from './jopt-tool.ts';
import { optionsOfAll } from './option-history.ts';
import { describeTopics } from './topics-description.ts';
import { describeFilters, topicActions, topicOptions } from './topics-options.ts';
import { topicPattern } from './topic-pattern.ts';

type ListedTopic = MetadataResponse['topics'][number];

/** The tool reaches brokers since then (KIP-377). */
const BROKERS_SINCE = '2.2';
const tables = new JoptTable(optionsOfAll('kafka-topics', topicOptions));
export const internalTopics = ['__consumer_offsets', '__transaction_state', '__share_group_state'];
const COLLISIONS =
  "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') " +
  'could collide. To avoid issues it is best to use either, but not both.';

export const topicsTool: ToolProgram = {
  options: (world) => tableOf(tables, world, BROKERS_SINCE).specs(),
  examples: [
    'kafka-topics.sh --bootstrap-server broker-1:9092 --create --topic orders --partitions 3',
    'kafka-topics.sh --bootstrap-server broker-1:9092 --describe --topic orders',
  ],
  start,
};

function start(call: Call): Program {
  const table = tableOf(tables, call.world, BROKERS_SINCE);
  const parsed = table.parse(call.words);
  if (!parsed.ok) {
    tellThrown(call, parsed.problem);
    return {};
  }
  const { given } = parsed;
  const texts = {
    help: 'This tool helps to create, delete, describe, or change a topic.',
    nothing: 'Create, delete, describe, or change a topic.',
  };
  if (toldHelpOrVersion(call, table, given, texts)) return {};
  const misuse = misuseOf(given);
  if (misuse !== null) {
    printUsageAndExit(call, table, misuse);
    return {};
  }
  const bootstrap = bootstrapText(given, call.world);
  if (bootstrap === null && !table.has('bootstrap-server')) {
    printUsageAndExit(call, table, 'Missing required argument "[zookeeper]"');
    return {};
  }
  const missing =
    bootstrap !== null
      ? given.repeated(['bootstrap-server', 'topic', 'partitions', 'replication-factor'])
      : {
          exception: 'java.lang.IllegalArgumentException',
          message: addressProblem(table),
        };
  if (missing !== null) {
    tellThrown(call, missing);
    return {};
  }
  const admin = openAdminBy(call, bootstrap!, given.value('command-config'));
  if ('exception' in admin) {
    tellThrown(call, admin);
    return {};
  }
  new TopicCommand(call, given, admin).run();
  return {};
}

/** Where the brokers are. */
function bootstrapText(given: GivenOptions, world: ShellWorld): string | null {
  const named = given.value('bootstrap-server');
  if (!given.has('zookeeper')) return named;
  return named === null ? brokersByZooKeeper(world) : null;
}

/** Source: `TopicCommandOptions.checkArgs`, from 2.2 on. */
function addressProblem(table: JoptTable): string {
  return table.has('zookeeper')
    ? 'Only one of --bootstrap-server or --zookeeper must be specified'
    : '--bootstrap-server must be specified';
}

/** Source: `TopicCommandOptions.checkArgs`. */
function misuseOf(given: GivenOptions): string | null {
  const actions = topicActions.filter((name) => given.has(name));
  if (actions.length !== 1) {
    const all = '--list, --describe, --create, --alter or --delete';
    return `Command must include exactly one action: ${all}`;
  }
  const [action = 'list'] = actions;
  if (!given.has('bootstrap-server')) return null;
  if (action !== 'list' && action !== 'describe') {
    const missing = missingOption(given, ['topic']);
    if (missing !== null) return missing;
  }
  if (action === 'alter') {
    if (given.has('config')) {
      return (
        'Option combination "[[bootstrap-server], [config]]" can\'t be used with option ' +
        '"[alter]" (To alter topic configurations, the kafka-configs tool can be used.)'
      );
    }
    const missing = missingOption(given, ['partitions']);
    if (missing !== null) return missing;
  }
  const not = (...kept: string[]) => topicActions.filter((name) => !kept.includes(name));
  const rules: [string, readonly string[]][] = [
    ['config', not('alter', 'create')],
    ['partitions', not('alter', 'create')],
    ['replication-factor', not('create')],
    ['replica-assignment', not('alter', 'create')],
    ...(action === 'create'
      ? [['replica-assignment', ['partitions', 'replication-factor']] as [string, string[]]]
      : []),
    ...describeFilters.map((name): [string, string[]] => [
      name,
      [...not('describe'), 'topics-with-overrides'],
    ]),
    ['topics-with-overrides', [...not('describe'), ...describeFilters]],
    ['if-exists', not('alter', 'delete', 'describe')],
    ['if-not-exists', not('create')],
    ['exclude-internal', not('list', 'describe')],
  ];
  for (const [used, invalid] of rules) {
    const problem = contradiction(given, used, invalid);
    if (problem !== null) return problem;
  }
  return unsupportedOption(given);
}

/** A command under way. */
class TopicCommand {
  readonly #call: Call;
  readonly #given: GivenOptions;
  readonly #admin: Admin;

  constructor(call: Call, given: GivenOptions, admin: Admin) {
    this.#call = call;
    this.#given = given;
    this.#admin = admin;
  }

  run(): void {
    const given = this.#given;
    if (given.has('create')) this.#create();
    else if (given.has('list')) {
      this.#topics((topics) => {
        for (const line of namesOf(topics).join('\n').split('\n')) this.#call.out(line);
        this.#end();
      });
    } else if (given.has('describe')) {
      this.#topics((topics) => this.#describe(topics));
    } else if (given.has('alter')) {
      this.#existing((topics) => this.#alter(topics));
    } else {
      this.#existing((topics) => this.#delete(topics));
    }
  }

  #end(): void {
    this.#admin.close();
    this.#call.exit(0);
  }

  #fail(message: string): void {
    this.#admin.close();
    this.#call.out(`Error while executing topic command : ${message}`);
    this.#call.exit(1);
  }

  /** Goes on with the value, or ends with what failed. */
  #then<T>(callName: string, take: (value: T) => void): (result: AdminResult<T>) => void {
    return (result) => {
      if (result.ok) take(result.value);
      else this.#fail(problemOf(callName, result));
    };
  }

  /** The topics that are meant, in the order of their names. */
  #topics(take: (topics: readonly ListedTopic[]) => void): void {
    const given = this.#given;
    const wanted = given.value('topic');
    const pattern = wanted === null ? null : topicPattern(wanted);
    if (pattern !== null && !pattern.ok) {
      this.#fail(pattern.problem);
      return;
    }
    const excludesInternal = given.has('exclude-internal');
    const isMeant = ({ name }: ListedTopic): boolean =>
      (pattern === null || pattern.matches(name ?? '')) &&
      !(excludesInternal && internalTopics.includes(name ?? ''));
    this.#admin.describeTopics(
      null,
      this.#then('listTopics', (all) => {
        const topics = [...all].filter(isMeant);
        take(topics.sort((left, right) => ((left.name ?? '') < (right.name ?? '') ? -1 : 1)));
      }),
    );
  }

  /** As `topics`; that there is none is an error, or with `--if-exists` the end. */
  #existing(take: (topics: readonly ListedTopic[]) => void): void {
    this.#topics((topics) => {
      if (topics.length > 0) take(topics);
      else if (this.#given.has('if-exists')) this.#end();
      else this.#fail(`Topic '${this.#given.value('topic')}' does not exist as expected`);
    });
  }

  #describe(topics: readonly ListedTopic[]): void {
    const given = this.#given;
    const isNamed = given.has('topic') || given.has('topic-id');
    const id = given.value('topic-id');
    const meant = id === null ? topics : topics.filter(({ topicId }) => topicId === id);
    if (meant.length === 0) {
      if (!isNamed || given.has('if-exists')) this.#end();
      else if (id !== null) this.#fail(`TopicId '${id}' does not exist as expected`);
      else this.#fail(`Topic '${given.value('topic')}' does not exist as expected`);
      return;
    }
    describeTopics(this.#call, this.#admin, given, namesOf(meant), (problem) => {
      if (problem === null) this.#end();
      else this.#fail(problem);
    });
  }

  #create(): void {
    const given = this.#given;
    const name = given.value('topic')!;
    const read = newTopicOf(given, name);
    if (/[._]/.test(name)) this.#call.out(COLLISIONS);
    if (typeof read === 'string') {
      this.#fail(read);
      return;
    }
    this.#admin.createTopics([read], (result) => {
      const exists = !result.ok && result.errorCode === ErrorCode.TOPIC_ALREADY_EXISTS;
      if (result.ok) {
        this.#call.out(`Created topic ${name}.`);
        this.#end();
      } else if (exists && given.has('if-not-exists')) this.#end();
      else this.#fail(problemOf('createTopics', result));
    });
  }

  #alter(topics: readonly ListedTopic[]): void {
    const given = this.#given;
    const wrong = given.malformed();
    const assignment = assignmentOf(given);
    if (wrong !== null || typeof assignment === 'string') {
      this.#fail(wrong?.message ?? String(assignment));
      return;
    }
    const count = Number(given.value('partitions'));
    const [first, ...others] = topics;
    assert(first !== undefined, 'a topic to alter');
    const added = assignment?.slice(first.partitions.length) ?? null;
    const done = this.#then('createPartitions', () => {
      if (others.length === 0) this.#end();
      else this.#alter(others);
    });
    createPartitions(this.#admin, first.name ?? '', count, done, added);
  }

  #delete(topics: readonly ListedTopic[]): void {
    const done = this.#then('deleteTopics', () => this.#end());
    deleteTopics(this.#admin, namesOf(topics), done);
  }
}

function namesOf(topics: readonly ListedTopic[]): string[] {
  return topics.map(({ name }) => name ?? '');
}

const CONFIG_FORMAT =
  'requirement failed: Invalid topic config: all configs to be added must be in the format ' +
  '"key=val".';

/** What is to be created, or the sentence on what is wrong. */
function newTopicOf(given: GivenOptions, name: string): NewTopic | string {
  const wrong = given.malformed();
  if (wrong !== null) return wrong.message;
  const assignments = assignmentOf(given);
  if (typeof assignments === 'string') return assignments;
  const configs: Record<string, string> = {};
  for (const text of given.values('config')) {
    const equals = text.indexOf('=');
    if (equals < 0) return CONFIG_FORMAT;
    const [key, value] = [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
    const problem = topicConfigProblem(key, value);
    if (problem !== null) return problem;
    configs[key] = value;
  }
  const factor = Number(given.value('replication-factor') ?? '-1');
  const count = Number(given.value('partitions') ?? '-1');
  if (given.has('replication-factor') && (factor < 1 || factor > 32_767)) {
    return 'The replication factor must be between 1 and 32767 inclusive';
  }
  if (given.has('partitions') && count < 1) return 'The partitions must be greater than 0';
  const base = { name, numPartitions: count, replicationFactor: factor, configs };
  return assignments === null ? base : { ...base, assignments };
}

/** Source: `LogConfig.validate`. */
function topicConfigProblem(name: string, value: string): string | null {
  const setting = topicSettings[name as keyof typeof topicSettings];
  if (setting === undefined) return `Unknown topic config name: ${name}`;
  return configProblem(name, setting, value);
}

/** Replicas by partition; null without any, a sentence where they make no sense. */
function assignmentOf(given: GivenOptions): readonly (readonly number[])[] | string | null {
  const text = given.value('replica-assignment');
  if (text === null) return null;
  const partitions: number[][] = [];
  for (const [place, part] of text.split(',').entries()) {
    const words = part.split(':').map((word) => word.trim());
    const wrong = words.find((word) => !/^\d{1,9}$/.test(word));
    if (wrong !== undefined) return `For input string: "${wrong}"`;
    const replicas = words.map(Number);
    const twice = replicas.filter((id, at) => replicas.indexOf(id) < at);
    if (twice.length > 0) {
      return `Partition replica lists may not contain duplicate entries: ${twice.join(',')}`;
    }
    if (replicas.length !== (partitions[0] ?? replicas).length) {
      return `Partition ${place} has different replication factor: [${replicas.join(', ')}]`;
    }
    partitions.push(replicas);
  }
  return partitions;
}

/**
 * `kafka-configs.sh`: settings of topics, brokers and groups are read, set and taken back.
 *
 * Source: `kafka.admin.ConfigCommand` (4.1). Not here: options (`configs-options.ts`), how a
 * setting is printed (`configs-entries.ts`). Differences: stack traces are not printed; of a
 * broker's settings only throttles can be changed while it runs; the cluster refuses the others.
 */
import { assert } from '../../kernel/assert.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import {
  describeCluster,
  describeConfigs,
  incrementalAlterConfigs,
} from '../../kafka/client/administration.ts';
import { listGroupsOfAll } from '../../kafka/client/group-administration.ts';
import { topicSettings } from '../../kafka/partition/topic-config.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { type Call, ended, type Program, type ToolProgram } from '../program.ts';
import { openAdminBy } from './admin-client.ts';
import { brokersByZooKeeper, problemOf, propertiesFile } from './admin-session.ts';
import { configProblem } from './config-problem.ts';
import { type ConfigEntry, configLine, isDynamic } from './configs-entries.ts';
import { configOptions, type Entity, readEntity } from './configs-options.ts';
import { type JavaException, noSuchFile, stackTrace } from './java-exception.ts';
import { exceptionOf } from './java-log.ts';
import { JoptTable, type GivenOptions } from './jopt.ts';
import { printUsageAndExit, tableOf, toldHelpOrVersion } from './jopt-tool.ts';
import { optionsOfAll } from './option-history.ts';

/** The tool reaches brokers since then (KIP-226). */
const BROKERS_SINCE = '1.1';
const tables = new JoptTable(optionsOfAll('kafka-configs', configOptions));
const HELP =
  'This tool helps to manipulate and describe entity config for a topic, client, user, broker, ' +
  'ip, client-metrics or group';

export const configsTool: ToolProgram = {
  options: (world) => tableOf(tables, world, BROKERS_SINCE).specs(),
  examples: [
    'kafka-configs.sh --bootstrap-server broker-1:9092 --describe --topic orders',
    'kafka-configs.sh --bootstrap-server broker-1:9092 --alter --topic orders ' +
      '--add-config min.insync.replicas=2',
  ],
  start,
};

/** Settings to set, and with null to take back. */
type Changes = Readonly<Record<string, string | null>>;

function start(call: Call): Program {
  const fail = (problem: string): Program => ended(call, 1, problem.split('\n'));
  const table = tableOf(tables, call.world, BROKERS_SINCE);
  const parsed = table.parse(call.words);
  if (!parsed.ok) return fail(parsed.problem.message);
  const { given } = parsed;
  if (toldHelpOrVersion(call, table, given, { help: HELP, nothing: HELP })) return {};
  const read = readEntity(given);
  if (!read.ok) {
    if (!read.isUsage) return fail(read.problem);
    printUsageAndExit(call, table, read.problem);
    return {};
  }
  const changes = given.has('alter') ? changesOf(call, given) : {};
  if (typeof changes === 'string') return fail(changes);
  const bootstrap = given.value('bootstrap-server') ?? brokersByZooKeeper(call.world);
  if (bootstrap === null)
    return fail('Timed out waiting for connection while in state: CONNECTING');
  const admin = openAdminBy(call, bootstrap, given.value('command-config'));
  if ('exception' in admin) return fail(notExecuted(call, admin));
  const command = new ConfigCommand(call, given, admin);
  if (given.has('alter')) command.alter(read.entity, changes);
  else command.describe(read.entity);
  return {};
}

const FORMAT =
  'requirement failed: Invalid entity config: all configs to be added must be in the format ' +
  '"key=val" or  "key=[val1,val2]" to group values which contain commas.';

/** What `--add-config`, its file and `--delete-config` say, or what is wrong with them. */
function changesOf(call: Call, given: GivenOptions): Changes | string {
  const changes: Record<string, string | null> = {};
  const file = given.value('add-config-file');
  const properties = propertiesFile(file, call.world);
  if (properties === null) return notExecuted(call, noSuchFile(file!));
  Object.assign(changes, properties);
  for (const text of given.values('add-config')) {
    for (const part of text.split(/,(?![^[]*\])/).filter((one) => one.trim() !== '')) {
      const equals = part.indexOf('=');
      if (equals < 0) return FORMAT;
      const value = part.slice(equals + 1).trim();
      changes[part.slice(0, equals).trim()] = value.replace(/^\[(.*)\]$/, '$1');
    }
  }
  for (const text of given.values('delete-config')) {
    for (const name of text.split(',')) changes[name.trim()] = null;
  }
  return changes;
}

/** Source: `ConfigCommand.main`. */
function notExecuted(call: Call, thrown: JavaException): string {
  const args = call.words.join(' ');
  const begin = `Error while executing config command with args '${args}'`;
  return [begin, ...stackTrace(thrown).slice(0, -1)].join('\n');
}

class ConfigCommand {
  readonly #call: Call;
  readonly #given: GivenOptions;
  readonly #admin: Admin;

  constructor(call: Call, given: GivenOptions, admin: Admin) {
    this.#call = call;
    this.#given = given;
    this.#admin = admin;
  }

  // -------------------------------------------------------------------------------------- alter

  alter(entity: Entity, changes: Changes): void {
    const deleted = Object.keys(changes).filter((name) => changes[name] === null);
    if (deleted.length === 0) {
      this.#change(entity, changes);
      return;
    }
    this.#entries(entity, (entries) => {
      const known = entries.filter(isDynamic).map(({ name }) => name);
      const unknown = deleted.filter((name) => !known.includes(name));
      if (unknown.length === 0) this.#change(entity, changes);
      else this.#end(1, `Invalid config(s): ${unknown.join(',')}`);
    });
  }

  #change(entity: Entity, changes: Changes): void {
    const { type, name } = entity;
    assert(name !== null, 'an alteration has a name', { type });
    incrementalAlterConfigs(this.#admin, { type, name }, changes, (result) => {
      if (!result.ok) {
        const own = result.errorCode === ErrorCode.INVALID_CONFIG ? ofJava(type, changes) : null;
        this.#failed('incrementalAlterConfigs', result, own);
        return;
      }
      const what = name === '' ? `default config for ${type}s in the cluster` : null;
      this.#call.out(`Completed updating ${what ?? `config for ${type} ${name}`}.`);
      this.#end(0);
    });
  }

  // ----------------------------------------------------------------------------------- describe

  describe(entity: Entity): void {
    if (entity.name !== null) {
      this.#isThere(entity, (isThere) => {
        if (isThere) this.#tell(entity, () => this.#end(0));
        else {
          const { type, name } = entity;
          this.#call.out(`The ${type} '${name}' doesn't exist and doesn't have dynamic config.`);
          this.#end(0);
        }
      });
      return;
    }
    this.#names(entity, (names) => {
      const next = (place: number): void => {
        const name = names[place];
        if (name === undefined) this.#end(0);
        else this.#tell({ ...entity, name }, () => next(place + 1));
      };
      next(0);
    });
  }

  #isThere(entity: Entity, take: (isThere: boolean) => void): void {
    if (entity.type === 'broker') take(true);
    else {
      this.#names(entity, (names) => {
        if (names.includes(entity.name!)) take(true);
        else if (entity.type === 'topic') take(false);
        else this.#entries(entity, (entries) => take(entries.some(isDynamic)));
      });
    }
  }

  /** The names of all that there are of a type. */
  #names({ type }: Entity, take: (names: readonly string[]) => void): void {
    if (type === 'topic') {
      this.#admin.describeTopics(null, (result) => {
        if (result.ok) take(result.value.map(({ name }) => name ?? '').sort(byText));
        else this.#failed('listTopics', result);
      });
    } else if (type === 'broker') {
      describeCluster(this.#admin, (result) => {
        if (!result.ok) this.#failed('describeCluster', result);
        else take([...result.value.brokers.map(({ brokerId }) => String(brokerId)), '']);
      });
    } else {
      const of = { admin: this.#admin, ports: this.#call.ports };
      listGroupsOfAll(of, { states: [], types: [] }, (result) => {
        if (result.ok) take(result.value.map(({ groupId }) => groupId).sort(byText));
        else this.#failed('listGroups', result);
      });
    }
  }

  #tell(entity: Entity, done: () => void): void {
    const { type, name } = entity;
    const isAll = this.#given.has('all');
    const kind = isAll ? 'All' : 'Dynamic';
    const isDefault = name === '';
    this.#call.out(
      isDefault
        ? `Default configs for ${type}s in the cluster are:`
        : `${kind} configs for ${type} ${name} are:`,
    );
    this.#entries(entity, (entries) => {
      const told = entries.filter((entry) => isAll || isDynamic(entry));
      for (const entry of told.sort((left, right) => byText(left.name, right.name))) {
        this.#call.out(configLine(entry, type));
      }
      done();
    });
  }

  /** All settings of an entity. Brokers have none in common that were set while they ran. */
  #entries({ type, name }: Entity, take: (entries: ConfigEntry[]) => void): void {
    if (name === '') {
      take([]);
      return;
    }
    describeConfigs(this.#admin, [{ type, name: name ?? '' }], (result) => {
      const isUnknown = !result.ok && result.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      if (result.ok || isUnknown) take([...(result.value?.[0]?.configs ?? [])]);
      else this.#failed('describeConfigs', result);
    });
  }

  // ------------------------------------------------------------------------------------ the end

  #failed(
    callName: string,
    result: AdminResult<unknown> & { ok: false },
    own: string | null = null,
  ): void {
    const { errorCode } = result;
    const timeout = errorCode === ErrorCode.BROKER_NOT_AVAILABLE;
    const exception = exceptionOf(timeout ? ErrorCode.REQUEST_TIMED_OUT : errorCode);
    const sentence = own ?? problemOf(callName, result);
    const message = `${exception}: ${sentence}`;
    const thrown = { exception: 'java.util.concurrent.ExecutionException', message };
    this.#end(1, notExecuted(this.#call, thrown));
  }

  #end(code: number, sentence: string | null = null): void {
    this.#admin.close();
    for (const line of sentence?.split('\n') ?? []) this.#call.err(line);
    this.#call.exit(code);
  }
}

function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What Java says of a topic's setting that is wrong; null where ours has to do. */
function ofJava(type: Entity['type'], changes: Changes): string | null {
  if (type !== 'topic') return null;
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) continue;
    const setting = topicSettings[name as keyof typeof topicSettings];
    if (setting === undefined) return `Unknown topic config name: ${name}`;
    const problem = configProblem(name, setting, value);
    if (problem !== null) return problem;
  }
  return null;
}

/**
 * `rabbitmqadmin`, in the words of its second version: declares, publishes, fetches, lists.
 *
 * Source: rabbitmqadmin-ng 2.35.0. Differs: only the commands here; `localhost` is the first node.
 */
import { ended } from '../program.ts';
import type { Call, OptionSpec, Program, ShellWorld, ToolProgram } from '../program.ts';
import {
  type AdminCommand,
  commandHelp,
  globalAdminOptions,
  readWords,
  splitGlobal,
} from './admin-arguments.ts';
import { AdminCall } from './admin-call.ts';
import { declaring } from './admin-declare.ts';
import { listings } from './admin-list.ts';
import { managing } from './admin-manage.ts';
import { messaging } from './admin-messages.ts';

const commands: readonly AdminCommand[] = [
  ...[...declaring, ...managing, ...messaging, ...listings],
];
const MISUSED = 2;
const HELP = ['--help', '-h'];
/** Of the real tool, and not here. */
const FOREIGN: readonly string[] = [
  ...['auth_attempts', 'bindings', 'channels', 'close', 'config_file', 'connections'],
  ...['definitions', 'deprecated_features', 'exchanges', 'export', 'feature_flags'],
  ...['federation', 'global_parameters', 'health_check', 'import', 'nodes', 'operator_policies'],
  ...['parameters', 'passwords', 'permissions', 'plugins', 'policies', 'queues', 'rebalance'],
  ...['shell', 'show', 'shovels', 'streams', 'tanzu', 'users', 'user_limits', 'vhosts'],
  ...['vhost_limits', 'user_connections', 'consumers', 'deprecated_features_in_use'],
  ...['parameter', 'vhost_limit', 'user_limit'],
];

function namesBelow(first: string): readonly string[] {
  return commands.filter(({ path }) => path[0] === first).map(({ path }) => path[1]);
}

const groups: readonly string[] = [...new Set(commands.map(({ path }) => path[0]))];

function wordsAfter(words: readonly string[], { handles }: ShellWorld): readonly string[] {
  const { rest } = splitGlobal(words);
  const [first, second] = rest;
  if (first === undefined) return groups;
  if (second === undefined) return namesBelow(first);
  const command = commands.find(({ path }) => path[0] === first && path[1] === second);
  const last = words[words.length - 1];
  if (last === '--name' || last === '--queue' || last === '-q') {
    return handles.rabbitmq?.queueNames() ?? [];
  }
  return (command?.options ?? []).map(({ name }) => `--${name.replaceAll('_', '-')}`);
}

function start(call: Call): Program {
  const fail = (...lines: readonly string[]): Program => ended(call, MISUSED, lines);
  const say = (...lines: readonly string[]): Program => ended(call, 0, lines);
  const { rabbitmq } = call.world.handles;
  if (rabbitmq === undefined) return fail('rabbitmqadmin: this world has no RabbitMQ');
  const { rest, global } = splitGlobal(call.words);
  const [first, second, ...words] = rest;
  if (first === undefined) return fail(...overview());
  if (first === '--version') return say('rabbitmqadmin 2.35.0');
  if (HELP.includes(first) || first === 'help') return say(...overview());
  if (first.startsWith('-')) return unexpected(first, fail);
  if (!groups.includes(first)) return unrecognized(first, [], fail);
  if (second === undefined) return fail(...overview(first));
  if (HELP.includes(second) || second === 'help') return say(...overview(first));
  const command = commands.find(({ path }) => path[0] === first && path[1] === second);
  if (command === undefined) return unrecognized(second, [first], fail);
  if (words.some((word) => HELP.includes(word))) return say(...commandHelp(command));
  const read = readWords(command, words, global);
  if (read.kind === 'problem') return fail(...read.lines);
  const hasOwn = command.options.some(({ name }) => name === 'password');
  const password = (hasOwn ? global : read.values).get('password') ?? 'guest';
  command.run(new AdminCall(call, rabbitmq, read.values, password));
  return {};
}

type Fail = (...lines: readonly string[]) => Program;

function unexpected(word: string, fail: Fail): Program {
  return fail(
    `error: unexpected argument '${word}' found`,
    '',
    'Usage: rabbitmqadmin [OPTIONS] <COMMAND>',
    '',
    "For more information, try '--help'.",
  );
}

function unrecognized(word: string, above: readonly string[], fail: Fail): Program {
  if (FOREIGN.includes(word)) {
    const path = [...above, word].join(' ');
    return fail(`error: the subcommand '${path}' is not supported here`);
  }
  const [first] = above;
  const below = first === undefined ? [] : namesBelow(first);
  const usage =
    first === undefined
      ? 'rabbitmqadmin [OPTIONS] <COMMAND>'
      : `rabbitmqadmin ${first} [OPTIONS] [${below.length === 1 ? below[0] : 'COMMAND'}]`;
  return fail(
    `error: unrecognized subcommand '${word}'`,
    '',
    `Usage: ${usage}`,
    '',
    "For more information, try '--help'.",
  );
}

/** The commands that there are, below one or all. */
function overview(first?: string): string[] {
  const own = commands.filter(({ path }) => first === undefined || path[0] === first);
  const names = own.map(({ path }) => (first === undefined ? path.join(' ') : path[1]));
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const usage = first === undefined ? '[OPTIONS] <COMMAND>' : `${first} [OPTIONS] [COMMAND]`;
  return [
    `Usage: rabbitmqadmin ${usage}`,
    '',
    'Commands:',
    ...own.map(({ about }, place) => `  ${names[place]!.padEnd(width)}${about}`),
  ];
}

/** Those of all commands, then those of each, by name. */
function options(): readonly OptionSpec[] {
  const all = [...globalAdminOptions, ...commands.flatMap((command) => command.options)];
  const byName = new Map(all.map((option) => [option.name, option] as const));
  return [...byName.values()].map(({ name, letter, isFlag, values, about }) => ({
    name: `--${name.replaceAll('_', '-')}`,
    ...(letter === undefined ? {} : { aliases: [`-${letter}`] }),
    ...(isFlag === true ? {} : { value: values ?? (name === 'queue' ? 'queue' : 'text') }),
    about,
  }));
}

export const rabbitmqadmin: ToolProgram = {
  options,
  wordsAfter,
  examples: [
    'rabbitmqadmin declare queue --name orders --type quorum',
    "rabbitmqadmin publish message --routing-key orders --payload 'first message'",
  ],
  start,
};

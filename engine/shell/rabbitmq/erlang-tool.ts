/**
 * RabbitMQ's own tools, `rabbitmqctl` and its kin, from the commands that each has.
 *
 * The words are read, what is wrong with them is told with the usage and a code of sysexits, the
 * banner is printed, the command runs. Without `--node` the first node is asked, as it is by
 * whoever types on its host. Not here: the commands. Source: RabbitMQCtl.
 */
import { compareReleases } from '../../kernel/releases.ts';
import type { RabbitCluster } from '../../lab/rabbitmq.ts';
import { ended } from '../program.ts';
import type { Call, OptionSpec, Program, ShellWorld, ToolProgram } from '../program.ts';
import { type CliCommand, EXIT, type Refusal, type ToolName } from './cli-command.ts';
import { foreignFormatters, formatterNames, isMachineReadable } from './formatter.ts';
import { isForeign } from './foreign-commands.ts';
import { Invocation, nodeNameOf } from './invocation.ts';
import { globalAliases, globalSwitches, parseOptions, type Switches } from './option-parser.ts';
import { allUsage, commandHelp, suggestionFor, usageLine } from './usage.ts';

const LISTING_SWITCHES: Switches = { 'table-headers': 'boolean' };

interface ErlangToolOptions {
  readonly name: ToolName;
  readonly examples: readonly string[];
  readonly commands: readonly CliCommand[];
}

export function erlangTool({ name, examples, commands }: ErlangToolOptions): ToolProgram {
  const own = commands.filter(({ tools }) => tools.includes(name));
  return {
    examples,
    options: () => globalOptions,
    wordsAfter: (words, world) => wordsAfter(own, words, world),
    start: (call) => start(name, own, call),
  };
}

/** The commands of a release. */
function inRelease(commands: readonly CliCommand[], { profile }: RabbitCluster) {
  const { release } = profile;
  const releaseOf = (name: string): string => name.slice('rabbitmq-'.length);
  return commands.filter(({ since, until }) => {
    if (since !== undefined && compareReleases(release, releaseOf(since)) < 0) return false;
    return until === undefined || compareReleases(release, releaseOf(until)) <= 0;
  });
}

function wordsAfter(
  commands: readonly CliCommand[],
  words: readonly string[],
  { handles }: ShellWorld,
): readonly string[] {
  const { rabbitmq } = handles;
  if (rabbitmq === undefined) return [];
  const last = words[words.length - 1];
  if (last === '-n' || last === '--node') return rabbitmq.nodeNames.map(nodeNameOf);
  const there = inRelease(commands, rabbitmq);
  const { args } = parseOptions(words, globalSwitches, globalAliases);
  const command = there.find(({ name }) => name === args[0]);
  if (command === undefined) return args.length === 0 ? there.map(({ name }) => name) : [];
  return [
    ...Object.keys(command.switches ?? {}).map((name) => `--${name}`),
    ...(command.usage.includes('<queue') ? rabbitmq.queueNames() : []),
    ...(command.usage.includes('node>') ? rabbitmq.nodeNames.map(nodeNameOf) : []),
  ];
}

function start(tool: ToolName, commands: readonly CliCommand[], call: Call): Program {
  const { rabbitmq } = call.world.handles;
  const fail = (code: number, text: string): Program => ended(call, code, text.split('\n'));
  if (rabbitmq === undefined) return fail(EXIT.UNAVAILABLE, `${tool}: this world has no RabbitMQ`);
  const there = inRelease(commands, rabbitmq);
  const { words } = call;
  const say = (text: string): Program => ended(call, EXIT.OK, text.split('\n'));
  if (words.length === 0) return fail(EXIT.USAGE, allUsage(tool, there));
  if (words.length === 1 && words[0] === '--help') return say(allUsage(tool, there));
  if (words[0] === '--version') return say(`${rabbitmq.profile.release}.0`);
  const [name = '', ...args] = parseOptions(words, globalSwitches, globalAliases).args;
  if (name === 'help') return help(tool, there, args, { say, fail });
  const command = there.find((one) => one.name === name);
  if (command === undefined) return fail(EXIT.USAGE, notFound(tool, there, name));
  return run(tool, command, call, rabbitmq);
}

interface Answers {
  say(text: string): Program;
  fail(code: number, text: string): Program;
}

function help(
  tool: ToolName,
  commands: readonly CliCommand[],
  args: readonly string[],
  { say, fail }: Answers,
): Program {
  const [name] = args;
  if (name === undefined) return say(allUsage(tool, commands));
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return say(commandHelp(tool, command));
  return fail(EXIT.USAGE, `Error:\n\nCommand '${name}' not found.`);
}

function notFound(tool: ToolName, commands: readonly CliCommand[], name: string): string {
  if (isForeign(tool, name)) return `${tool}: the command '${name}' is not supported here`;
  const head = `\nCommand '${name}' not found. \n`;
  const near = suggestionFor(name, commands);
  return near === null ? head + allUsage(tool, commands) : `${head}Did you mean '${near}'? `;
}

function run(tool: ToolName, command: CliCommand, call: Call, cluster: RabbitCluster): Program {
  const isListing = command.formatter !== undefined;
  const switches = {
    ...{ ...globalSwitches, ...(isListing ? LISTING_SWITCHES : {}) },
    ...command.switches,
  };
  const parsed = parseOptions(call.words, switches, { ...globalAliases, ...command.aliases });
  const { options } = parsed;
  const args = parsed.args.slice(1);
  const invocation = new Invocation({ call, cluster, command, args, options });
  const refuse = ({ text, code }: Refusal, kind = ' (argument validation)'): Program => {
    const given = `Arguments given:\n\t${call.words.join(' ')}\n`;
    const usage = `\nUsage\n\n${usageLine(tool, command)}`;
    invocation.fail(code, `Error${kind}: ${text}\n${given}${usage}`);
    return {};
  };
  if (parsed.invalid.length > 0) {
    const lines = parsed.invalid.map(([flag, value]) => `${flag} : ${value}`);
    const text = ['Invalid options for this command:', ...lines].join('\n');
    return refuse({ text, code: EXIT.USAGE });
  }
  if (invocation.flag('help')) {
    invocation.done(...commandHelp(tool, command).split('\n'));
    return {};
  }
  const refusal = formatterRefusal(invocation) ?? refusalOf(invocation);
  if (refusal !== null) return refuse(refusal);
  const begin = (): void => {
    const isSilent = invocation.isQuiet || isMachineReadable(invocation.formatter ?? '');
    if (!isSilent) invocation.print(...(command.banner?.(invocation) ?? []));
    command.run(invocation);
  };
  const { needs: wanted = 'running' } = command;
  const needs = typeof wanted === 'function' ? wanted(invocation) : wanted;
  if (needs === 'nothing') begin();
  else {
    invocation.on<boolean>(
      (node, reply) => reply(node.isRunning),
      (isRunning) => {
        if (needs === 'running' && !isRunning) refuse(appIsStopped, '');
        else if (needs === 'stopped' && isRunning) refuse(appIsRunning, '');
        else if (needs === 'ended' && isRunning) refuse(nodeIsRunning, '');
        else begin();
      },
    );
  }
  return {};
}

const appIsStopped: Refusal = {
  text:
    "this command requires the 'rabbit' app to be running on the target node. " +
    "Start it with 'rabbitmqctl start_app'.",
  code: EXIT.USAGE,
};

const appIsRunning: Refusal = {
  text:
    "this command requires the 'rabbit' app to be stopped on the target node. " +
    "Stop it with 'rabbitmqctl stop_app'.",
  code: EXIT.USAGE,
};

const nodeIsRunning: Refusal = {
  text: 'this command requires the target node to be stopped.',
  code: EXIT.USAGE,
};

function refusalOf(invocation: Invocation): Refusal | null {
  const { command, args } = invocation;
  const [least, most] = command.words;
  if (args.length < least) return { text: 'not enough arguments.', code: EXIT.USAGE };
  if (args.length > most) return { text: 'too many arguments.', code: EXIT.USAGE };
  return command.refuse?.(invocation) ?? null;
}

function formatterRefusal(invocation: Invocation): Refusal | null {
  const name = invocation.text('formatter');
  if (name === null || (formatterNames as readonly string[]).includes(name)) return null;
  const what = foreignFormatters.includes(name) ? 'is not supported here' : 'does not exist';
  const text = `the formatter '${name}' ${what}; there are ${formatterNames.join(', ')}`;
  return { text, code: EXIT.USAGE };
}

const globalOptions: readonly OptionSpec[] = [
  {
    ...{ name: '--node', aliases: ['-n'], value: 'text' },
    about: { en: 'the node to ask, as rabbit@rabbit-2', zh: '要访问的节点，如 rabbit@rabbit-2' },
  },
  {
    ...{ name: '--vhost', aliases: ['-p'], value: 'text' },
    about: { en: 'the virtual host; / without it', zh: '虚拟主机，默认为 /' },
  },
  {
    ...{ name: '--quiet', aliases: ['-q'] },
    about: { en: 'prints no sentences around the answer', zh: '不打印说明文字' },
  },
  {
    ...{ name: '--silent', aliases: ['-s'] },
    about: { en: 'prints no sentences and no headers', zh: '不打印说明文字和表头' },
  },
  {
    ...{ name: '--timeout', aliases: ['-t'], value: 'number' },
    about: { en: 'seconds to wait for the node', zh: '等待节点应答的秒数' },
  },
  {
    ...{ name: '--formatter', value: formatterNames },
    about: { en: 'how a listing is printed', zh: '列表的打印格式' },
  },
  {
    ...{ name: '--help', aliases: ['-?'] },
    about: { en: 'says what the command takes', zh: '显示命令的用法' },
  },
];

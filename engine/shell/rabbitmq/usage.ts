/**
 * What RabbitMQ's tools say of themselves: all their commands, one command's words, and which one
 * may have been meant.
 *
 * Source: RabbitMQ.CLI.Ctl.Commands.HelpCommand, RabbitMQ.CLI.AutoComplete. Differs: only commands
 * that are here are listed; headings are not bold; guides are not named.
 */
import { assert } from '../../kernel/assert.ts';
import { type CliCommand, sections, type ToolName } from './cli-command.ts';

const OPTIONS = '[--node <node>] [--longnames] [--quiet]';
/** Commands that are less alike than this are not suggested. */
const NEAR_MIN = 0.84;

/** `rabbitmqctl [--node <node>] ... list_queues ... [--timeout <timeout>]` */
export function usageLine(tool: ToolName, { name, usage, switches = {} }: CliCommand): string {
  assert(name !== '', 'a command has a name', { tool });
  const timeout = Object.hasOwn(switches, 'timeout') ? '[--timeout <timeout>]' : '';
  return [tool, OPTIONS, name, usage, timeout].filter((part) => part !== '').join(' ');
}

export function allUsage(tool: ToolName, commands: readonly CliCommand[]): string {
  const width = Math.max('help'.length, ...commands.map(({ name }) => name.length)) + 2;
  const line = (name: string, text: string): string => `   ${name.padEnd(width)}${text}`;
  const lines = [
    ...['', 'Usage', ''],
    `${tool} [--node <node>] [--timeout <timeout>] [--longnames] [--quiet] ` +
      '<command> [<command options>]',
    ...['', 'Available commands:', ''],
  ];
  for (const section of sections) {
    const own = commands.filter((command) => command.section === section);
    const first =
      section === 'Help' ? [line('help', 'Displays usage information for a command')] : [];
    if (own.length + first.length === 0) continue;
    const byName = [...own].sort((one, other) => (one.name < other.name ? -1 : 1));
    lines.push(`${section}:`, '', ...first);
    lines.push(...byName.map(({ name, description }) => line(name, description)), '');
  }
  return [...lines, `Use '${tool} help <command>' to learn more about a specific command`].join(
    '\n',
  );
}

/** All about one command. */
export function commandHelp(tool: ToolName, command: CliCommand): string {
  const { notes = [], description } = command;
  const notesText = notes.flatMap(([name, text]) => [name, `\t${text}`, '']);
  return [
    ...['', 'Usage', '', usageLine(tool, command), '', `${description.replace(/\.$/, '')}.`, ''],
    ...(notes.length === 0 ? [] : ['', 'Arguments and Options', '', ...notesText]),
    ...GENERAL_OPTIONS,
  ].join('\n');
}

const GENERAL_OPTIONS: readonly string[] = [
  ...['', 'General Options', ''],
  ...['The following options are accepted by most or all commands.', ''],
  'short            | long          | description',
  '-----------------|---------------|--------------------------------',
  '-?               | --help        | displays command help',
  '-n <node>        | --node <node> | connect to node <node>',
  '-l               | --longnames   | use long host names',
  '-t               | --timeout <n> | for commands that support it, operation timeout in seconds',
  '-q               | --quiet       | suppress informational messages',
  '-s               | --silent      | suppress informational messages',
  '                                 | and table header row',
  '-p               | --vhost       | for commands that are scoped to a virtual host,',
  '                 |               | virtual host to use',
  '                 | --formatter   | alternative result formatter to use',
  '                                 | if supported: json, pretty_table, table, csv',
  '                                   ' +
    'not all commands support all (or any) alternative formatters.',
];

/** The command that is most like a word; null: none is like it. */
export function suggestionFor(word: string, commands: readonly CliCommand[]): string | null {
  let best: string | null = null;
  let most = 0;
  for (const { name } of commands) {
    const likeness = jaro(word, name);
    assert(likeness >= 0 && likeness <= 1, 'a share', { likeness });
    if (likeness > most) [best, most] = [name, likeness];
  }
  return most >= NEAR_MIN ? best : null;
}

/** Jaro's distance, as Elixir's String.jaro_distance: 1 for the same, 0 for nothing in common. */
function jaro(left: string, right: string): number {
  if (left === right) return 1;
  const reach = Math.max(0, Math.floor(Math.max(left.length, right.length) / 2) - 1);
  const taken = new Set<number>();
  const matched: string[] = [];
  for (let place = 0; place < left.length; place++) {
    for (let at = Math.max(0, place - reach); at <= place + reach && at < right.length; at++) {
      if (taken.has(at) || right[at] !== left[place]) continue;
      taken.add(at);
      matched.push(left[place]!);
      break;
    }
  }
  const count = matched.length;
  if (count === 0) return 0;
  const others = [...taken].sort((one, other) => one - other).map((at) => right[at]!);
  const swapped = matched.filter((letter, place) => letter !== others[place]).length;
  return (count / left.length + count / right.length + (count - swapped / 2) / count) / 3;
}

/**
 * `help` and `man`: what there is, and what it is for, in both languages, from what each command
 * says of itself. Not here: a tool's own `--help`, which is the real one's.
 */
import type { Localized } from '../lab/knob.ts';
import type { OptionSpec } from './program.ts';
import type { SessionCommand } from './session-commands.ts';
import type { Shell } from './shell.ts';

type Line = Localized | string;

/** Names wider than this do not move the column of what is said of the others. */
const NAME_MAX = 30;

interface Entry {
  readonly name: string;
  readonly about: Localized;
}

/** One line each, in two columns. */
function listed(entries: readonly Entry[]): Localized[] {
  const widths = entries.map(({ name }) => name.length).filter((width) => width <= NAME_MAX);
  const width = Math.max(0, ...widths);
  return entries.map(({ name, about }) => {
    const left = `  ${name.padEnd(width)}  `;
    return { en: `${left}${about.en}`, zh: `${left}${about.zh}` };
  });
}

/** Everything that can be typed. */
export function helpOf(shell: Shell, commands: readonly SessionCommand[]): Line[] {
  return [
    { en: 'Tools (man <tool> says more):', zh: '工具（man <工具> 查看详情）：' },
    ...listed(shell.tools),
    { en: 'Faults (man <fault> says how):', zh: '故障（man <故障> 查看写法）：' },
    `  ${shell.faultCommands.join(', ')}`,
    { en: 'The lab:', zh: '实验室：' },
    ...listed(commands.map(({ usage, about }) => ({ name: usage, about }))),
  ];
}

/** What a command is for; a sentence where there is none of the name. */
export function manualOf(
  name: string,
  shell: Shell,
  commands: readonly SessionCommand[],
): readonly Line[] {
  const command = commands.find((one) => one.name === name);
  const isFault = shell.faultCommands.includes(name);
  if (command !== undefined) {
    // `reset` is both: alone it begins again, with two hosts it resets a connection
    const fault = isFault ? [`  ${shell.usageOfFault(name)}`] : [];
    return [...listed([{ name: command.usage, about: command.about }]), ...fault];
  }
  if (name === '')
    return [{ en: 'man <command>; see help', zh: 'man <命令>，用 help 查看所有命令' }];
  if (isFault) return [`  ${shell.usageOfFault(name)}`];
  const tool = shell.toolNamed(name);
  if (tool === undefined) {
    const there = 'help';
    return [
      {
        en: `no manual for '${name}'; '${there}' lists what there is`,
        zh: `没有“${name}”的手册，用 ${there} 查看所有命令`,
      },
    ];
  }
  const { about, examples } = tool;
  const next = tool.wordsAfter?.([], shell.world) ?? [];
  const options = tool.options(shell.world);
  return [
    { en: `${name}: ${about.en}`, zh: `${name}：${about.zh}` },
    ...(next.length === 0 ? [] : [{ en: 'Commands:', zh: '子命令：' }, `  ${next.join(', ')}`]),
    ...listed(options.map((option) => ({ name: nameOf(option), about: option.about }))),
    ...examples.map((example) => `  $ ${example}`),
  ];
}

function nameOf({ name, aliases = [], value }: OptionSpec): string {
  const kind = Array.isArray(value) ? value.join('|') : value;
  return [
    [name, ...aliases].join(', '),
    ...(kind === undefined ? [] : [`<${kind as string}>`]),
  ].join(' ');
}

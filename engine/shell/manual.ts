/**
 * `help` and `man`: what there is, and what it is for, in both languages, from what each command
 * says of itself. Not here: a tool's own `--help`, which is the real one's.
 */
import type { Localized } from '../lab/knob.ts';
import type { OptionSpec } from './program.ts';
import type { SessionCommand } from './session-commands.ts';
import type { Shell } from './shell.ts';

type Line = Localized | string;

const COLUMN = 26;

function entry(name: string, about: Localized): Localized {
  const left = `  ${name}`.padEnd(COLUMN);
  return { en: `${left}${about.en}`, zh: `${left}${about.zh}` };
}

/** Everything that can be typed. */
export function helpOf(shell: Shell, commands: readonly SessionCommand[]): Line[] {
  return [
    { en: 'Tools (man <tool> says more):', zh: '工具（man <工具> 查看详情）：' },
    ...shell.tools.map(({ name, about }) => entry(name, about)),
    { en: 'Faults:', zh: '故障：' },
    `  ${shell.faultCommands.join(', ')}`,
    { en: 'The lab:', zh: '实验室：' },
    ...commands.map(({ usage, about }) => entry(usage, about)),
  ];
}

/** What a command is for; a sentence where there is none of the name. */
export function manualOf(
  name: string,
  shell: Shell,
  commands: readonly SessionCommand[],
): readonly Line[] {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return [entry(command.usage, command.about)];
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
  return [
    { en: `${name}: ${about.en}`, zh: `${name}：${about.zh}` },
    ...tool.options(shell.world).map((option) => entry(nameOf(option), option.about)),
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

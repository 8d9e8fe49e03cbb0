/**
 * The words of `rabbitmqadmin`: two commands, the second below the first, and options by name.
 *
 * What is wrong is told as its parser tells it, with exit code 2. Options of all commands may stand
 * anywhere. Source: the crate clap, rabbitmqadmin-ng 2.35.0. Not here: what a command does.
 */
import { assert } from '../../kernel/assert.ts';
import type { Localized } from '../../lab/knob.ts';
import type { AdminCall } from './admin-call.ts';

export interface AdminOption {
  /** Without dashes; its value is called the same. */
  readonly name: string;
  readonly letter?: string;
  readonly isRequired?: boolean;
  /** It takes no value. */
  readonly isFlag?: boolean;
  readonly preset?: string;
  readonly values?: readonly string[];
  readonly about: Localized;
}

export interface AdminCommand {
  /** As in `['declare', 'queue']`. */
  readonly path: readonly [string, string];
  readonly about: string;
  readonly options: readonly AdminOption[];
  run(call: AdminCall): void;
}

export const globalAdminOptions: readonly AdminOption[] = [
  {
    ...{ name: 'host', letter: 'H', preset: 'localhost' },
    about: { en: 'the node to ask; the first one without it', zh: '要访问的节点，默认为第一个' },
  },
  {
    ...{ name: 'vhost', letter: 'V', preset: '/' },
    about: { en: 'the virtual host; / without it', zh: '虚拟主机，默认为 /' },
  },
  {
    ...{ name: 'username', letter: 'u', preset: 'guest' },
    about: { en: 'who logs in; guest without it', zh: '用户名，默认为 guest' },
  },
  {
    ...{ name: 'password', letter: 'p', preset: 'guest' },
    about: { en: 'with which password', zh: '密码' },
  },
  {
    ...{ name: 'quiet', letter: 'q', isFlag: true },
    about: { en: 'prints less', zh: '减少输出' },
  },
];

export type AdminValues = ReadonlyMap<string, string>;

export type Read =
  | { readonly kind: 'values'; readonly values: AdminValues }
  | { readonly kind: 'problem'; readonly lines: readonly string[] };

const TRY_HELP = "For more information, try '--help'.";
const PROGRAM = 'rabbitmqadmin';

function problem(...lines: readonly string[]): Read {
  return { kind: 'problem', lines: [...lines, '', TRY_HELP] };
}

/** The words that are no options of `rabbitmqadmin` itself, and the values of those that are. */
export function splitGlobal(words: readonly string[]): {
  readonly rest: readonly string[];
  readonly global: Map<string, string>;
} {
  const global = new Map<string, string>();
  let place = 0;
  while (place < words.length && words[place]!.startsWith('-')) {
    const option = optionOf(words[place]!, globalAdminOptions);
    if (option === undefined) break;
    global.set(option.name, option.isFlag === true ? 'true' : (words[place + 1] ?? ''));
    place += option.isFlag === true ? 1 : 2;
  }
  assert(place <= words.length + 1, 'no word is read twice', { place });
  return { rest: words.slice(place), global };
}

function optionOf(word: string, options: readonly AdminOption[]): AdminOption | undefined {
  const [flag] = word.split('=');
  return options.find(({ name, letter }) => {
    return (
      flag === `--${name.replaceAll('_', '-')}` || (letter !== undefined && flag === `-${letter}`)
    );
  });
}

/** Reads the words behind a command's two names. */
export function readWords(
  command: AdminCommand,
  words: readonly string[],
  global: ReadonlyMap<string, string>,
): Read {
  const values = new Map(global);
  // A letter of the command's own goes before the same of all commands.
  const options = [...command.options, ...globalAdminOptions];
  for (let place = 0; place < words.length; place++) {
    const word = words[place]!;
    const option = optionOf(word, options);
    if (option === undefined) return unexpected(command, word);
    if (option.isFlag === true) {
      values.set(option.name, 'true');
      continue;
    }
    const equals = word.indexOf('=');
    const value = equals >= 0 ? word.slice(equals + 1) : words[++place];
    if (value === undefined) {
      return problem(`error: a value is required for '${shown(option)}' but none was supplied`);
    }
    if (option.values !== undefined && !option.values.includes(value)) {
      return problem(
        `error: invalid value '${value}' for '${shown(option)}'`,
        `  [possible values: ${option.values.join(', ')}]`,
      );
    }
    values.set(option.name, value);
  }
  const missing = command.options.filter(
    ({ name, isRequired }) => isRequired === true && !values.has(name),
  );
  if (missing.length > 0) return required(command, missing, values);
  for (const { name, preset } of options) {
    if (preset !== undefined && !values.has(name)) values.set(name, preset);
  }
  return { kind: 'values', values };
}

function shown({ name }: AdminOption): string {
  return `--${name.replaceAll('_', '-')} <${name}>`;
}

function commandName({ path }: AdminCommand): string {
  return `${PROGRAM} ${path.join(' ')}`;
}

function required(
  command: AdminCommand,
  missing: readonly AdminOption[],
  values: ReadonlyMap<string, string>,
): Read {
  const { options } = command;
  const inUsage = options.filter(({ name, isRequired }) => isRequired === true || values.has(name));
  return problem(
    'error: the following required arguments were not provided:',
    ...missing.map((option) => `  ${shown(option)}`),
    '',
    `Usage: ${commandName(command)} ${inUsage.map(shown).join(' ')}`,
  );
}

function unexpected(command: AdminCommand, word: string): Read {
  const needed = command.options.filter(({ isRequired }) => isRequired === true);
  const usage = needed.length === 0 ? '[OPTIONS]' : needed.map(shown).join(' ');
  return problem(
    `error: unexpected argument '${word}' found`,
    '',
    `Usage: ${commandName(command)} ${usage}`,
  );
}

/** What `--help` says of a command. */
export function commandHelp(command: AdminCommand): string[] {
  const { about, options } = command;
  const needed = options.filter(({ isRequired }) => isRequired === true).map(shown);
  const names = options.map((option) => {
    const letter = option.letter === undefined ? '    ' : `-${option.letter}, `;
    const value = option.isFlag === true ? `--${option.name}` : shown(option);
    return [`  ${letter}${value}`, option.about.en] as const;
  });
  const width = Math.max(...names.map(([name]) => name.length), '  -h, --help'.length) + 2;
  return [
    about,
    '',
    [`Usage: ${commandName(command)} [OPTIONS]`, ...needed].join(' '),
    '',
    'Options:',
    ...names.map(([name, text]) => `${name.padEnd(width)}${text}`),
    `${'  -h, --help'.padEnd(width)}Print help`,
  ];
}

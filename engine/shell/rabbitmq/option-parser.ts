/**
 * The words of a command of RabbitMQ's own tools (rabbitmqctl and its kin), as Elixir's
 * OptionParser reads them with a strict list of switches.
 *
 * `--name value`, `--name=value`, `-n value`; a boolean takes none and has `--no-name`; `--` ends
 * the options. Options may stand before, between and behind arguments.
 * Not here: what a command makes of them. Source: RabbitMQ.CLI.Core.Parser, Elixir's OptionParser.
 */
import { assert } from '../../kernel/assert.ts';

export type SwitchType = 'boolean' | 'integer' | 'string';

/** By name, without dashes. */
export type Switches = Readonly<Record<string, SwitchType>>;

export type OptionValue = string | number | boolean;

export interface Parsed {
  readonly args: readonly string[];
  readonly options: ReadonlyMap<string, OptionValue>;
  /** Words that are no option of the command, and values that do not fit. */
  readonly invalid: readonly (readonly [string, string])[];
}

/** The switches of every command, and their letters. */
export const globalSwitches: Switches = {
  node: 'string',
  quiet: 'boolean',
  silent: 'boolean',
  vhost: 'string',
  timeout: 'integer',
  longnames: 'boolean',
  formatter: 'string',
  help: 'boolean',
  'dry-run': 'boolean',
};

export const globalAliases: Readonly<Record<string, string>> = {
  ...{ p: 'vhost', n: 'node', q: 'quiet', s: 'silent', l: 'longnames', t: 'timeout' },
  '?': 'help',
};

const NUMBER = /^-\d+(\.\d+)?$/;

/** A word that cannot be the value of the option before it. */
function isSwitch(word: string | undefined): boolean {
  return word === undefined || (word.startsWith('-') && word !== '-' && !NUMBER.test(word));
}

export function parseOptions(
  words: readonly string[],
  switches: Switches,
  aliases: Readonly<Record<string, string>>,
): Parsed {
  const args: string[] = [];
  const options = new Map<string, OptionValue>();
  const invalid: [string, string][] = [];
  for (let place = 0; place < words.length; place++) {
    const word = words[place]!;
    if (word === '--') {
      args.push(...words.slice(place + 1));
      break;
    }
    if (!isSwitch(word)) {
      args.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const flag = equals < 0 ? word : word.slice(0, equals);
    const given = equals < 0 ? null : word.slice(equals + 1);
    const known = switchNamed(flag, switches, aliases);
    if (known === null) {
      invalid.push([flag, given ?? '']);
      continue;
    }
    const { name, type, isNegated } = known;
    const value = given ?? (type === 'boolean' ? null : (takenFrom(words, place) ?? null));
    if (given === null && type !== 'boolean' && value !== null) place += 1;
    const typed = typedValue(type, value, isNegated);
    if (typed === null) invalid.push([flag, value ?? '']);
    else options.set(name, typed);
  }
  assert(args.length <= words.length, 'no word is read twice', { args: args.length });
  return { args, options, invalid };
}

function takenFrom(words: readonly string[], place: number): string | undefined {
  return isSwitch(words[place + 1]) ? undefined : words[place + 1];
}

interface Known {
  readonly name: string;
  readonly type: SwitchType;
  readonly isNegated: boolean;
}

function switchNamed(
  flag: string,
  switches: Switches,
  aliases: Readonly<Record<string, string>>,
): Known | null {
  if (!flag.startsWith('--')) {
    const letter = flag.slice(1);
    const name = Object.hasOwn(aliases, letter) ? aliases[letter]! : null;
    return name === null ? null : { name, type: switches[name]!, isNegated: false };
  }
  const name = flag.slice(2).replaceAll('_', '-');
  if (Object.hasOwn(switches, name)) return { name, type: switches[name]!, isNegated: false };
  const negated = name.startsWith('no-') ? name.slice(3) : '';
  if (Object.hasOwn(switches, negated) && switches[negated] === 'boolean') {
    return { name: negated, type: 'boolean', isNegated: true };
  }
  return null;
}

/** Null: the value does not fit. */
function typedValue(
  type: SwitchType,
  value: string | null,
  isNegated: boolean,
): OptionValue | null {
  assert(!isNegated || type === 'boolean', 'only a boolean has a no-form', { type });
  if (type === 'boolean') {
    if (value === null) return !isNegated;
    return value === 'true' || value === 'false' ? (value === 'true') !== isNegated : null;
  }
  if (value === null) return null;
  if (type === 'string') return value;
  return /^-?\d{1,15}$/.test(value) ? Number(value) : null;
}

/**
 * The words behind a command of the playground: names, and options with values or without. What is
 * wrong is said in both languages, with the word and what may stand there.
 *
 * Not here: what the commands do (`tools.ts` and what it lists).
 */
import { assert } from '../../kernel/assert.ts';
import type { Localized } from '../../lab/knob.ts';
import type { OptionSpec } from '../program.ts';
import { refused } from '../refusal.ts';

/** Words that were understood. */
export interface Words {
  /** Those that are no options, in order. */
  readonly names: readonly string[];
  /** By option, without dashes: each value that was given; `''` where it takes none. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** Reads words by the options that a command has; `namesMax` names at most. */
export function readWords(
  verb: string,
  words: readonly string[],
  options: readonly OptionSpec[],
  namesMax: number,
): Words | Localized {
  const names: string[] = [];
  const values = new Map<string, string[]>();
  const listed = options.map(({ name }) => name).join(', ');
  for (let place = 0; place < words.length; place++) {
    const word = words[place]!;
    if (!word.startsWith('--')) {
      names.push(word);
      if (names.length > namesMax) return refused(verb, word, listed);
      continue;
    }
    const [name = '', ...rest] = word.split('=');
    const option = options.find((one) => one.name === name);
    if (option === undefined) return refused(verb, name, listed);
    const takesValue = option.value !== undefined;
    const inWord = rest.length > 0 ? rest.join('=') : undefined;
    if (!takesValue && inWord !== undefined) return refused(`${verb} ${name}`, inWord, name);
    const value = takesValue ? (inWord ?? words[++place]) : '';
    if (value === undefined) return refused(`${verb} ${name}`, '', valuesOf(option));
    const { value: kind } = option;
    if (Array.isArray(kind) && !kind.includes(value)) {
      return refused(`${verb} ${name}`, value, valuesOf(option));
    }
    const key = name.slice(2);
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return { names, values };
}

function valuesOf({ value }: OptionSpec): string {
  assert(value !== undefined, 'an option with a value');
  return Array.isArray(value) ? value.join(', ') : `<${value as string}>`;
}

export function isProblem(read: Words | Localized): read is Localized {
  return 'en' in read;
}

/** The last value of an option, or what holds without it. */
export function valueOf({ values }: Words, name: string, preset: string): string {
  const given = values.get(name) ?? [];
  return given[given.length - 1] ?? preset;
}

/** The whole number of a word, or what is wrong with it. */
export function numberOf(verb: string, text: string, min: number, max: number): number | Localized {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  return value >= min && value <= max ? value : refused(verb, text, `${min} to ${max}`);
}

/** Settings of `--set name=value`, or what is wrong with one of them. */
export function settingsOf(
  verb: string,
  { values }: Words,
  option = 'set',
): Readonly<Record<string, string>> | { readonly wrong: Localized } {
  const settings: Record<string, string> = {};
  for (const pair of values.get(option) ?? []) {
    const [name = '', ...rest] = pair.split('=');
    if (name === '' || rest.length === 0) {
      return { wrong: refused(`${verb} --${option}`, pair, 'name=value') };
    }
    settings[name] = rest.join('=');
  }
  return settings;
}

/**
 * Command lines as jopt-simple reads them, which most of Kafka's tools use: a table of options, the
 * words of a line taken apart by it, and the usage text made of it.
 *
 * Source: jopt-simple 5.0.4 (`OptionParser` without abbreviations, `BuiltinHelpFormatter(80, 2)`).
 * Differences: what an option is for is told in words of our own, so lines break elsewhere; names,
 * arguments, types, defaults and the order are the real ones.
 * Not here: which options contradict each other (each tool).
 */
import { assert } from '../../kernel/assert.ts';
import { type Release, releases } from '../../kafka/profiles/releases.ts';
import type { Localized } from '../../lab/knob.ts';
import type { OptionSpec, ValueKind } from '../program.ts';

/** What stands behind an option. */
export interface JoptArgument {
  /** As usage has it: the type, and mostly what it is, as in `String: topic`. */
  readonly label: string;
  readonly type: 'String' | 'Integer' | 'Long';
  /** What it may be, for completion. */
  readonly kind: ValueKind;
  /** It may be left out. */
  readonly isOptional?: true;
}

/** An option of a tool. */
export interface JoptOption {
  /** Without its dashes. */
  readonly name: string;
  readonly argument?: JoptArgument;
  readonly defaultText?: string;
  readonly about: Localized;
  /** The real one's part that is missing here: the option is an error that says so. */
  readonly isUnsupported?: true;
  /** The first release that has it under this name; absent: all have it. */
  readonly since?: Release;
  /** The first release that has it no more. */
  readonly until?: Release;
  /** Another name of the same option, up to a release that has it no more. */
  readonly earlier?: { readonly name: string; readonly until: Release };
}

/** Why a line is none, with the exception of the real parser. */
export interface JoptProblem {
  readonly exception: string;
  readonly message: string;
}

export type JoptParsed =
  | { readonly ok: true; readonly given: GivenOptions }
  | { readonly ok: false; readonly problem: JoptProblem };

/** An argument that is required. */
export function argument(
  type: JoptArgument['type'],
  what: string | null,
  kind: ValueKind = type === 'String' ? 'text' : 'number',
): JoptArgument {
  return { type, kind, label: what === null ? type : `${type}: ${what}` };
}

const OPTION_COLUMN = 39;
const DESCRIPTION_COLUMN = 39;
const GAP = '  ';
/** `CommandLineUtils` of all tools. */
const helpOption: JoptOption = {
  name: 'help',
  about: { en: 'Print usage information.', zh: '打印用法说明。' },
};
const versionOption: JoptOption = {
  name: 'version',
  about: { en: 'Display Kafka version.', zh: '打印 Kafka 的版本。' },
};

/** The options that were given, with their arguments. */
export class GivenOptions {
  readonly #values: ReadonlyMap<string, readonly string[]>;
  readonly #table: JoptTable;
  /** Words that belong to no option. */
  readonly others: readonly string[];

  constructor(
    table: JoptTable,
    values: ReadonlyMap<string, readonly string[]>,
    others: readonly string[],
  ) {
    this.#table = table;
    this.#values = values;
    this.others = others;
  }

  has(name: string): boolean {
    assert(this.#table.options.has(name), 'an option of the table', { name });
    return this.#values.has(name);
  }

  /** All arguments that an option was given; none if it was given without, or not at all. */
  values(name: string): readonly string[] {
    assert(this.#table.options.has(name), 'an option of the table', { name });
    return this.#values.get(name) ?? [];
  }

  /** The argument of an option, the last of several (`repeated`); else its default, else null. */
  value(name: string): string | null {
    const values = this.values(name);
    return values[values.length - 1] ?? this.#table.options.get(name)?.defaultText ?? null;
  }

  /** Of an option that was given more than once although one argument is wanted. */
  repeated(names: readonly string[]): JoptProblem | null {
    const name = names.find((one) => this.values(one).length > 1);
    return name === undefined
      ? null
      : {
          exception: 'joptsimple.MultipleArgumentsForOptionException',
          message:
            `Found multiple arguments for option ${this.nameOf(name)}, ` +
            'but you asked for only one',
        };
  }

  /** Of a number that is none, among all options or some. */
  malformed(among: readonly string[] | null = null): JoptProblem | null {
    for (const [name, values] of this.#values) {
      if (among !== null && !among.includes(name)) continue;
      const type = this.#table.options.get(name)?.argument?.type;
      if (type === undefined || type === 'String') continue;
      const wrong = values.find((text) => !isNumber(type, text));
      if (wrong === undefined) continue;
      return {
        exception: 'joptsimple.OptionArgumentConversionException',
        message: `Cannot parse argument '${wrong}' of option ${this.nameOf(name)}`,
      };
    }
    return null;
  }

  /** The name that the release has for an option. */
  nameOf(name: string): string {
    assert(this.#table.options.has(name), 'an option of the table', { name });
    return this.#table.nameOf(name);
  }

  /** Names of options that were given. */
  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** Names of options that were given and are missing here. */
  get unsupported(): readonly string[] {
    return this.names.filter((name) => this.#table.options.get(name)?.isUnsupported);
  }
}

function isNumber(type: 'Integer' | 'Long', text: string): boolean {
  if (!/^[+-]?\d{1,19}$/.test(text)) return false;
  return type === 'Long' || (Number(text) >= -2_147_483_648 && Number(text) <= 2_147_483_647);
}

/** A tool's options; `--help` and `--version` are in every table. */
export class JoptTable {
  /** By the name that all releases share here. */
  readonly options: ReadonlyMap<string, JoptOption>;
  /** By the names of the release; an option may have two. */
  readonly #shown: ReadonlyMap<string, JoptOption>;
  readonly #own: readonly JoptOption[];
  readonly #ofReleases = new Map<Release, JoptTable>();

  /** Without a release: what the newest has. */
  constructor(own: readonly JoptOption[], release: Release = releases[releases.length - 1]!) {
    const all = [...own, helpOption, versionOption];
    this.#own = own;
    this.options = new Map(all.map((option) => [option.name, option]));
    assert(this.options.size === all.length, 'an option stands in its table once');
    const shown = all.flatMap((option) =>
      namesIn(option, release).map((name): [string, JoptOption] => [name, option]),
    );
    this.#shown = new Map(shown.sort(([left], [right]) => (left < right ? -1 : 1)));
    assert(this.#shown.size === shown.length, 'a name is that of one option', { release });
  }

  /** The table of a release: without what came later or was gone, under the names of its time. */
  of(release: Release): JoptTable {
    const known = this.#ofReleases.get(release);
    if (known !== undefined) return known;
    const made = new JoptTable(this.#own, release);
    this.#ofReleases.set(release, made);
    return made;
  }

  /** Whether the release has a name. */
  has(name: string): boolean {
    return this.#shown.has(name);
  }

  /** What an option is called here; where it has two names, the newer. */
  nameOf(name: string): string {
    if (this.#shown.get(name)?.name === name) return name;
    const found = [...this.#shown].find(([, option]) => option.name === name);
    return found?.[0] ?? name;
  }

  /** Takes words apart. Numbers are checked when they are asked for (`malformed`). */
  parse(words: readonly string[]): JoptParsed {
    const values = new Map<string, string[]>();
    const others: string[] = [];
    for (let place = 0; place < words.length; place++) {
      const word = words[place]!;
      if (word === '--') {
        others.push(...words.slice(place + 1));
        break;
      }
      if (!word.startsWith('-') || word === '-') {
        others.push(word);
        continue;
      }
      const [name, joined] = nameOf(word);
      const option = this.#shown.get(name);
      if (option === undefined) return { ok: false, problem: unrecognized(word, name) };
      const next = words[place + 1];
      const taken = argumentOf(option, joined, next);
      if (taken === null) return { ok: false, problem: missing(name) };
      if (taken.isNext) place++;
      const before = values.get(option.name) ?? [];
      values.set(option.name, [...before, ...taken.values]);
    }
    return { ok: true, given: new GivenOptions(this, values, others) };
  }

  /** The usage text, line by line. */
  usage(): string[] {
    const rows: [string, string][] = [
      ['Option', 'Description'],
      ['------', '-----------'],
    ];
    for (const [name, option] of this.#shown) rows.push([leftOf(name, option), rightOf(option)]);
    const widest = rows.reduce((width, [left]) => Math.max(width, left.length), 0);
    const optionColumn = Math.min(OPTION_COLUMN, widest);
    return rows.flatMap(([left, right]) => {
      const leftLines = wrapped(left, optionColumn);
      const rightLines = wrapped(right, DESCRIPTION_COLUMN);
      const height = Math.max(leftLines.length, rightLines.length);
      return Array.from({ length: height }, (_, place) => {
        const one = (leftLines[place] ?? '').padEnd(optionColumn);
        return `${one}${GAP}${(rightLines[place] ?? '').padEnd(DESCRIPTION_COLUMN)}`;
      });
    });
  }

  /** The options as the shell completes and explains them. */
  specs(): OptionSpec[] {
    return [...this.#shown].map(([name, { argument: behind, about }]) => ({
      name: `--${name}`,
      about,
      ...(behind === undefined ? {} : { value: behind.kind }),
    }));
  }
}

/** The name of an option, and what is joined to it by `=`. */
function nameOf(word: string): [string, string | null] {
  const bare = word.replace(/^--?/, '');
  const equals = bare.indexOf('=');
  return equals < 0 ? [bare, null] : [bare.slice(0, equals), bare.slice(equals + 1)];
}

function argumentOf(
  { argument: behind }: JoptOption,
  joined: string | null,
  next: string | undefined,
): { readonly values: readonly string[]; readonly isNext: boolean } | null {
  if (behind === undefined) return { values: [], isNext: false };
  if (joined !== null) return { values: [joined], isNext: false };
  if (behind.isOptional === true && (next === undefined || next.startsWith('-'))) {
    return { values: [], isNext: false };
  }
  return next === undefined ? null : { values: [next], isNext: true };
}

/** A word with one dash is a cluster of options of one letter each: the first is told. */
function unrecognized(word: string, name: string): JoptProblem {
  const told = word.startsWith('--') ? name : name.slice(0, 1);
  return {
    exception: 'joptsimple.UnrecognizedOptionException',
    message: `${told} is not a recognized option`,
  };
}

function missing(name: string): JoptProblem {
  return {
    exception: 'joptsimple.OptionMissingRequiredArgumentException',
    message: `Option ${name} requires an argument`,
  };
}

/** The names that an option has in a release; none if the release has not got it. */
function namesIn({ name, since, until, earlier }: JoptOption, release: Release): string[] {
  const isBefore = (other: Release): boolean => releases.indexOf(release) < releases.indexOf(other);
  if (until !== undefined && !isBefore(until)) return [];
  const names = since !== undefined && isBefore(since) ? [] : [name];
  return earlier !== undefined && isBefore(earlier.until) ? [...names, earlier.name] : names;
}

function leftOf(name: string, { argument: behind }: JoptOption): string {
  if (behind === undefined) return `--${name}`;
  return behind.isOptional === true ? `--${name} [${behind.label}]` : `--${name} <${behind.label}>`;
}

function rightOf({ about, defaultText }: JoptOption): string {
  return defaultText === undefined ? about.en : `${about.en} (default: ${defaultText})`;
}

/** A word that is longer than a line is cut. */
function pieceOf(word: string, width: number): string[] {
  const count = Math.max(1, Math.ceil(word.length / width));
  return Array.from({ length: count }, (_, at) => word.slice(at * width, (at + 1) * width));
}

/** Words in lines of a width; what does not fit goes on two columns further to the right. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  const pieces = text.split(' ').flatMap((word) => pieceOf(word, width - 2));
  for (const word of pieces) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= width || line.trim() === '') {
      line = line.trim() === '' ? `${line}${word}` : longer;
    } else {
      lines.push(line);
      line = `  ${word}`;
    }
  }
  return [...lines, line];
}

/**
 * Command lines as argparse4j reads them, which some of Kafka's tools use: options with long and
 * short flags, groups of which one is given, subcommands; its usage lines and its errors.
 *
 * Source: argparse4j 0.7.0 (`ArgumentParserImpl`, `TextHelper.wrap`, width 75). Differences: flags
 * are not abbreviated, nothing is proposed for a flag that is not there, and what an option is for
 * is told in words of our own. Not here: jopt-simple, which most tools use (`jopt.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Localized } from '../../lab/knob.ts';
import type { Call, OptionSpec, ValueKind } from '../program.ts';

export interface Argument {
  /** With its dashes; the first is the one that is told. */
  readonly flags: readonly string[];
  /** What stands for its value in usage; absent: it takes none. */
  readonly metavar?: string;
  readonly type?: 'Integer' | 'Long';
  readonly kind?: ValueKind;
  readonly isRequired?: true;
  /** It takes one word or more. */
  readonly isMany?: true;
  /** Exactly one of a group is given. */
  readonly isOneOf?: true;
  readonly about: Localized;
}

/** A tool's arguments, or those of a subcommand. */
export interface Grammar {
  readonly name: string;
  readonly arguments: readonly Argument[];
  readonly commands?: readonly Grammar[];
  /** What stands for the commands in usage; their names where absent. */
  readonly commandMetavar?: string;
  /** The exit code after help; 0 where absent. */
  readonly helpExit?: number;
}

export interface Arguments {
  readonly command: string | null;
  /** By the first flag. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

type Parsed =
  | { readonly kind: 'parsed'; readonly arguments: Arguments }
  | { readonly kind: 'help'; readonly of: Grammar }
  | { readonly kind: 'error'; readonly of: Grammar; readonly message: string };

const WIDTH = 75;
const HELP: Argument = {
  flags: ['-h', '--help'],
  about: { en: 'shows this help', zh: '显示帮助' },
};

/** Takes the words of a call apart; what is wrong, and help, are told, and then it has ended. */
export function parseArguments(call: Call, grammar: Grammar): Arguments | null {
  const parsed = parse(grammar, call.words);
  if (parsed.kind === 'parsed') return parsed.arguments;
  if (parsed.kind === 'help') {
    tellHelp(call, grammar, parsed.of);
    call.exit(grammar.helpExit ?? 0);
    return null;
  }
  tellError(call, grammar, parsed.message, parsed.of);
  return null;
}

/** What is told where somebody asks for help; the tool goes on. */
export function tellHelp(call: Call, grammar: Grammar, of: Grammar = grammar): void {
  for (const line of [...usageOf(grammar, of), '', ...helpOf(of)]) call.out(line);
}

/** Usage and an error, and the end. */
export function tellError(
  call: Call,
  grammar: Grammar,
  message: string,
  of: Grammar = grammar,
): void {
  for (const line of usageOf(grammar, of)) call.err(line);
  for (const line of justified(`${grammar.name}: error: ${message}`)) call.err(line);
  call.exit(1);
}

/** The options as the shell completes and explains them. */
export function specsOf({ arguments: own, commands = [] }: Grammar): OptionSpec[] {
  const specs = [HELP, ...own].map(({ flags, metavar, kind, about }): OptionSpec => {
    const value = metavar === undefined ? {} : { value: kind ?? 'text' };
    const [first = '', ...aliases] = [...flags].sort((left, right) => right.length - left.length);
    return { name: first, ...(aliases.length === 0 ? {} : { aliases }), about, ...value };
  });
  const names = new Set(specs.map(({ name }) => name));
  for (const one of commands.flatMap(specsOf)) {
    if (!names.has(one.name)) specs.push(one);
    names.add(one.name);
  }
  return specs;
}

// -------------------------------------------------------------------------------------- parsing

function parse(grammar: Grammar, words: readonly string[]): Parsed {
  const values = new Map<string, string[]>();
  let of = grammar;
  let command: string | null = null;
  const error = (message: string): Parsed => ({ kind: 'error', of, message });
  for (let place = 0; place < words.length; place++) {
    const word = words[place]!;
    if (word.startsWith('-') && !/^-\d/.test(word)) {
      const taken = takeFlag(of, words, place, values);
      if (typeof taken === 'string') return error(taken);
      if (taken === null) return { kind: 'help', of };
      place = taken;
      continue;
    }
    const next = of.commands?.find(({ name }) => name === word);
    if (next === undefined) return error(strayWord(of, word));
    assert(command === null, 'one command', { word });
    command = word;
    of = next;
  }
  if (of.commands !== undefined) return error('too few arguments');
  for (const one of of === grammar ? [of] : [of, grammar]) {
    const message = lackOf(one, values);
    if (message !== null) return { kind: 'error', of: one, message };
  }
  return { kind: 'parsed', arguments: { command, values } };
}

function strayWord({ commands }: Grammar, word: string): string {
  if (commands === undefined) return `unrecognized arguments: '${word}'`;
  const names = commands.map(({ name }) => `'${name}'`).join(', ');
  return `invalid choice: '${word}' (choose from ${names})`;
}

/** The place of its last word; null for help; a sentence where it cannot be. */
function takeFlag(
  of: Grammar,
  words: readonly string[],
  place: number,
  values: Map<string, string[]>,
): number | string | null {
  const [flag = '', joined = null] = words[place]!.split(/=(.*)/s);
  if (HELP.flags.includes(flag)) return null;
  const argument = of.arguments.find(({ flags }) => flags.includes(flag));
  if (argument === undefined) return `unrecognized arguments: '${words[place]!}'`;
  const name = argument.flags[0]!;
  const told = argument.flags.join('/');
  const rival = of.arguments.find(
    (one) => one !== argument && one.isOneOf === true && values.has(one.flags[0]!),
  );
  if (argument.isOneOf === true && rival !== undefined) {
    return `argument ${told}: not allowed with argument ${rival.flags.join('/')}`;
  }
  if (argument.metavar === undefined) {
    values.set(name, []);
    return place;
  }
  const taken: string[] = joined === null ? [] : [joined];
  let last = place;
  const isValue = (word: string | undefined): word is string =>
    word !== undefined && (!word.startsWith('-') || /^-\d/.test(word));
  while (joined === null && isValue(words[last + 1])) {
    if (taken.length > 0 && argument.isMany !== true) break;
    taken.push(words[++last]!);
  }
  if (taken.length === 0) {
    return `argument ${told}: expected ${argument.isMany === true ? 'at least ' : ''}one argument`;
  }
  const wrong =
    argument.type === undefined ? undefined : taken.find((one) => !/^[+-]?\d{1,19}$/.test(one));
  if (wrong !== undefined) {
    return (
      `argument ${told}: could not convert '${wrong}' to ${argument.type!} ` +
      `(For input string: "${wrong}")`
    );
  }
  values.set(name, taken);
  return last;
}

function lackOf(of: Grammar, values: ReadonlyMap<string, readonly string[]>): string | null {
  for (const { flags, isRequired } of of.arguments) {
    if (isRequired === true && !values.has(flags[0]!)) {
      return `argument ${flags.join('/')} is required`;
    }
  }
  const group = of.arguments.filter(({ isOneOf }) => isOneOf === true);
  if (group.length === 0 || group.some(({ flags }) => values.has(flags[0]!))) return null;
  return `one of the arguments ${group.map(({ flags }) => flags.join('/')).join(' ')} is required`;
}

// ------------------------------------------------------------------------------------------ text

/** The usage of a grammar, or of a subcommand of it. */
function usageOf(grammar: Grammar, of: Grammar): string[] {
  const head = `usage: ${grammar.name}`;
  const pieces =
    of === grammar
      ? ['[-h]', ...piecesOf(of), ...commandPieces(of)]
      : [
          ...piecesOf(grammar).filter((piece) => !piece.startsWith('[')),
          of.name,
          '[-h]',
          ...piecesOf(of),
        ];
  const lines: string[] = [];
  const indent = ' '.repeat(head.length);
  let line = head;
  for (const [place, piece] of pieces.entries()) {
    if (place > 0 && line.length + piece.length + 1 > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line = `${line} ${piece}`;
  }
  return [...lines, line];
}

function commandPieces({ commands, commandMetavar }: Grammar): string[] {
  if (commands === undefined) return [];
  return [commandMetavar ?? `{${commands.map(({ name }) => name).join(',')}}`, '...'];
}

function piecesOf({ arguments: all }: Grammar): string[] {
  const plain = all.filter(({ isOneOf }) => isOneOf !== true);
  const group = all.filter(({ isOneOf }) => isOneOf === true);
  return [
    ...plain.map((one) => (one.isRequired === true ? syntaxOf(one) : `[${syntaxOf(one)}]`)),
    ...group.map((one, place) => {
      const before = place === 0 ? '(' : '';
      return `${before}${syntaxOf(one)}${place === group.length - 1 ? ')' : ' |'}`;
    }),
  ];
}

function syntaxOf({ flags, metavar, isMany }: Argument): string {
  if (metavar === undefined) return flags[0]!;
  return `${flags[0]!} ${metavar}${isMany === true ? ` [${metavar} ...]` : ''}`;
}

function helpOf(of: Grammar): string[] {
  const rows = [HELP, ...of.arguments].map(({ flags, metavar, about }) => {
    const left = flags.map((flag) => (metavar === undefined ? flag : `${flag} ${metavar}`));
    return `  ${left.join(', ').padEnd(22)} ${about.en}`;
  });
  return ['optional arguments:', ...rows];
}

/** A text in lines of the width; all but the last are filled with blanks between the words. */
function justified(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of text.split(/(?<=[ -])(?=[^ ])/)) {
    if (line.length + part.length > WIDTH) {
      lines.push(filled(line));
      line = '';
    }
    line += part;
  }
  return [...lines, line];
}

/** Blanks are added evenly; where that does not come out, to the blocks in the middle. */
function filled(line: string): string {
  const words = line.trim().split(/( +)/);
  const blocks = (words.length - 1) / 2;
  assert(Number.isInteger(blocks), 'words and what is between them', { line });
  if (blocks === 0) return line.trim();
  const need = WIDTH - line.trim().length;
  const rest = need % blocks;
  const restStart = Math.floor((blocks - rest + 1) / 2);
  return words
    .map((word, place) => {
      if (place % 2 === 0) return word;
      const block = (place - 1) / 2;
      const one = restStart <= block && block < restStart + rest ? 1 : 0;
      return word + ' '.repeat(Math.floor(need / blocks) + one);
    })
    .join('');
}

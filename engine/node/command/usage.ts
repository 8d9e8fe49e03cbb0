/**
 * Reading a command line: options by Node's own `parseArgs`, and errors that say what there is.
 * Not here: what a subcommand does with them.
 */
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

/** A command line that cannot be carried out. The command prints it and exits with 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** A subcommand of `highwater`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole help text. */
  readonly usage: string;
  /** Resolves to the exit code. Throws a `UsageError` for bad input. */
  run(args: readonly string[]): Promise<number>;
}

type Options = NonNullable<ParseArgsConfig['options']>;

export interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly positionals: readonly string[];
}

/** The options of a subcommand, and its operands: at most as many as it takes. */
export function parse(args: readonly string[], options: Options, operandsMax = 0): Parsed {
  const parsed = parseOptions(args, options);
  const extra = parsed.positionals.slice(operandsMax);
  if (extra.length > 0) throw new UsageError(`what is '${extra.join(' ')}'?`);
  return parsed;
}

function parseOptions(args: readonly string[], options: Options): Parsed {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return {
      values: parsed.values as Parsed['values'],
      positionals: parsed.positionals,
    };
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`);
    const reason = error instanceof Error ? error.message.split('. ')[0]! : String(error);
    throw new UsageError(`${reason}. The options are: ${known.join(', ')}`);
  }
}

/** `name=value` pairs, as `--knob acks=1 --knob retries=0` gives them. */
export function pairs(option: string, given: unknown): Record<string, string> {
  const texts = Array.isArray(given) ? (given as string[]) : [];
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1) throw new UsageError(`--${option} is name=value, not '${text}'`);
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

/** A whole number of an option, or its preset where it was not given. */
export function wholeNumber(
  option: string,
  given: unknown,
  bounds: { readonly min: number; readonly max: number; readonly preset: number },
): number {
  if (given === undefined) return bounds.preset;
  const value = typeof given === 'string' && /^\d{1,16}$/.test(given) ? Number(given) : NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  const range = `a whole number from ${bounds.min} to ${bounds.max}`;
  throw new UsageError(`--${option} is ${range}, not '${String(given)}'`);
}

/** One of some words, or the preset. */
export function oneOf<const V extends string>(
  option: string,
  given: unknown,
  values: readonly V[],
  preset: NoInfer<V>,
): V {
  if (given === undefined) return preset;
  const value = values.find((one) => one === given);
  if (value !== undefined) return value;
  throw new UsageError(`--${option} is one of ${values.join(', ')}, not '${String(given)}'`);
}

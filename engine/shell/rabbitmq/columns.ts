/**
 * The columns that a listing is asked for: checked, each once, with the defaults where none is.
 *
 * Not here: what a column holds. Source: RabbitMQ.CLI.Ctl.InfoKeys.
 */
import { assert } from '../../kernel/assert.ts';
import { type Cell, cellText } from './cell.ts';
import { EXIT, type Refusal } from './cli-command.ts';
import type { Invocation } from './invocation.ts';

/** Words may be joined by commas, too. */
function named(args: readonly string[]): readonly string[] {
  return args.flatMap((word) => word.split(',')).filter((word) => word !== '');
}

/** What is wrong with the columns that were asked for, or null. */
export function columnRefusal(args: readonly string[], columns: readonly string[]): Refusal | null {
  const unknown = named(args).filter((name) => !columns.includes(name));
  if (unknown.length === 0) return null;
  unknown.sort((left, right) => (left < right ? -1 : 1));
  return { text: `Info key(s) ${unknown.join(',')} are not supported`, code: EXIT.USAGE };
}

export function chosenColumns(
  { args }: Invocation,
  defaults: readonly string[],
): readonly string[] {
  const asked = [...new Set(named(args))];
  assert(defaults.length > 0, 'a listing has columns', { asked });
  return asked.length === 0 ? defaults : asked;
}

/** The order of rows by the text of a column. */
export function byText(
  ...columns: readonly string[]
): (left: Readonly<Record<string, Cell>>, right: Readonly<Record<string, Cell>>) => number {
  return (left, right) => {
    for (const column of columns) {
      const [one, other] = [cellText(left[column] ?? ''), cellText(right[column] ?? '')];
      if (one !== other) return one < other ? -1 : 1;
    }
    return 0;
  };
}

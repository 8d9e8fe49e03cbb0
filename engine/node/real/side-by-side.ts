/**
 * Two histories of one experiment side by side, operation by operation: what became of each record
 * that was sent, what each consumer was given in what order, and what was there at the end.
 *
 * Times are not compared. So a consumer that is sent back to the start may have read more or fewer
 * records before: what one history has of such a pass beyond the other is no difference.
 */
import type { Found, History, Sent } from '../../lab/history.ts';
import type { BothRuns, Told } from './run-on-real.ts';

export interface Row {
  readonly operation: string;
  readonly here: string;
  readonly there: string;
  readonly same: boolean;
}

export interface Comparison {
  readonly rows: readonly Row[];
  /** The place of the first row that differs, or null. */
  readonly firstDifference: number | null;
  readonly measures: readonly {
    readonly name: string;
    readonly here: number | null;
    readonly there: number | null;
  }[];
}

const NOTHING = '-';

/** Both histories, aligned. */
export function compare({ here, there }: Pick<BothRuns, 'here' | 'there'>): Comparison {
  const rows = [
    ...aligned(sends(here.history), sends(there.history)),
    ...aligned(reads(here.history), reads(there.history), true),
    ...aligned(end(here.history), end(there.history)),
    ...aligned(cutShort(here), cutShort(there)),
  ];
  const first = rows.findIndex(({ same }) => !same);
  const measures = Object.entries(here.measures).map(([name, value]) => {
    return { name, here: value, there: there.measures[name] ?? null };
  });
  return { rows, firstDifference: first < 0 ? null : first, measures };
}

type Operations = ReadonlyMap<string, string>;

function aligned(here: Operations, there: Operations, mayLack = false): Row[] {
  const operations = [...new Set([...here.keys(), ...there.keys()])];
  return operations.map((operation) => {
    const left = here.get(operation);
    const right = there.get(operation);
    const lacks = left === undefined || right === undefined;
    const same = lacks ? mayLack : left === right;
    return { operation, here: left ?? NOTHING, there: right ?? NOTHING, same };
  });
}

function sends({ sent }: History): Operations {
  return new Map(sent.map((one) => [`${one.producer} sends ${one.id}`, outcomeOf(one)]));
}

function outcomeOf({ outcome, place, error }: Sent): string {
  return [outcome, place, error].filter((word) => word !== '').join(' ');
}

/** Each consumer's records, numbered within a pass: it ends where the offset goes back. */
function reads({ delivered }: History): Operations {
  const operations = new Map<string, string>();
  const states = new Map<string, { pass: number; count: number; offset: number }>();
  for (const { consumer, partition, offset, id } of delivered) {
    const reader = `${consumer} reads ${partition}`;
    let state = states.get(reader) ?? { pass: 1, count: 0, offset: -1 };
    if (offset <= state.offset) state = { pass: state.pass + 1, count: 0, offset };
    states.set(reader, { ...state, count: state.count + 1, offset });
    const pass = state.pass === 1 ? '' : ` again (${state.pass})`;
    operations.set(`${reader}${pass}, ${state.count + 1}.`, `${id} at ${offset}`);
  }
  return operations;
}

function end({ final }: History): Operations {
  const counts = new Map<string, number>();
  return new Map(
    (final ?? []).map((found: Found) => {
      const count = (counts.get(found.partition) ?? 0) + 1;
      counts.set(found.partition, count);
      return [`at the end ${found.partition} has, ${count}.`, `${found.id} at ${found.offset}`];
    }),
  );
}

/** The steps that did not come to their end. */
function cutShort({ steps }: Told): Operations {
  const short = steps.filter(({ reached }) => !reached);
  return new Map(short.map(({ id }) => [`step ${id}`, 'ended at its time limit']));
}

/** The comparison as columns of plain text. */
export function columns({ rows, firstDifference, measures }: Comparison): string[] {
  const width = (texts: readonly string[]) => Math.max(...texts.map(({ length }) => length));
  const first = width(['operation', ...rows.map(({ operation }) => operation)]);
  const second = width(['simulator', ...rows.map(({ here }) => here)]);
  const line = (mark: string, operation: string, here: string, there: string) =>
    `${mark} ${operation.padEnd(first)}  ${here.padEnd(second)}  ${there}`.trimEnd();
  const lines = [line(' ', 'operation', 'simulator', 'real cluster')];
  rows.forEach(({ operation, here, there, same }, place) => {
    const note = place === firstDifference ? '   <- the first difference' : '';
    lines.push(line(same ? ' ' : '!', operation, here, `${there}${note}`));
  });
  lines.push('');
  for (const { name, here, there } of measures) {
    const text = (value: number | null) => (value === null ? 'not observed' : String(value));
    lines.push(line(' ', name, text(here), text(there)));
  }
  return lines;
}

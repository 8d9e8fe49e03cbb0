/**
 * A run as JSON: what it was made from, what came of it, and every entry of its trace, so that
 * another program can read it and the hash can be computed again from the entries alone.
 *
 * The fields of an entry stand in the order in which the hash takes them. Not here: a trace that is
 * too long for one text (`highwater run --trace` writes it line by line).
 */
import type { TraceEntry } from '../../kernel/trace.ts';
import type { Session, Summary } from '../session.ts';

/** Entries that are written; the hash is over all. About 20 MB. */
const ENTRIES_MAX = 100_000;

/** Changes when a reader of the old form would misread the new one. */
const FORM = 1;

export interface TraceJson extends Omit<Summary, 'knobs' | 'records'> {
  readonly form: typeof FORM;
  readonly knobs: Readonly<Record<string, string>>;
  readonly entries: readonly TraceEntry[];
  /** Entries of the run that are not in `entries`: the last ones. */
  readonly entriesLeftOut: number;
}

/** The run and its trace, one entry a line. Parsed, it is a `TraceJson`. */
export function traceJson(session: Session, entriesMax = ENTRIES_MAX): string {
  const { trace } = session;
  const { records: _records, knobs: pairs, ...summary } = session.summary();
  const knobs = Object.fromEntries(pairs);
  const written = Math.min(trace.length, entriesMax);
  const entriesLeftOut = trace.length - written + trace.dropped;
  const head = JSON.stringify({ form: FORM, ...summary, knobs, entriesLeftOut }, null, 2);
  const lines: string[] = [];
  for (let index = 0; index < written; index++) {
    lines.push(`    ${JSON.stringify(trace.entry(index))}`);
  }
  const entries = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  return `${head.slice(0, head.lastIndexOf('\n}'))},\n  "entries": ${entries}\n}\n`;
}

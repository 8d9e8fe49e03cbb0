/** `highwater sweep`: an experiment under every value of one or two knobs, as a table. */
import type { Experiment } from '../../lab/experiment.ts';
import type { Knob } from '../../lab/knob.ts';
import { Run } from '../../lab/run.ts';
import { loadExperiment } from './experiments.ts';
import { runWith } from './run.ts';
import { pairs, parse, UsageError, wholeNumber } from './usage.ts';
import type { Command } from './usage.ts';

/** More values than this are a mistake rather than a table. */
const RUNS_MAX = 500;

const OPTIONS = {
  over: { type: 'string', multiple: true },
  knob: { type: 'string', multiple: true },
  seed: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const sweep: Command = {
  name: 'sweep',
  summary: 'run an experiment under every value of some knobs',
  usage: `highwater sweep <experiment> --over knob [--over knob] [options]

Runs an experiment once for each combination of values of the named knobs and prints the measures.

  --over name         a knob to go through; may be given several times
  --knob name=value   sets another knob
  --seed n            another seed (default 1)
  --json              one JSON array`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, 1);
    const experiment = await loadExperiment(positionals[0]);
    const over = (values['over'] ?? []) as string[];
    if (over.length === 0) throw new UsageError('name a knob with --over');
    const bounds = { min: 0, max: Number.MAX_SAFE_INTEGER, preset: 1 };
    const seed = wholeNumber('seed', values['seed'], bounds);
    const fixed = pairs('knob', values['knob']);
    const rows = combinations(experiment, over).map((chosen) => {
      const knobs = { ...fixed, ...chosen };
      const finished = runWith(() => new Run(experiment, { knobs, seed, trace: false })).finish();
      return { knobs: chosen, failed: finished.failed, measures: measuresOf(finished) };
    });
    if (values['json'] === true) console.log(JSON.stringify(rows));
    else printTable(over, rows);
    return rows.some((row) => row.failed) ? 1 : 0;
  },
};

function measuresOf(finished: Run): Readonly<Record<string, number>> {
  return finished.failed ? {} : finished.measures();
}

function combinations(experiment: Experiment, over: readonly string[]): Record<string, string>[] {
  let chosen: Record<string, string>[] = [{}];
  for (const name of over) {
    const knob = experiment.knobs[name];
    if (knob === undefined) {
      const known = Object.keys(experiment.knobs).join(', ');
      throw new UsageError(`unknown knob '${name}'; there are: ${known}`);
    }
    chosen = chosen.flatMap((row) => valuesOf(knob).map((value) => ({ ...row, [name]: value })));
    if (chosen.length > RUNS_MAX) throw new UsageError(`more than ${RUNS_MAX} runs`);
  }
  return chosen;
}

function valuesOf(knob: Knob): string[] {
  if (knob.kind === 'choice') return [...knob.values];
  if (knob.kind === 'flag') return ['false', 'true'];
  const count = Math.min(knob.max - knob.min + 1, RUNS_MAX + 1);
  return Array.from({ length: count }, (_, step) => String(knob.min + step));
}

interface Row {
  readonly knobs: Readonly<Record<string, string>>;
  readonly measures: Readonly<Record<string, number>>;
}

function printTable(over: readonly string[], rows: readonly Row[]): void {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.measures)))];
  const lines = [[...over, ...names]];
  for (const row of rows) {
    const measures = names.map((name) => String(row.measures[name] ?? '-'));
    lines.push([...over.map((name) => row.knobs[name]!), ...measures]);
  }
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length)),
  );
  for (const line of lines) {
    console.log(
      line
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** `highwater sweep`: an experiment under every value of one or two knobs, as a table. */
import { Sweep } from '../../lab/sweep.ts';
import type { SweptRun } from '../../lab/sweep.ts';
import { loadExperiment } from './experiments.ts';
import { runWith } from './run.ts';
import { pairs, parse, UsageError, wholeNumber } from './usage.ts';
import type { Command } from './usage.ts';

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
    const { runs } = runWith(() => new Sweep(experiment, { over, knobs: fixed, seed }).finish());
    const rows = runs.map(({ chosen, failed, measures }) => ({ knobs: chosen, failed, measures }));
    if (values['json'] === true) console.log(JSON.stringify(rows));
    else printTable(over, rows);
    return rows.some((row) => row.failed) ? 1 : 0;
  },
};

type Row = Pick<SweptRun, 'knobs' | 'measures'>;

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

/** `highwater check`: the lint of the lessons, with the facts of their experiments. */
import { watch } from 'node:fs';
import { join } from 'node:path';
import { root } from './experiments.ts';
import { countProject, lintProject } from './lesson-folders.ts';
import type { Count, Counts, Problem, TrackCounts } from './lesson-folders.ts';
import { parse } from './usage.ts';
import type { Command } from './usage.ts';

/** An editor saves in several steps; the lint waits for the last. */
const QUIET_MS = 100;

export const check: Command = {
  name: 'check',
  summary: 'lint the lessons: schema, languages, terms, references, budgets',
  usage: `highwater check [--watch] [--json]

Says what is missing or wrong in the lessons, one line a problem: file:line rule: what; then how
many claims and questions there are, by track. Exits with 1 if there is any problem. Whether the
proofs hold is for 'highwater prove'.

  --watch   again after every change, until Ctrl-C; without the counts
  --json    {problems, counts}`,

  async run(args) {
    const { values } = parse(args, { watch: { type: 'boolean' }, json: { type: 'boolean' } });
    return checkProject(root, { watch: values['watch'] === true, json: values['json'] === true });
  },
};

interface CheckOptions {
  readonly watch: boolean;
  readonly json: boolean;
}

/** Lints the project in a folder and prints. Resolves to the exit code of the last time. */
export async function checkProject(project: string, options: CheckOptions): Promise<number> {
  let exitCode = 0;
  const lint = async (): Promise<void> => {
    const problems = await lintProject(project);
    exitCode = problems.length === 0 ? 0 : 1;
    const counts = options.watch ? null : await countProject(project);
    if (options.json) console.log(JSON.stringify({ problems, counts }));
    else print(problems, counts);
  };
  if (options.watch) await whileWatching(join(project, 'lessons'), lint);
  else await lint();
  return exitCode;
}

function print(problems: readonly Problem[], counts: Counts | null): void {
  for (const { file, line, rule, message } of problems) {
    console.log(`${file}:${line} ${rule}: ${message}`);
  }
  if (counts !== null) {
    table('claims', counts, (track) => track.claims);
    table('questions with such a claim', counts, (track) => track.questions);
    const { lessons, experiments } = counts.total;
    console.log(`${lessons} lessons, ${experiments} with their experiment\n`);
  }
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  console.log(problems.length === 0 ? 'lessons: no problem' : `lessons: ${count}`);
}

/** A row a track, and one of them all. */
function table(title: string, counts: Counts, countOf: (track: TrackCounts) => Count): void {
  const rows = [...counts.tracks, counts.total].map((track) => {
    const { all, byVerdict, proved, sourced, open } = countOf(track);
    return { '': track.track, all, ...byVerdict, proved, sourced, open };
  });
  const heads = Object.keys(rows[0]!);
  const cells = [heads, ...rows.map((row) => Object.values(row).map(String))];
  console.log(title);
  for (const row of cells) {
    const [first, ...rest] = row;
    const shown = rest.map((cell, place) => cell.padStart(heads[place + 1]!.length + 2));
    console.log(`  ${first!.padEnd(12)}${shown.join('')}`);
  }
  console.log('');
}

/** Lints, and again after each change, one at a time, until SIGINT. */
async function whileWatching(folder: string, lint: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  let waiting: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();
  const again = () => {
    last = last.then(lint).catch((error: unknown) => {
      console.error(`highwater check: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  const watcher = watch(folder, { recursive: true, signal: stop.signal }, () => {
    clearTimeout(waiting);
    waiting = setTimeout(again, QUIET_MS);
  });
  again();
  await new Promise<void>((resolve) => watcher.once('close', resolve));
  clearTimeout(waiting);
  await last;
}

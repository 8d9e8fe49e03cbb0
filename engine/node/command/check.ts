/** `highwater check`: the lint of the lessons, with the facts of their experiments. */
import { watch } from 'node:fs';
import { join } from 'node:path';
import { root } from './experiments.ts';
import { lintProject } from './lesson-folders.ts';
import type { Problem } from './lesson-folders.ts';
import { parse } from './usage.ts';
import type { Command } from './usage.ts';

/** An editor saves in several steps; the lint waits for the last. */
const QUIET_MS = 100;

export const check: Command = {
  name: 'check',
  summary: 'lint the lessons: schema, languages, terms, references, budgets',
  usage: `highwater check [--watch] [--json]

Says what is missing or wrong in the lessons, one line a problem: file:line rule: what.
Exits with 1 if there is any. Whether the proofs hold is for 'highwater prove'.

  --watch   again after every change, until Ctrl-C
  --json    one JSON array`,

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
    if (options.json) console.log(JSON.stringify(problems));
    else print(problems);
  };
  if (options.watch) await whileWatching(join(project, 'lessons'), lint);
  else await lint();
  return exitCode;
}

function print(problems: readonly Problem[]): void {
  for (const { file, line, rule, message } of problems) {
    console.log(`${file}:${line} ${rule}: ${message}`);
  }
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  console.log(problems.length === 0 ? 'lessons: no problem' : `lessons: ${count}`);
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

/** `highwater check`: the lint of the lessons, with the facts of their experiments. */
import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { Run } from '../../lab/run.ts';
import { experimentPlaces, loadPlace, root } from './experiments.ts';
import { parse } from './usage.ts';
import type { Command } from './usage.ts';

/** What `lessons/lint.ts` is given of an experiment. */
interface ExperimentFacts {
  readonly id: string;
  readonly steps: readonly string[];
  readonly measures: readonly string[];
  readonly proofs: readonly string[];
  readonly knobs: readonly string[];
}

interface LessonFiles {
  readonly track: string;
  readonly slug: string;
  readonly texts: Readonly<Record<string, string>>;
  readonly experiment: ExperimentFacts | null;
}

interface Problem {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** The lint is loaded by path, as all lessons are: the engine does not import them. */
interface Lint {
  lintLessons(lessons: readonly LessonFiles[]): Problem[];
}

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
    const problems = await lintAll();
    if (values['json'] === true) console.log(JSON.stringify(problems));
    else print(problems);
    if (values['watch'] === true) await watchLessons();
    return problems.length === 0 ? 0 : 1;
  },
};

async function lintAll(): Promise<Problem[]> {
  const path = join(root, 'lessons/lint.ts');
  const lint = (await import(path)) as Lint;
  return lint.lintLessons(await readLessons());
}

async function readLessons(): Promise<LessonFiles[]> {
  const facts = new Map<string, ExperimentFacts>();
  for (const place of experimentPlaces()) {
    facts.set(`${place.track}/${place.slug}`, factsOf(await loadPlace(place)));
  }
  const lessons = join(root, 'lessons');
  const found: LessonFiles[] = [];
  for (const track of readdirSync(lessons, { withFileTypes: true })) {
    if (!track.isDirectory()) continue;
    for (const slug of readdirSync(join(lessons, track.name)).sort()) {
      const texts = textsOf(join(lessons, track.name, slug));
      const experiment = facts.get(`${track.name}/${slug}`) ?? null;
      found.push({ track: track.name, slug, texts, experiment });
    }
  }
  return found;
}

function factsOf(experiment: ConstructorParameters<typeof Run>[0]): ExperimentFacts {
  const finished = new Run(experiment, { trace: false }).finish();
  return {
    id: experiment.id,
    steps: [...experiment.steps, ...experiment.settle].map((step) => step.id),
    measures: finished.failed ? [] : Object.keys(finished.measures()),
    proofs: Object.keys(experiment.proofs),
    knobs: Object.keys(experiment.knobs),
  };
}

function textsOf(folder: string): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of readdirSync(folder).sort()) {
    texts[name] = readFileSync(join(folder, name), 'utf8');
  }
  return texts;
}

function print(problems: readonly Problem[]): void {
  for (const { file, line, rule, message } of problems) {
    console.log(`${file}:${line} ${rule}: ${message}`);
  }
  console.log(
    problems.length === 0 ? 'lessons: no problem' : `lessons: ${problems.length} problems`,
  );
}

/** Lints again after each change of a text. A changed experiment needs a new start. */
async function watchLessons(): Promise<void> {
  const folder = join(root, 'lessons');
  if (!existsSync(folder)) return;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  let waiting: NodeJS.Timeout | undefined;
  const watcher = watch(folder, { recursive: true, signal: stop.signal }, () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      lintAll().then(print, (error: unknown) => console.error(error));
    }, 100);
  });
  await new Promise<void>((resolve) => watcher.once('close', resolve));
}

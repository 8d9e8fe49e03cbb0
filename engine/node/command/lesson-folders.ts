/**
 * Reads the folders of lessons/ and has them linted, for `check` and `new-lesson`. What lessons/
 * exports is loaded by path, as all lessons are: the engine does not import them.
 * Not here: the rules (`lessons/lint.ts`).
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { datesOf } from '../../lab/experiment.ts';
import type { Experiment } from '../../lab/experiment.ts';
import { Run } from '../../lab/run.ts';

/** What `lessons/lint.ts` is given of an experiment. */
interface ExperimentFacts {
  readonly id: string;
  readonly steps: readonly string[];
  readonly measures: readonly string[] | null;
  readonly proofs: readonly string[];
  readonly dates: Readonly<Record<string, string>>;
  readonly knobs: readonly string[];
  readonly breaks: string | null;
}

/** One folder, `lessons/<track>/<slug>`, with its texts by name. */
export interface LessonFolder {
  readonly track: string;
  readonly slug: string;
  readonly texts: Readonly<Record<string, string>>;
  /** Null where there is no experiment, or it could not be loaded. */
  readonly experiment: ExperimentFacts | null;
}

/** One thing that is wrong, and where. */
export interface Problem {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

interface Lint {
  lintLessons(lessons: readonly LessonFolder[]): Problem[];
}

/** What `lessons/counts.ts` gives, as far as it is read here. */
export interface Count {
  readonly all: number;
  readonly byVerdict: Readonly<Record<string, number>>;
  readonly proved: number;
  readonly sourced: number;
  readonly open: number;
}

export interface TrackCounts {
  readonly track: string;
  readonly lessons: number;
  readonly experiments: number;
  readonly questions: Count;
  readonly claims: Count;
}

export interface Counts {
  readonly tracks: readonly TrackCounts[];
  readonly total: TrackCounts;
}

interface Counting {
  countLessons(lessons: readonly LessonFolder[]): Counts;
}

interface Comparison {
  readonly COMPARISON_FILE: string;
}

interface ComparisonLint {
  lintComparison(file: string, text: string): Problem[];
}

interface Definitions {
  readonly DEFINITIONS_FILE: string;
}

interface DefinitionsLint {
  lintDefinitions(file: string, text: string): Problem[];
}

interface Tracks {
  readonly TRACKS: readonly { readonly id: string }[];
}

/** The ids of the tracks of the project in `root`, in order. */
export async function tracksOf(root: string): Promise<string[]> {
  const url = pathToFileURL(join(root, 'lessons/tracks.ts')).href;
  return ((await import(url)) as Tracks).TRACKS.map(({ id }) => id);
}

/** What the lint of the project in `root` says about these folders. */
export async function lintFolders(
  root: string,
  lessons: readonly LessonFolder[],
): Promise<Problem[]> {
  const url = pathToFileURL(join(root, 'lessons/lint.ts')).href;
  return ((await import(url)) as Lint).lintLessons(lessons);
}

/** Everything that is wrong with the lessons of the project in `root`, their experiments run. */
export async function lintProject(root: string): Promise<Problem[]> {
  const problems: Problem[] = [];
  const lessons: LessonFolder[] = [];
  for (const lesson of readFolders(root)) {
    const name = `lessons/${lesson.track}/${lesson.slug}/experiment.ts`;
    try {
      lessons.push({ ...lesson, experiment: await factsOf(join(root, name)) });
    } catch (error) {
      const message = `it cannot be loaded: ${error instanceof Error ? error.message : error}`;
      problems.push({ rule: 'experiment', file: name, line: 1, message });
      lessons.push(lesson);
    }
  }
  return [
    ...problems,
    ...(await lintFolders(root, lessons)),
    ...(await lintComparison(root)),
    ...(await lintDefinitions(root)),
  ];
}

/** What is wrong with the definitions of the glossary's terms, if the project in `root` has any. */
async function lintDefinitions(root: string): Promise<Problem[]> {
  const load = async (name: string): Promise<unknown> =>
    import(pathToFileURL(join(root, 'lessons', name)).href);
  if (!existsSync(join(root, 'lessons/definitions.yaml'))) return [];
  const { DEFINITIONS_FILE } = (await load('definitions.ts')) as Definitions;
  const { lintDefinitions: lint } = (await load('lint-definitions.ts')) as DefinitionsLint;
  return lint(DEFINITIONS_FILE, readFileSync(join(root, DEFINITIONS_FILE), 'utf8'));
}

/** How many questions and claims the project in `root` has. */
export async function countProject(root: string): Promise<Counts> {
  const url = pathToFileURL(join(root, 'lessons/counts.ts')).href;
  return ((await import(url)) as Counting).countLessons(readFolders(root));
}

/** What is wrong with the comparison of brokers of the project in `root`, if it has one. */
async function lintComparison(root: string): Promise<Problem[]> {
  const load = async (name: string): Promise<unknown> =>
    import(pathToFileURL(join(root, 'lessons', name)).href);
  if (!existsSync(join(root, 'lessons/comparison.yaml'))) return [];
  const { COMPARISON_FILE } = (await load('comparison.ts')) as Comparison;
  const { lintComparison: lint } = (await load('lint-comparison.ts')) as ComparisonLint;
  return lint(COMPARISON_FILE, readFileSync(join(root, COMPARISON_FILE), 'utf8'));
}

/** The folders with their texts, by track and slug; no experiment is loaded. */
export function readFolders(root: string): LessonFolder[] {
  const lessons = join(root, 'lessons');
  return namesIn(lessons, 'folder').flatMap((track) =>
    namesIn(join(lessons, track), 'folder').map((slug) => {
      const folder = join(lessons, track, slug);
      const names = namesIn(folder, 'file');
      const texts = names.map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
      return { track, slug, texts: Object.fromEntries(texts), experiment: null };
    }),
  );
}

function namesIn(path: string, kind: 'file' | 'folder'): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => (kind === 'folder' ? entry.isDirectory() : entry.isFile()))
    .map((entry) => entry.name)
    .sort();
}

/** A file is loaded anew once it has changed; its address says so, for modules are kept. */
const firstSeen = new Map<string, number>();

async function factsOf(file: string): Promise<ExperimentFacts | null> {
  if (!existsSync(file)) return null;
  const changed = statSync(file).mtimeMs;
  const first = firstSeen.get(file) ?? changed;
  firstSeen.set(file, first);
  const url = pathToFileURL(file).href + (changed === first ? '' : `?changed=${changed}`);
  const experiment = ((await import(url)) as { default: Experiment }).default;
  const finished = new Run(experiment, { trace: false }).finish();
  return {
    id: experiment.id,
    steps: [...experiment.steps, ...experiment.settle].map((step) => step.id),
    measures: finished.failed ? null : Object.keys(finished.measures()),
    proofs: Object.keys(experiment.proofs),
    dates: datesOf(experiment),
    knobs: Object.keys(experiment.knobs),
    breaks: experiment.breaks ?? null,
  };
}

/**
 * Reads the folders of lessons/ for the lint, and loads each experiment for what the texts may
 * refer to. It judges nothing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { datesOf, type Experiment } from '../../engine/lab/experiment.ts';
import { Session } from '../../engine/lab/session.ts';
import type { ExperimentFacts, LessonFiles } from '../../lessons/lint.ts';
import { parseQuestions, type Claim } from '../../lessons/schema.ts';

const LESSONS = fileURLToPath(new URL('../../lessons', import.meta.url));

/** Every lesson, by track and slug. A folder that no track names is read too: the lint says so. */
export async function allLessons(): Promise<LessonFiles[]> {
  const lessons: LessonFiles[] = [];
  for (const track of folders(LESSONS)) {
    for (const slug of folders(join(LESSONS, track))) {
      const folder = join(LESSONS, track, slug);
      const names = readdirSync(folder).sort();
      const texts = Object.fromEntries(
        names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
      );
      lessons.push({ track, slug, texts, experiment: await factsOf(folder) });
    }
  }
  return lessons;
}

/** An experiment and its place. */
export interface PlacedExperiment {
  readonly track: string;
  readonly slug: string;
  readonly experiment: Experiment;
}

/** Every experiment, by track and slug. */
export async function allExperiments(): Promise<PlacedExperiment[]> {
  const places = folders(LESSONS).flatMap((track) =>
    folders(join(LESSONS, track)).map((slug) => ({ track, slug })),
  );
  const found: PlacedExperiment[] = [];
  for (const { track, slug } of places) {
    const experiment = await experimentIn(join(LESSONS, track, slug));
    if (experiment !== null) found.push({ track, slug, experiment });
  }
  return found;
}

/** The claims of a folder; none where it has no questions. */
export function claimsOf(track: string, slug: string): readonly Claim[] {
  const file = `${track}/${slug}/questions.yaml`;
  if (!existsSync(join(LESSONS, file))) return [];
  const { value } = parseQuestions(file, lessonText(file));
  return (value?.questions ?? []).flatMap(({ claims }) => claims);
}

export function hasText(path: string): boolean {
  return existsSync(join(LESSONS, path));
}

/** The text of one file of one lesson. */
export function lessonText(path: string): string {
  return readFileSync(join(LESSONS, path), 'utf8');
}

function folders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

async function experimentIn(folder: string): Promise<Experiment | null> {
  const file = join(folder, 'experiment.ts');
  if (!existsSync(file)) return null;
  return ((await import(pathToFileURL(file).href)) as { default: Experiment }).default;
}

async function factsOf(folder: string): Promise<ExperimentFacts | null> {
  const experiment = await experimentIn(folder);
  if (experiment === null) return null;
  const { id, steps, settle, proofs, knobs, breaks } = experiment;
  return {
    id,
    steps: [...steps, ...settle].map((step) => step.id),
    measures: Object.keys(new Session(experiment).summary().measures),
    proofs: Object.keys(proofs),
    dates: datesOf(experiment),
    knobs: Object.keys(knobs),
    breaks: breaks ?? null,
  };
}

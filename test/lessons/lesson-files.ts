/**
 * Reads the folders of lessons/ for the lint, and loads each experiment for what the texts may
 * refer to. It judges nothing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Experiment } from '../../engine/lab/experiment.ts';
import { Session } from '../../engine/lab/session.ts';
import type { ExperimentFacts, LessonFiles } from '../../lessons/lint.ts';

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

async function factsOf(folder: string): Promise<ExperimentFacts | null> {
  const file = join(folder, 'experiment.ts');
  if (!existsSync(file)) return null;
  const module = (await import(pathToFileURL(file).href)) as { default: Experiment };
  const { id, steps, settle, proofs, knobs } = module.default;
  return {
    id,
    steps: [...steps, ...settle].map((step) => step.id),
    measures: Object.keys(new Session(module.default).summary().measures),
    proofs: Object.keys(proofs),
    knobs: Object.keys(knobs),
  };
}

/**
 * The modules of the pages around the lessons, as lesson-modules.ts serves them: the first page's
 * run, the charts of the engine's state machines, and the glossary with its definitions.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Chart } from '../../engine/lab/machines.ts';
import { DEFINITIONS_FILE, parseDefinitions } from '../../lessons/definitions.ts';
import { GLOSSARY } from '../../lessons/glossary.ts';
import type { GlossaryGroup, Lang, Prerequisites, SceneData } from '../lesson/content.ts';
import {
  frontMatterOf,
  inLanguage,
  lessonFolders,
  questionsOf,
  titleOf,
  valid,
} from './lesson-folders.ts';
import { SCENE_LESSON, type SceneRun } from './scene.ts';

/** `virtual:lesson-scene/<lang>` */
export function sceneModule(lessons: string, run: SceneRun, lang: Lang): string {
  const folder = lessonFolders(lessons).find(
    ({ track, slug }) => `${track}/${slug}` === SCENE_LESSON,
  );
  if (folder === undefined) throw new Error(`there is no lesson ${SCENE_LESSON}`);
  const { track, slug } = folder;
  const scene: SceneData = {
    ...inLanguage(run, lang),
    lesson: { track, slug, title: titleOf(folder, lang) },
  };
  return `export const scene = ${parsed(scene)};`;
}

/** `virtual:lesson-prerequisites`: what questions.yaml says, and the head of the prose. */
export function prerequisitesModule(lessons: string): string {
  const before: Prerequisites = Object.fromEntries(
    lessonFolders(lessons).map((folder) => {
      const { prerequisites } = questionsOf(folder, 'en');
      const further = frontMatterOf(folder, 'en')?.prerequisites ?? [];
      return [folder.slug, [...new Set([...prerequisites, ...further])]];
    }),
  );
  return `export const prerequisites = ${parsed(before)};`;
}

/** `virtual:lesson-machines` */
export function machinesModule(charts: readonly Chart[]): string {
  return `export const charts = ${parsed(charts)};`;
}

/** `virtual:lesson-glossary/<lang>` */
export function glossaryModule(lessons: string, lang: Lang): string {
  return `export const groups = ${parsed(glossaryGroups(lessons, lang))};`;
}

/**
 * The glossary in one language, in the order in which it is read.
 * @throws Error with each fault's file and line, or for a definition without a term
 */
export function glossaryGroups(lessons: string, lang: Lang): readonly GlossaryGroup[] {
  const text = readFileSync(join(lessons, basename(DEFINITIONS_FILE)), 'utf8');
  const { groups } = inLanguage(valid(parseDefinitions(DEFINITIONS_FILE, text)), lang);
  return groups.map(({ id, title, terms }) => ({
    id,
    title,
    terms: Object.entries(terms).map(([term, definition]) => {
      const entry = GLOSSARY[term];
      if (entry === undefined) throw new Error(`${DEFINITIONS_FILE} defines no term: ${term}`);
      return { id: term, en: entry.en, zh: entry.zh, definition };
    }),
  }));
}

/** A string is parsed faster than an object literal is compiled. */
function parsed(value: unknown): string {
  return `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
}

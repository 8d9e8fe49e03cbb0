/**
 * Reads the folders of lessons/ for the build: which there are, their front matter, their
 * questions, held against the forms in lessons/. A fault stops the build with its file and line.
 *
 * What needs more than a form (glossary, lengths, ids across files) is in lessons/lint.ts.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { frontMatter, type FrontMatter } from '../../lessons/front-matter.ts';
import { GLOSSARY } from '../../lessons/glossary.ts';
import { GALLERY, TRACKS } from '../../lessons/tracks.ts';
import { printed } from '../../lessons/problem.ts';
import { readProse } from '../../lessons/prose.ts';
import {
  parseQuestions,
  validateYaml,
  type QuestionsFile,
  type Validated,
} from '../../lessons/schema.ts';
import { filesOf, stageOf, type Stage } from '../../lessons/stage.ts';
import { LANGS, type InOneLanguage, type Lang, type LessonQuestions } from '../lesson/content.ts';

/** A lesson's folder: `lessons/<track>/<slug>`. */
export interface LessonFolder {
  readonly track: string;
  readonly slug: string;
  readonly path: string;
  readonly stage: Stage;
}

/** Every lesson's folder that holds anything, by name. */
export function lessonFolders(lessons: string): LessonFolder[] {
  return foldersIn(lessons).flatMap((track) =>
    foldersIn(join(lessons, track)).flatMap((slug) => {
      const path = join(lessons, track, slug);
      const names = readdirSync(path);
      return names.includes('questions.yaml')
        ? [{ track, slug, path, stage: stageOf(track, names) }]
        : [];
    }),
  );
}

/** Every lesson's folder by track and by the order of its prose; those without prose are last. */
export function lessonsInOrder(lessons: string): LessonFolder[] {
  const folders = lessonFolders(lessons).map((folder) => ({
    folder,
    track: TRACKS.findIndex(({ id }) => id === folder.track),
    order: frontMatterOf(folder, 'en')?.order ?? Infinity,
  }));
  return folders
    .filter(({ track }) => track >= 0)
    .sort((a, b) => a.track - b.track || (a.order === b.order ? 0 : a.order - b.order))
    .map(({ folder }) => folder);
}

/** The title of the prose; without prose, what the questions are about. */
export function titleOf(folder: LessonFolder, lang: Lang): string {
  return frontMatterOf(folder, lang)?.title ?? questionsOf(folder, lang).about;
}

/** Every entry of the gallery, by name. */
export function storyFolders(lessons: string): LessonFolder[] {
  const gallery = join(lessons, GALLERY.id);
  if (!existsSync(gallery)) return [];
  return foldersIn(gallery).flatMap((slug) => {
    const path = join(gallery, slug);
    const names = readdirSync(path);
    const isThere = filesOf('story').every((name) => names.includes(name));
    return isThere ? [{ track: GALLERY.id, slug, path, stage: 'story' as const }] : [];
  });
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** The file of the prose in one language, or undefined while there is none. */
export function proseFile({ path }: LessonFolder, lang: Lang): string | undefined {
  const file = join(path, `${lang}.svx`);
  return existsSync(file) ? file : undefined;
}

/**
 * The front matter of the prose in one language; undefined where there is no prose.
 * @throws Error with each fault's file and line
 */
export function frontMatterOf(folder: LessonFolder, lang: Lang): FrontMatter | undefined {
  const file = proseFile(folder, lang);
  if (file === undefined) return undefined;
  const prose = readProse(readFileSync(file, 'utf8'));
  const name = relative(process.cwd(), file);
  return valid(validateYaml(frontMatter, name, prose.frontMatter, prose.frontMatterLine));
}

/** The terms of the glossary that the prose uses, by id, each in the other language. */
export function termsIn(folder: LessonFolder, lang: Lang): Record<string, string> {
  const file = proseFile(folder, lang);
  if (file === undefined) return {};
  const { references } = readProse(readFileSync(file, 'utf8'));
  const ids = references.filter(({ component }) => component === 'Term').map(({ id }) => id);
  return Object.fromEntries(
    ids.flatMap((id) => {
      const term = GLOSSARY[id];
      return term === undefined ? [] : [[id, lang === 'en' ? term.zh : term.en]];
    }),
  );
}

/** By file: many modules are made of one, and reading YAML is the longest part of it. */
const read = new Map<string, { readonly text: string; readonly value: QuestionsFile }>();

/**
 * The questions in one language.
 * @throws Error with each fault's file and line
 */
export function questionsOf({ path }: LessonFolder, lang: Lang): LessonQuestions {
  const file = join(path, 'questions.yaml');
  const name = relative(process.cwd(), file);
  const text = readFileSync(file, 'utf8');
  const before = read.get(file);
  const value = before?.text === text ? before.value : valid(parseQuestions(name, text));
  read.set(file, { text, value });
  return inLanguage(value, lang);
}

/** @throws Error with each fault's file and line */
export function valid<T>({ value, problems }: Validated<T>): T {
  if (value === null) throw new Error(printed(problems).join('\n'));
  return value;
}

/** The same data with every pair `{ en, zh }` replaced by the one of the language. */
export function inLanguage<T>(value: T, lang: Lang): InOneLanguage<T> {
  return reduced(value, lang) as InOneLanguage<T>;
}

function reduced(value: unknown, lang: Lang): unknown {
  if (Array.isArray(value)) return value.map((item) => reduced(item, lang));
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value);
  const isPair = names.length === LANGS.length && LANGS.every((name) => names.includes(name));
  if (isPair) return (value as Record<Lang, unknown>)[lang];
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, reduced(item, lang)]),
  );
}

/**
 * The gallery's modules, as lesson-modules.ts serves them: the index of one language, a loader for
 * each story, and one story in one language. A story is prose and a run, without questions.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import {
  compareStories,
  storyFrontMatter,
  type StoryFrontMatter,
} from '../../lessons/front-matter.ts';
import { GALLERY } from '../../lessons/tracks.ts';
import { readProse } from '../../lessons/prose.ts';
import { validateYaml } from '../../lessons/schema.ts';
import type { Still } from '../../engine/lab/still.ts';
import { LANGS, type Lang, type StoryEntry } from '../lesson/content.ts';
import { inLanguage, proseFile, storyFolders, termsIn, valid } from './lesson-folders.ts';
import type { LessonFolder } from './lesson-folders.ts';

export function storyBodiesModule(lessons: string): string {
  const loaders = storyFolders(lessons).flatMap(({ slug }) =>
    LANGS.map((lang) => {
      const key = `${slug}/${lang}`;
      const module = JSON.stringify(`virtual:lesson-story/${key}`);
      return `${JSON.stringify(key)}: () => import(${module}),`;
    }),
  );
  return `export const bodies = {\n${loaders.join('\n')}\n};`;
}

/** All stories of one language, by their numbers. */
export function galleryModule(lessons: string, lang: Lang): string {
  const stories: StoryEntry[] = storyFolders(lessons)
    .map((folder) => ({ slug: folder.slug, ...frontOf(folder, lang) }))
    .sort(compareStories);
  return `export const stories = ${JSON.stringify(stories)};`;
}

export async function storyModule(
  lessons: string,
  slug: string,
  lang: Lang,
  stillOf: (lesson: string) => Promise<Still>,
): Promise<string> {
  const folder = storyFolders(lessons).find((one) => one.slug === slug);
  if (folder === undefined) throw new Error(`there is no story ${slug}`);
  const run = JSON.stringify(inLanguage(await stillOf(`${GALLERY.id}/${slug}`), lang));
  return [
    `export { default as Body } from ${JSON.stringify(proseFile(folder, lang))};`,
    // a string is parsed faster than an object literal is compiled
    `export const run = JSON.parse(${JSON.stringify(run)});`,
    `export const terms = ${JSON.stringify(termsIn(folder, lang))};`,
  ].join('\n');
}

function frontOf(folder: LessonFolder, lang: Lang): StoryFrontMatter {
  const file = proseFile(folder, lang);
  if (file === undefined) throw new Error(`${folder.path} has no ${lang}.svx`);
  const prose = readProse(readFileSync(file, 'utf8'));
  const name = relative(process.cwd(), file);
  return valid(validateYaml(storyFrontMatter, name, prose.frontMatter, prose.frontMatterLine));
}

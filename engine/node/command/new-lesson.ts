/**
 * `highwater new-lesson`: a folder that is green, visible and shareable at once. Not here: its
 * texts (`lesson-template.ts`).
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { root } from './experiments.ts';
import { lintFolders, readFolders, tracksOf } from './lesson-folders.ts';
import type { LessonFolder } from './lesson-folders.ts';
import { lessonTexts } from './lesson-template.ts';
import { parse, UsageError } from './usage.ts';
import type { Command } from './usage.ts';

/** Questions of no document have ids under this number. */
const NO_DOCUMENT = '999';

export const newLesson: Command = {
  name: 'new-lesson',
  summary: 'begin a lesson: a folder with texts and an experiment that work',
  usage: `highwater new-lesson <track>/<slug> [--title text] [--title-zh text]

Writes lessons/<track>/<slug>/ with questions.yaml, experiment.ts, en.svx and zh.svx: a small
lesson that passes 'highwater check' and 'highwater prove', to be changed into another. A lesson
that has its questions keeps them and gets the other three.

  --title text      its title in English (default: the words of the slug)
  --title-zh text   its title in Chinese`,

  async run(args) {
    const options = { title: { type: 'string' }, 'title-zh': { type: 'string' } } as const;
    const { values, positionals } = parse(args, options, 1);
    const { folder, names } = await createLesson(root, positionals[0] ?? '', {
      en: values['title'] as string | undefined,
      zh: values['title-zh'] as string | undefined,
    });
    for (const line of nextSteps(folder, names)) console.log(line);
    return 0;
  },
};

/** What was written, and what the author does next: write, try, look, finish. */
export function nextSteps(folder: string, names: readonly string[]): string[] {
  const [, track, slug] = folder.split('/');
  const ofTemplate = names.includes('questions.yaml') ? 'question' : 'story';
  return [
    `${folder}: ${names.join(', ')}`,
    `write:  its ${ofTemplate} is still the template's; how, says lessons/README.md`,
    `try:    highwater run ${slug}; highwater prove ${slug}; highwater check`,
    `look:   npm run dev, then /en/${track}/${slug}/ and /zh/${track}/${slug}/ there`,
    `finish: npx prettier --write ${folder}; the README's figures as highwater check counts them`,
  ];
}

interface Titles {
  readonly en: string | undefined;
  readonly zh: string | undefined;
}

/** What was written: the folder's path in the project, and the names of the files. */
interface Written {
  readonly folder: string;
  readonly names: readonly string[];
}

/**
 * Writes a lesson's folder below `project`, the project's folder; one that has only its questions
 * is given what it lacks. Throws a `UsageError`, and writes nothing, where the place or a title
 * cannot be.
 */
export async function createLesson(
  project: string,
  place: string,
  titles: Titles,
): Promise<Written> {
  const lessons = readFolders(project);
  const { track, slug, known } = await checkedPlace(project, place, lessons);
  const folder = `lessons/${track}/${slug}`;
  const words = slug.replaceAll('-', ' ');
  const about = known?.about ?? {
    en: words.charAt(0).toUpperCase() + words.slice(1),
    zh: `新的一课（${slug}）`,
  };
  const texts = lessonTexts({
    track,
    slug,
    title: {
      en: checkedTitle('title', titles.en ?? about.en),
      zh: checkedTitle('title-zh', titles.zh ?? about.zh),
    },
    order: nextOrder(lessons, track),
    // prose leads to prose
    prerequisites: (known?.prerequisites ?? []).filter((before) =>
      lessons.some(({ slug: one, texts: its }) => one === before && 'en.svx' in its),
    ),
    question: known === null ? freeQuestion(lessons, slug) : null,
  });
  const others = lessons.filter((lesson) => lesson.slug !== slug);
  const before = lessons.find((lesson) => lesson.slug === slug)?.texts;
  const added = { track, slug, texts: { ...before, ...texts }, experiment: null };
  const problems = await lintFolders(project, [...others, added]);
  const problem = problems.find(({ file }) => file === folder || file.startsWith(`${folder}/`));
  if (problem !== undefined) throw new UsageError(`the title cannot be: ${problem.message}`);
  mkdirSync(join(project, folder), { recursive: true });
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(project, folder, name), text, { flag: 'wx' });
  }
  return { folder, names: Object.keys(texts) };
}

/** What a lesson of questions says of itself. */
interface Known {
  readonly about: { readonly en: string; readonly zh: string };
  readonly prerequisites: readonly string[];
}

async function checkedPlace(
  project: string,
  place: string,
  lessons: readonly LessonFolder[],
): Promise<{ track: string; slug: string; known: Known | null }> {
  const tracks = await tracksOf(project);
  const known = `the tracks are: ${tracks.join(', ')}`;
  const parts = place.split('/');
  const [track = '', slug = ''] = parts;
  if (parts.length !== 2) {
    const given = place === '' ? 'nothing' : `'${place}'`;
    throw new UsageError(`name the lesson as <track>/<slug>, not ${given}; ${known}`);
  }
  if (!tracks.includes(track)) throw new UsageError(`no track '${track}'; ${known}`);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(slug)) {
    throw new UsageError(`a slug is lower-case words with hyphens, not '${slug}'`);
  }
  const other = lessons.find((lesson) => lesson.slug === slug);
  const questions = other?.texts['questions.yaml'];
  const isBegun = other?.track !== track || Object.keys(other.texts).length > 1;
  if (other !== undefined && (isBegun || questions === undefined)) {
    throw new UsageError(`there is a lesson lessons/${other.track}/${slug} already`);
  }
  if (questions !== undefined) {
    const { about, prerequisites = [] } = parseYaml(questions) as Partial<Known> &
      Pick<Known, 'about'>;
    return { track, slug, known: { about, prerequisites } };
  }
  if (existsSync(join(project, 'lessons', track, slug))) {
    throw new UsageError(`lessons/${track}/${slug} exists already`);
  }
  return { track, slug, known: null };
}

function checkedTitle(option: string, title: string): string {
  const trimmed = title.trim();
  if (trimmed !== '' && !/\p{Cc}/u.test(trimmed)) return trimmed;
  throw new UsageError(`--${option} is one line of text, not ${JSON.stringify(title)}`);
}

/** The place after the last lesson of the track. */
function nextOrder(lessons: readonly LessonFolder[], track: string): number {
  const orders = lessons
    .filter((lesson) => lesson.track === track)
    .map(({ texts }) => Number(/^order: (\d+)/m.exec(texts['en.svx'] ?? '')?.[1] ?? 0));
  return Math.max(0, ...orders) + 1;
}

/** An id and an address that no question has: the lesson's slug, or with a number after it. */
function freeQuestion(lessons: readonly LessonFolder[], slug: string) {
  const all = lessons.map(({ texts }) => texts['questions.yaml'] ?? '').join('\n');
  const taken = new Set([...all.matchAll(/^[ -]*(id|slug): *['"]?([^\s'"]+)/gm)].map((m) => m[2]));
  const free = (make: (number: number) => string): string => {
    for (let number = 1; ; number++) if (!taken.has(make(number))) return make(number);
  };
  return {
    id: free((number) => `${NO_DOCUMENT}#${number}`),
    slug: free((number) => (number === 1 ? slug : `${slug}-question-${number}`)),
  };
}

/**
 * Vite plugin: the lessons as modules.
 *
 *   virtual:lessons/<lang>                  the index of one language, without any body
 *   virtual:lesson-bodies                   a loader for each lesson and language
 *   virtual:lesson/<track>/<slug>/<lang>    one lesson in one language: prose, questions, run
 *
 * A lesson in one language is thus one chunk, loaded when its page is opened. Experiments are run
 * here, in Node, while the site is built: a page gets plain data. In development an edit of the
 * prose is swapped in place; an edit of anything else of a lesson or the engine reloads the page.
 */
import { fileURLToPath } from 'node:url';
import { runnerImport, type Plugin } from 'vite';
import type { Still } from '../../engine/lab/still.ts';
import { TRACKS } from '../../lessons/tracks.ts';
import { LANGS, type Lang, type LessonEntry, type LessonIndex } from '../lesson/content.ts';
import {
  frontMatterOf,
  inLanguage,
  lessonFolders,
  proseFile,
  questionsOf,
  termsIn,
  type LessonFolder,
} from './lesson-folders.ts';

const EXPERIMENTS = fileURLToPath(new URL('./experiments.ts', import.meta.url));

interface Experiments {
  stillOf(lesson: string): Still;
}

/** The still run of a lesson, `<track>/<slug>`. */
type StillOf = (lesson: string) => Promise<Still>;

export function lessonModules(lessons: string, engine: string): Plugin {
  let experiments: Promise<{ module: Experiments }> | undefined;
  // each experiment is run once, for both languages, the browser's build and Node's
  const runs = new Map<string, Promise<Still>>();
  const stillOf: StillOf = (lesson) => {
    experiments ??= runnerImport(EXPERIMENTS, { configFile: false, logLevel: 'error' });
    const run = runs.get(lesson) ?? experiments.then(({ module }) => module.stillOf(lesson));
    runs.set(lesson, run);
    return run;
  };

  return {
    name: 'highwater:lessons',
    enforce: 'post',
    resolveId: { filter: { id: /^virtual:lesson/ }, handler: (id) => `\0${id}` },
    load: {
      filter: { id: /^\0virtual:lesson/ },
      async handler(id) {
        const [kind, ...rest] = id.slice('\0virtual:'.length).split('/');
        if (kind === 'lesson-bodies') return bodiesModule(lessons);
        if (kind === 'lessons') return indexModule(lessons, rest[0] as Lang);
        const [track, slug, lang] = rest;
        const folder = lessonFolders(lessons).find((f) => f.track === track && f.slug === slug);
        if (folder === undefined) throw new Error(`there is no lesson ${track}/${slug}`);
        return lessonModule(folder, lang as Lang, stillOf);
      },
    },
    transform: {
      // Vite counts import() as a use of every export; Svelte accepts only the default one
      filter: { id: /\.svx$/ },
      handler(code) {
        if (this.environment.mode !== 'dev') return undefined;
        return code.replace(/acceptExports\(\s*\[\s*["']default["']\s*\]\s*,/, 'accept(');
      },
    },
    hotUpdate({ file }) {
      const isOurs = file.startsWith(lessons) || file.startsWith(engine);
      if (!isOurs || file.endsWith('.svx')) return undefined;
      experiments = undefined;
      runs.clear();
      for (const [id, module] of this.environment.moduleGraph.idToModuleMap) {
        if (id.startsWith('\0virtual:lesson')) {
          this.environment.moduleGraph.invalidateModule(module);
        }
      }
      this.environment.hot.send({ type: 'full-reload' });
      return [];
    },
  };
}

function bodiesModule(lessons: string): string {
  const loaders = lessonFolders(lessons).flatMap(({ track, slug }) =>
    LANGS.map((lang) => {
      const key = `${track}/${slug}/${lang}`;
      return `${JSON.stringify(key)}: () => import(${JSON.stringify(`virtual:lesson/${key}`)}),`;
    }),
  );
  return `export const bodies = {\n${loaders.join('\n')}\n};`;
}

function indexModule(lessons: string, lang: Lang): string {
  const folders = lessonFolders(lessons);
  const index: LessonIndex = TRACKS.map(({ id, name }) => ({
    id,
    title: name[lang],
    lessons: inOrder(folders.filter(({ track }) => track === id)).map((f) => entryOf(f, lang)),
  })).filter((track) => track.lessons.length > 0);
  return `export const index = ${JSON.stringify(index)};`;
}

function inOrder(folders: LessonFolder[]): LessonFolder[] {
  const order = (folder: LessonFolder): number => frontMatterOf(folder, 'en')?.order ?? Infinity;
  return folders
    .map((folder) => ({ folder, order: order(folder) }))
    .sort((a, b) => (a.order === b.order ? 0 : a.order - b.order))
    .map(({ folder }) => folder);
}

function entryOf(folder: LessonFolder, lang: Lang): LessonEntry {
  const matter = frontMatterOf(folder, lang);
  const { about, questions } = questionsOf(folder, lang);
  const claims = questions.flatMap((question) => question.claims);
  return {
    track: folder.track,
    slug: folder.slug,
    stage: folder.stage,
    title: matter?.title ?? about,
    summary: matter?.summary ?? '',
    minutes: matter?.minutes ?? 0,
    questions: questions.length,
    claims: claims.length,
    corrected: claims.filter(({ verdict }) => verdict !== 'holds').length,
  };
}

async function lessonModule(folder: LessonFolder, lang: Lang, stillOf: StillOf): Promise<string> {
  const prose = proseFile(folder, lang);
  let run = 'null';
  if (folder.stage !== 'questions') {
    run = JSON.stringify(inLanguage(await stillOf(`${folder.track}/${folder.slug}`), lang));
  }
  const matter = frontMatterOf(folder, lang);
  return [
    prose === undefined
      ? 'export const Body = null;'
      : `export { default as Body } from ${JSON.stringify(prose)};`,
    `export const bet = ${JSON.stringify(matter?.bet ?? null)};`,
    `export const puzzle = ${JSON.stringify(matter?.puzzle ?? null)};`,
    `export const content = ${JSON.stringify(questionsOf(folder, lang))};`,
    // a string is parsed faster than an object literal is compiled
    `export const run = JSON.parse(${JSON.stringify(run)});`,
    `export const terms = ${JSON.stringify(termsIn(folder, lang))};`,
  ].join('\n');
}

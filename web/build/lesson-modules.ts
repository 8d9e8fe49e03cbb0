/**
 * Vite plugin: the lessons as modules.
 *
 *   virtual:lessons/<lang>                  the index of one language, without any body
 *   virtual:lesson-bodies                   a loader for each lesson and language
 *   virtual:lesson/<track>/<slug>/<lang>    one lesson in one language: prose, questions, run
 *   virtual:lesson-questions                the JSON files of the questions, by path, for the build
 *   virtual:lesson-scene/<lang>, virtual:lesson-machines, virtual:lesson-glossary/<lang>,
 *   virtual:lesson-prerequisites            the pages around them (reference-modules.ts)
 *   virtual:lesson-comparison/<lang>        the comparison of brokers (comparison-module.ts)
 *   virtual:lesson-gallery/<lang>, virtual:lesson-stories, virtual:lesson-story/<slug>/<lang>
 *                                           the same of the gallery (story-modules.ts)
 *
 * A lesson in one language is thus one chunk, loaded when its page is opened. Experiments are run
 * here, in Node, while the site is built: a page gets plain data. In development an edit of the
 * prose is swapped in place; an edit of anything else of a lesson or the engine reloads the page.
 */
import { fileURLToPath } from 'node:url';
import { runnerImport, type Plugin, type ViteDevServer } from 'vite';
import type { ErrorCode } from '../../engine/lab/error-codes.ts';
import type { Chart } from '../../engine/lab/machines.ts';
import type { Still } from '../../engine/lab/still.ts';
import type { RunOutcome } from '../../engine/lab/sweep.ts';
import { TRACKS } from '../../lessons/tracks.ts';
import {
  LANGS,
  type ClaimPlace,
  type Lang,
  type LessonEntry,
  type LessonIndex,
  type WrongClaim,
} from '../lesson/content.ts';
import {
  frontMatterOf,
  inLanguage,
  lessonFolders,
  lessonsInOrder,
  proseFile,
  questionsOf,
  termsIn,
  titleOf,
  type LessonFolder,
} from './lesson-folders.ts';
import { comparisonModule } from './comparison-module.ts';
import { outcomeTable, type OutcomeOf } from './outcome-table.ts';
import { questionEntry, questionFiles } from './question-data.ts';
import {
  glossaryModule,
  machinesModule,
  prerequisitesModule,
  sceneModule,
} from './reference-modules.ts';
import type { SceneRun } from './scene.ts';
import { boundedStill } from './still-bounds.ts';
import { galleryModule, storyBodiesModule, storyModule } from './story-modules.ts';

const EXPERIMENTS = fileURLToPath(new URL('./experiments.ts', import.meta.url));

interface Experiments {
  stillOf(lesson: string): Still;
  outcomeOf(lesson: string, knobs: Readonly<Record<string, string>>): RunOutcome;
  errorCodes(): readonly ErrorCode[];
  scene(): SceneRun;
  machineCharts(): readonly Chart[];
}

/** The still run of a lesson, `<track>/<slug>`. */
type StillOf = (lesson: string) => Promise<Still>;

/** Runs of experiments in Node: each is made once, for both languages and both builds. */
class RunsInNode {
  #experiments: Promise<{ module: Experiments }> | undefined;
  #scene: Promise<SceneRun> | undefined;
  readonly #stills = new Map<string, Promise<Still>>();
  readonly #outcomes = new Map<string, Promise<RunOutcome>>();

  readonly inNode = async (): Promise<Experiments> => {
    this.#experiments ??= runnerImport(EXPERIMENTS, { configFile: false, logLevel: 'error' });
    return (await this.#experiments).module;
  };

  readonly stillOf: StillOf = (lesson) => {
    const known = this.#stills.get(lesson);
    const run = known ?? this.inNode().then((module) => boundedStill(module.stillOf(lesson)));
    this.#stills.set(lesson, run);
    return run;
  };

  readonly outcomeOf: OutcomeOf = (lesson, knobs) => {
    const key = JSON.stringify([lesson, knobs]);
    const known = this.#outcomes.get(key);
    const run = known ?? this.inNode().then((module) => module.outcomeOf(lesson, knobs));
    this.#outcomes.set(key, run);
    return run;
  };

  scene(): Promise<SceneRun> {
    this.#scene ??= this.inNode().then((module) => module.scene());
    return this.#scene;
  }

  /** The engine or an experiment has changed. */
  forget(): void {
    this.#experiments = undefined;
    this.#scene = undefined;
    this.#stills.clear();
    this.#outcomes.clear();
  }
}

export function lessonModules(lessons: string, engine: string): Plugin {
  const made = new RunsInNode();
  const { stillOf, outcomeOf, inNode } = made;
  const errorCodes = () => inNode().then((module) => module.errorCodes());
  const files = () => questionFiles(lessons, { stillOf, errorCodes });

  return {
    name: 'highwater:lessons',
    enforce: 'post',
    // else the build for Node has a plugin of its own, and runs every experiment again
    sharedDuringBuild: true,
    resolveId: { filter: { id: /^virtual:lesson/ }, handler: (id) => `\0${id}` },
    load: {
      filter: { id: /^\0virtual:lesson/ },
      async handler(id) {
        const [kind, ...rest] = id.slice('\0virtual:'.length).split('/');
        if (kind === 'lesson-bodies') return bodiesModule(lessons);
        if (kind === 'lesson-questions') return filesModule(await files());
        if (kind === 'lessons') return indexModule(lessons, rest[0] as Lang);
        if (kind === 'lesson-stories') return storyBodiesModule(lessons);
        if (kind === 'lesson-gallery') return galleryModule(lessons, rest[0] as Lang);
        if (kind === 'lesson-prerequisites') return prerequisitesModule(lessons);
        if (kind === 'lesson-glossary') return glossaryModule(lessons, rest[0] as Lang);
        if (kind === 'lesson-machines') return machinesModule((await inNode()).machineCharts());
        if (kind === 'lesson-scene') {
          return sceneModule(lessons, await made.scene(), rest[0] as Lang);
        }
        if (kind === 'lesson-comparison') return comparisonModule(lessons, rest[0] as Lang);
        const [track = '', slug, lang] = rest;
        if (kind === 'lesson-story') return storyModule(lessons, track, slug as Lang, stillOf);
        const folder = lessonFolders(lessons).find((f) => f.track === track && f.slug === slug);
        if (folder === undefined) throw new Error(`there is no lesson ${track}/${slug}`);
        return lessonModule(folder, lang as Lang, { stillOf, outcomeOf });
      },
    },
    configureServer: (server) => serveFiles(server, files),
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
      made.forget();
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

/** In development the files of the questions are made when they are asked for. */
function serveFiles(
  { middlewares, config: { base } }: ViteDevServer,
  files: () => Promise<ReadonlyMap<string, string>>,
): void {
  middlewares.use((request, response, next) => {
    const path = (request.url ?? '').slice(base.length).replace(/\?.*$/, '');
    if (!/^(en|zh)\/questions\/.*\.json$/.test(path)) return next();
    files().then((all) => {
      response.statusCode = all.has(path) ? 200 : 404;
      response.setHeader('content-type', 'application/json');
      response.end(all.get(path) ?? 'null');
    }, next);
  });
}

function filesModule(files: ReadonlyMap<string, string>): string {
  return `export const files = ${JSON.stringify(Object.fromEntries(files))};`;
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
  const folders = lessonsInOrder(lessons);
  const index: LessonIndex = TRACKS.map(({ id, name }) => ({
    id,
    title: name[lang],
    lessons: folders.filter(({ track }) => track === id).map((f) => entryOf(f, lang)),
  })).filter((track) => track.lessons.length > 0);
  return `export const index = ${JSON.stringify(index)};`;
}

function entryOf(folder: LessonFolder, lang: Lang): LessonEntry {
  const matter = frontMatterOf(folder, lang);
  const { questions } = questionsOf(folder, lang);
  const claims = questions.flatMap((question) => question.claims);
  return {
    track: folder.track,
    slug: folder.slug,
    stage: folder.stage,
    title: titleOf(folder, lang),
    summary: matter?.summary ?? '',
    minutes: matter?.minutes ?? 0,
    questions: questions.length,
    claims: claims.length,
    corrected: claims.filter(({ verdict }) => verdict !== 'holds').length,
  };
}

/** What a lesson's module needs of its experiment. */
interface Runs {
  readonly stillOf: StillOf;
  readonly outcomeOf: OutcomeOf;
}

async function lessonModule(
  folder: LessonFolder,
  lang: Lang,
  { stillOf, outcomeOf }: Runs,
): Promise<string> {
  const prose = proseFile(folder, lang);
  let run = 'null';
  if (folder.stage !== 'questions') {
    run = JSON.stringify(inLanguage(await stillOf(`${folder.track}/${folder.slug}`), lang));
  }
  const matter = frontMatterOf(folder, lang);
  const { questions } = questionsOf(folder, lang);
  const claims = questions.flatMap(({ slug, claims }) =>
    claims.map((claim) => ({ ...claim, question: slug, proof: claim.proof ?? null })),
  );
  const places: ClaimPlace[] = claims.map(({ id, question, proof }) => ({ id, question, proof }));
  const wrongs: WrongClaim[] = claims
    .filter(({ verdict, proof }) => verdict !== 'holds' && proof !== null)
    .map(({ id, question, proof, verdict, statement }) => {
      return { id, question, proof, verdict, statement };
    });
  const asked = questions.map((question) => questionEntry(folder, question));
  const table = await outcomeTable(folder, matter?.outcomes, outcomeOf);
  return [
    prose === undefined
      ? 'export const Body = null;'
      : `export { default as Body } from ${JSON.stringify(prose)};`,
    `export const bet = ${JSON.stringify(matter?.bet ?? null)};`,
    `export const acts = ${JSON.stringify(matter?.acts ?? [])};`,
    `export const goals = ${JSON.stringify(matter?.goals ?? [])};`,
    `export const puzzle = ${JSON.stringify(matter?.puzzle ?? null)};`,
    `export const questions = ${JSON.stringify(asked)};`,
    `export const claims = ${JSON.stringify(places)};`,
    `export const wrongs = ${JSON.stringify(wrongs)};`,
    // a string is parsed faster than an object literal is compiled
    `export const run = JSON.parse(${JSON.stringify(run)});`,
    `export const outcomes = ${JSON.stringify(table)};`,
    `export const terms = ${JSON.stringify(termsIn(folder, lang))};`,
  ].join('\n');
}

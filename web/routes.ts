/**
 * The site's addresses and what each loads: `/` (the door), `/<lang>/` (the index),
 * `/<lang>/<track>/<slug>/` (a lesson), `/<lang>/gallery/` and `/<lang>/gallery/<slug>/` (a story),
 * `/<lang>/safe/` (a configuration is checked), `/<lang>/questions/` and
 * `/<lang>/questions/<slug>/`, `/<lang>/study/`, `/<lang>/interview/`, `/<lang>/compare/`,
 * `/<lang>/map/`, `/<lang>/machines/`, `/<lang>/glossary/`, `/<lang>/playground/`.
 * `/<lang>/embed/<track>/<slug>/` is a lesson's experiment for a frame; `?slides` shows a
 * lesson as slides.
 * All end with a slash; everything else is missing.
 *
 * It is the same in the browser and in the build. How a page is shown is App.svelte.
 */
import type { Component } from 'svelte';
import type { Chart } from '#engine/lab/machines.ts';
import { bodies } from 'virtual:lesson-bodies';
import { bodies as storyBodies } from 'virtual:lesson-stories';
import {
  LANGS,
  type ComparisonRow,
  type GlossaryGroup,
  type Lang,
  type LessonEntry,
  type LessonIndex,
  type LessonModule,
  type Prerequisites,
  type QuestionData,
  type QuestionIndex,
  type SceneData,
  type StoryEntry,
  type StoryModule,
  type TrackEntry,
} from './lesson/content.ts';
import { loadMessages } from './i18n/messages.ts';
import { loadStageMessages } from './i18n/stage.ts';
import type { StageProps } from './lesson/stage-props.ts';
import {
  pathOf,
  embedPath,
  galleryPath,
  safePath,
  studyPath,
  interviewPath,
  comparePath,
  glossaryPath,
  machinesPath,
  mapPath,
  playgroundPath,
  questionPath,
} from './paths.ts';
import { FETCHED, type QuestionFiles } from './question-files.ts';

export type Page =
  | HomePage
  | { readonly kind: 'missing' }
  | IndexPage
  | MapPage
  | MachinesPage
  | GlossaryPage
  | GalleryPage
  | ViewPage
  | QuestionsPage
  | ComparePage
  | LessonPage
  | EmbedPage
  | QuestionPage
  | StoryPage;

/** It begins with the cluster that is the first thing to see. */
interface HomePage {
  readonly kind: 'home';
  readonly scene: SceneData;
  readonly View: Component<{ scene: SceneData }>;
  readonly module: string;
}

export interface IndexPage {
  readonly kind: 'index';
  readonly lang: Lang;
  readonly index: LessonIndex;
  readonly scene: SceneData;
  readonly View: Component<{ page: IndexPage }>;
  readonly module: string;
}

/** A page whose component is a chunk of its own, and gets the language and what was loaded. */
type PageOf<Kind extends string, Data = object> = Readonly<Data> & {
  readonly kind: Kind;
  readonly lang: Lang;
  readonly View: Component<{ lang: Lang } & Readonly<Data>>;
  readonly module: string;
};

type GalleryPage = PageOf<'gallery', { stories: readonly StoryEntry[] }>;
type MapPage = PageOf<'map', { index: LessonIndex; prerequisites: Prerequisites }>;
type MachinesPage = PageOf<'machines', { charts: readonly Chart[] }>;
type GlossaryPage = PageOf<'glossary', { groups: readonly GlossaryGroup[] }>;
type QuestionsPage = PageOf<'questions', { index: QuestionIndex }>;
type ComparePage = PageOf<'compare', { rows: readonly ComparisonRow[] }>;
/** Most visits do without them. */
type ViewPage = PageOf<ViewKind>;

export interface QuestionPage {
  readonly kind: 'question';
  readonly lang: Lang;
  readonly question: QuestionData;
  readonly View: Component<{ lang: Lang; data: QuestionData }>;
  readonly module: string;
}

export interface StoryPage {
  readonly kind: 'story';
  readonly lang: Lang;
  /** All of them, for the ways to the neighbours. */
  readonly stories: readonly StoryEntry[];
  readonly entry: StoryEntry;
  readonly story: StoryModule;
  readonly Stage: Component<StageProps> | undefined;
  readonly View: Component<{ page: StoryPage }>;
  /** The chunk's name, for the preloads of the prerendered page. */
  readonly module: string;
}

export interface LessonPage {
  readonly kind: 'lesson';
  readonly lang: Lang;
  readonly track: TrackEntry;
  readonly entry: LessonEntry;
  readonly lesson: LessonModule;
  /** What draws the experiment; absent where the lesson has none. */
  readonly Stage: Component<StageProps> | undefined;
  /** The chunk's name, for the preloads of the prerendered page. */
  readonly module: string;
}

/** A lesson's experiment alone. */
export interface EmbedPage {
  readonly kind: 'embed';
  readonly lang: Lang;
  readonly entry: LessonEntry;
  readonly lesson: LessonModule;
  readonly Stage: Component<StageProps>;
  readonly View: Component<{ page: EmbedPage }>;
  readonly module: string;
}

const INDEXES = {
  en: () => import('virtual:lessons/en'),
  zh: () => import('virtual:lessons/zh'),
};

const GALLERIES = {
  en: () => import('virtual:lesson-gallery/en'),
  zh: () => import('virtual:lesson-gallery/zh'),
};

const COMPARISONS = {
  en: () => import('virtual:lesson-comparison/en'),
  zh: () => import('virtual:lesson-comparison/zh'),
};

const SCENES = {
  en: () => import('virtual:lesson-scene/en'),
  zh: () => import('virtual:lesson-scene/zh'),
};

const GLOSSARIES = {
  en: () => import('virtual:lesson-glossary/en'),
  zh: () => import('virtual:lesson-glossary/zh'),
};

/** The pages that are a view of their own, each at `/<lang>/<kind>/`. */
const VIEWS = {
  safe: { module: 'page/Safe.svelte', view: () => import('./page/Safe.svelte') },
  study: { module: 'study/Study.svelte', view: () => import('./study/Study.svelte') },
  interview: {
    module: 'interview/Interview.svelte',
    view: () => import('./interview/Interview.svelte'),
  },
  playground: {
    module: 'playground/Playground.svelte',
    view: () => import('./playground/Playground.svelte'),
  },
};

type ViewKind = keyof typeof VIEWS;

const STAGE = import.meta.glob<Component<StageProps>>('./stage/Stage.svelte', {
  import: 'default',
});

/** The path of a page in a language, which may be another than its own. */
export function pathIn(lang: Lang, page: Page): string {
  if (page.kind === 'gallery') return galleryPath(lang);
  if (page.kind === 'embed') return embedPath(lang, page.entry);
  if (page.kind === 'safe') return safePath(lang);
  if (page.kind === 'study') return studyPath(lang);
  if (page.kind === 'interview') return interviewPath(lang);
  if (page.kind === 'playground') return playgroundPath(lang);
  if (page.kind === 'compare') return comparePath(lang);
  if (page.kind === 'map') return mapPath(lang);
  if (page.kind === 'machines') return machinesPath(lang);
  if (page.kind === 'glossary') return glossaryPath(lang);
  if (page.kind === 'story') return galleryPath(lang, page.entry);
  if (page.kind === 'questions') return questionPath(lang);
  if (page.kind === 'question') return questionPath(lang, page.question.content.slug);
  return pathOf(lang, page.kind === 'lesson' ? page.entry : undefined);
}

/** Every path that there is, for the build. */
export async function paths(files: QuestionFiles): Promise<string[]> {
  const all = ['/'];
  for (const lang of LANGS) {
    const { index } = await INDEXES[lang]();
    const lessons = index.flatMap((track) => track.lessons);
    all.push(pathOf(lang), ...lessons.map((entry) => pathOf(lang, entry)));
    const played = lessons.filter(({ stage }) => stage !== 'questions');
    all.push(...played.map((entry) => embedPath(lang, entry)));
    all.push(safePath(lang), studyPath(lang), interviewPath(lang), comparePath(lang));
    all.push(mapPath(lang), machinesPath(lang), glossaryPath(lang), playgroundPath(lang));
    const { stories } = await GALLERIES[lang]();
    all.push(galleryPath(lang), ...stories.map((entry) => galleryPath(lang, entry)));
    const { questions } = await files.index(lang);
    all.push(questionPath(lang), ...questions.map(({ slug }) => questionPath(lang, slug)));
  }
  return all;
}

/**
 * The page of a path below the base; `files` are those of the questions.
 * @throws when a chunk of the page cannot be loaded (offline, or replaced by a newer site)
 */
export async function load(path: string, files: QuestionFiles = FETCHED): Promise<Page> {
  const lang = /^\/(en|zh)\//.exec(path)?.[1] as Lang | undefined;
  const [page] = await Promise.all([find(path, files), lang && loadMessages(lang)]);
  // pages of no language have both
  if (!('lang' in page)) await Promise.all(LANGS.map(loadMessages));
  return page;
}

async function find(path: string, files: QuestionFiles): Promise<Page> {
  if (path === '/') return loadHome();
  const reference = /^\/(en|zh)\/(map|machines|glossary)\/$/.exec(path);
  if (reference !== null) return loadReference(reference[1] as Lang, reference[2] ?? '');
  const view = /^\/(en|zh)\/(safe|study|interview|playground)\/$/.exec(path);
  if (view !== null) return loadView(view[1] as Lang, view[2] as ViewKind);
  const compared = /^\/(en|zh)\/compare\/$/.exec(path);
  if (compared !== null) return loadComparison(compared[1] as Lang);
  const inGallery = /^\/(en|zh)\/gallery\/(?:([a-z0-9-]+)\/)?$/.exec(path);
  if (inGallery !== null) return loadGallery(inGallery[1] as Lang, inGallery[2]);
  const asked = /^\/(en|zh)\/questions\/(?:([a-z0-9-]+)\/)?$/.exec(path);
  if (asked !== null) return loadQuestion(files, asked[1] as Lang, asked[2]);
  const embedded = /^\/(en|zh)\/embed(\/[a-z0-9-]+\/[a-z0-9-]+\/)$/.exec(path);
  if (embedded !== null) return loadEmbed(embedded[1] as Lang, embedded[2] ?? '');
  const match = /^\/(en|zh)\/(?:([a-z0-9-]+)\/([a-z0-9-]+)\/)?$/.exec(path);
  if (match === null) return { kind: 'missing' };
  const [, lang, trackId, slug] = match as unknown as [string, Lang, string?, string?];
  if (slug === undefined) return loadIndex(lang);
  const { index } = await INDEXES[lang]();
  const track = index.find(({ id }) => id === trackId);
  const entry = track?.lessons.find((lesson) => lesson.slug === slug);
  const module = `lesson/${trackId}/${slug}/${lang}`;
  const body = bodies[`${trackId}/${slug}/${lang}`];
  if (track === undefined || entry === undefined || body === undefined) return { kind: 'missing' };
  const isPlayed = entry.stage !== 'questions';
  const drawn = isPlayed ? loadStage(lang, track.id) : undefined;
  const [lesson, Stage] = await Promise.all([body(), drawn]);
  return { kind: 'lesson', lang, track, entry, lesson, module, Stage };
}

/** What draws an experiment, and its words. */
async function loadStage(lang: Lang, track = ''): Promise<Component<StageProps> | undefined> {
  const stage = STAGE['./stage/Stage.svelte'];
  const [Stage] = await Promise.all([stage?.(), loadStageMessages(lang, track)]);
  return Stage;
}

async function loadHome(): Promise<Page> {
  const view = import('./page/Home.svelte');
  const words = loadStageMessages('en');
  const [{ scene }, { default: View }] = await Promise.all([SCENES.en(), view, words]);
  return { kind: 'home', scene, View, module: 'page/Home.svelte' };
}

async function loadIndex(lang: Lang): Promise<Page> {
  const data = Promise.all([INDEXES[lang](), SCENES[lang]()]);
  const [[{ index }, { scene }], { default: View }] = await Promise.all([
    data,
    import('./page/Index.svelte'),
    loadStageMessages(lang),
  ]);
  return { kind: 'index', lang, index, scene, View, module: 'page/Index.svelte' };
}

/** The maps of the workbook: tracks, state machines, terms. */
async function loadReference(lang: Lang, kind: string): Promise<Page> {
  if (kind === 'map') {
    const view = import('./map/TrackMap.svelte');
    const data = Promise.all([INDEXES[lang](), import('virtual:lesson-prerequisites')]);
    const [[{ index }, { prerequisites }], { default: View }] = await Promise.all([data, view]);
    return { kind, lang, index, prerequisites, View, module: 'map/TrackMap.svelte' };
  }
  if (kind === 'machines') {
    const view = import('./machines/Machines.svelte');
    const data = import('virtual:lesson-machines');
    const [{ charts }, { default: View }] = await Promise.all([data, view]);
    return { kind, lang, charts, View, module: 'machines/Machines.svelte' };
  }
  const view = import('./glossary/Glossary.svelte');
  const [{ groups }, { default: View }] = await Promise.all([GLOSSARIES[lang](), view]);
  return { kind: 'glossary', lang, groups, View, module: 'glossary/Glossary.svelte' };
}

async function loadEmbed(lang: Lang, lessonPath: string): Promise<Page> {
  const page = await load(`/${lang}${lessonPath}`);
  if (page.kind !== 'lesson' || page.Stage === undefined) return { kind: 'missing' };
  const { entry, lesson, Stage } = page;
  const { default: View } = await import('./embed/Embed.svelte');
  return { kind: 'embed', lang, entry, lesson, Stage, View, module: 'embed/Embed.svelte' };
}

async function loadGallery(lang: Lang, slug: string | undefined): Promise<Page> {
  const { stories } = await GALLERIES[lang]();
  if (slug === undefined) {
    const { default: View } = await import('./page/Gallery.svelte');
    return { kind: 'gallery', lang, stories, View, module: 'page/Gallery.svelte' };
  }
  const entry = stories.find((one) => one.slug === slug);
  const body = storyBodies[`${slug}/${lang}`];
  if (entry === undefined || body === undefined) return { kind: 'missing' };
  const view = import('./page/Story.svelte');
  const [story, Stage, { default: View }] = await Promise.all([body(), loadStage(lang), view]);
  const module = `lesson-story/${slug}/${lang}`;
  return { kind: 'story', lang, stories, entry, story, module, Stage, View };
}

async function loadView(lang: Lang, kind: ViewKind): Promise<Page> {
  const { module, view } = VIEWS[kind];
  const { default: View } = await view();
  return { kind, lang, View, module };
}

async function loadComparison(lang: Lang): Promise<Page> {
  const view = import('./compare/Compare.svelte');
  const [{ rows }, { default: View }] = await Promise.all([COMPARISONS[lang](), view]);
  return { kind: 'compare', lang, rows, View, module: 'compare/Compare.svelte' };
}

async function loadQuestion(
  files: QuestionFiles,
  lang: Lang,
  slug: string | undefined,
): Promise<Page> {
  if (slug === undefined) {
    const view = import('./page/Questions.svelte');
    const [index, { default: View }] = await Promise.all([files.index(lang), view]);
    return { kind: 'questions', lang, index, View, module: 'page/Questions.svelte' };
  }
  const view = import('./page/Question.svelte');
  const [question, { default: View }] = await Promise.all([files.question(lang, slug), view]);
  if (question === undefined) return { kind: 'missing' };
  return { kind: 'question', lang, question, View, module: 'page/Question.svelte' };
}

/** The language of a page's frame; a page in both languages counts as English. */
export function langOf(page: Page): Lang {
  return 'lang' in page ? page.lang : 'en';
}

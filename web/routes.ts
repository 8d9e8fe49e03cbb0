/**
 * The site's addresses and what each loads: `/` (the door), `/<lang>/` (the index) and
 * `/<lang>/<track>/<slug>/` (a lesson). All end with a slash; everything else is missing.
 *
 * It is the same in the browser and in the build. How a page is shown is App.svelte.
 */
import type { Component } from 'svelte';
import { bodies } from 'virtual:lesson-bodies';
import {
  LANGS,
  type Lang,
  type LessonEntry,
  type LessonIndex,
  type LessonModule,
  type TrackEntry,
} from './lesson/content.ts';
import type { StageProps } from './lesson/stage-props.ts';

export type Page =
  | { readonly kind: 'home' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'index'; readonly lang: Lang; readonly index: LessonIndex }
  | LessonPage;

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

const INDEXES = {
  en: () => import('virtual:lessons/en'),
  zh: () => import('virtual:lessons/zh'),
};

const STAGE = import.meta.glob<Component<StageProps>>('./stage/Stage.svelte', {
  import: 'default',
});

/** The path of a page in a language. */
export function pathOf(lang: Lang, entry?: Pick<LessonEntry, 'track' | 'slug'>): string {
  return entry === undefined ? `/${lang}/` : `/${lang}/${entry.track}/${entry.slug}/`;
}

/** Every path that there is, for the build. */
export async function paths(): Promise<string[]> {
  const all = ['/'];
  for (const lang of LANGS) {
    const { index } = await INDEXES[lang]();
    const lessons = index.flatMap((track) => track.lessons);
    all.push(pathOf(lang), ...lessons.map((entry) => pathOf(lang, entry)));
  }
  return all;
}

/**
 * The page of a path below the base.
 * @throws when a chunk of the page cannot be loaded (offline, or replaced by a newer site)
 */
export async function load(path: string): Promise<Page> {
  if (path === '/') return { kind: 'home' };
  const match = /^\/(en|zh)\/(?:([a-z0-9-]+)\/([a-z0-9-]+)\/)?$/.exec(path);
  if (match === null) return { kind: 'missing' };
  const [, lang, trackId, slug] = match as unknown as [string, Lang, string?, string?];
  const { index } = await INDEXES[lang]();
  if (slug === undefined) return { kind: 'index', lang, index };
  const track = index.find(({ id }) => id === trackId);
  const entry = track?.lessons.find((lesson) => lesson.slug === slug);
  const module = `lesson/${trackId}/${slug}/${lang}`;
  const body = bodies[`${trackId}/${slug}/${lang}`];
  if (track === undefined || entry === undefined || body === undefined) return { kind: 'missing' };
  const stage = STAGE['./stage/Stage.svelte'];
  const [lesson, Stage] = await Promise.all([body(), stage?.()]);
  return { kind: 'lesson', lang, track, entry, lesson, module, Stage };
}

/** The language of a page's frame; a page in both languages counts as English. */
export function langOf(page: Page): Lang {
  return 'lang' in page ? page.lang : 'en';
}

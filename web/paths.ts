/**
 * The addresses of the pages, as text: what a link says. All end with a slash.
 *
 * Not here: what an address loads (`routes.ts`), which imports the pages and so cannot be imported
 * by them.
 */
import type { Lang, LessonEntry, StoryEntry } from './lesson/content.ts';

/** The gallery's folder and its part of an address, as lessons/tracks.ts has it. */
export const GALLERY = 'gallery';

/** The part of an address under which the questions are. */
export const QUESTIONS = 'questions';

/** The path of a page in a language. */
export function pathOf(lang: Lang, entry?: Pick<LessonEntry, 'track' | 'slug'>): string {
  return entry === undefined ? `/${lang}/` : `/${lang}/${entry.track}/${entry.slug}/`;
}

/** The path of a lesson's experiment for a frame in another page. */
export function embedPath(lang: Lang, entry: Pick<LessonEntry, 'track' | 'slug'>): string {
  return `/${lang}/embed/${entry.track}/${entry.slug}/`;
}

/** The path of the gallery in a language, or of one of its stories. */
export function galleryPath(lang: Lang, entry?: Pick<StoryEntry, 'slug'>): string {
  return entry === undefined ? `/${lang}/${GALLERY}/` : `/${lang}/${GALLERY}/${entry.slug}/`;
}

/** The path of the page that checks a configuration. */
export function safePath(lang: Lang): string {
  return `/${lang}/safe/`;
}

/** The path of the page where cards are learnt. */
export function studyPath(lang: Lang): string {
  return `/${lang}/study/`;
}

/** The path of the mock interview. */
export function interviewPath(lang: Lang): string {
  return `/${lang}/interview/`;
}

/** The path of the world that begins empty. */
export function playgroundPath(lang: Lang): string {
  return `/${lang}/playground/`;
}

/** The path of the map of the tracks. */
export function mapPath(lang: Lang): string {
  return `/${lang}/map/`;
}

/** The path of the catalogue of state machines, or of one of them. */
export function machinesPath(lang: Lang, machine?: string): string {
  return `/${lang}/machines/${machine === undefined ? '' : `#${machine}`}`;
}

/** The path of the glossary, or of a term in it. */
export function glossaryPath(lang: Lang, term?: string): string {
  return `/${lang}/glossary/${term === undefined ? '' : `#${term}`}`;
}

/** The path of the comparison of brokers. */
export function comparePath(lang: Lang): string {
  return `/${lang}/compare/`;
}

/** The path of the index of all questions in a language, or of one of them. */
export function questionPath(lang: Lang, slug?: string): string {
  return slug === undefined ? `/${lang}/${QUESTIONS}/` : `/${lang}/${QUESTIONS}/${slug}/`;
}

/** The run of a proof, on the stage of its lesson. */
export function proofPath(
  lang: Lang,
  lesson: Pick<LessonEntry, 'track' | 'slug'>,
  proof: string,
): string {
  return `${pathOf(lang, lesson)}#proof=${proof}`;
}

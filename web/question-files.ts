/**
 * The files that the pages of questions load, and how the browser loads them. The build writes
 * them (`build/question-data.ts`) and reads them in its own way.
 */
import type { Lang, QuestionData, QuestionIndex, SearchData } from './lesson/content.ts';
import type { StudyData } from './study/cards.ts';

/** Where pages get their data: undefined for a file that is not there. */
export interface QuestionFiles {
  index(lang: Lang): Promise<QuestionIndex>;
  question(lang: Lang, slug: string): Promise<QuestionData | undefined>;
}

/** Paths below the site's base, without a slash before them. */
export const indexFile = (lang: Lang): string => `${lang}/questions/list.json`;
export const searchFile = (lang: Lang): string => `${lang}/questions/search.json`;
export const studyFile = (lang: Lang): string => `${lang}/study/cards.json`;
export const questionFile = (lang: Lang, slug: string): string =>
  `${lang}/questions/${slug}/data.json`;

/** What was loaded stays for the visit; what failed is tried again. */
const loaded = new Map<string, Promise<unknown>>();

/**
 * A file by its path below the base; undefined where the site has no such file.
 * @throws when it cannot be loaded
 */
function fetched(path: string): Promise<unknown> {
  const loading = loaded.get(path) ?? request(path);
  loaded.set(path, loading);
  loading.catch(() => loaded.delete(path));
  return loading;
}

async function request(path: string): Promise<unknown> {
  const response = await fetch(import.meta.env.BASE_URL + path);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

export const FETCHED: QuestionFiles = {
  index: (lang) => fetched(indexFile(lang)) as Promise<QuestionIndex>,
  question: (lang, slug) => fetched(questionFile(lang, slug)) as Promise<QuestionData | undefined>,
};

/** What the search looks through. */
export const fetchSearch = (lang: Lang): Promise<SearchData> =>
  fetched(searchFile(lang)) as Promise<SearchData>;

/** What study and interview draw from. */
export const fetchStudy = (lang: Lang): Promise<StudyData> =>
  fetched(studyFile(lang)) as Promise<StudyData>;

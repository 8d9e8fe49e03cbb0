/**
 * The app as the build calls it in Node: which paths there are, the HTML of each, and the files
 * that pages load besides.
 */
import { render as renderToText } from 'svelte/server';
import { files } from 'virtual:lesson-questions';
import App from './App.svelte';
import { LANGS, type QuestionData, type QuestionIndex } from './lesson/content.ts';
import { indexFile, questionFile, type QuestionFiles } from './question-files.ts';
import { langOf, load, paths, type Page } from './routes.ts';

export interface Rendered {
  readonly head: string;
  readonly body: string;
  readonly lang: string;
  /** The ends of the names of the page's own modules. */
  readonly modules: readonly string[];
  readonly hasStage: boolean;
  /** The path of the file that it loads, if it does. */
  readonly data: string | undefined;
}

/** The text of each by its path below the base. */
export { files };

const OWN: QuestionFiles = {
  index: (lang) => Promise.resolve(JSON.parse(files[indexFile(lang)] ?? '') as QuestionIndex),
  question: (lang, slug) => {
    const text = files[questionFile(lang, slug)];
    return Promise.resolve(text === undefined ? undefined : (JSON.parse(text) as QuestionData));
  },
};

export const routes = (): Promise<string[]> => paths(OWN);

export async function render(path: string): Promise<Rendered> {
  const page = await load(path, OWN);
  const { head, body } = renderToText(App, { props: { page } });
  return {
    head,
    body,
    lang: langOf(page) === 'zh' ? 'zh-CN' : 'en',
    modules: modulesOf(page),
    hasStage: 'Stage' in page && page.Stage !== undefined,
    data: dataOf(page),
  };
}

/** The file that the page is made of again in the browser, if there is one. */
function dataOf(page: Page): string | undefined {
  if (page.kind === 'questions') return indexFile(page.lang);
  if (page.kind === 'question') return questionFile(page.lang, page.question.content.slug);
  return undefined;
}

function modulesOf(page: Page): readonly string[] {
  const own = 'module' in page ? [page.module] : [];
  const lang = langOf(page);
  const words = 'lang' in page ? [`i18n/${lang}.ts`] : LANGS.map((one) => `i18n/${one}.ts`);
  const isDrawn = 'scene' in page || ('Stage' in page && page.Stage !== undefined);
  const drawing = isDrawn ? [`i18n/stage-${lang}.ts`] : [];
  const view = page.kind === 'story' ? ['page/Story.svelte'] : [];
  return [...own, ...view, ...words, ...drawing];
}

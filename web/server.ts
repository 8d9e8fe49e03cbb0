/**
 * The app as the build calls it in Node: which paths there are, and the HTML of each.
 */
import { render as renderToText } from 'svelte/server';
import App from './App.svelte';
import { langOf, load, paths } from './routes.ts';

export interface Rendered {
  readonly head: string;
  readonly body: string;
  readonly lang: string;
  /** The end of the name of the page's own module, if it has one. */
  readonly module: string | undefined;
}

export const routes = paths;

export async function render(path: string): Promise<Rendered> {
  const page = await load(path);
  const { head, body } = renderToText(App, { props: { page } });
  const lang = langOf(page) === 'zh' ? 'zh-CN' : 'en';
  return { head, body, lang, module: page.kind === 'lesson' ? page.module : undefined };
}

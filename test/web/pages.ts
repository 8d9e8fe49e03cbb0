/**
 * What the browser tests share: the browser, the addresses of the built site, and a page that
 * fails its test when it logs an error or asks anyone else for anything.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { launchBrowser } from './browser.ts';

let browser: Browser;

/** Starts the browser before the tests of a file, and stops it after them. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
}

/** Every page of the built site, as a path from the site's address. */
export function builtPaths(): string[] {
  return readdirSync(inject('dist'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('index.html'))
    .map((file) => file.replace(/index\.html$/, ''))
    .sort();
}

/** The paths of the stories of the gallery in one language. */
export function storyPaths(lang: 'en' | 'zh'): string[] {
  return builtPaths().filter((path) => new RegExp(`^${lang}/gallery/[^/]+/$`).test(path));
}

/** The paths of the lessons in one language. */
export function lessonPaths(lang: 'en' | 'zh'): string[] {
  const lesson = new RegExp(`^${lang}/(?!gallery/|questions/)[^/]+/[^/]+/$`);
  return builtPaths().filter((path) => lesson.test(path));
}

/** The paths of the questions in one language. */
export function questionPaths(lang: 'en' | 'zh'): string[] {
  return builtPaths().filter((path) => new RegExp(`^${lang}/questions/[^/]+/$`).test(path));
}

/** The HTML of a page as it was built. */
export function htmlOf(path: string): string {
  return readFileSync(join(inject('dist'), path, 'index.html'), 'utf8');
}

/**
 * The longest page of each kind in each language: there are too many of a kind to open each. A
 * lesson or a question with its experiment is another kind than one without.
 */
export function samplePaths(): string[] {
  const longest = new Map<string, { path: string; characters: number }>();
  for (const path of builtPaths()) {
    const html = htmlOf(path);
    const kind = kindOf(path, html);
    const before = longest.get(kind);
    if (before !== undefined && before.characters >= html.length) continue;
    longest.set(kind, { path, characters: html.length });
  }
  return [...longest.values()].map(({ path }) => path);
}

function kindOf(path: string, html: string): string {
  const [lang = '', folder = '', slug = ''] = path.split('/');
  if (slug === '') return path;
  const folders = ['gallery', 'questions'];
  const isPlayed = html.includes('#proof=');
  return [lang, folders.includes(folder) ? folder : 'lesson', isPlayed].join(' ');
}

/** Opens a path in a fresh context, gives it to `use`, and expects that nothing went wrong. */
export async function onPage(
  path: string,
  options: BrowserContextOptions,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const address = new URL(path, inject('site'));
  const context = await browser.newContext({ serviceWorkers: 'block', ...options });
  const wrong: string[] = [];
  try {
    const page = await context.newPage();
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => {
      const isMissing = message.text().includes('404');
      if (message.type() === 'error' && !isMissing) wrong.push(message.text());
    });
    page.on('request', (request) => {
      if (
        !/^(data|blob):/.test(request.url()) &&
        new URL(request.url()).origin !== address.origin
      ) {
        wrong.push(`request to ${request.url()}`);
      }
    });
    await page.goto(address.href, { waitUntil: 'load' });
    await use(page);
  } finally {
    await context.close();
  }
  expect(wrong).toEqual([]);
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The rules of axe that depend on colours: those that another theme can break. */
const OF_COLOUR = ['color-contrast', 'link-in-text-block'];

/**
 * What axe finds wrong with a page as it is now, a line each: by all rules, or by those of colour,
 * where a test judges the same in the other theme by all.
 */
export async function axeFindings(page: Page, rules: 'all' | 'colour' = 'all'): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const only = rules === 'all' ? {} : { runOnly: OF_COLOUR };
  const options = { resultTypes: ['violations'], ...only };
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options)})`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`),
  );
}

/** The rules by which a theme is judged: what does not depend on colours is the same in both. */
export const rulesOf = (theme: 'light' | 'dark'): 'all' | 'colour' =>
  theme === 'light' ? 'all' : 'colour';

/** Waits until the app has taken over the prerendered page. */
export async function whenAlive(page: Page): Promise<void> {
  await page.waitForFunction(() => 'highwaterAlive' in document.documentElement.dataset);
}

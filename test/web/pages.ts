/**
 * What the browser tests share: the browser, the addresses of the built site, and a page that
 * fails its test when it logs an error or asks anyone else for anything.
 */
import { readdirSync } from 'node:fs';
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

/** The paths of the lessons in one language. */
export function lessonPaths(lang: 'en' | 'zh'): string[] {
  return builtPaths().filter((path) => new RegExp(`^${lang}/[^/]+/[^/]+/$`).test(path));
}

/** Opens a path in a fresh context, gives it to `use`, and expects that nothing went wrong. */
export async function onPage(
  path: string,
  options: BrowserContextOptions,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const address = new URL(path, inject('site'));
  const context = await browser.newContext(options);
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

/** Waits until the app has taken over the prerendered page. */
export async function whenAlive(page: Page): Promise<void> {
  await page.waitForFunction(() => 'highwaterAlive' in document.documentElement.dataset);
}

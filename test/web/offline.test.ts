/**
 * The workbook without a network: it is kept whole at the first visit, and every page of it opens
 * when the server is gone, its experiments running. The set stays within 3.5 MB by gzip; 3 were
 * wanted, each lesson with its runs adds about 10 KB, and the terminal with its tools 190.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, inject, test } from 'vitest';
import type { OfflineSet } from '../../web/offline/offline-set.ts';
import { serveStatic } from '../../web/serve/static.mjs';
import { lessonPaths, onPage, questionPaths, useBrowser, whenAlive } from './pages.ts';
import { stageOf } from './stage-page.ts';

useBrowser();

const MB = 2 ** 20;
const dist = inject('dist');
const setOf = () => JSON.parse(readFileSync(join(dist, 'offline.json'), 'utf8')) as OfflineSet;
const whenKept = (page: Page) =>
  page.locator('[data-offline=ready]').waitFor({ state: 'attached', timeout: 60_000 });

describe('web: offline', () => {
  test('the whole set is listed, with the data of every question, and has at most 3.5 MB', () => {
    const { files, bytes, gzipBytes } = setOf();
    console.log(`offline: ${files.length} files, ${(gzipBytes / MB).toFixed(2)} MB gzip`);
    expect(gzipBytes).toBeLessThanOrEqual(3.5 * MB);
    const kept = new Set(files.map(([path]) => path));
    const questions = [...questionPaths('en'), ...questionPaths('zh')];
    expect(questions.filter((path) => !kept.has(`${path}data.json`))).toEqual([]);
    const sizes = files.map(([path]) => readFileSync(join(dist, path)).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(bytes);
  });

  test('it can be installed: names, a start, icons that are there', () => {
    const text = readFileSync(join(dist, 'manifest.webmanifest'), 'utf8');
    const manifest = JSON.parse(text) as { icons: { src: string }[]; start_url: string };
    expect(manifest.start_url).toBe('./');
    for (const { src } of manifest.icons) {
      expect(readFileSync(join(dist, src), 'utf8')).toContain('<svg');
    }
  });

  test('with the server gone, pages that were never visited open, and a stage runs', async () => {
    const site = await serveStatic({ folder: dist, port: 0 });
    const question = questionPaths('zh').at(-1) ?? '';
    await onPage(`${site.address}en/`, { serviceWorkers: 'allow' }, async (page) => {
      await whenAlive(page);
      await whenKept(page);
      await expect
        .poll(() => page.locator('.foot').innerText())
        .toContain('Ready for offline use.');
      await site.close();
      await page.goto(`${site.address}${lessonPaths('en').find((p) => p.includes('acks'))}`);
      await stageOf(page);
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.locator('[data-verdict]').innerText()).toBe('acked 8, lost 3');
      await page.goto(`${site.address}${question}`);
      await whenAlive(page);
      expect((await page.locator('h1').innerText()).length).toBeGreaterThan(5);
      await expect.poll(() => page.locator('html').getAttribute('lang')).toBe('zh-CN');
      await page.goto(`${site.address}en/questions/no-such-question/`);
      await whenAlive(page);
      await expect.poll(() => page.locator('h1').innerText()).toContain('does not exist');
    });
  }, 120_000);

  test('what an earlier build kept is deleted, and what is of others stays', () =>
    onPage('favicon.svg', { serviceWorkers: 'allow' }, async (page) => {
      await page.evaluate(() =>
        Promise.all(['highwater / old', 'highwater /other/ old'].map((name) => caches.open(name))),
      );
      await page.goto(inject('site'));
      await whenKept(page);
      const names = await page.evaluate(() => caches.keys());
      const { fingerprint } = setOf();
      expect(names.sort()).toEqual([`highwater / ${fingerprint}`, 'highwater /other/ old']);
    }));
});

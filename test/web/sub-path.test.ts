/**
 * The same site built for a sub-path: its links, scripts and language switch stay below it.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { serveStatic } from '../../web/serve/static.mjs';
import { lessonPaths, useBrowser, onPage, whenAlive } from './pages.ts';

useBrowser();

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = 'node_modules/.cache/highwater/sub-path';
const BASE = '/books/highwater/';

/** Follows every link of the site from its door: how many pages there are, and what is missing. */
async function crawl(door: string): Promise<{ pages: number; broken: string[] }> {
  const { origin } = new URL(door);
  const known = new Set([door]);
  const broken: string[] = [];
  let pages = 0;
  for (const address of known) {
    const answer = await fetch(address);
    const isPage = answer.headers.get('content-type')?.startsWith('text/html') === true;
    const text = isPage ? await answer.text() : '';
    if (!isPage) await answer.body?.cancel();
    if (answer.status !== 200) broken.push(`${address}: ${answer.status}`);
    pages += isPage ? 1 : 0;
    for (const [, link = ''] of text.matchAll(/\s(?:href|src)="([^"]+)"/g)) {
      const url = new URL(link.replaceAll('&amp;', '&'), address);
      if (url.origin !== origin && url.host !== 'lab.example') continue;
      // the canonical links name the address that the site will have
      const own = `${origin}${url.pathname}`;
      if (!url.pathname.startsWith(BASE)) broken.push(`${address} -> ${link}: beside the sub-path`);
      else known.add(own);
    }
  }
  return { pages, broken };
}

describe('web: sub-path', () => {
  test('a build for a sub-path works below it and has the site address in its heads', async () => {
    const vite = ['node_modules/vite/bin/vite.js', 'build', '--config', 'web/vite.config.ts'];
    const built = spawnSync(process.execPath, [...vite, '--outDir', `${ROOT}/${FOLDER}`], {
      cwd: ROOT,
      encoding: 'utf8',
      env: {
        ...process.env,
        NODE_ENV: 'production',
        BASE_PATH: BASE,
        SITE_ADDRESS: 'https://lab.example',
      },
    });
    expect(built.status, built.stderr).toBe(0);
    const site = await serveStatic({ folder: `${ROOT}/${FOLDER}`, port: 0, base: BASE });
    const lesson = lessonPaths('en')[0] ?? '';
    try {
      await onPage(`${site.address}${lesson}`, {}, async (page) => {
        await whenAlive(page);
        const canonical = await page.locator('link[rel=canonical]').getAttribute('href');
        expect(canonical).toBe(`https://lab.example${BASE}${lesson}`);
        const alternates = await page
          .locator('link[rel=alternate]')
          .evaluateAll((links) =>
            links.map((link) => [link.getAttribute('hreflang'), link.getAttribute('href')]),
          );
        const other = `https://lab.example${BASE}${lesson.replace('en', 'zh')}`;
        expect(alternates).toEqual([
          ['en', canonical],
          ['zh-CN', other],
          ['x-default', canonical],
        ]);
        await page.locator('.top-bar a[hreflang=zh-CN]').click();
        await page.waitForURL(`${site.address}${lesson.replace('en', 'zh')}`);
        await page.locator('.brand').click();
        await page.waitForURL(`${site.address}zh/`);
      });
      await onPage(site.address, { serviceWorkers: 'allow' }, async (page) => {
        const kept = page.locator('[data-offline=ready]');
        await kept.waitFor({ state: 'attached', timeout: 60_000 });
        await page.context().setOffline(true);
        await page.goto(`${site.address}${lesson}`);
        await whenAlive(page);
        await expect.poll(() => page.locator('article.lesson').count()).toBe(1);
      });
      const map = await fetch(`${site.address}sitemap.xml`);
      expect(await map.text()).toContain(`https://lab.example${BASE}${lesson}`);
      const robots = await fetch(`${site.address}robots.txt`);
      expect(await robots.text()).toContain(`Sitemap: https://lab.example${BASE}sitemap.xml`);
      const { pages, broken } = await crawl(site.address);
      expect(broken).toEqual([]);
      expect(pages).toBeGreaterThan(lessonPaths('en').length * 2);
      const outside = await fetch(new URL('/elsewhere', site.address), { redirect: 'manual' });
      expect(outside.status).toBe(404);
    } finally {
      await site.close();
    }
  }, 180_000);
});

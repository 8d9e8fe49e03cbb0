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
        expect(await page.locator('article.lesson').count()).toBe(1);
      });
      const map = await fetch(`${site.address}sitemap.xml`);
      expect(await map.text()).toContain(`https://lab.example${BASE}${lesson}`);
      const outside = await fetch(new URL('/elsewhere', site.address), { redirect: 'manual' });
      expect(outside.status).toBe(404);
    } finally {
      await site.close();
    }
  }, 180_000);
});

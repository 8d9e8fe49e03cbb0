/**
 * The gallery as a reader meets it: the index and the stories, without scripts and on the stage.
 * Titles, links and axe of its pages are tested with those of every page.
 */
import { describe, expect, inject, test } from 'vitest';
import { onPage, storyPaths, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const STORIES = storyPaths('en');
const FIRST = 'en/gallery/truncation-to-high-watermark/';

describe('web: gallery', () => {
  test('is linked from the door and from the index', () =>
    onPage('', { javaScriptEnabled: false }, async (page) => {
      await page.locator('main a[href$="/en/gallery/"]').click();
      await expect.poll(() => page.locator('main ol > li').count()).toBe(STORIES.length);
      await page.goto(new URL('zh/', inject('site')).href);
      await page.locator('main a[href$="/zh/gallery/"]').click();
      await expect.poll(() => page.locator('main ol > li').count()).toBe(STORIES.length);
      expect(STORIES.length).toBeGreaterThanOrEqual(5);
    }));

  test.each([...STORIES, ...storyPaths('zh')])('/%s tells its story without scripts', (path) =>
    onPage(path, { javaScriptEnabled: false }, async (page) => {
      await expect.poll(() => page.locator('.prose h2').count()).toBe(4);
      await expect.poll(() => page.locator('.prose section.step').count()).toBeGreaterThan(5);
      await expect.poll(() => page.locator('h2#sources + ul li').count()).toBeGreaterThan(0);
      await expect
        .poll(() => page.locator('.stills .violations li:not(.kept)').count())
        .toBeGreaterThan(0);
      const source = path.startsWith('zh') ? '出处' : 'The source';
      await expect.poll(() => page.locator('h2#sources').innerText()).toBe(source);
    }),
  );

  test('a broken invariant leads to its event, and is gone with the quirk off', () =>
    onPage(FIRST, {}, async (page) => {
      await whenAlive(page);
      const stage = page.locator('.stage');
      await stage.scrollIntoViewIfNeeded();
      await page.locator('.stage[data-engine=running]').waitFor();
      const broke = stage.locator('.violations button', { hasText: 'K4' });
      const event = /event (\d+)/.exec(await broke.innerText())?.[1];
      await broke.click();
      await expect
        .poll(() => stage.locator('.scrub .where span').innerText())
        .toContain(` ${event}/`);
      await stage.locator('[data-knob=quirk] select').selectOption('off');
      await stage.locator('.violations .kept').waitFor();
    }));
});

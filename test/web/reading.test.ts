/**
 * The built workbook as a reader meets it: without scripts, in both languages, small, dark, by
 * keyboard. How the stage plays is tested elsewhere.
 */
import { describe, expect, inject, test } from 'vitest';
import {
  builtPaths,
  htmlOf,
  lessonPaths,
  onPage,
  samplePaths,
  useBrowser,
  whenAlive,
} from './pages.ts';

useBrowser();

const WIDTHS = { narrow: { width: 390, height: 844 }, wide: { width: 1440, height: 900 } };

describe('web: without scripts', () => {
  const off = { javaScriptEnabled: false };

  test('the door leads to both languages', () =>
    onPage('', off, async (page) => {
      await expect.poll(() => page.locator('h1').innerText()).toBe('Highwater');
      await page.locator('main a[href$="/zh/"]').click();
      await expect.poll(() => page.locator('html').getAttribute('lang')).toBe('zh-CN');
    }));

  test('there is a lesson in each language, and no lesson in only one', () => {
    expect(lessonPaths('en').length).toBeGreaterThan(0);
    expect(lessonPaths('zh')).toEqual(lessonPaths('en').map((path) => path.replace('en', 'zh')));
  });

  test.each(samplePaths().filter((path) => lessonPaths('en').includes(path)))(
    '%s lists its questions, and says whether its experiment is there',
    (path) =>
      onPage(path, off, async (page) => {
        const asked = page.locator('section[aria-labelledby=questions] .asked > li > a');
        await expect.poll(() => asked.count()).toBeGreaterThan(0);
        const isToCome = await page.locator('.to-come').isVisible();
        await expect.poll(() => page.locator('h2#experiment').count()).toBe(isToCome ? 0 : 1);
        await expect.poll(() => page.locator('.needs-scripts:visible').count()).toBe(0);
      }),
  );

  test('an address that does not exist says so, in both languages', () =>
    onPage('en/kafka/no-such-lesson/', off, async (page) => {
      await expect
        .poll(() => page.locator('h1').innerText())
        .toMatch(/does not exist[\s\S]*没有这个页面/);
      const status = await page.evaluate(
        () =>
          (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming)
            .responseStatus,
      );
      expect(status).toBe(404);
    }));
});

describe('web: every page', () => {
  test('a page for a frame asks not to be found', () => {
    const framed = builtPaths().filter((path) => path.includes('/embed/'));
    expect(framed.length).toBeGreaterThan(0);
    for (const path of framed) expect(htmlOf(path), path).toContain('content="noindex"');
  });

  test('has a title, a description, its language and one heading', () => {
    for (const path of builtPaths().filter((one) => !one.includes('/embed/'))) {
      const html = htmlOf(path);
      const count = (pattern: RegExp) => [...html.matchAll(pattern)].length;
      expect(/<title>(.*?)<\/title>/.exec(html)?.[1], path).toContain('Highwater');
      const description = /<meta name="description" content="([^"]*)"/.exec(html)?.[1];
      expect(description?.length, path).toBeGreaterThan(10);
      // a build without an address has no full addresses, and others would mislead
      expect(count(/<link rel="(canonical|alternate)"/g), path).toBe(0);
      const lang = path.startsWith('zh') ? 'zh-CN' : 'en';
      expect(/<html lang="([^"]+)"/.exec(html)?.[1], path).toBe(lang);
      expect(count(/<h1\b/g), path).toBe(1);
    }
  });

  test.each(samplePaths())('/%s does not scroll sideways at 390 px', (path) =>
    onPage(path, { viewport: WIDTHS.narrow }, async (page) => {
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(390);
    }),
  );
});

describe('web: with scripts', () => {
  const lesson = lessonPaths('en')[0] ?? '';

  test.each(samplePaths().filter((path) => htmlOf(path).includes('class="stage')))(
    'the picture of /%s is within two screens of a phone',
    (path) =>
      onPage(path, { viewport: WIDTHS.narrow }, async (page) => {
        await whenAlive(page);
        const picture = await page.locator('.area-picture').boundingBox();
        expect(picture?.y).toBeLessThan(2 * WIDTHS.narrow.height);
      }),
  );

  test('the language switch stays on the lesson and changes the document', () =>
    onPage(lesson, {}, async (page) => {
      await whenAlive(page);
      const loaded = await page.evaluate(() => performance.timeOrigin);
      await page.locator('.top-bar a[hreflang=zh-CN]').click();
      await page.waitForURL(new URL(lesson.replace('en', 'zh'), inject('site')).href);
      await expect.poll(() => page.locator('html').getAttribute('lang')).toBe('zh-CN');
      await expect.poll(() => page.locator('h2#questions').innerText()).toBe('会问到的题');
      await expect.poll(() => page.evaluate(() => performance.timeOrigin)).toBe(loaded);
    }));

  test('a link moves the focus to the new heading, and back restores the scroll position', () =>
    onPage('en/gallery/', { viewport: { width: 390, height: 400 } }, async (page) => {
      await whenAlive(page);
      const link = page.locator('.lesson-tile a').last();
      await link.scrollIntoViewIfNeeded();
      const left = page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            addEventListener('click', () => resolve(scrollY), { capture: true, once: true });
          }),
      );
      await link.click();
      const before = await left;
      expect(before).toBeGreaterThan(0);
      await page.waitForURL(/\/en\/gallery\/[^/]+\/$/);
      await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
      await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
      await page.goBack();
      await expect.poll(() => page.evaluate(() => scrollY)).toBe(before);
    }));

  test('the first stop of the keyboard skips to the content', () =>
    onPage(lesson, {}, async (page) => {
      await whenAlive(page);
      await page.keyboard.press('Tab');
      const focused = page.locator(':focus');
      await expect.poll(() => focused.getAttribute('href')).toBe('#content');
      await expect.poll(() => focused.isVisible()).toBe(true);
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.activeElement?.id === 'content');
    }));

  test('the theme follows the system until it is chosen, and the choice outlives a reload', () =>
    onPage('en/', { colorScheme: 'dark' }, async (page) => {
      await whenAlive(page);
      const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const dark = await colour();
      const button = page.locator('.top-bar button');
      await button.click();
      const light = await colour();
      expect(light).not.toBe(dark);
      await page.reload();
      await expect.poll(() => colour()).toBe(light);
      await whenAlive(page);
      await button.click();
      await expect.poll(() => colour()).toBe(dark);
    }));
});

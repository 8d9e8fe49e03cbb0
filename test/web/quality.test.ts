/**
 * What a search engine, a slow phone and a thumb need of a page of each kind: nothing moves while
 * it loads, its largest picture is the text that it came with, and what is pressed is large enough.
 * Titles and descriptions are in `reading.test.ts`, addresses in `sub-path.test.ts`, contrast and
 * names in `accessibility.test.ts`, bytes in `sizes.test.ts`.
 */
import { describe, expect, inject, test } from 'vitest';
import type { Page } from 'playwright-core';
import { onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const PAGES = ['en/', 'kafka/acks-and-loss/', 'guarantees/idempotent-consumer/', 'questions/'];
const PATHS = ['', 'en/', ...PAGES.slice(1).flatMap((path) => [`en/${path}`, `zh/${path}`])];
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** The sum of the shifts of the layout that nobody asked for, and the largest thing painted. */
async function paintsOf(page: Page): Promise<{ shift: number; largest: string | undefined }> {
  await whenAlive(page);
  await page.waitForTimeout(1500);
  return page.evaluate(
    () =>
      new Promise<{ shift: number; largest: string | undefined }>((resolve) => {
        interface Shift extends PerformanceEntry {
          readonly value: number;
          readonly hadRecentInput: boolean;
        }
        let shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as Shift[]) {
            if (!entry.hadRecentInput) shift += entry.value;
          }
        }).observe({ type: 'layout-shift', buffered: true });
        new PerformanceObserver((list) => {
          const last = list.getEntries().at(-1) as LargestContentfulPaint | undefined;
          resolve({ shift, largest: last?.element?.closest('main')?.tagName });
        }).observe({ type: 'largest-contentful-paint', buffered: true });
      }),
  );
}

/** What can be pressed and is narrower or lower than 24 px, unless it stands in a sentence. */
function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('a[href], button, select, summary, input')]
      .filter((one) => one.checkVisibility() && getComputedStyle(one).display !== 'inline')
      .filter((one) => one.closest('.visually-hidden, .skip-link') === null)
      .filter((one) => {
        const { width, height } = (one.closest('label') ?? one).getBoundingClientRect();
        return Math.min(width, height) < 23.5;
      })
      .map((one) => `${one.tagName} ${one.className} ${one.textContent}`.slice(0, 80)),
  );
}

describe('web: quality', () => {
  test.each(PATHS)('/%s stands still while it loads on a phone', (path) =>
    onPage(path, PHONE, async (page) => {
      const { shift, largest } = await paintsOf(page);
      expect(shift).toBeLessThanOrEqual(0.1);
      expect(largest).toBe('MAIN');
    }),
  );

  test.each(PATHS)('/%s has nothing to press that is smaller than 24 px', (path) =>
    onPage(path, PHONE, async (page) => {
      await whenAlive(page);
      expect(await smallTargets(page)).toEqual([]);
    }),
  );

  test('a shift and a small target are seen', () =>
    onPage('en/', PHONE, async (page) => {
      await whenAlive(page);
      // what was never painted cannot shift
      await page.waitForFunction(() => performance.getEntriesByType('paint').length > 0);
      await page.waitForTimeout(500);
      await page.evaluate(() => {
        const block = document.createElement('div');
        block.innerHTML = '<button style="all: unset; display: block; width: 9px">x</button>';
        block.style.height = '400px';
        document.body.prepend(block);
      });
      const { shift } = await paintsOf(page);
      expect(shift).toBeGreaterThan(0.1);
      expect(await smallTargets(page)).toHaveLength(1);
    }));

  test('paper has the still pictures, which a page with scripts does without', () =>
    onPage('en/kafka/acks-and-loss/', {}, async (page) => {
      await whenAlive(page);
      await expect.poll(() => page.locator('.stills .steps > li').count()).toBe(0);
      await page.emulateMedia({ media: 'print' });
      await page.locator('.stills .steps > li').first().waitFor();
      await expect.poll(() => page.locator('.stills .steps > li').count()).toBeGreaterThan(3);
      await expect.poll(() => page.locator('.stage').isVisible()).toBe(false);
    }));

  test.each(['kafka/acks-and-loss', 'guarantees/idempotent-consumer'])(
    '%s is two sheets of paper in either language',
    async (lesson) => {
      for (const lang of ['en', 'zh']) {
        await onPage(`${lang}/${lesson}/`, {}, async (page) => {
          await whenAlive(page);
          const margin = { top: '1cm', bottom: '1cm', left: '1cm', right: '1cm' };
          const pdf = (await page.pdf({ format: 'A4', margin })).toString('latin1');
          expect(pdf.match(/\/Type\s*\/Page\b(?!s)/g)?.length, lang).toBe(2);
        });
      }
    },
  );

  test('a page without an address of its own lets every robot in', async () => {
    const robots = await fetch(new URL('robots.txt', inject('site')));
    expect(await robots.text()).toBe('User-agent: *\nAllow: /\n');
  });
});

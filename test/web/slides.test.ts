/**
 * A lesson as slides on a small projector: a step a slide, moved by a presenter's keys, with the
 * stage at the step's end and the notes at hand.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { axeFindings, onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const LESSON = 'en/kafka/acks-and-loss/';
const PROJECTOR = { viewport: { width: 800, height: 600 } };

const heading = (page: Page) => page.locator('.slides h1').innerText();
const event = (page: Page) =>
  page.locator('.slides input[data-place]').evaluate((input: HTMLInputElement) => +input.value);

async function open(page: Page) {
  await whenAlive(page);
  await page.locator('.slides .stage[data-engine=running]').waitFor({ state: 'attached' });
}

describe('web: slides', () => {
  test('a step a slide: keys move, the stage is at the end of the step, large and no wider', () =>
    onPage(`${LESSON}?slides`, PROJECTOR, async (page) => {
      await open(page);
      await expect.poll(() => heading(page)).toBe('Why did Kafka lose my message?');
      await expect.poll(() => page.locator('.top-bar').isVisible()).toBe(false);
      await page.keyboard.press('ArrowRight');
      const first = await heading(page);
      const before = await event(page);
      await page.keyboard.press('PageDown');
      await expect.poll(() => heading(page)).not.toBe(first);
      await expect.poll(() => event(page)).toBeGreaterThan(before);
      await expect.poll(() => page.locator('.slides [data-step]:visible').count()).toBe(1);
      const words = page.locator('.slides [data-step]:visible p').first();
      const size = await words.evaluate((p) => parseFloat(getComputedStyle(p).fontSize));
      expect(size).toBeGreaterThanOrEqual(20);
      const width = await page.locator('.slide').evaluate((slide) => slide.scrollWidth);
      expect(width).toBeLessThanOrEqual(800);
      await page.keyboard.press('End');
      await expect
        .poll(() => page.locator('.slides footer span').innerText())
        .toMatch(/Slide (\d+) of \1$/);
      await page.keyboard.press('Home');
      await expect.poll(() => heading(page)).toBe('Why did Kafka lose my message?');
    }));

  test('at 800 x 600 no text of a slide is smaller than 14 px, in both lessons', async () => {
    for (const lesson of [LESSON, 'zh/guarantees/idempotent-consumer/']) {
      await onPage(`${lesson}?slides=5`, PROJECTOR, async (page) => {
        await open(page);
        const small = await page.locator('.slides').evaluate((slides) =>
          [...slides.querySelectorAll('*')]
            .filter((one) =>
              [...one.childNodes].some(
                (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim(),
              ),
            )
            .filter((one) => one.checkVisibility() && one.closest('.visually-hidden') === null)
            .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 14)
            .map((one) => `${one.tagName} ${one.textContent}`),
        );
        expect(small).toEqual([]);
      });
    }
  });

  test('S plays a step to its end and not further; N shows what the speaker says', () =>
    onPage(`${LESSON}?slides=4`, PROJECTOR, async (page) => {
      await open(page);
      await page.waitForFunction(() => {
        const input = document.querySelector<HTMLInputElement>('.slides input[data-place]');
        return Number(input?.value) > 0;
      });
      const end = await event(page);
      await page.keyboard.press('s');
      await expect.poll(() => event(page)).toBeLessThan(end);
      await page.waitForFunction((wanted) => {
        const input = document.querySelector<HTMLInputElement>('.slides input[data-place]');
        return Number(input?.value) === wanted;
      }, end);
      await page.waitForTimeout(300);
      await expect.poll(() => event(page)).toBe(end);
      await page.keyboard.press('n');
      await expect.poll(() => page.locator('.notes li').count()).toBeGreaterThan(0);
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press('End');
      await expect
        .poll(() => page.locator('.notes').innerText())
        .toContain('What is usually answered here');
    }));

  test('a lesson leads to its slides, and Esc back to it', () =>
    onPage(LESSON, PROJECTOR, async (page) => {
      await whenAlive(page);
      await page.getByRole('link', { name: 'As slides' }).click();
      await open(page);
      await page.keyboard.press('Escape');
      await page.locator('article.lesson').waitFor();
      expect(new URL(page.url()).search).toBe('');
      await expect.poll(() => page.locator('.top-bar').isVisible()).toBe(true);
    }));
});

/**
 * The lessons on publisher confirms and on dead letters as a learner plays them, in Chromium on the
 * built site: the bet, the queues with their messages, what a knob changes, and the Chinese page.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { axeFindings, onPage, useBrowser } from './pages.ts';
import { hashOf, otherRun, stageOf } from './stage-page.ts';

useBrowser();

const STILL = { reducedMotion: 'reduce' } as const;
const HAN = /\p{Script=Han}/u;

const messagesIn = (page: Page, queue: string) =>
  page
    .locator(`.stage [data-queue="${queue}"] li > span`)
    .evaluateAll((ids) => ids.map((one) => one.textContent));
const cameOf = (page: Page) => page.locator('.bet .came').innerText();
const measured = (page: Page, name: string) =>
  page.locator(`[data-measured="${name}"]`).first().innerText();

/** Turns a knob that is a list, and goes to the end of the run. */
async function turn(page: Page, knob: string, value: string): Promise<void> {
  const before = await hashOf(page);
  await page.locator(`[data-knob="${knob}"] select`).selectOption(value);
  await otherRun(page, before);
  await page.locator('.stage').focus();
  await page.keyboard.press('End');
}

/** Goes to the last event of a step, by its number from 1 on. */
async function toTheEndOfStep(page: Page, step: number): Promise<void> {
  await page.locator('.stage').focus();
  for (const key of ['Home', ...Array<string>(step).fill('Shift+ArrowRight'), 'ArrowLeft']) {
    await page.keyboard.press(key);
  }
}

/** Every title of a step and every sentence of the Chinese stage, at the end of the run. */
async function chineseTexts(page: Page): Promise<string[]> {
  await stageOf(page);
  await page.locator('.scrub .end').click();
  await expect.poll(() => page.locator('.measured dt').count()).toBeGreaterThan(2);
  const steps = page
    .locator('.scrub .band')
    .evaluateAll((bands) => bands.map((one) => one.getAttribute('title') ?? ''));
  const told = page.locator('.narration li, .measured dt, .legend li').allInnerTexts();
  return [...(await steps), ...(await told)];
}

describe('web: the lesson on publisher confirms', () => {
  test('the bet: an ack for nobody; both queues are shown; a crash takes the transient ones', () =>
    onPage('en/rabbitmq/publisher-confirms/', STILL, async (page) => {
      await stageOf(page);
      await page.locator('.bet input[value=nack]').check();
      // forty orders, and three to both queues
      await toTheEndOfStep(page, 4);
      await expect.poll(() => messagesIn(page, 'full')).toEqual(['m41', 'm42']);
      await expect.poll(() => messagesIn(page, 'orders')).toContain('m43');
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.locator('.bet .missed').innerText()).toContain('your bet');
      await expect.poll(() => cameOf(page)).toContain('An ack.');
      await expect.poll(() => measured(page, 'refusedAndStored')).toBe('1');
      expect(await axeFindings(page)).toEqual([]);
      await turn(page, 'fault', 'node crashes');
      await expect.poll(() => page.locator('[data-goal=lose].reached').count()).toBe(0);
      await turn(page, 'delivery-mode', 'transient');
      await expect.poll(async () => Number(await measured(page, 'lost'))).toBeGreaterThan(39);
      await expect.poll(() => page.locator('[data-goal=lose].reached').count()).toBe(1);
    }));
});

describe('web: the lesson on dead letters', () => {
  test('the bet: the oldest die; five are left in the queue; reject-publish refuses instead', () =>
    onPage('en/rabbitmq/dead-letters/', STILL, async (page) => {
      await stageOf(page);
      const before = await hashOf(page);
      await page.locator('.bet input[value=newest]').check();
      await page.locator('[data-run-bet]').click();
      await otherRun(page, before);
      await page.locator('.scrub .end').click();
      await expect.poll(() => cameOf(page)).toContain('The three oldest.');
      await expect.poll(() => measured(page, 'dead')).toBe('3');
      await toTheEndOfStep(page, 4);
      await expect.poll(() => messagesIn(page, 'dead')).toEqual(['m1', 'm2', 'm3']);
      await expect.poll(() => messagesIn(page, 'orders')).toEqual(['m4', 'm5', 'm6', 'm7', 'm8']);
      await turn(page, 'x-overflow', 'reject-publish');
      await expect.poll(() => measured(page, 'refused')).toBe('3');
      await expect.poll(() => page.locator('[data-goal=refused].reached').count()).toBe(1);
    }));
});

describe('web: the lessons on RabbitMQ in Chinese', () => {
  test.each(['publisher-confirms', 'dead-letters'])('/zh/rabbitmq/%s/ is Chinese', (slug) =>
    onPage(
      `zh/rabbitmq/${slug}/`,
      { ...STILL, viewport: { width: 390, height: 844 } },
      async (page) => {
        const texts = await chineseTexts(page);
        expect(texts.length).toBeGreaterThan(20);
        expect(texts.filter((text) => !HAN.test(text))).toEqual([]);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(width).toBeLessThanOrEqual(390);
      },
    ),
  );
});

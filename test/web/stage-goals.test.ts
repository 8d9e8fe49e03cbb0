/**
 * What the reader is to bring about, in Chromium on the built site: acts, goals that tick, the
 * puzzle that is solved by moving a line, the bet with the truth laid over it.
 */
import { describe, expect, test } from 'vitest';
import { axeFindings, onPage, rulesOf, useBrowser } from './pages.ts';
import { hashOf, otherRun, stageOf } from './stage-page.ts';

useBrowser();

const LOSS = 'en/kafka/acks-and-loss/';
const ORDERS = 'en/guarantees/idempotent-consumer/';
const STILL = { reducedMotion: 'reduce' } as const;

describe('web: stage: goals', () => {
  test('the first insight is a click away: to the end, and a goal is ticked for good', () =>
    onPage(LOSS, STILL, async (page) => {
      await stageOf(page);
      const goal = page.locator('[data-goal=lose-with-acks-1]');
      await expect.poll(() => goal.getAttribute('class')).not.toContain('reached');
      await page.locator('.scrub .end').click();
      await expect.poll(() => goal.getAttribute('class')).toContain('reached');
      await expect.poll(() => page.locator('.goals .news').innerText()).toContain('acks=1');
      await expect.poll(() => page.locator('.goals .reached').count()).toBe(1);
      await page.reload();
      await stageOf(page);
      await expect.poll(() => goal.getAttribute('class')).toContain('reached');
    }));

  test('three acts set the knobs, and say which is on the stage', () =>
    onPage(LOSS, STILL, async (page) => {
      await stageOf(page);
      const act = (id: string) => page.locator(`[data-act-set=${id}]`);
      await expect.poll(() => act('one-fault').getAttribute('aria-pressed')).toBe('true');
      const before = await hashOf(page);
      await act('combined').click();
      await otherRun(page, before);
      await expect.poll(() => act('combined').getAttribute('aria-pressed')).toBe('true');
      await expect
        .poll(() => page.locator('[data-knob=acks] input:checked').inputValue())
        .toBe('all');
      await page.locator('.scrub .end').click();
      await page.locator('.outcome .chip.lost').first().waitFor();
      await expect.poll(() => page.locator('[data-goal=puzzle].reached').count()).toBe(1);
    }));

  test('the puzzle of the orders: one line is moved by key and by button, and all are paid', () =>
    onPage(ORDERS, STILL, async (page) => {
      await stageOf(page);
      await expect.poll(() => page.locator('[data-move]').count()).toBe(0);
      let before = await hashOf(page);
      await page.locator('[data-set=puzzle]').click();
      await otherRun(page, before);
      const lines = page.locator('.handler li code');
      await expect.poll(() => lines.nth(2).innerText()).toBe('COMMIT');
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.locator('[data-goal=puzzle].reached').count()).toBe(0);
      before = await hashOf(page);
      await page.locator('[data-move=down]').focus();
      await page.keyboard.press('ArrowDown');
      await otherRun(page, before);
      await expect.poll(() => lines.nth(3).innerText()).toBe('COMMIT');
      await expect.poll(() => page.locator(':focus').getAttribute('data-move')).toBe('down');
      await page.locator('[data-goal=puzzle].reached').waitFor();
      before = await hashOf(page);
      await page.locator('[data-move=up]').click();
      await otherRun(page, before);
      await expect.poll(() => lines.nth(2).innerText()).toBe('COMMIT');
    }));

  test('the bet: the truth is laid over it, and one sentence why is kept beside the answer', () =>
    onPage(LOSS, STILL, async (page) => {
      await stageOf(page);
      await page.locator('.bet input[value=none]').check();
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.locator('.bet .missed').innerText()).toContain('your bet');
      await expect.poll(() => page.locator('.bet .came').innerText()).toContain('came true');
      await expect.poll(() => page.locator('.bet .figures').innerText()).toContain('lost = 3');
      expect(await axeFindings(page)).toEqual([]);
      await page.locator('[data-why]').fill('Nobody else had it.');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('.bet [role=status]').innerText()).toContain('Kept');
      await page.locator('.asked a').first().click();
      await page.locator('[data-own-words]').waitFor();
      await expect
        .poll(() => page.locator('[data-own-words]').innerText())
        .toContain('Nobody else had it.');
    }));

  test('the bet plays its own run, which need not be the one on the stage', () =>
    onPage(ORDERS, STILL, async (page) => {
      await stageOf(page);
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.locator('.bet .came').count()).toBe(0);
      const before = await hashOf(page);
      await expect.poll(() => page.locator('[data-run-bet]').count()).toBe(0);
      await page.locator('.bet input[value=twice]').check();
      await page.locator('[data-run-bet]').click();
      await otherRun(page, before);
      await expect
        .poll(() => page.locator('[data-knob=approach] select').inputValue())
        .toBe('redis-set-nx');
      const stage = await page.locator('.stage').boundingBox();
      expect(Math.abs(stage!.y)).toBeLessThan(200);
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.locator('.bet .came').innerText()).toContain('Never.');
      const told = page.locator('.outcome a[href="#bet"]');
      await expect.poll(() => told.innerText()).toContain('Never.');
      await page.locator('[data-act-set=calm]').click();
      await told.waitFor({ state: 'detached' });
      await page.locator('.scrub .end').click();
      await expect.poll(() => told.count()).toBe(0);
    }));

  test('the puzzle is set up from its own section, and the stage comes into sight', () =>
    onPage(ORDERS, STILL, async (page) => {
      await stageOf(page);
      const before = await hashOf(page);
      await page.locator('[data-show-puzzle]').click();
      await otherRun(page, before);
      await expect.poll(() => page.locator('[data-move=down]').isVisible()).toBe(true);
      const stage = await page.locator('.stage').boundingBox();
      expect(Math.abs(stage!.y)).toBeLessThan(200);
    }));

  test.each(['light', 'dark'] as const)(
    'axe finds nothing on the second lesson (%s)',
    (colorScheme) =>
      onPage('zh/guarantees/idempotent-consumer/', { ...STILL, colorScheme }, async (page) => {
        await stageOf(page);
        const before = await hashOf(page);
        await page.locator('[data-set=puzzle]').click();
        await otherRun(page, before);
        await page.locator('.scrub .end').click();
        await page.locator('.compare').waitFor();
        expect(await axeFindings(page, rulesOf(colorScheme))).toEqual([]);
      }),
  );
});

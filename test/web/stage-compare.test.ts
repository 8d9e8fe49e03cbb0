/**
 * Two runs side by side, in Chromium on the built site: the branch that a fault left, any run of
 * the list, the same moment of both, and where they part.
 */
import { describe, expect, test } from 'vitest';
import { axeFindings, onPage, useBrowser } from './pages.ts';
import { commandLine, hashOf, otherRun, place, stageOf } from './stage-page.ts';

useBrowser();

const LESSON = 'en/kafka/acks-and-loss/';
const STILL = { reducedMotion: 'reduce' } as const;

describe('web: stage: two runs', () => {
  test('a fault leaves a ghost: the same before, another story after, the parting marked', () =>
    onPage(LESSON, STILL, async (page) => {
      await stageOf(page);
      const [before, event] = [await hashOf(page), await place(page)];
      await expect.poll(() => page.locator('.compare').count()).toBe(0);
      await (await commandLine(page)).fill('power broker-3');
      await page.keyboard.press('Enter');
      await otherRun(page, before);
      const compare = page.locator('.compare');
      await compare.waitFor();
      const parting = Number(await compare.getAttribute('data-diverged'));
      expect(parting).toBeGreaterThan(event);
      expect(parting).toBeLessThanOrEqual(event + 3);
      const title = await page.locator('.track .parting').getAttribute('title');
      expect(title).toContain(String(parting));
      await expect.poll(() => page.locator('.lane.ghost').count()).toBeGreaterThan(0);
      const told = (side: string) => page.locator(`[data-side=${side}] ol`).innerText();
      await page.locator('.stage').focus();
      await page.keyboard.press('Home');
      expect(await told('here')).toBe(await told('there'));
      await page.locator('[data-parting]').click();
      await expect.poll(() => place(page)).toBe(parting);
      await expect.poll(() => told('here')).toContain('broker-3 loses power');
      await expect.poll(() => told('there')).not.toContain('broker-3 loses power');
      await page.keyboard.press('End');
      const strip = (side: string) =>
        page.locator(`[data-side=${side}] .chip`).evaluateAll((chips) => chips.length);
      expect(await strip('here')).toBe(await strip('there'));
    }));

  test('any run of the list stands beside, and can be put away', () =>
    onPage(LESSON, STILL, async (page) => {
      await stageOf(page);
      for (const acks of ['all', '0']) {
        const before = await hashOf(page);
        await page.locator('[data-knob=acks] label', { hasText: acks }).click();
        await otherRun(page, before);
      }
      await expect
        .poll(() => page.locator('[data-side=there] h4').innerText())
        .toContain('acks=all');
      await page.locator('.runs .ghost').last().locator('[data-compare]').click();
      await page.waitForFunction(() =>
        document.querySelector('[data-side=there] code')?.textContent?.includes('lesson'),
      );
      expect(await axeFindings(page)).toEqual([]);
      await page.locator('.runs .ghost').last().locator('[data-compare]').click();
      await page.locator('.compare').waitFor({ state: 'detached' });
    }));

  test('at the end of one stands the end of the other; on a phone one below the other', () =>
    onPage(LESSON, { ...STILL, viewport: { width: 390, height: 844 } }, async (page) => {
      await stageOf(page);
      const before = await hashOf(page);
      await page.locator('[data-knob=acks] label', { hasText: 'all' }).click();
      await otherRun(page, before);
      await page.locator('.scrub .end').click();
      await page.locator('.compare').waitFor();
      await expect.poll(() => page.locator('[data-side=there] .chip.lost').count()).toBe(3);
      await expect.poll(() => page.locator('[data-side=here] .chip.lost').count()).toBe(0);
      const [here, there] = await Promise.all(
        ['here', 'there'].map((side) => page.locator(`[data-side=${side}]`).boundingBox()),
      );
      expect(there!.y).toBeGreaterThanOrEqual(here!.y + here!.height);
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    }));
});

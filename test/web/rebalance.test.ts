/**
 * The lesson on rebalancing as a learner plays it, in Chromium on the built site: the bet, who owns
 * which partition in which generation, a zombie beside the one who took over, a claim's run.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { axeFindings, onPage, useBrowser } from './pages.ts';
import { hashOf, otherRun, stageOf } from './stage-page.ts';

useBrowser();

const LESSON = 'en/kafka/rebalance/';
const STILL = { reducedMotion: 'reduce' } as const;

/** Every member's generation and partitions, as the stage shows them. */
const owned = (page: Page) =>
  page.locator('.stage .member').evaluateAll((members) =>
    members.map((member) => ({
      generation: Number(member.getAttribute('data-generation')),
      isLate: member.classList.contains('late'),
      partitions: [...member.querySelectorAll('[data-owned]')].map((one) =>
        one.getAttribute('data-owned'),
      ),
    })),
  );

/** Goes from step to step, each to its last event, until somebody is late. */
async function toTheLateOne(page: Page): Promise<void> {
  await page.locator('.stage').focus();
  for (let steps = 0; steps < 9; steps++) {
    await page.keyboard.press('Shift+ArrowRight');
    // the picture follows by a frame
    await page.waitForTimeout(150);
    await page.keyboard.press('ArrowLeft');
    await page.waitForTimeout(100);
    if ((await owned(page)).some(({ isLate }) => isLate)) return;
    await page.keyboard.press('ArrowRight');
  }
}

describe('web: the lesson on rebalancing', () => {
  test('the bet: the commit is refused, and the record took effect twice', () =>
    onPage(LESSON, STILL, async (page) => {
      await stageOf(page);
      await page.locator('.bet input[value=once]').check();
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.locator('.bet .missed').innerText()).toContain('your bet');
      await expect
        .poll(() => page.locator('.bet .came').innerText())
        .toContain('took effect twice');
      await expect.poll(() => page.locator('.headline').innerText()).toMatch(/1\s+processed twice/);
      await expect.poll(() => page.locator('[data-measured=commitsRefused]').innerText()).toBe('1');
      await expect.poll(() => page.locator('[data-goal=fence].reached').count()).toBe(1);
      expect(await axeFindings(page)).toEqual([]);
    }));

  test('a zombie believes in generation 1 while the others share everything in generation 2', () =>
    onPage(LESSON, STILL, async (page) => {
      await stageOf(page);
      await page.locator('.stage .member').first().waitFor();
      await hashOf(page);
      await toTheLateOne(page);
      await expect
        .poll(() => page.locator('.scrub .where').innerText())
        .toContain('The group rebalances');
      const lateOnes = async () => (await owned(page)).filter(({ isLate }) => isLate);
      await expect
        .poll(async () => (await lateOnes()).map(({ generation }) => generation))
        .toEqual([1]);
      const members = await owned(page);
      const late = members.filter(({ isLate }) => isLate);
      const others = members.filter(({ isLate }) => !isLate);
      expect(others.map(({ generation }) => generation)).toEqual([2, 2]);
      expect(others.flatMap(({ partitions }) => partitions).toSorted()).toHaveLength(6);
      expect(late[0]?.partitions).toHaveLength(2);
      await page.locator('.scrub .end').click();
      const atEnd = await owned(page);
      expect(atEnd.map(({ generation }) => generation)).toEqual([3, 3, 3]);
      const all = atEnd.flatMap(({ partitions }) => partitions);
      expect([all.length, new Set(all).size]).toEqual([6, 6]);
    }));

  test('a member joins: eager stops all six, cooperative stops the one that moves', () =>
    onPage(LESSON, STILL, async (page) => {
      await stageOf(page);
      const choose = async (knob: string, value: string) => {
        const before = await hashOf(page);
        await page.locator(`[data-knob="${knob}"] select`).selectOption(value);
        await otherRun(page, before);
        await page.locator('.stage').focus();
        await page.keyboard.press('End');
      };
      await choose('fault', 'member-joins');
      await expect.poll(() => page.locator('[data-measured=stopped]').innerText()).toBe('6');
      await choose('partition.assignment.strategy', 'cooperative-sticky');
      await expect.poll(() => page.locator('[data-measured=stopped]').innerText()).toBe('1');
      await expect.poll(() => page.locator('[data-goal=stop-one].reached').count()).toBe(1);
      await expect.poll(() => owned(page)).toHaveLength(4);
    }));

  test('a claim plays its run: a static member comes back, and no generation begins', () =>
    onPage(LESSON, STILL, async (page) => {
      await stageOf(page);
      const before = await hashOf(page);
      const proof = 'a-static-member-returns-in-peace';
      await page.locator(`.wrongs a[href="#proof=${proof}"]`).first().click();
      await otherRun(page, before);
      const knob = page.locator('[data-knob="group.instance.id"] input:checked');
      await expect.poll(() => knob.inputValue()).toBe('on');
      await page.locator('.scrub .end').click();
      expect((await owned(page)).map(({ generation }) => generation)).toEqual([1, 1, 1]);
      await expect.poll(() => page.locator('[data-measured=generations]').innerText()).toBe('0');
    }));
});

/**
 * "Find me a counterexample" as a reader uses it, in Chromium on the built site: a search by key,
 * its progress and its end, the run on the stage, a cancel.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { toLink } from '#engine/lab/link.ts';
import { onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const MINUTES = 300_000;

/** A lesson on a run with acks=all and a minimum of one, its panel in view. */
async function panelOf(page: Page) {
  await whenAlive(page);
  await page.locator('.stage').scrollIntoViewIfNeeded();
  const panel = page.locator('.stage .search');
  await panel.waitFor();
  return panel;
}

function lesson(lang: 'en' | 'zh', minInSyncReplicas: string): string {
  const knobs = { acks: 'all', 'min.insync.replicas': minInSyncReplicas };
  const link = toLink({ experiment: 'acks-and-loss', knobs, seed: 1, inputs: [] });
  return `${lang}/kafka/acks-and-loss/#${link}`;
}

describe('web: counterexample', () => {
  test('is found by key, stands on the stage and is told in steps', { timeout: MINUTES }, () =>
    onPage(lesson('en', '1'), {}, async (page) => {
      const panel = await panelOf(page);
      await panel.locator('[data-search-start]').focus();
      await page.keyboard.press('Enter');
      await panel.locator('progress').waitFor();
      await panel.locator('[data-search-state=found]').waitFor({ timeout: MINUTES });
      const told = await panel.locator('ol li').allInnerTexts();
      expect(told).toHaveLength(2);
      expect(told[0]).toContain('broker-1 is cut off from the other brokers.');
      expect(told[1]).toContain('broker-1 loses power');
      await expect
        .poll(() => panel.locator('ul').innerText())
        .toMatch(/r\d was acknowledged at pay-0@\d/);
      await panel.locator('ol button').first().waitFor();
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.locator('.chip.lost').count()).toBeGreaterThan(0);
      const before = await page.locator('.scrub .where span').innerText();
      await panel.locator('ol button').last().click();
      await expect.poll(() => page.locator('.scrub .where span').innerText()).not.toBe(before);
      await expect.poll(() => page.locator('.runs .ghost').count()).toBe(1);
    }),
  );

  test('there is none with a minimum of two and one fault', { timeout: MINUTES }, () =>
    onPage(lesson('zh', '2'), {}, async (page) => {
      const panel = await panelOf(page);
      await panel.locator('[data-search-depth]').selectOption('1');
      await panel.locator('[data-search-start]').click();
      const state = panel.locator('[data-search-state=none]');
      await state.waitFor({ timeout: MINUTES });
      await expect.poll(() => state.innerText()).toMatch(/^没有反例/);
    }),
  );

  test('a search can be cancelled, and the page goes on', { timeout: MINUTES }, () =>
    onPage(lesson('en', '2'), {}, async (page) => {
      const panel = await panelOf(page);
      await panel.locator('[data-search-depth]').selectOption('3');
      await panel.locator('[data-search-start]').click();
      await panel.locator('[data-search-cancel]').click();
      const state = panel.locator('[data-search-state=cancelled]');
      await state.waitFor();
      await expect.poll(() => state.innerText()).toMatch(/^Cancelled: \d+% was searched/);
      await page.locator('[data-knob=acks] label', { hasText: '1' }).click();
      await page.locator('.runs .ghost').waitFor();
    }),
  );
});

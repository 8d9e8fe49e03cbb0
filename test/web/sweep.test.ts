/**
 * "What if" and the table of outcomes as a reader uses them, in Chromium on the built site: a sweep
 * over one knob and over two, a cancel, and figures and cells that open their runs.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { fromLink } from '#engine/lab/link.ts';
import { Sweep } from '#engine/lab/sweep.ts';
import experiment from '../../lessons/guarantees/idempotent-consumer/experiment.ts';
import { axeFindings, onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const LESSON = 'guarantees/idempotent-consumer/';
const MINUTES = 180_000;

async function panelOf(page: Page) {
  await whenAlive(page);
  await page.locator('.stage').scrollIntoViewIfNeeded();
  await page.locator('.stage .sweeping > summary').click();
  const panel = page.locator('.stage .sweep');
  await panel.waitFor();
  return panel;
}

/** What the sweep of these knobs comes to in Node. */
function figures(measure: string, over: readonly string[]): string[] {
  const { runs } = new Sweep(experiment, { over }).finish();
  return runs.map(({ measures }) => String(measures[measure]));
}

describe('web: sweep', () => {
  test('one knob: by key, as many figures as runs, each as in Node', { timeout: MINUTES }, () =>
    onPage(`en/${LESSON}`, {}, async (page) => {
      const panel = await panelOf(page);
      await panel.locator('[data-sweep-first]').selectOption('approach');
      await panel.locator('[data-sweep-start]').focus();
      await page.keyboard.press('Enter');
      await panel.locator('[data-sweep-state=over]').waitFor({ timeout: MINUTES });
      for (const measure of ['never', 'payments']) {
        await panel.locator('[data-sweep-measure]').selectOption(measure);
        const shown = await panel.locator('[data-swept] b').allInnerTexts();
        expect(shown).toEqual(figures(measure, ['approach']));
      }
      await expect.poll(() => panel.locator('[aria-current=true]').count()).toBe(1);
      const row = panel.locator('tr', { hasText: 'offset-first' });
      const link = (await row.locator('a').getAttribute('href'))!.slice(1);
      await row.locator('a').click();
      await expect
        .poll(() => page.locator('[data-knob=approach] select').inputValue())
        .toBe('offset-first');
      expect(fromLink(link)).toMatchObject({ shared: { knobs: { approach: 'offset-first' } } });
      await expect.poll(() => row.locator('[aria-current=true]').count()).toBe(1);
      await expect.poll(() => page.locator('.runs .ghost').count()).toBe(1);
    }),
  );

  test('two knobs: a grid with a cell for each pair', { timeout: MINUTES }, () =>
    onPage(`zh/${LESSON}`, { colorScheme: 'dark' }, async (page) => {
      const panel = await panelOf(page);
      await panel.locator('[data-sweep-first]').selectOption('key');
      await panel.locator('[data-sweep-second]').selectOption('restart-after-s');
      await panel.locator('[data-sweep-start]').click();
      const state = panel.locator('[data-sweep-state=over]');
      await state.waitFor({ timeout: MINUTES });
      await expect.poll(() => state.innerText()).toBe('6 次全部跑完。');
      await expect.poll(() => panel.locator('tbody tr').count()).toBe(2);
      await panel.locator('[data-sweep-measure]').selectOption('twice');
      const shown = await panel.locator('[data-swept] b').allInnerTexts();
      expect(shown).toEqual(figures('twice', ['key', 'restart-after-s']));
      const name = await panel.locator('[data-swept]').first().textContent();
      expect(name!.trim()).toMatch(/^key=business, restart-after-s=1；.*：\s+\d+/);
      expect(await axeFindings(page)).toEqual([]);
    }),
  );

  test('a sweep can be cancelled, and keeps what it has', { timeout: MINUTES }, () =>
    onPage(`en/${LESSON}`, {}, async (page) => {
      const panel = await panelOf(page);
      await panel.locator('[data-sweep-first]').selectOption('approach');
      await panel.locator('[data-sweep-second]').selectOption('fault');
      await panel.locator('[data-sweep-start]').click();
      await panel.locator('[data-swept]').first().waitFor();
      await panel.locator('[data-sweep-cancel]').click();
      const state = panel.locator('[data-sweep-state=cancelled]');
      await state.waitFor();
      const [made, all] = (await state.innerText()).match(/\d+/g)!.map(Number);
      expect(made).toBeLessThan(all!);
      await expect.poll(() => panel.locator('[data-swept]').count()).toBe(made);
      await page.locator('[data-knob=key] select, [data-knob=key] input').first().waitFor();
    }),
  );
});

describe('web: table of outcomes', () => {
  test('a cell says what its run comes to, and opens it on the stage', { timeout: MINUTES }, () =>
    onPage(`en/${LESSON}`, {}, async (page) => {
      await whenAlive(page);
      const row = page.locator('.outcomes tr', { hasText: 'Claim in Redis (SET NX)' });
      const cell = row.locator('td a').nth(1);
      await expect.poll(() => cell.innerText()).toContain('never');
      await cell.click();
      const stage = page.locator('.stage[data-engine=running]');
      await stage.waitFor();
      const knob = (name: string) => stage.locator(`[data-knob="${name}"] select`).inputValue();
      await expect.poll(() => knob('approach')).toBe('redis-set-nx');
      await expect.poll(() => knob('after-line')).toBe('before-effect');
      await expect
        .poll(() => stage.evaluate((element) => element === document.activeElement))
        .toBe(true);
      await stage.locator('.scrub .end').click();
      await expect.poll(() => stage.locator('[data-measured=never]').innerText()).toBe('1');
    }),
  );
});

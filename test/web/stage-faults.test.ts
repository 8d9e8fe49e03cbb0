/**
 * Breaking things on the stage, in Chromium on the built site: by click on a host and on a link, by
 * key, and by typing. Each makes the run that Node makes of the same input, by the hash.
 */
import { describe, expect, test } from 'vitest';
import type { Experiment } from '#engine/lab/experiment.ts';
import { Run } from '#engine/lab/run.ts';
import type { Fault } from '#engine/sim/faults.ts';
import acksAndLoss from '../../lessons/kafka/acks-and-loss/experiment.ts';
import { axeFindings, onPage, useBrowser } from './pages.ts';
import { commandLine, hashOf, otherRun, place, stageOf } from './stage-page.ts';

useBrowser();

const LESSON = 'en/kafka/acks-and-loss/';
const ORDERS = 'en/guarantees/idempotent-consumer/';
const experiment: Experiment = acksAndLoss;
const STILL = { reducedMotion: 'reduce' } as const;

function hashWith(event: number, ...faults: Fault[]): string {
  const inputs = faults.map((fault) => ({ event, fault }));
  return new Run(experiment, { inputs }).finish().world.trace.hash;
}

describe('web: stage: faults', () => {
  test('a fault of the disk, from the menu of a broker', () =>
    onPage(LESSON, STILL, async (page) => {
      await stageOf(page);
      const [before, event] = [await hashOf(page), await place(page)];
      await page.locator('[data-host=broker-1] [data-act]').click();
      await page.locator('[data-group=disk] summary').click();
      await page.locator('[data-command="lying-sync broker-1 on"]').click();
      await otherRun(page, before);
      const fault = { fault: 'lying-sync', host: 'broker-1', on: true } as const;
      await expect.poll(() => hashOf(page)).toBe(hashWith(event, fault));
      const named = await page.locator('[data-commands]').innerText();
      expect(named).toBe(`${event}: lying-sync broker-1 on`);
      await expect
        .poll(() => page.locator('.runs .now').innerText())
        .toContain('lying-sync broker-1 on');
    }));

  test('a link is pressed in the picture, and cut one way', () =>
    onPage(LESSON, STILL, async (page) => {
      await stageOf(page);
      const [before, event] = [await hashOf(page), await place(page)];
      await page.locator('[data-link="broker-1 broker-2"]').dispatchEvent('click');
      await page.locator('[data-command="cut broker-1 -> broker-2"]').click();
      await otherRun(page, before);
      const fault = { fault: 'cut', from: 'broker-1', to: 'broker-2' } as const;
      await expect.poll(() => hashOf(page)).toBe(hashWith(event, fault));
      const told = 'Nothing from broker-1 reaches broker-2 any more.';
      await page.locator('.narration .box li', { hasText: told }).waitFor();
    }));

  test('by keyboard alone: F opens the menu of a host, its links lead on, Escape comes back', () =>
    onPage(LESSON, STILL, async (page) => {
      await stageOf(page);
      await page.locator('[data-host=broker-2] [data-act]').focus();
      await page.keyboard.press('f');
      await page.locator('[data-host=broker-2] .menu').waitFor();
      const focused = page.locator(':focus');
      await expect.poll(() => focused.getAttribute('data-fault')).toBe('crash');
      await page.locator('[data-group=links] summary').focus();
      await page.keyboard.press('Enter');
      await page.locator('[data-peer=broker-1]').focus();
      await page.keyboard.press('Enter');
      await page.locator('.link-menu [data-fault]').first().waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await expect.poll(() => page.locator('.menu').count()).toBe(0);
      await expect.poll(() => focused.getAttribute('title')).toContain('broker-2');
    }));

  test('? lists the keys, and Escape closes the list', () =>
    onPage(LESSON, {}, async (page) => {
      const stage = await stageOf(page);
      await stage.focus();
      await page.keyboard.press('?');
      await page.locator('dialog[open]').waitFor();
      await expect.poll(() => page.locator('dialog').innerText()).toContain('the command line');
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
    }));

  test('a command is completed by Tab, wrong ones are explained, and Enter injects', () =>
    onPage(LESSON, STILL, async (page) => {
      const stage = await stageOf(page);
      const [before, event] = [await hashOf(page), await place(page)];
      await stage.focus();
      await page.keyboard.press('/');
      const line = page.locator('[data-command-line]');
      await line.waitFor();
      await page.keyboard.type('crash broker-9');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('.command .wrong').innerText()).toContain('There are: ');
      await page.keyboard.press('Escape');
      await page.keyboard.type('clo');
      await page.keyboard.press('Tab');
      await page.keyboard.type('c');
      await page.keyboard.press('Tab');
      await page.keyboard.type('broker-1 +');
      await page.keyboard.press('Tab');
      await expect.poll(() => line.inputValue()).toBe('clock broker-1 +60s ');
      await page.keyboard.press('Enter');
      await otherRun(page, before);
      const fault = { fault: 'clock', host: 'broker-1', offsetMs: 60_000 } as const;
      await expect.poll(() => hashOf(page)).toBe(hashWith(event, fault));
      await expect.poll(() => line.inputValue()).toBe('');
    }));

  test('Tab leaves an empty command line', () =>
    onPage(LESSON, {}, async (page) => {
      await stageOf(page);
      await (await commandLine(page)).focus();
      await page.keyboard.press('Tab');
      await expect.poll(() => page.locator('[data-command-line]:focus').count()).toBe(0);
    }));

  test('a worker, a database and a Redis have menus too', () =>
    onPage(ORDERS, STILL, async (page) => {
      await stageOf(page);
      const offered = async (host: string, command: string) => {
        await page.locator(`[data-host=${host}] [data-act]`).click();
        await page.locator(`[data-command="${command}"]`).waitFor({ state: 'attached' });
        await page.keyboard.press('Escape');
      };
      await offered('worker-1', 'pause worker-1');
      await offered('database-1', 'sync-error database-1 1');
      await offered('redis-1', 'clock redis-1 +60s');
      const before = await hashOf(page);
      await (await commandLine(page)).fill('clock redis-1 +60s');
      await page.keyboard.press('Enter');
      await otherRun(page, before);
      const told = 'The clock of redis-1 is stepped by 60000 ms.';
      await page.locator('.narration .box li', { hasText: told }).waitFor();
    }));

  test('what cannot be is said in Chinese on the Chinese page', () =>
    onPage(LESSON.replace('en', 'zh'), {}, async (page) => {
      await stageOf(page);
      await (await commandLine(page)).fill('explode');
      await page.keyboard.press('Enter');
      const problem = await page.locator('.command .wrong').innerText();
      expect(problem).toContain('没有“explode”这个命令');
    }));
});

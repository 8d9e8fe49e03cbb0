/**
 * The lesson that sends one message after the other through an exchange, in Chromium: the
 * switchboard of its node lights the bindings that the message of the moment took.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { axeFindings, onPage, useBrowser } from './pages.ts';
import { stageOf } from './stage-page.ts';

useBrowser();

const BOARD = '.stage [data-exchange=logs]';
const EVENTS_MAX = 400;

const listed = (page: Page, what: string, name: string) =>
  page
    .locator(`${BOARD} ${what}`)
    .evaluateAll((found, of) => found.map((one) => one.getAttribute(of) ?? ''), name);

const bindingsLit = (page: Page) => listed(page, '[data-matched=true]', 'data-binding');
const queuesLit = (page: Page) => listed(page, '[data-takes=true]', 'data-end');
const wordsLit = (page: Page) => listed(page, '[data-taken=true]', 'data-word');

/** Goes on, event by event, until the exchange has routed a message with this key. */
async function goTo(page: Page, key: string): Promise<void> {
  const routed = page.locator(`${BOARD} [data-key="${key}"]`);
  for (let event = 0; event < EVENTS_MAX && (await routed.count()) === 0; event++) {
    await page.keyboard.press('ArrowRight');
  }
  await routed.waitFor();
}

describe('web: exchange-types', () => {
  test('web: exchange-types: a key lights the bindings that match, and another key others', () =>
    onPage('en/rabbitmq/exchange-types/', {}, async (page) => {
      const stage = await stageOf(page);
      await page.locator(BOARD).waitFor();
      await stage.focus();
      await page.keyboard.press('Home');

      await goTo(page, 'log.error');
      expect(await bindingsLit(page)).toEqual(['log.*', 'log.#', '*.error']);
      expect(await queuesLit(page)).toEqual(['watched', 'twice']);
      expect(await wordsLit(page)).toEqual(['log', '*', '#', '*', 'error']);

      await goTo(page, 'log.error.db');
      expect(await bindingsLit(page)).toEqual(['log.#']);
      expect(await queuesLit(page)).toEqual(['twice']);
      expect(await wordsLit(page)).toEqual(['log', '#']);
      await expect.poll(() => page.locator(`${BOARD} figcaption`).innerText()).toContain('1 of 3');

      await goTo(page, 'stock');
      expect([...(await bindingsLit(page)), ...(await wordsLit(page))]).toEqual([]);
      expect(await axeFindings(page)).toEqual([]);
    }));
});

/**
 * The way to the first insight, walked as a new visitor walks it: from a cold link to an anomaly
 * that the visitor made, in at most two clicks and 30 seconds; on the first page in both languages,
 * on a phone, by keys, without motion and without scripts, and on a lesson's page.
 */
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const INSIGHT_MS = 30_000;
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const FINDING = {
  en: 'Offset 5 was acknowledged; after recovery it is absent.',
  zh: '位移 5 已经确认；恢复之后，它不在了。',
};

const phase = (page: Page, wanted: string) =>
  page.locator(`.scene[data-phase=${wanted}]`).waitFor({ timeout: INSIGHT_MS });
const crash = (page: Page) => page.locator('[data-deed=crash]');
const restart = (page: Page) => page.locator('[data-deed=restart]');
const finding = (page: Page) => page.locator('[data-finding]');

/** Walks by `press`, and returns the milliseconds since the page began to load. */
async function walk(page: Page, press: (deed: 'crash' | 'restart') => Promise<void>) {
  await press('crash');
  await phase(page, 'elected');
  await press('restart');
  await finding(page).waitFor({ timeout: INSIGHT_MS });
  return page.evaluate(() => performance.now());
}

const WALKS: readonly (readonly [string, string, 'en' | 'zh', BrowserContextOptions])[] = [
  ['the door', '', 'en', {}],
  ['the first page', 'en/', 'en', {}],
  ['the first page in Chinese, dark', 'zh/', 'zh', { colorScheme: 'dark' }],
  ['a phone', 'en/', 'en', PHONE],
  ['the door of who reads Chinese', '', 'zh', { locale: 'zh-CN' }],
];

describe('web: the first insight on the first page', () => {
  test.each(WALKS)('%s: two clicks and an acknowledged record is gone', (_, path, lang, options) =>
    onPage(path, options, async (page) => {
      const press = (deed: string) => page.locator(`[data-deed=${deed}]`).click();
      const took = await walk(page, press);
      console.log(
        `/${path} ${JSON.stringify(options)}: insight after ${(took / 1000).toFixed(1)} s`,
      );
      expect(took).toBeLessThan(INSIGHT_MS);
      await expect.poll(() => finding(page).innerText()).toBe(FINDING[lang]);
      const cut = page.locator('[data-host=broker-1] .cell.lost');
      await expect.poll(() => cut.innerText()).toContain('r6');
      await page.locator('.scene .deeds a').click();
      await page.waitForURL(/\/kafka\/acks-and-loss\/#v/);
      await page.locator('.stage[data-engine=running]').waitFor();
      // as it was left: the lesson opens where the record is gone
      await expect
        .poll(() => page.locator('.stage [data-host=broker-1] .cell.lost').innerText())
        .toContain('r6');
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.locator('.evidence').innerText()).toContain('r6');
    }),
  );

  test('the engine is there before it is asked for, and shows how it came to this', () =>
    onPage('en/', {}, async (page) => {
      await page.locator('.picture[data-engine=running]').waitFor();
      await page.locator('.chip[data-record=r6].pending').waitFor();
      await page.locator('.chip[data-record=r6].acknowledged').waitFor();
      await expect.poll(() => page.locator('.chip').count()).toBe(6);
      await phase(page, 'calm');
    }));

  test('a click before the page answers is not lost', () =>
    onPage('404.html', {}, async (page) => {
      await page.route('**/assets/index-*.js', async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 1500));
        await route.continue();
      });
      await page.goto(new URL('en/', page.url()).href, { waitUntil: 'commit' });
      await crash(page).click();
      await expect.poll(() => page.locator('html[data-highwater-alive]').count()).toBe(0);
      await phase(page, 'elected');
    }));

  test('by keys alone; the focus goes on to the lesson', () =>
    onPage('en/', {}, async (page) => {
      await whenAlive(page);
      await crash(page).focus();
      const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
      const took = await walk(page, async () => page.keyboard.press('Enter'));
      expect(took).toBeLessThan(INSIGHT_MS);
      await expect.poll(() => focused()).toBe('Your run in the lesson');
    }));

  test('without motion nothing moves: each click is the next picture', () =>
    onPage('en/', { reducedMotion: 'reduce' }, async (page) => {
      await page.locator('.picture[data-engine=running]').waitFor();
      await expect.poll(() => page.locator('.chip[data-record=r6].acknowledged').count()).toBe(1);
      await crash(page).click();
      await phase(page, 'elected');
      await expect.poll(() => page.locator('[data-host=broker-1].down').count()).toBe(1);
      await restart(page).click();
      await phase(page, 'lost');
      await expect.poll(() => page.locator('.messages .flight').count()).toBe(0);
    }));

  test('without scripts: two still pictures and their sentences', () =>
    onPage('en/', { javaScriptEnabled: false }, async (page) => {
      await expect.poll(() => page.locator('.scene').isVisible()).toBe(false);
      const pictures = page.locator('.stills figure');
      await expect.poll(() => pictures.count()).toBe(2);
      await expect.poll(() => pictures.nth(0).innerText()).toContain('r6');
      await expect.poll(() => pictures.nth(1).innerText()).toContain(FINDING.en);
      await expect.poll(() => pictures.nth(1).locator('.cell.lost').count()).toBe(1);
    }));

  test('any other fault is the visitor’s too, and from the beginning is one click', () =>
    onPage('en/', {}, async (page) => {
      await page.locator('.chip[data-record=r6].acknowledged').waitFor();
      await page.locator('[data-host=broker-3] [data-act]').click();
      await page.locator('[data-command="crash broker-3"]').click();
      await phase(page, 'broken');
      await expect.poll(() => finding(page).count()).toBe(0);
      await page.locator('.scene .deeds button').last().click();
      await phase(page, 'calm');
      await expect.poll(() => crash(page).isVisible()).toBe(true);
    }));
});

describe('web: the first insight on a lesson', () => {
  test.each([
    ['a desk', {}],
    ['a phone', PHONE],
  ] as const)(
    '%s: a bet, then play: the picture comes into sight and a record is gone',
    (_, how) =>
      onPage('en/kafka/acks-and-loss/', how, async (page) => {
        await whenAlive(page);
        await page.locator('.bet label').first().click();
        await page.locator('.scrub .play').click();
        const evidence = page.locator('.evidence');
        await evidence.waitFor({ timeout: INSIGHT_MS });
        const took = await page.evaluate(() => performance.now());
        console.log(`a lesson ${JSON.stringify(how)}: insight after ${(took / 1000).toFixed(1)} s`);
        expect(took).toBeLessThan(INSIGHT_MS);
        await expect.poll(() => evidence.innerText()).toContain('r6 was acknowledged at pay-0@5');
        const box = await page.locator('.area-picture').boundingBox();
        expect(box?.y).toBeLessThan(how === PHONE ? 844 : 720);
      }),
    60_000,
  );
});

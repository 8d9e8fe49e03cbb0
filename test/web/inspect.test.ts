/**
 * Looking closely, as a reader does it in Chromium on the built site: a record's bytes by mouse and
 * by key, the state machines of a host, both languages, both themes, a phone.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { axeFindings, onPage, rulesOf, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const LESSON = 'en/kafka/acks-and-loss/';
const LESSON_ZH = 'zh/kafka/acks-and-loss/';

/** The stage with its engine running, at the end of the run. */
async function stageAtEnd(page: Page) {
  await whenAlive(page);
  await page.locator('.stage').scrollIntoViewIfNeeded();
  await page.locator('.stage[data-engine=running]').waitFor();
  await page.locator('.scrub .end').click();
}

const cell = (page: Page, host: string, id: string) =>
  page.locator(`[data-host=${host}] .cell`, { hasText: id }).locator('button');
const inspector = (page: Page) => page.locator('.inspector');

async function openRecord(page: Page) {
  await cell(page, 'broker-2', 'r4').click();
  await inspector(page).locator('[data-record="3"]').waitFor();
}

async function openMachines(page: Page, host: string) {
  await page.locator(`[data-host=${host}] [data-machines]`).click();
  await inspector(page).locator('svg[data-chart]').waitFor();
}

describe('web: the record inspector', () => {
  test('is not loaded before it is opened, and opens on a click with the record’s batch', () =>
    onPage(LESSON, {}, async (page) => {
      const loaded: string[] = [];
      page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
      await page.reload();
      await stageAtEnd(page);
      const looks = () => loaded.filter((path) => /Inspector|inspecting/.test(path));
      expect(looks()).toEqual([]);
      await openRecord(page);
      expect(looks().length).toBeGreaterThanOrEqual(2);
      const text = await inspector(page).innerText();
      expect(text).toContain('pay-0, offset 3, on broker-2');
      expect(text).toMatch(/CRC-32C\s+0xca0987d1: ✓ right/);
      expect(text).toContain('data/pay-0/00000000000000000000.log');
      await expect
        .poll(() => inspector(page).locator('.looked[data-record]').innerText())
        .toContain('r4');
    }));

  test('by key: arrows go along the log, Enter opens, Escape closes and gives the focus back', () =>
    onPage(LESSON, {}, async (page) => {
      await stageAtEnd(page);
      await cell(page, 'broker-2', 'r5').focus();
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('Enter');
      await inspector(page).locator('[data-record="3"]').waitFor();
      const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
      await expect.poll(() => focused()).toBe('pay-0, offset 3, on broker-2');
      await page.keyboard.press('Escape');
      await expect.poll(() => inspector(page).count()).toBe(0);
      const label = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
      expect(label).toMatch(/^r4 @3/);
    }));

  test('a byte marks its field, and a field its bytes; arrows go through the fields', () =>
    onPage(LESSON, {}, async (page) => {
      await stageAtEnd(page);
      await openRecord(page);
      await page.locator('[data-byte="12"]').hover();
      await expect
        .poll(() => page.locator('.field.marked').innerText())
        .toContain('partitionLeaderEpoch');
      await expect
        .poll(() => page.locator('.byte.marked').allInnerTexts())
        .toEqual(['00', '00', '00', '00']);
      await page.locator('[data-byte="17"]').click();
      await page.keyboard.press('ArrowDown');
      const field = page.locator('.field:focus');
      await expect.poll(() => field.innerText()).toMatch(/0x0015–0x0016\s+attributes/);
      await expect.poll(() => page.locator('.byte.marked').count()).toBe(2);
    }));

  test('follows the run: what a broker that is down has on its disk, and what is cut off', () =>
    onPage(LESSON, {}, async (page) => {
      await stageAtEnd(page);
      await cell(page, 'broker-1', 'r7').click();
      const status = inspector(page).locator('[role=status]', { hasText: 'holds offset 6' });
      await status.waitFor();
      await page.locator('.stage').focus();
      await page.keyboard.press('Shift+ArrowLeft');
      await page.keyboard.press('Shift+ArrowLeft');
      await page.keyboard.press('Shift+ArrowLeft');
      await inspector(page).locator('[data-record="6"]').waitFor();
      await expect
        .poll(() => inspector(page).innerText())
        .toContain('Read from the files on its disk');
    }));
});

describe('web: the machine view', () => {
  test('shows the chart with the current state, and a transition seeks to its event', () =>
    onPage(LESSON, {}, async (page) => {
      await stageAtEnd(page);
      await openMachines(page, 'broker-1');
      const now = inspector(page).locator('[data-now]');
      await expect.poll(() => now.getAttribute('data-state')).toBe('Follower.Fetching');
      await expect.poll(() => now.locator('.word').textContent()).toContain('now');
      await expect.poll(() => inspector(page).locator('.arrow').count()).toBeGreaterThan(10);
      await inspector(page).locator('[data-instance^=broker-lifecycle]').click();
      await expect.poll(() => now.getAttribute('data-state')).toBe('RUNNING');
      const step = inspector(page).locator('.past button').last();
      const event = (await step.innerText()).replace(/\D/g, '');
      await step.click();
      await expect.poll(() => page.locator('.where span').innerText()).toContain(`${event}/`);
      await page.locator('[data-host=broker-1].down').waitFor({ state: 'detached' });
    }));

  test('while its process is down a host’s machines have ended', () =>
    onPage(LESSON, {}, async (page) => {
      await stageAtEnd(page);
      await page.locator('.stage').focus();
      while ((await page.locator('.host.down').count()) === 0) {
        await page.keyboard.press('Shift+ArrowLeft');
      }
      await openMachines(page, 'broker-1');
      await expect.poll(() => inspector(page).locator('[data-now]').count()).toBe(0);
      await expect.poll(() => inspector(page).locator('.instances').innerText()).toContain('ended');
    }));

  test('speaks Chinese on the Chinese page', () =>
    onPage(LESSON_ZH, {}, async (page) => {
      await stageAtEnd(page);
      await openMachines(page, 'broker-2');
      await expect.poll(() => inspector(page).innerText()).toContain('broker-2 的状态机');
      await openRecord(page);
      await expect.poll(() => inspector(page).innerText()).toContain('它所在的批次');
    }));
});

describe('web: looking closely, everywhere', () => {
  test('fits 390 px, below the picture', () =>
    onPage(LESSON, { viewport: { width: 390, height: 844 } }, async (page) => {
      await stageAtEnd(page);
      await openMachines(page, 'broker-2');
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      await openRecord(page);
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      const [panel, picture] = await Promise.all([
        inspector(page).boundingBox(),
        page.locator('.topology').boundingBox(),
      ]);
      expect(panel!.y).toBeGreaterThanOrEqual(picture!.y + picture!.height);
      expect(panel!.width).toBeGreaterThan(340);
    }));

  test.each(['light', 'dark'] as const)('axe finds nothing (%s)', (colorScheme) =>
    onPage(LESSON, { colorScheme }, async (page) => {
      await stageAtEnd(page);
      await openRecord(page);
      expect(await axeFindings(page, rulesOf(colorScheme))).toEqual([]);
      await openMachines(page, 'broker-1');
      await inspector(page).locator('summary').click();
      expect(await axeFindings(page, rulesOf(colorScheme))).toEqual([]);
    }),
  );
});

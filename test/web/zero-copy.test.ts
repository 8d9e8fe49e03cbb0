/**
 * The lesson that counts copies, in Chromium: the bet, the run of another path, scrubbing through
 * the fetches, and the picture, whose counts are the run's measures. A claim opens its proof.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { axeFindings, htmlOf, onPage, useBrowser, whenAlive } from './pages.ts';
import { hashOf, otherRun, stageOf } from './stage-page.ts';

useBrowser();

const LESSON = 'en/kafka/zero-copy/';
const LESSON_ZH = 'zh/kafka/zero-copy/';
const PICTURE = '.stage [data-transfer]';
const numberIn = (text: string) => Number(text.replace(/[^\d]/g, ''));

/** What an arrow of the picture has carried, in bytes; 0 where there is no such arrow. */
async function carried(page: Page, way: string): Promise<number> {
  const arrow = page.locator(`${PICTURE} [data-way=${way}]`);
  return (await arrow.count()) === 0 ? 0 : Number(await arrow.getAttribute('data-bytes'));
}

async function measured(page: Page, name: string): Promise<number> {
  const one = page.locator(`[data-measured=${name}]`);
  return (await one.count()) === 0 ? 0 : Number(await one.innerText());
}

const counted = async (page: Page, name: string) =>
  numberIn(await page.locator(`${PICTURE} [data-count=${name}]`).innerText());

async function turn(page: Page, knob: string, value: string): Promise<void> {
  const before = await hashOf(page);
  const row = page.locator(`[data-knob="${knob}"]`);
  const list = row.locator('select');
  if ((await list.count()) > 0) await list.selectOption(value);
  else await row.locator('label', { hasText: value }).click();
  await otherRun(page, before);
}

/** The picture at the end of the run against the measures, which come from the host's counters. */
async function expectSame(page: Page): Promise<void> {
  // after a turned knob the stage is at the end already
  await page.locator('.stage').focus();
  await page.keyboard.press('End');
  await page.locator('[data-measured=bytesSent]').waitFor();
  const sent = await measured(page, 'bytesSent');
  expect(sent).toBeGreaterThan(100_000);
  const copies = await measured(page, 'cpuCopies');
  const fromDisk = await measured(page, 'diskBytes');
  await expect.poll(() => counted(page, 'sent')).toBe(sent);
  await expect.poll(() => counted(page, 'copied')).toBe(copies * sent);
  await expect.poll(() => counted(page, 'moved')).toBe(sent + fromDisk);
  await expect.poll(() => carried(page, 'disk-cache')).toBe(fromDisk);
  expect(await counted(page, 'syscalls')).toBe(await measured(page, 'syscalls'));
  expect(await counted(page, 'switches')).toBe(await measured(page, 'modeSwitches'));
  await expect.poll(() => page.locator(`${PICTURE} [data-mover=cpu]`).count()).toBe(copies);
}

describe('web: zero-copy', () => {
  test('the bet on TLS plays its run: two copies, through user space', () =>
    onPage(LESSON, {}, async (page) => {
      await stageOf(page);
      const before = await hashOf(page);
      await page.locator('.bet input[value=none]').check();
      await page.locator('[data-run-bet]').click();
      await otherRun(page, before);
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.locator('.bet .missed').innerText()).toContain('your bet');
      await expect.poll(() => page.locator('.bet .came').innerText()).toContain('Twice');
      expect(await carried(page, 'cache-user')).toBe(await measured(page, 'userSpaceBytes'));
    }));

  test('the arrows grow by a batch with every fetch, and shrink when the bar goes back', () =>
    onPage(LESSON, {}, async (page) => {
      const stage = await stageOf(page);
      const picture = page.locator(PICTURE);
      await picture.waitFor();
      await expect.poll(() => carried(page, 'cache-card')).toBe(0);
      await stage.focus();
      const seen = new Map<string, number>();
      await page.keyboard.press('End');
      const atEnd = await carried(page, 'cache-card');
      for (let event = 0; event < 200 && !seen.has('0'); event++) {
        const fetches = (await picture.getAttribute('data-transfer')) ?? '';
        seen.set(fetches, await carried(page, 'cache-card'));
        await page.keyboard.press('ArrowLeft');
      }
      expect([...seen.keys()]).toEqual(['3', '2', '1', '0']);
      expect(seen.get('3')).toBe(atEnd);
      const steps = [seen.get('3')! - seen.get('2')!, seen.get('2')! - seen.get('1')!];
      for (const bytes of steps) expect(Math.abs(bytes - atEnd / 3)).toBeLessThan(100);
      expect(seen.get('0')).toBe(0);
    }));

  test('the counts of the picture are the measures, on every path', () =>
    onPage(LESSON, {}, async (page) => {
      await stageOf(page);
      await page.locator(PICTURE).waitFor();
      await expectSame(page);
      for (const path of ['read-write', 'mmap-write']) {
        await turn(page, 'path', path);
        await expectSame(page);
      }
      await turn(page, 'cached', 'false');
      await expectSame(page);
      expect(await axeFindings(page)).toEqual([]);
    }));

  test('a claim of the lesson opens its proof on the stage', () =>
    onPage(LESSON, {}, async (page) => {
      await whenAlive(page);
      const press = page.locator('.wrongs a[href="#proof=tls-goes-through-user-space"]').first();
      await press.click();
      await page.locator('[data-knob=tls] input[value=true]:checked').waitFor();
      await expect.poll(() => carried(page, 'user-socket')).toBe(0);
      await page.locator('.scrub .end').click();
      await expect.poll(() => carried(page, 'user-socket')).toBeGreaterThan(100_000);
    }));

  test.each([LESSON, LESSON_ZH])('/%s fits a phone and says the picture in a sentence', (path) =>
    onPage(path, { viewport: { width: 390, height: 844 } }, async (page) => {
      await stageOf(page);
      await page.locator(PICTURE).waitFor();
      await page.locator('.scrub .end').click();
      const sentence = await page.locator(`${PICTURE} figcaption`).innerText();
      expect(sentence).toContain('sendfile');
      expect(sentence).toContain('DMA');
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(390);
    }),
  );

  test.each([LESSON, LESSON_ZH])('/%s has the picture without scripts', (path) => {
    const still = /id="still-read"[^]*?id="still-heal"/.exec(htmlOf(path))?.[0] ?? '';
    expect(still).toMatch(/data-way="cache-card" data-bytes="1\d{5}"/);
  });
});

/**
 * The comparison of brokers: whole without scripts, each cell a target, filters in the address,
 * sections on a phone. axe and links of it are tested with those of every page.
 */
import { describe, expect, test } from 'vitest';
import { onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

describe('web: the comparison of brokers', () => {
  test.each(['en', 'zh'])('/%s/compare/ is a whole table without scripts', (lang) =>
    onPage(`${lang}/compare/#throughput-kafka`, { javaScriptEnabled: false }, async (page) => {
      const rows = await page.locator('tbody tr').count();
      expect(rows).toBeGreaterThan(10);
      await expect.poll(() => page.locator('tbody td').count()).toBe(rows * 4);
      await expect.poll(() => page.locator('form').isVisible()).toBe(false);
      const cell = page.locator('#throughput-kafka');
      const top = (await cell.boundingBox())?.y ?? -1;
      expect(top).toBeGreaterThan(50);
      expect(top).toBeLessThan(600);
      await cell.locator('.contradiction summary').click();
      await expect.poll(() => cell.locator('.contradiction').innerText()).toContain('2,024,032');
      await cell.locator('.sources summary').click();
      await expect.poll(() => cell.locator('.sources a').first().isVisible()).toBe(true);
    }),
  );

  test('it is linked from the door, the index and the questions', () =>
    onPage('', { javaScriptEnabled: false }, async (page) => {
      await page.locator('main a[href$="/zh/compare/"]').click();
      await page.locator('.top-bar a[href$="/zh/"]').first().click();
      await expect.poll(() => page.locator('main a[href$="/zh/compare/"]').count()).toBe(1);
      await page.locator('main a[href$="/zh/questions/"]').first().click();
      await expect.poll(() => page.locator('main a[href$="/zh/compare/"]').count()).toBe(1);
    }));

  test('brokers and points are chosen, and the address opens the same choice', () =>
    onPage('en/compare/', {}, async (page) => {
      await whenAlive(page);
      await page.getByLabel('RabbitMQ', { exact: true }).check();
      await page.getByLabel('Latency', { exact: true }).check();
      await page.locator('tbody tr').nth(1).waitFor({ state: 'detached' });
      await expect.poll(() => page.locator('tbody td').count()).toBe(1);
      expect(page.url()).toContain('?brokers=rabbitmq&rows=latency');
      await page.reload();
      await whenAlive(page);
      await page.locator('tbody tr').nth(1).waitFor({ state: 'detached' });
      await expect
        .poll(() => page.locator('form [role=status]').innerText())
        .toBe('1 broker, 1 point');
      await page.locator('form button').click();
      await page.locator('#ordering-kafka').waitFor();
      expect(page.url()).toMatch(/\/compare\/$/);
    }));

  test('on a phone a point is a section, and nothing is wider than the screen', () =>
    onPage('zh/compare/', { viewport: { width: 375, height: 700 } }, async (page) => {
      const [first, second] = await Promise.all(
        ['activemq', 'rabbitmq'].map((id) => page.locator(`#latency-${id}`).boundingBox()),
      );
      expect(second?.x).toBe(first?.x);
      expect(second?.y).toBeGreaterThan(first?.y ?? Infinity);
      await expect.poll(() => page.locator('#latency-rabbitmq .broker').isVisible()).toBe(true);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(375);
    }));
});

/**
 * The page that checks a configuration: readable without scripts, and with them from the pasted
 * text to the verdict and its cure. axe and links of it are tested with those of every page.
 */
import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

describe('web: is my configuration safe', () => {
  test.each(['en', 'zh'])('/%s/safe/ says without scripts what it does', (lang) =>
    onPage(`${lang}/safe/`, { javaScriptEnabled: false }, async (page) => {
      await expect.poll(() => page.locator('.how p').count()).toBeGreaterThan(4);
      await expect.poll(() => page.locator('.how').innerText()).toContain('min.insync.replicas');
      await expect.poll(() => page.locator('form').isVisible()).toBe(false);
    }),
  );

  test('it is linked from the door and from the index', () =>
    onPage('', { javaScriptEnabled: false }, async (page) => {
      await page.locator('main a[href$="/zh/safe/"]').click();
      await expect.poll(() => page.locator('html').getAttribute('lang')).toBe('zh-CN');
      await page.locator('.top-bar a[href$="/zh/"]').first().click();
      await expect.poll(() => page.locator('main a[href$="/zh/safe/"]').count()).toBe(1);
    }));

  test('pasted text is read at once, checked by keyboard, and the cure is named', () =>
    onPage('en/safe/', {}, async (page) => {
      await whenAlive(page);
      await page.locator('[data-list=defaults] li').first().waitFor();
      const area = page.locator('textarea');
      await area.fill('broker.id=1\ndefault.replication.factor=3\nacks=1\n');
      await page.locator('[data-list=recognised] li', { hasText: 'acks=1' }).waitFor();
      await expect
        .poll(() => page.locator('[data-list=ignored]').innerText())
        .toContain('broker.id');
      await page.locator('[data-check]').focus();
      await page.keyboard.press('Enter');
      await page.locator('[data-verdict=loses]').waitFor();
      const crash = page.locator('[data-stage=crash]');
      await expect.poll(() => crash.getAttribute('data-outcome')).toBe('broken');
      await expect
        .poll(() => crash.locator('[data-remedy]').first().innerText())
        .toContain('acks=all');
      await expect
        .poll(() => crash.locator('pre').first().innerText())
        .toContain('highwater run --link v1.');
      await area.fill('acks=2');
      await page.locator('[role=alert] li', { hasText: 'String must be one of' }).waitFor();
      await expect.poll(() => page.locator('[data-check]').isDisabled()).toBe(true);
      await expect.poll(() => page.locator('[data-verdict]').count()).toBe(0);
    }));

  test('a file is read in the page, and a check can be cancelled', () =>
    onPage('zh/safe/', {}, async (page) => {
      await whenAlive(page);
      const file = join(mkdtempSync(join(tmpdir(), 'safe-')), 'server.properties');
      writeFileSync(file, 'node.id=1\ndefault.replication.factor=3\nmin.insync.replicas=2\n');
      await page.locator('input[type=file]').setInputFiles(file);
      const recognised = page.locator('[data-list=recognised]');
      await recognised.locator('li', { hasText: 'server.properties:3' }).waitFor();
      await page.locator('[data-check]').click();
      await page.locator('progress').waitFor();
      await page.locator('[data-cancel]').click();
      await page.locator('[data-state=cancelled]').waitFor();
      await expect.poll(() => page.locator('[data-verdict]').count()).toBe(0);
    }));
});

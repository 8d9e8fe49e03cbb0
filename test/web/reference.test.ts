/**
 * The pages around the lessons: the map of the tracks, the catalogue of state machines, the
 * glossary. That every page is reached, titled, small and accessible is tested with all the others.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { charts } from '#engine/lab/machines.ts';
import { MACHINE_PURPOSES } from '#web/i18n/machines.ts';
import { GLOSSARY } from '../../lessons/glossary.ts';
import { htmlOf, lessonPaths, onPage, questionPaths, useBrowser, whenAlive } from './pages.ts';
import { stageOf } from './stage-page.ts';

useBrowser();

const LANGS = ['en', 'zh'] as const;
const ENGINE = fileURLToPath(new URL('../../engine', import.meta.url));
const count = (html: string, pattern: RegExp) => [...html.matchAll(pattern)].length;

describe('web: map of the tracks', () => {
  test.each(LANGS)('every lesson is in the picture and in the list (%s)', (lang) => {
    const html = htmlOf(`${lang}/map/`);
    const lessons = lessonPaths(lang);
    expect(lessons.length).toBeGreaterThan(50);
    for (const path of lessons) {
      const [, , slug = ''] = path.split('/');
      expect(html, slug).toContain(`data-lesson="${slug}"`);
      expect(html, slug).toContain(`id="lesson-${slug}"`);
    }
    expect(count(html, /data-lesson=/g)).toBe(lessons.length);
  });

  test('each way of the picture is a sentence of the list', () => {
    const html = htmlOf('en/map/');
    const ways = count(html, /<path class="way/g);
    expect(ways).toBeGreaterThan(50);
    expect(count(html, /href="#lesson-/g)).toBe(ways);
  });

  test('a lesson is drawn as the stage that it has', () =>
    onPage('en/map/', {}, async (page) => {
      const drawn = (slug: string) => page.locator(`[data-lesson=${slug}] .node`);
      await expect.poll(() => drawn('acks-and-loss').getAttribute('class')).toContain('complete');
      const toCome = lessonPaths('en').filter((path) => !htmlOf(path).includes('class="stage'));
      for (const path of toCome) {
        const [, , slug = ''] = path.split('/');
        await expect
          .poll(() => drawn(slug).getAttribute('class'), { message: slug })
          .toContain('questions');
      }
    }));

  test('what the reader can answer is marked', () =>
    onPage('en/map/', {}, async (page) => {
      await whenAlive(page);
      await expect.poll(() => page.locator('[data-known]').count()).toBe(0);
      const asked = questionPaths('en').filter((path) => htmlOf(path).includes('/rebalance/'));
      const slugs = asked.map((path) => path.split('/')[2]);
      await page.evaluate((known) => {
        localStorage.setItem('highwater.known', JSON.stringify(known));
      }, slugs);
      await page.reload();
      const marked = page.locator('#lesson-rebalance [data-known]');
      await expect.poll(() => marked.innerText()).toMatch(/^you can answer \d+ of \d+$/);
      await expect.poll(() => page.locator('[data-lesson=rebalance] .done').count()).toBe(1);
    }));
});

describe('web: state machines', () => {
  test.each(LANGS)('each has its name, its source and all its transitions (%s)', (lang) => {
    const html = htmlOf(`${lang}/machines/`);
    for (const chart of charts()) {
      expect(html, chart.machine).toContain(`<h2 id="${chart.machine}"`);
      expect(html, chart.machine).toContain(`data-chart="${chart.machine}"`);
      expect(html, chart.machine).toContain(chart.doc);
      expect(MACHINE_PURPOSES[chart.machine]?.[lang], `purpose of ${chart.machine}`).toBeTruthy();
      for (const { path } of chart.states) {
        const id = `${chart.machine}/${path.replace(/[^A-Za-z0-9_.]+/g, '-')}`;
        expect(html).toContain(`<tbody id="${id}"`);
      }
    }
    const silent = charts().flatMap(({ states, transitions }) =>
      states.filter(({ path }) => !transitions.some(({ from }) => from === path)),
    );
    const rows = charts().reduce((sum, { transitions }) => sum + transitions.length + 1, 0);
    expect(count(html, /<tr[ >]/g)).toBe(rows + silent.length);
  });

  test('every state machine of the engine is listed', () => {
    const files = readdirSync(ENGINE, { recursive: true, encoding: 'utf8' });
    const machines = files.filter((file) => file.endsWith('.machine.ts'));
    expect(charts().length).toBe(machines.length);
  });

  test('the machine view of the stage leads there', () =>
    onPage('en/kafka/acks-and-loss/', {}, async (page) => {
      await stageOf(page);
      await page.locator('[data-host=broker-1] [data-machines]').click();
      await page.locator('.area-inspector a[href*="/en/machines/#"]').click();
      await page.waitForURL(/\/en\/machines\/#replica$/);
      await expect.poll(() => page.locator('h2#replica').isVisible()).toBe(true);
    }));
});

describe('web: glossary', () => {
  test.each(LANGS)('every term stands there in both languages (%s)', (lang) => {
    const html = htmlOf(`${lang}/glossary/`);
    for (const [id, { en, zh }] of Object.entries(GLOSSARY)) {
      const entry = html.split(` id="${id}"`)[1]?.split('</dd>')[0] ?? '';
      expect(entry, id).toContain(en);
      expect(entry, id).toContain(zh);
      expect(entry.split('<dd')[1]?.length ?? 0, id).toBeGreaterThan(15);
    }
  });

  test('the box leaves the terms that have the words in them, in either language', () =>
    onPage('en/glossary/', {}, async (page) => {
      await whenAlive(page);
      await page.locator('input[name=q]').fill('高水位');
      await expect.poll(() => page.locator('.entry').count()).toBe(1);
      await expect.poll(() => page.locator('.entry a').innerText()).toBe('high watermark');
      await expect.poll(() => page.locator('.shown').innerText()).toBe('1 term');
    }));

  test.each([
    ['en', 'high watermark', 'high-watermark'],
    ['zh', '死信交换机', 'dead-letter-exchange'],
    ['zh', 'rebalance', 'rebalance'],
  ])('the search over all questions finds a term too (%s: %s)', (lang, words, term) =>
    onPage(`${lang}/questions/?q=${encodeURIComponent(words)}`, {}, async (page) => {
      const link = page.locator('.found-terms a').first();
      await link.click();
      await page.waitForURL(new RegExp(`/${lang}/glossary/#${term}$`));
      await expect.poll(() => page.locator(`[id="${term}"]`).isVisible()).toBe(true);
    }),
  );
});

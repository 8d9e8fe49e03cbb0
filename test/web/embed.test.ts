/**
 * An experiment in a frame of another page, as an instructor's page steers it: load a link, seek,
 * set a knob, and hear what came of the run.
 */
import type { Page } from 'playwright-core';
import { describe, expect, inject, test } from 'vitest';
import { toLink } from '#engine/lab/link.ts';
import { readWish, type Report, type Wish } from '../../web/embed/messages.ts';
import { axeFindings, onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const EMBED = 'en/embed/kafka/acks-and-loss/';

/** A page with the frame, which keeps every report. */
async function around(page: Page) {
  await page.evaluate(
    (address) => {
      const heard: unknown[] = [];
      Object.assign(window, { heard });
      addEventListener('message', ({ data }) => heard.push(data));
      const frame = `<iframe title="x" src="${address}"></iframe>`;
      document.documentElement.innerHTML = `<body>${frame}</body>`;
    },
    inject('site') + EMBED,
  );
  await heard(page, 'ready');
}

async function heard<Kind extends Report['highwater']>(page: Page, kind: Kind, after = 0) {
  const found = await page.waitForFunction(
    ([kind, after]) =>
      (window as unknown as { heard: Report[] }).heard
        .slice(after)
        .findLast((report) => report.highwater === kind),
    [kind, after] as const,
  );
  return (await found.jsonValue()) as Extract<Report, { highwater: Kind }>;
}

/** Sends a wish; answers how many reports there were before. */
const send = (page: Page, wish: Wish) =>
  page.evaluate((message) => {
    const { heard } = window as unknown as { heard: Report[] };
    const frame = document.querySelector('iframe')?.contentWindow;
    frame?.postMessage(message, '*');
    return heard.length;
  }, wish);

describe('web: embed', () => {
  test('the page around sets a knob, seeks, loads a link, and hears the verdict', () =>
    onPage('favicon.svg', {}, async (page) => {
      await page.goto(`${inject('site')}robots.txt`);
      await around(page);
      const { steps, knobs } = await heard(page, 'ready');
      expect(knobs['acks']).toBe('1');
      let before = await send(page, { highwater: 'set', knobs: { acks: 'all' } });
      await page.waitForFunction(() =>
        (window as unknown as { heard: Report[] }).heard.some(
          (report) => report.highwater === 'run' && report.knobs['acks'] === 'all',
        ),
      );
      expect((await heard(page, 'run', before)).measures['lost']).toBe(0);
      before = await send(page, { highwater: 'seek', step: steps[2] ?? '' });
      expect((await heard(page, 'place', before)).step).toBe(steps[2]);
      const link = toLink({ experiment: 'acks-and-loss', knobs: {}, seed: 1, inputs: [] });
      before = await send(page, { highwater: 'load', link });
      const run = await heard(page, 'run', before);
      expect([run.knobs['acks'], run.measures['lost']]).toEqual(['1', 3]);
      expect(Object.values(run.verdicts)).toContain('proved');
      before = await send(page, { highwater: 'set', knobs: { acks: 'perhaps' } });
      expect((await heard(page, 'problem', before)).text).toContain('acks');
    }));

  test('by itself it is the experiment and the way to its lesson, without violations', () =>
    onPage(EMBED, {}, async (page) => {
      await whenAlive(page);
      await page.locator('.stage[data-engine=running]').waitFor();
      await expect.poll(() => page.locator('.top-bar').count()).toBe(0);
      await expect
        .poll(() => page.locator('.embed header a').getAttribute('href'))
        .toBe('/en/kafka/acks-and-loss/');
      expect(await axeFindings(page)).toEqual([]);
    }));

  test('what is no wish is left to others', () => {
    expect(readWish('load')).toBeNull();
    expect(readWish({ highwater: 'seek', event: 1.5 })).toBeNull();
    expect(readWish({ highwater: 'load' })).toBeNull();
    expect(readWish({ highwater: 'load', link: 'https://lab.example/en/kafka/x/#v1.abc' })).toEqual(
      { highwater: 'load', link: 'v1.abc' },
    );
    expect(readWish({ highwater: 'set', knobs: { replicas: 3 } })).toEqual({
      highwater: 'set',
      knobs: { replicas: '3' },
    });
  });
});

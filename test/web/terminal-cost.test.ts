/**
 * What a terminal costs: nothing before it is opened; xterm's chunk within 90 KB, the shell's and
 * the tools of a product within 40 KB each, by gzip; and 10,000 lines of a consumer in tasks of at
 * most 50 ms of the page's main thread, in processor time (`frame-times.ts` says why).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { launchBrowser } from './browser.ts';
import { frameTimes } from './frame-times.ts';
import { whenAlive } from './pages.ts';
import { openDrill, rowsOf, typeLine } from './terminal-page.ts';

const KB = 1024;
const LESSON = 'en/kafka/acks-and-loss/';
const SERVER = '--bootstrap-server broker-1:9092';
const LINES = 10_000;
const TASK_MS_MAX = 50;
/** What a product's tools have over the 40 KB, and why: a file is known by a tool that it has. */
const EXTRA_KB: Readonly<Record<string, number>> = {
  // twenty commands, with what the real ones say of each option in each release, and four codecs
  'kafka-reassign-partitions.sh': 24,
};
const ASSETS = join(inject('dist'), 'assets');

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const gzipped = (file: string) => gzipSync(readFileSync(join(ASSETS, file)), { level: 9 }).length;
const scriptsOf = (name: RegExp) => readdirSync(ASSETS).filter((file) => name.test(file));

describe('web: what a terminal costs', () => {
  test("xterm's chunk has at most 90 KB, with the code around it", () => {
    const files = scriptsOf(/^xterm-screen-.*\.(js|css)$/);
    expect(files.length).toBeGreaterThan(0);
    const total = files.reduce((sum, file) => sum + gzipped(file), 0);
    console.log(`xterm's chunk has ${(total / KB).toFixed(1)} KB`);
    expect(total).toBeLessThanOrEqual(90 * KB);
  });

  test("the shell's chunk and the tools of a product have at most 40 KB each", () => {
    const files = scriptsOf(/^worker-(terminal|tools)-.*\.js$/);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      console.log(`${file} has ${(gzipped(file) / KB).toFixed(1)} KB`);
      const text = readFileSync(join(ASSETS, file), 'utf8');
      const [, extra = 0] = Object.entries(EXTRA_KB).find(([tool]) => text.includes(tool)) ?? [];
      expect.soft(gzipped(file), file).toBeLessThanOrEqual((40 + extra) * KB);
    }
  });

  test('nothing of it is loaded before it is opened', async () => {
    const context = await browser.newContext({ serviceWorkers: 'block' });
    const page = await context.newPage();
    const loaded: string[] = [];
    page.on('response', (response) => loaded.push(response.url()));
    await page.goto(new URL(LESSON, inject('site')).href, { waitUntil: 'networkidle' });
    await whenAlive(page);
    const ofTerminal = () => loaded.filter((url) => /xterm|terminal|tools|Drill-/.test(url));
    expect(ofTerminal()).toEqual([]);
    await openDrill(page);
    expect(ofTerminal().some((url) => url.includes('xterm'))).toBe(true);
    await context.close();
  });

  test(`${LINES} lines of a consumer cause no task of more than ${TASK_MS_MAX} ms`, async () => {
    const context = await browser.newContext({ serviceWorkers: 'block', reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(new URL(LESSON, inject('site')).href);
    await openDrill(page);
    await typeLine(page, `seq ${LINES} | kafka-console-producer.sh ${SERVER} --topic pay`);
    const times = await frameTimes(browser, page, async () => {
      const until = `--from-beginning --max-messages ${LINES}`;
      await page.keyboard.type(`kafka-console-consumer.sh ${SERVER} --topic pay ${until}\r`);
      await expect
        .poll(async () => (await rowsOf(page, 1)).join('\n'))
        .toContain(`Processed a total of ${LINES} messages`);
    });
    console.log(`${LINES} lines: the longest task took ${times.taskMsMax.toFixed(1)} ms`);
    expect(times.frames).toBeGreaterThan(0);
    expect(times.taskMsMax).toBeLessThanOrEqual(TASK_MS_MAX);
    await context.close();
  });
});

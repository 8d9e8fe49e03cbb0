/**
 * What a terminal costs: nothing before it is opened; by gzip, 90 KB at most for xterm's chunk, 40
 * for what a world's terminal brings into the worker, and 30 for a tool with all that it brings,
 * when a line names it; and 10,000 lines of a consumer in tasks of at most 50 ms of the page's main
 * thread, in processor time (`frame-times.ts` says why).
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
import { importedBy, KB, loadedBy, sizeOf, without, workerFile } from './worker-files.ts';

const LESSON = 'en/kafka/acks-and-loss/';
const SERVER = '--bootstrap-server broker-1:9092';
const LINES = 10_000;
const TASK_MS_MAX = 50;
/** A tool's name, and not the path of a lesson. */
const TOOL = /^(?:kafka-|zookeeper-|rabbitmq|perf-test)[\w.-]*$/;
const ASSETS = join(inject('dist'), 'assets');
const WORKER = workerFile('lab.worker');
const TERMINAL = workerFile('terminal');

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const gzipped = (file: string) => gzipSync(readFileSync(join(ASSETS, file)), { level: 9 }).length;
const scriptsOf = (name: RegExp) => readdirSync(ASSETS).filter((file) => name.test(file));

const onDemand = [...loadedBy(TERMINAL)];
const toolFiles = onDemand.filter(([name]) => TOOL.test(name));
/** The file of each drill's world, by its lesson. */
const worlds = new Map(
  onDemand.flatMap(([path, file]) => {
    const [, lesson = ''] = /lessons\/(.+)\/drill\.ts$/.exec(path) ?? [];
    return lesson === '' ? [] : [[lesson, file] as const];
  }),
);

describe('web: what a terminal costs', () => {
  test("xterm's chunk has at most 90 KB, with the code around it", () => {
    const files = scriptsOf(/^xterm-screen-.*\.(js|css)$/);
    expect(files.length).toBeGreaterThan(0);
    const total = files.reduce((sum, file) => sum + gzipped(file), 0);
    console.log(`xterm's chunk has ${(total / KB).toFixed(1)} KB`);
    expect(total).toBeLessThanOrEqual(90 * KB);
  });

  test('what only the terminal of a world brings has at most 40 KB', () => {
    expect(worlds.size).toBeGreaterThan(2);
    for (const [world, file] of worlds) {
      const files = without(importedBy(TERMINAL), importedBy(file), importedBy(WORKER));
      console.log(`the terminal of ${world} brings ${(sizeOf(files) / KB).toFixed(1)} KB`);
      expect.soft(sizeOf(files), world).toBeLessThanOrEqual(40 * KB);
    }
  });

  test('a tool has at most 30 KB, with all that only it brings', () => {
    expect(toolFiles.length).toBeGreaterThan(20);
    for (const [name, file] of toolFiles) {
      const track = /^kafka-|^zookeeper-/.test(name) ? 'kafka' : 'rabbitmq';
      const [, world] = [...worlds].find(([lesson]) => lesson.startsWith(track))!;
      const there = [TERMINAL, world, WORKER].map((one) => importedBy(one));
      const files = without(importedBy(file), ...there);
      console.log(`${name} brings ${(sizeOf(files) / KB).toFixed(1)} KB`);
      expect.soft(sizeOf(files), name).toBeLessThanOrEqual(30 * KB);
    }
  });

  test('nothing of it is loaded before it is opened, and no tool before it is named', async () => {
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
    const ofTools = () =>
      [...toolFiles].filter(([, file]) => loaded.some((url) => url.includes(file)));
    expect(ofTools()).toEqual([]);
    await typeLine(page, `kafka-topics.sh ${SERVER} --list | grep -c pay`);
    expect((await rowsOf(page, 1)).at(-2)).toBe('1');
    expect(ofTools().map(([name]) => name)).toEqual(['kafka-topics.sh']);
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

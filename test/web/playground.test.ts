/** The playground's page: clicks that type, a live world, faults by click, and links to it. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { fromLink } from '../../engine/lab/link.ts';
import { playgroundExperiment } from '../../engine/shell/playground/playground-experiment.ts';
import { TerminalSession } from '../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../engine/shell/toolbox.ts';
import { axeFindings, onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

/** A world of one broker, by its lines: quick to make. */
const SMALL = ['add kafka --brokers 1', 'add topic orders', 'add producer shop --topic orders'];

/** Until nothing is under way: no starting point is typed any more, and no command runs. */
const atRest = (page: Page) =>
  page.locator('[data-world][aria-busy=false] [data-toolbox]').waitFor();

async function begin(page: Page, point: 'kafka' | 'rabbitmq' | 'both' | 'empty'): Promise<void> {
  await whenAlive(page);
  await page.locator(`[data-start=${point}]`).click();
  await atRest(page);
}

/** Stops time, where it passes, so that two looks see one world. */
async function stopTime(page: Page): Promise<void> {
  const button = page.locator('[data-time-play]');
  if ((await button.innerText()).includes('❚❚')) await button.click();
  await atRest(page);
  // a slice of time that had begun is shown when it is over
  await expect.poll(() => settledHash(page)).not.toBe('');
}

/** The hash of the world that is drawn; empty while it still changes. */
async function settledHash(page: Page): Promise<string> {
  const before = await hashOf(page);
  await page.waitForTimeout(400);
  return (await hashOf(page)) === before ? before : '';
}

const hashOf = async (page: Page): Promise<string> =>
  (await page.locator('[data-live-hash]').getAttribute('data-live-hash')) ?? '';

/** What was typed, by the marks on the time line: the newest last. */
async function typedLines(page: Page): Promise<string[]> {
  const names = await page
    .locator('[data-mark]')
    .evaluateAll((marks) => marks.map((mark) => mark.getAttribute('title') ?? ''));
  return names.map((name) => name.replace(/^\d> /, '').replace(/ \(after event \d+\)$/, ''));
}

/** Types lines into the plain text field. */
async function typeLines(page: Page, lines: readonly string[]): Promise<void> {
  await page.locator('[data-plain]').check();
  const field = page.locator('.terminal input[type=text], .terminal textarea').first();
  for (const line of lines) {
    await field.fill(line);
    await field.press('Enter');
    await atRest(page);
  }
}

/** Copies the link of the world and gives its fragment. */
async function linkOf(page: Page): Promise<string> {
  await page.locator('[data-share]').click();
  await expect.poll(() => new URL(page.url()).hash).toMatch(/^#v1\./);
  return new URL(page.url()).hash.slice(1);
}

const SERVER = '--bootstrap-server broker-1:9092';
/** Lines whose tools and codec nothing else names. */
const TOOLS = [
  `kafka-topics.sh ${SERVER} --create --topic small --partitions 1 --replication-factor 3`,
  `seq 20 | kafka-console-producer.sh ${SERVER} --topic small --compression-codec lz4`,
  'kafka-dump-log.sh --files broker-1:small-0/00000000000000000000.log | grep -c lz4',
];

describe('web: playground', () => {
  test.each(['en', 'zh'])('/%s/playground/ says without scripts what it is', (lang) =>
    onPage(`${lang}/playground/`, { javaScriptEnabled: false }, async (page) => {
      const length = async () => (await page.locator('main').innerText()).length;
      await expect.poll(length).toBeGreaterThan(60);
      await expect.poll(() => page.locator('noscript').count()).toBeGreaterThan(0);
    }),
  );

  test('nothing of a world is loaded before somebody begins', () =>
    onPage('en/playground/', {}, async (page) => {
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      await page.reload({ waitUntil: 'networkidle' });
      await whenAlive(page);
      const ofWorld = () => asked.filter((path) => /xterm|lab\.worker|World/.test(path));
      await expect.poll(() => asked.length).toBeGreaterThan(0);
      expect(ofWorld()).toEqual([]);
      await begin(page, 'empty');
      await expect.poll(() => ofWorld().length).toBeGreaterThan(0);
    }));

  test('a starting point types its lines, and time passes', () =>
    onPage('en/playground/', {}, async (page) => {
      await begin(page, 'both');
      expect(await typedLines(page)).toContain('add kafka --brokers 3');
      for (const host of ['broker-3', 'rabbit-1', 'shop', 'worker']) {
        await page.locator(`[data-host=${host}]`).waitFor();
      }
      const at = () => page.locator('[data-time-at]').innerText();
      const before = await at();
      await expect.poll(at).not.toBe(before);
    }));

  test('a button of the toolbox keeps the focus while its command runs', () =>
    onPage('en/playground/', {}, async (page) => {
      await begin(page, 'empty');
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('SECTION');
      await page.locator('[data-offer=kafka] select').selectOption('1');
      await page.locator('[data-offer=kafka] button').click();
      await page.locator('[data-offer=topic]').waitFor();
      await atRest(page);
      // Kafka is there: the button is gone, and the first of its product has the focus
      const broker = page.locator('[data-offer=broker] button');
      await expect.poll(() => broker.evaluate((one) => one === document.activeElement)).toBe(true);
      const add = page.locator('[data-offer=topic] button');
      await add.focus();
      await page.keyboard.press('Enter');
      await page.locator('[data-offer=producer]').waitFor();
      await atRest(page);
      expect(await add.evaluate((one) => one === document.activeElement)).toBe(true);
    }));

  test('an empty world offers two products, and each click types what it shows', () =>
    onPage('en/playground/', {}, async (page) => {
      await begin(page, 'empty');
      const offers = page.locator('[data-offer]');
      expect(await offers.evaluateAll((all) => all.map((one) => one.dataset.offer))).toEqual([
        'kafka',
        'rabbitmq',
      ]);
      await page.locator('[data-offer=kafka] select').selectOption('1');
      const line = await page.locator('[data-offer=kafka] [data-line]').innerText();
      expect(line).toBe('add kafka --brokers 1');
      await page.locator('[data-offer=kafka] button').click();
      await page.locator('[data-offer=topic]').waitFor();
      expect(await typedLines(page)).toEqual([line]);
      await page
        .locator('[data-offer=topic] [data-option="--replication-factor"]')
        .selectOption('1');
      await page.locator('[data-offer=topic] button').click();
      await page.locator('[data-offer=producer]').waitFor();
      await atRest(page);
      await page.locator('[data-offer=producer] button').click();
      await page.locator('[data-host=producer-1]').waitFor();
    }));

  test('a fault by click is typed as a command, and strikes the live world', () =>
    onPage('en/playground/', {}, async (page) => {
      await begin(page, 'empty');
      await typeLines(page, SMALL);
      await page.locator('[data-host=broker-1] [data-act]').click();
      await page.locator('[data-command="crash broker-1"]').click();
      await page.locator('[data-host=broker-1].down').waitFor();
      expect((await typedLines(page)).pop()).toBe('crash broker-1');
    }));

  test('a client that is removed is drawn no more', () =>
    onPage('en/playground/', {}, async (page) => {
      await begin(page, 'empty');
      await typeLines(page, SMALL);
      await page.locator('[data-client=shop] button').click();
      await atRest(page);
      await typeLines(page, ['run 1s']);
      await page.locator('[data-host=shop]').waitFor({ state: 'detached' });
      await expect.poll(() => page.locator('[data-client]').count()).toBe(0);
    }));

  test('time goes an event on and back', () =>
    onPage('en/playground/', {}, async (page) => {
      await begin(page, 'empty');
      await typeLines(page, SMALL);
      const event = async () =>
        Number(/event (\d+)/.exec(await page.locator('[data-live-place]').innerText())?.[1]);
      const before = await event();
      await page.getByRole('button', { name: 'One event on' }).click();
      await expect.poll(event).toBe(before + 1);
      await page.getByRole('button', { name: /^One event back/ }).click();
      await expect.poll(event).toBe(before);
    }));

  test('a link opens to the same trace in another browser and in Node', async () => {
    let link = '';
    let hash = '';
    await onPage('en/playground/', {}, async (page) => {
      await begin(page, 'kafka');
      await typeLines(page, TOOLS);
      await page.locator('[data-host=broker-2] [data-act]').click();
      await page.locator('[data-command="crash broker-2"]').click();
      await page.locator('[data-host=broker-2].down').waitFor();
      await stopTime(page);
      hash = await hashOf(page);
      link = await linkOf(page);
    });
    await onPage(`zh/playground/#${link}`, {}, async (page) => {
      await whenAlive(page);
      await expect.poll(() => hashOf(page)).toBe(hash);
    });
    const opened = fromLink(link);
    if (!opened.ok) throw new Error(opened.reason);
    const { experiment, typed = [], closedAt = 0 } = opened.shared;
    expect(experiment).toBe(playgroundExperiment.id);
    const tools = toolsOf(playgroundExperiment.terminal!.products);
    const kept = { typed, event: closedAt };
    const session = new TerminalSession({ experiment: playgroundExperiment, tools, kept });
    expect(session.run.world.trace.hash).toBe(hash);
    expect(typed.map(({ text }) => text)).toContain('crash broker-2');
    expect(session.transcript.map(({ text }) => text)).toContain('1');
  });

  test('a link that cannot be opened is told, and an empty world is there', () =>
    onPage('en/playground/#v1.999.bm9uZQ', {}, async (page) => {
      await whenAlive(page);
      await page.locator('[data-offer=kafka]').waitFor();
      const told = () => page.getByRole('alert').innerText();
      await expect.poll(told).toMatch(/another version of the engine/);
    }));

  test('who comes back goes on where the world was left', () =>
    onPage('en/playground/', {}, async (page) => {
      await begin(page, 'empty');
      await typeLines(page, SMALL);
      const hash = await hashOf(page);
      await page.waitForFunction(
        () => localStorage.getItem('highwater.playground')?.includes('add producer') === true,
      );
      await page.reload();
      await whenAlive(page);
      await page.locator('[data-start=kept]').click();
      await expect.poll(() => hashOf(page)).toBe(hash);
    }));

  test.each(['light', 'dark'] as const)('axe finds nothing in an open world: %s', (colorScheme) =>
    onPage('en/playground/', { colorScheme }, async (page) => {
      await begin(page, 'both');
      await stopTime(page);
      expect(await axeFindings(page, 'all')).toEqual([]);
    }),
  );

  test('on a phone, in Chinese, nothing is wider than the page', () =>
    onPage('zh/playground/', { viewport: { width: 390, height: 800 } }, async (page) => {
      await begin(page, 'both');
      await stopTime(page);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(390);
      const title = await page.locator('h1').innerText();
      expect(title).toBe('试验场');
    }));
});

/**
 * The terminal of a lesson's drill, in Chromium on the built site: typed to its goal, with what a
 * line editor has, in two panes, in Chinese, and as plain text.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { axeFindings, onPage, useBrowser, whenAlive } from './pages.ts';
import { focusPane, lastRow, openDrill, paneReady, paste } from './terminal-page.ts';
import { rowsOf, typeLine } from './terminal-page.ts';

useBrowser();

const LESSON = 'en/kafka/acks-and-loss/';
const SERVER = '--bootstrap-server broker-1:9092';
const STILL = { reducedMotion: 'reduce', viewport: { width: 1280, height: 900 } } as const;
const WAY = [
  'start broker-3',
  'run 10s',
  `kafka-topics.sh ${SERVER} --delete --topic pay`,
  'run 5s',
  `kafka-topics.sh ${SERVER} --create --topic pay --partitions 1 --replication-factor 3` +
    ' --config min.insync.replicas=2 --config unclean.leader.election.enable=false',
  `seq 100 | kafka-console-producer.sh ${SERVER} --topic pay`,
  'run 2s',
];

const ticked = (page: Page) => page.locator('[data-drill] [data-goal=true]').count();
const shows = (page: Page, pane: number) => expect.poll(async () => rowsOf(page, pane));

describe('web: terminal', () => {
  test('a drill is typed to its goal, each part is ticked, and it is there after a reload', () =>
    onPage(LESSON, STILL, async (page) => {
      await openDrill(page);
      await expect.poll(() => ticked(page)).toBe(0);
      for (const line of WAY) await typeLine(page, line);
      await expect.poll(() => ticked(page)).toBe(4);
      await expect
        .poll(() => page.locator('[data-drill]').getAttribute('data-solved'))
        .toBe('true');
      await expect.poll(() => page.locator('.drill .solved').innerText()).toBe('Solved.');
      // what is kept is written a moment later
      await page.waitForFunction(() =>
        localStorage.getItem('highwater.drill.acks-and-loss')?.includes('"isSolved":true'),
      );
      await page.reload();
      await openDrill(page);
      await expect.poll(() => ticked(page)).toBe(4);
      await shows(page, 1).toContain('$ start broker-3');
      await page.locator('[data-reset]').click();
      await expect.poll(() => ticked(page)).toBe(0);
      await expect.poll(() => page.locator('.drill .solved').innerText()).toContain('have solved');
      await expect.poll(() => page.locator('[data-drill-solved]').count()).toBe(1);
    }));

  test.each(['en', 'zh'])('text and underscores are seen on a page in %s, without motion', (lang) =>
    onPage(LESSON.replace('en', lang), STILL, async (page) => {
      await openDrill(page);
      const colours = await page.evaluate(() =>
        ['.xterm-rows', '.xterm-viewport'].map((one) => {
          const { color, backgroundColor } = getComputedStyle(document.querySelector(one)!);
          return one === '.xterm-rows' ? color : backgroundColor;
        }),
      );
      expect(colours[0]).not.toBe(colours[1]);
      const pane = page.locator('[data-xterm-pane="1"]');
      const shown = async (text: string) => {
        await page.keyboard.type(text);
        await expect.poll(async () => (await rowsOf(page, 1)).at(-1)).toBe(`$ ${text}`);
        const shot = await pane.screenshot();
        for (const _letter of text) await page.keyboard.press('Backspace');
        return shot;
      };
      const blank = await shown('a  b');
      expect((await shown('a__b')).equals(blank)).toBe(false);
      expect((await shown('a  b')).equals(blank)).toBe(true);
    }),
  );

  test('Tab puts what can only be meant, and lists what can be', () =>
    onPage(LESSON, STILL, async (page) => {
      await openDrill(page);
      await page.keyboard.type('kafka-to\t--boot\tbroker-2\t--des\t--topic p\t\r');
      await shows(page, 1).toContain(
        '$ kafka-topics.sh --bootstrap-server broker-2:9092 --describe --topic pay',
      );
      await page.keyboard.type('crash bro\t');
      await expect.poll(() => lastRow(page, 1)).toBe('$ crash broker-');
      await page.keyboard.type('\t');
      await shows(page, 1).toEqual(
        expect.arrayContaining([expect.stringMatching(/^broker-1 +broker-2 +broker-3$/)]),
      );
      await expect.poll(() => lastRow(page, 1)).toBe('$ crash broker-');
    }));

  test('the history is a pane of its own; keys move in the line', () =>
    onPage(LESSON, STILL, async (page) => {
      await openDrill(page);
      await typeLine(page, 'echo one');
      await typeLine(page, 'echo two');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Home');
      await page.keyboard.press('Control+ArrowRight');
      await page.keyboard.type(' and');
      await page.keyboard.press('Enter');
      await shows(page, 1).toContain('and one');
      await page.locator('[data-add-pane]').click();
      await paneReady(page, 2);
      await page.keyboard.press('ArrowUp');
      await page.keyboard.type('echo other\r');
      await shows(page, 2).toContain('other');
    }));

  test('two panes at once: a consumer prints what is produced, and Ctrl-C ends it', () =>
    onPage(LESSON, STILL, async (page) => {
      await openDrill(page);
      await typeLine(page, `kafka-console-consumer.sh ${SERVER} --topic pay --from-beginning`);
      await page.locator('[data-add-pane]').click();
      await paneReady(page, 2);
      await typeLine(page, `seq 3 | kafka-console-producer.sh ${SERVER} --topic pay`);
      await page.locator('[data-time-play]').click();
      await shows(page, 1).toEqual(expect.arrayContaining(['1', '2', '3']));
      await page.locator('[data-time-play]').click();
      await focusPane(page, 2);
      await page.keyboard.press('Control+Shift+ArrowLeft');
      await page.keyboard.press('Control+c');
      await expect.poll(() => lastRow(page, 1)).toBe('$');
      await expect
        .poll(async () => (await rowsOf(page, 1)).join('\n'))
        .toContain('Processed a total of 3 messages');
    }));

  test('several lines that are pasted run in order, and the last one is left to be typed on', () =>
    onPage(LESSON, STILL, async (page) => {
      await openDrill(page);
      await paste(page, 'echo a > list\necho b >> list\ncat list\nls');
      await shows(page, 1).toEqual([
        '$ echo a > list',
        '$ echo b >> list',
        '$ cat list',
        'a',
        'b',
        '$ ls',
      ]);
    }));

  test('an input method writes Chinese, and a wide character is deleted as one', () =>
    onPage('zh/kafka/acks-and-loss/', STILL, async (page) => {
      await openDrill(page);
      await page.keyboard.type('echo ');
      const client = await page.context().newCDPSession(page);
      await client.send('Input.imeSetComposition', {
        text: 'ding dan',
        selectionStart: 8,
        selectionEnd: 8,
      });
      await client.send('Input.insertText', { text: '订单已收到' });
      await expect.poll(() => lastRow(page, 1)).toBe('$ echo 订单已收到');
      await page.keyboard.press('Backspace');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.type('x');
      await page.keyboard.press('Enter');
      await shows(page, 1).toContain('订单已x收');
    }));

  test('a command is a mark on the time line: the mark shows its moment and chooses it', () =>
    onPage(LESSON, STILL, async (page) => {
      await openDrill(page);
      await typeLine(page, 'start broker-3');
      await typeLine(page, 'run 3s');
      const card = page.locator('.live [data-host=broker-3]');
      await expect.poll(() => card.getAttribute('class')).not.toContain('down');
      await page.locator('[data-mark]').first().click();
      await expect.poll(() => card.getAttribute('class')).toContain('down');
      await expect.poll(() => page.locator('[data-mark].chosen').count()).toBe(1);
      await page.locator('.live .where button').click();
      await expect.poll(() => card.getAttribute('class')).not.toContain('down');
    }));

  test('hints come one by one, and a solution that was shown is noted', () =>
    onPage(LESSON, STILL, async (page) => {
      await openDrill(page);
      for (let taken = 1; taken <= 3; taken++) {
        await page.locator('[data-hint]').click();
        await expect.poll(() => page.locator('.hints li').count()).toBe(taken);
      }
      await expect.poll(() => page.locator('[data-hint]').isDisabled()).toBe(true);
      await page.locator('[data-solution]').click();
      await expect.poll(() => page.locator('.drill .solution').count()).toBe(1);
      await expect.poll(() => page.locator('[data-score]').innerText()).toContain('3 hints');
    }));

  test('as plain text: a live region, history, Tab, a paste, Ctrl-C; axe finds nothing', () =>
    onPage(LESSON, STILL, async (page) => {
      await openDrill(page);
      await page.locator('[data-plain]').click();
      const line = page.locator('[data-plain-line]');
      const log = page.locator('[data-plain-pane="1"] [role=log]');
      await expect.poll(() => log.getAttribute('aria-live')).toBe('polite');
      await line.pressSequentially('echo on');
      await line.press('Enter');
      await expect.poll(() => log.innerText()).toMatch(/\$ echo on\s+on$/);
      await line.press('ArrowUp');
      await expect.poll(() => line.inputValue()).toBe('echo on');
      await line.fill('kafka-console-c');
      await line.press('Tab');
      await expect.poll(() => line.inputValue()).toBe('kafka-console-consumer.sh ');
      await line.pressSequentially(`${SERVER} --topic pay`);
      await line.press('Enter');
      await page.locator('[data-plain-pane="1"] button', { hasText: 'Ctrl-C' }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await line.press('Control+c');
      await expect.poll(() => log.innerText()).toContain('Processed a total of 0 messages');
      await paste(page, 'echo a\necho b\nec');
      await expect.poll(() => log.innerText()).toMatch(/\$ echo a\s+a\s+\$ echo b\s+b$/);
      await expect.poll(() => line.inputValue()).toBe('ec');
    }));

  test('on a phone, in the dark: one pane at a time, nothing wider than the window', () =>
    onPage(
      'zh/kafka/acks-and-loss/',
      { ...STILL, viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
      async (page) => {
        await openDrill(page);
        await page.locator('[data-add-pane]').click();
        await paneReady(page, 2);
        await expect.poll(() => page.locator('[data-xterm-pane="1"]').isVisible()).toBe(false);
        await page.locator('[data-pane-tab="1"]').click();
        await expect.poll(() => page.locator('[data-xterm-pane="2"]').isVisible()).toBe(false);
        await expect
          .poll(() => page.evaluate(() => document.documentElement.scrollWidth))
          .toBe(390);
        expect(await axeFindings(page)).toEqual([]);
      },
    ));

  test('where xterm cannot be loaded the plain text field is there, and says so', async () => {
    const failed: string[] = [];
    await onPage(LESSON, STILL, async (page) => {
      await whenAlive(page);
      await page.route(/xterm-screen/, (route) => {
        failed.push(route.request().url());
        return route.fulfill({ status: 200, contentType: 'text/javascript', body: 'throw 1;' });
      });
      await page.locator('[data-open-drill]').click();
      await page.locator('[data-plain-line]').waitFor();
      await expect
        .poll(() => page.locator('.terminal [role=status]').innerText())
        .toContain('plain text');
    });
    expect(failed.length).toBeGreaterThan(0);
  });
});

/**
 * Study and mock interview as a reader goes through them, each from its start to what is kept of
 * it. The schedule, the file's form and the draw are tested in test/study.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import { describe, expect, inject, test } from 'vitest';
import { cardsInOrder, type StudyData } from '#web/study/cards.ts';
import { axeFindings, onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const PHONE = { viewport: { width: 360, height: 740 } };
const { questions } = JSON.parse(
  readFileSync(join(inject('dist'), 'en/study/cards.json'), 'utf8'),
) as StudyData;
const CARDS = cardsInOrder(questions);

async function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
}

async function saved(page: Page, button: string): Promise<{ name: string; text: string }> {
  const waiting = page.waitForEvent('download');
  await page.locator(button).click();
  const download: Download = await waiting;
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

/** What a lesson keeps of a bet: the key in `localStorage`, and the text there. */
const BET = [
  'highwater.bet.acks-and-loss',
  JSON.stringify({ chosen: 'none', came: 'some', why: '只有 leader 有' }),
] as const;

const LINE = { event: 12, pane: 1, text: 'kafka-topics.sh --list' };
const SESSION = { typed: [LINE], event: 40, hints: 0, isSolutionShown: false };
const DRILL = [
  'highwater.drill.acks-and-loss',
  JSON.stringify({ session: SESSION, isSolved: true }),
] as const;

const queueOf = async (page: Page) => {
  const line = page.locator('.study [data-due]');
  await line.waitFor();
  const [due, fresh] = [await line.getAttribute('data-due'), await line.getAttribute('data-fresh')];
  return { due: Number(due), fresh: Number(fresh) };
};

/** Turns and grades the card that is asked, by keys alone; gives its id. */
async function gradeByKeys(page: Page, grade: string): Promise<string> {
  const card = page.locator('article[data-card]');
  const id = (await card.getAttribute('data-card')) ?? '';
  await page.waitForFunction(() => document.activeElement?.classList.contains('front'));
  await page.keyboard.press('Space');
  await page.waitForFunction(() => document.activeElement?.classList.contains('back'));
  await page.keyboard.press(grade);
  return id;
}

async function readFile(page: Page, text: string): Promise<void> {
  await page.locator('.files input[type=file]').setInputFiles({
    name: 'progress.json',
    mimeType: 'application/json',
    buffer: Buffer.from(text),
  });
}

describe('web: study', () => {
  test('without scripts the page says what it is and leads to the questions', () =>
    onPage('zh/study/', { javaScriptEnabled: false }, async (page) => {
      await expect.poll(() => page.locator('.how p').count()).toBeGreaterThan(0);
      await expect
        .poll(() => page.locator('.without a').getAttribute('href'))
        .toBe('/zh/questions/');
      await expect.poll(() => page.locator('button:visible, select:visible').count()).toBe(0);
    }));

  test('a queue is graded by keys, kept over a reload, and taken back', () =>
    onPage('en/study/', {}, async (page) => {
      await whenAlive(page);
      const all = Math.min(10, CARDS.length);
      await expect.poll(() => queueOf(page)).toEqual({ due: 0, fresh: all });
      await page.locator('button.start').click();
      const first = await gradeByKeys(page, '4');
      expect(first).toBe(CARDS[0]!.id);
      const second = await gradeByKeys(page, '1');
      await expect.poll(() => queueOf(page)).toEqual({ due: 1, fresh: all - 2 });

      await page.reload();
      await whenAlive(page);
      await expect.poll(() => queueOf(page)).toEqual({ due: 1, fresh: all - 2 });
      const track = CARDS[0]!.question.track;
      const met = CARDS.slice(0, 2).filter(({ question }) => question.track === track).length;
      const row = page.locator(`tr[data-track=${track}] td`).first();
      await expect.poll(() => row.innerText()).toMatch(new RegExp(`^${met} of \\d+$`));

      await page.locator('button.start').click();
      const third = await gradeByKeys(page, '3');
      expect([first, second]).not.toContain(third);
      await page.waitForFunction(() => document.activeElement?.classList.contains('front'));
      await page.keyboard.press('u');
      await expect
        .poll(() => page.locator('article[data-card]').getAttribute('data-card'))
        .toBe(third);
      await expect.poll(() => queueOf(page)).toEqual({ due: 1, fresh: all - 2 });
    }));

  test('when the queue is done the page says when the next card comes', () =>
    onPage('zh/study/', {}, async (page) => {
      await whenAlive(page);
      const field = page.locator('input[name=new-per-day]');
      await field.fill('2');
      await field.blur();
      await page.locator('button.start').click();
      for (let round = 0; round < 2; round += 1) {
        await page.locator('button[data-turn]').click();
        await page.locator('button[data-grade="4"]').click();
      }
      await page.getByText('学完了。下一张卡片在').waitFor();
      await expect.poll(() => page.locator('article[data-card]').count()).toBe(0);
      await page.reload();
      await expect.poll(() => queueOf(page)).toEqual({ due: 0, fresh: 0 });
      await expect.poll(() => field.inputValue()).toBe('2');
    }));

  test('progress goes by file to another browser; a broken file changes nothing', async () => {
    let file = { name: '', text: '' };
    await onPage('en/study/', {}, async (page) => {
      await whenAlive(page);
      await page.locator('button.start').click();
      await gradeByKeys(page, '4');
      await gradeByKeys(page, '2');
      await page.evaluate(([key, bet]) => localStorage.setItem(key, bet), BET);
      await page.evaluate(([key, drill]) => localStorage.setItem(key, drill), DRILL);
      file = await saved(page, 'button[data-save]');
      expect(file.name).toMatch(/^highwater-progress-\d{4}-\d\d-\d\d\.json$/);
    });
    await onPage('zh/study/', {}, async (page) => {
      await whenAlive(page);
      const before = await queueOf(page);
      await readFile(page, file.text.replace('"dueMs": ', '"dueMs": "x'));
      await page.getByText('这个文件不是 JSON').waitFor();
      await readFile(page, file.text.replace(/"dueMs": \d+/, '"dueMs": "soon"'));
      await page.getByText('文件里的 “memories[0].dueMs” 是 "soon"，应该是一个数字。').waitFor();
      await expect.poll(() => queueOf(page)).toEqual(before);
      await readFile(page, file.text);
      await page.getByText('已读入：2 张卡片的进度，0 场面试，1 次押注，1 个实操练习').waitFor();
      const after = await queueOf(page);
      expect(after.fresh).toBe(before.fresh - 2);
      await page.reload();
      await expect.poll(() => queueOf(page)).toEqual(after);
      await page.locator('button[data-forget]').click();
      await page.locator('button[data-forget]').click();
      await expect.poll(() => queueOf(page)).toEqual(before);
      await page.goto(new URL('../kafka/acks-and-loss/', page.url()).href);
      await whenAlive(page);
      await expect.poll(() => page.locator('input[name=bet]:checked').count()).toBe(0);
      await page.goBack();
      await whenAlive(page);
      await readFile(page, file.text);
      await page.getByText('1 次押注').waitFor();
      await page.goto(new URL('../kafka/acks-and-loss/', page.url()).href);
      await expect.poll(() => page.locator('input[data-why]').inputValue()).toBe('只有 leader 有');
    });
  });

  test('the cards are saved for Anki, each with its id', () =>
    onPage('zh/study/', {}, async (page) => {
      await whenAlive(page);
      const { name, text } = await saved(page, 'button[data-anki]');
      expect(name).toBe('highwater-anki-zh.txt');
      const lines = text.trimEnd().split('\n');
      expect(lines[0]).toBe('#separator:tab');
      const ids = lines.filter((line) => !line.startsWith('#')).map((line) => line.split('\t')[0]);
      expect(ids).toEqual(CARDS.map(({ id }) => `highwater-zh-${id}`));
    }));

  test.each([
    ['light', 'en'],
    ['dark', 'zh'],
  ] as const)('axe finds nothing on either side of each kind of card (%s, %s)', (theme, lang) =>
    onPage(`${lang}/study/`, { ...PHONE, colorScheme: theme }, async (page) => {
      await whenAlive(page);
      await page.locator('button.start').click();
      const kinds = new Set<string>();
      for (let round = 0; round < 9 && kinds.size < 3; round += 1) {
        const id = (await page.locator('article[data-card]').getAttribute('data-card')) ?? '';
        const kind = id.split(':')[0]!;
        if (!kinds.has(kind)) expect(await axeFindings(page), `${kind}, front`).toEqual([]);
        await page.locator('button[data-turn]').click();
        if (!kinds.has(kind)) expect(await axeFindings(page), `${kind}, back`).toEqual([]);
        await expect.poll(() => isTooWide(page)).toBe(false);
        kinds.add(kind);
        await page.locator('button[data-grade="4"]').click();
      }
      expect([...kinds].sort()).toEqual(['claim', 'follow-up', 'quiz']);
    }),
  );
});

describe('web: mock interview', () => {
  test('from the choice to the report, which is kept, printed and saved', () =>
    onPage('en/interview/', PHONE, async (page) => {
      await whenAlive(page);
      await page.locator('select[name=minutes]').selectOption('10');
      await page.locator('button.main').click();
      await page.locator('.interview[data-step=answering]').waitFor();
      await expect.poll(() => page.locator('[data-left]').innerText()).toMatch(/^(10:00|9:5\d)$/);
      const title = await page.locator('main h2').innerText();
      const question = questions.find((one) => one.question === title)!;
      expect(question).toBeDefined();
      expect(await axeFindings(page)).toEqual([]);
      await page.locator('textarea').fill('min.insync.replicas');
      await page.locator('.top-bar a[hreflang=zh-CN]').click();
      await page.locator('html[lang=zh-CN] .interview h2').waitFor();
      await expect.poll(() => page.locator('main h2').innerText()).not.toBe(title);
      await expect.poll(() => page.locator('textarea').inputValue()).toBe('min.insync.replicas');
      await page.locator('.top-bar a[hreflang=en]').click();
      await page.locator('html[lang=en] .interview h2').waitFor();
      await expect.poll(() => page.locator('main h2').innerText()).toBe(title);
      await page.locator('[data-answered]').click();

      const rubric = page.locator('[data-list=rubric] input');
      await expect.poll(() => rubric.count()).toBe(question.claims.length);
      await rubric.first().check();
      await page.locator('[data-list=flags] input').first().check();
      expect(await axeFindings(page)).toEqual([]);
      await page.locator('[data-further]').click();

      await page.locator('section[data-why=flag]').waitFor();
      await expect
        .poll(() => page.locator('section[data-why] h2').innerText())
        .toContain(question.redFlags[0]!);
      let asked = 0;
      for (; (await page.locator('[data-show]').count()) > 0; asked += 1) {
        await page.locator('[data-show]').click();
        await page.locator(asked === 0 ? '[data-held]' : '[data-not-held]').click();
      }
      expect(asked).toBeGreaterThan(1);
      await page.locator('[data-end]').click();

      const report = page.locator('.report');
      await report.waitFor();
      await expect.poll(() => report.locator('.made li').count()).toBe(1);
      await expect
        .poll(() => report.locator('.missed li').count())
        .toBe(question.claims.length - 1);
      await expect.poll(() => report.locator('.flags li').innerText()).toBe(question.redFlags[0]);
      await expect.poll(() => report.innerText()).toContain('min.insync.replicas');
      await expect.poll(() => report.innerText()).toContain(`1 of ${asked} follow-ups`);
      expect(await axeFindings(page)).toEqual([]);
      await expect.poll(() => isTooWide(page)).toBe(false);
      const { name, text } = await saved(page, '[data-save]');
      expect(name).toMatch(/^highwater-interview-.*\.md$/);
      expect(text).toContain(`## 1. ${title}`);

      await page.emulateMedia({ media: 'print' });
      await expect.poll(() => page.locator('button:visible').count()).toBe(0);
      await expect.poll(() => report.locator('article').isVisible()).toBe(true);
      await page.emulateMedia({ media: 'screen' });

      await page.goto(new URL('zh/interview/', inject('site')).href);
      await page.locator('[data-open]').click();
      await expect
        .poll(() => report.locator('.missed li').count())
        .toBe(question.claims.length - 1);
      await expect.poll(() => report.innerText()).toContain('min.insync.replicas');
    }));

  test('the clock stands in a pause, and says for how long the page was hidden', () =>
    onPage('zh/interview/', { colorScheme: 'dark' }, async (page) => {
      await whenAlive(page);
      await page.clock.install();
      await page.reload();
      await page.locator('select[name=minutes]').selectOption('20');
      await page.locator('button.main').click();
      await page.clock.fastForward(60_000);
      const left = page.locator('[data-left]');
      await page.getByText(/^(19:00|18:5\d)$/).waitFor();
      await page.locator('[data-pause]').click();
      const before = await left.innerText();
      await page.clock.fastForward(300_000);
      await page.waitForTimeout(1100);
      await expect.poll(() => left.innerText()).toBe(before);
      await page.locator('[data-pause]').click();
      const setHidden = (hidden: boolean) =>
        page.evaluate((isHidden) => {
          Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        }, hidden);
      await setHidden(true);
      await page.clock.fastForward(120_000);
      await setHidden(false);
      await expect.poll(() => left.innerText()).toMatch(/^(17:00|16:[45]\d)$/);
      await expect.poll(() => page.locator('[data-away]').innerText()).toMatch(/2:0\d/);
      expect(await axeFindings(page)).toEqual([]);
    }));

  test('the time is up: the question is finished, and the report follows', () =>
    onPage('en/interview/', {}, async (page) => {
      await whenAlive(page);
      await page.clock.install();
      await page.reload();
      await page.locator('select[name=minutes]').selectOption('10');
      await page.locator('button.main').click();
      await page.clock.fastForward(601_000);
      await page.getByText('The time is up.').waitFor();
      await page.locator('[data-answered]').click();
      await page.locator('[data-further]').click();
      while ((await page.locator('[data-show]').count()) > 0) {
        await page.locator('[data-show]').click();
        await page.locator('[data-held]').click();
      }
      await expect.poll(() => page.locator('[data-next]').innerText()).toBe('To the report');
      await page.locator('[data-next]').click();
      await expect.poll(() => page.locator('[data-summary]').innerText()).toContain('0 of ');
    }));

  test('without scripts the page says what it is and leads to the questions', () =>
    onPage('en/interview/', { javaScriptEnabled: false }, async (page) => {
      await expect
        .poll(() => page.locator('.without a').getAttribute('href'))
        .toBe('/en/questions/');
      await expect.poll(() => page.locator('button:visible, select:visible').count()).toBe(0);
    }));
});

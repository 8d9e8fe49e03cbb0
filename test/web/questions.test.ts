/**
 * The questions as a reader meets them: their pages without scripts, the way from a claim to its
 * run, the index with its search and filters. Titles, links and axe are tested with those of every
 * page.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import type { QuestionIndex, SearchData } from '#web/lesson/content.ts';
import { QuestionSearch } from '#web/page/question-search.ts';
import { indexTerms, queryTerms } from '#web/page/search-terms.ts';
import { onPage, questionPaths, samplePaths, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const QUESTION = 'en/questions/kafka-high-reliability/';
const CLAIM = 'kafka-high-reliability-1';
const jsonOf = (path: string): unknown =>
  JSON.parse(readFileSync(join(inject('dist'), path), 'utf8'));
const listOf = (lang: string) => jsonOf(`${lang}/questions/list.json`) as QuestionIndex;
const searchOf = (lang: string) =>
  new QuestionSearch(jsonOf(`${lang}/questions/search.json`) as SearchData);

describe('web: a question without scripts', () => {
  const off = { javaScriptEnabled: false };

  test('there is a page for each in both languages', () => {
    const paths = listOf('en').questions.map(({ slug }) => `en/questions/${slug}/`);
    expect(questionPaths('en')).toEqual(paths.sort());
    expect(questionPaths('zh')).toEqual(paths.map((path) => path.replace('en', 'zh')));
  });

  test.each(samplePaths().filter((path) => path.includes('/questions/') && !path.endsWith('s/')))(
    '/%s has its answer, claims, red flags, quiz and lesson to read',
    (path) =>
      onPage(path, off, async (page) => {
        for (const id of ['answer', 'claims', 'red-flags', 'quiz', 'follow-ups', 'lesson']) {
          await expect.poll(() => page.locator(`h2#${id}`).isVisible(), { message: id }).toBe(true);
        }
        for (const part of ['.quiz details', 'details.follow-up']) {
          const first = page.locator(part).first();
          await first.locator('summary').click();
          expect((await first.locator('p').innerText()).length).toBeGreaterThan(5);
        }
        await expect.poll(() => page.locator('.needs-scripts:visible').count()).toBe(0);
        const claims = await page.locator('.claim').count();
        await expect
          .poll(() => page.locator('.claim .source').count())
          .toBeGreaterThanOrEqual(claims);
      }),
  );

  test('a claim is the target of a link, and leads to the settings of its run', () =>
    onPage(`${QUESTION}#${CLAIM}`, off, async (page) => {
      const claim = page.locator(`#${CLAIM}`);
      const top = (await claim.boundingBox())?.y ?? -1;
      expect(top).toBeGreaterThan(0);
      expect(top).toBeLessThan(800);
      await claim.locator('.proof a').click();
      expect(page.url()).toMatch(/\/kafka\/acks-and-loss\/#proof=acks-0-loses-silently$/);
      const run = page.locator('.runs li', { hasText: 'acks-0-loses-silently' });
      await expect.poll(() => run.locator('.knobs').innerText()).toContain('acks=0');
      await expect.poll(() => run.isVisible()).toBe(true);
    }));

  test('the index is a plain list', () =>
    onPage('zh/questions/', off, async (page) => {
      const { questions } = listOf('zh');
      await expect.poll(() => page.locator('.asked > li > a').count()).toBe(questions.length);
      await expect.poll(() => page.locator('.finder').isVisible()).toBe(false);
    }));
});

describe('web: from a claim to its run', () => {
  const place = '.scrub .where span';

  test('a pressed claim opens the stage where the record is lost', () =>
    onPage(QUESTION, {}, async (page) => {
      await whenAlive(page);
      const press = page.locator('.proof a[href$="#proof=acks-1-loses"]').first();
      await press.click();
      await page.locator('.stage[data-engine=running]').waitFor();
      await page.getByText('after recovery it is absent').first().waitFor();
      const text = await page.locator(place).innerText();
      const [, at = '0', of = '0'] = /(\d+)\/(\d+)/.exec(text) ?? [];
      expect(Number(at)).toBeGreaterThan(100);
      expect(Number(at)).toBeLessThan(Number(of));
      await expect
        .poll(() => page.locator('[data-knob=acks] input:checked').getAttribute('value'))
        .toBe('1');
      const stage = await page.locator('.stage').boundingBox();
      expect(stage?.y).toBeLessThan(200);
    }));

  test('a claim of the lesson plays on the stage of the same page, also twice', () =>
    onPage('en/kafka/acks-and-loss/', {}, async (page) => {
      await whenAlive(page);
      const press = page.locator('.wrongs a[href="#proof=acks-all-min-isr-1-loses"]').first();
      const isThere = () =>
        page.locator('.stage').evaluate((stage) => stage.contains(document.activeElement));
      await press.click();
      await page.locator('[data-knob="min.insync.replicas"] input[value="1"]:checked').waitFor();
      await expect.poll(() => isThere()).toBe(true);
      const shown = await page.locator(place).innerText();
      await page.keyboard.press('Home');
      await page.waitForFunction(
        ([selector, before]) => document.querySelector(selector!)?.textContent?.trim() !== before,
        [place, shown],
      );
      await press.click();
      await page.waitForFunction(
        ([selector, before]) => document.querySelector(selector!)?.textContent?.trim() === before,
        [place, shown],
      );
    }));
});

describe('web: the index of questions', () => {
  test('finds words in either language, and loads its data when the box has the focus', () =>
    onPage('en/questions/', {}, async (page) => {
      await whenAlive(page);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      expect(asked).toEqual([]);
      await page.locator('input[type=search]').focus();
      await page.waitForFunction(() =>
        performance.getEntriesByType('resource').some(({ name }) => name.endsWith('search.json')),
      );
      expect(asked.filter((url) => url.endsWith('search.json'))).toHaveLength(1);
      await page.keyboard.type('unclean election');
      const first = page.locator('ol.asked > li').first();
      await first.waitFor();
      await expect.poll(() => first.innerText()).toMatch(/unclean/i);
      expect(page.url()).toContain('?q=unclean+election');
    }));

  test('words of the other language find nothing here, and one link searches there', () =>
    onPage('en/questions/?q=顺序消费', {}, async (page) => {
      await page.locator('[data-other-language]').click();
      await page.waitForURL(/\/zh\/questions\/\?q=/);
      await expect
        .poll(() => page.locator('ol.asked > li').first().innerText())
        .toContain('顺序消费');
      await expect.poll(() => page.locator('[data-other-language]').count()).toBe(0);
    }));

  test('finds Chinese words that stand apart in the text', () =>
    onPage('zh/questions/?q=消息丢失', {}, async (page) => {
      const first = page.locator('ol.asked > li').first();
      await first.waitFor();
      await expect.poll(() => first.innerText()).toMatch(/丢/);
      await expect
        .poll(() => page.locator('main [role=status]').innerText())
        .toMatch(/^\d+ 道题中的 \d+ 道$/);
    }));

  test.each(['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'NotEnoughReplicasAfterAppendException'])(
    'says what %s means, and where it is shown',
    (code) =>
      onPage('en/questions/', {}, async (page) => {
        await whenAlive(page);
        await page.locator('input[type=search]').fill(code);
        const card = page.locator('.error-card').first();
        await card.waitFor();
        const text = await card.innerText();
        expect(text).toContain('NOT_ENOUGH_REPLICAS_AFTER_APPEND');
        expect(text).toContain('code 20');
        await card.locator('a').first().click();
        await page.waitForURL(/\/en\/questions\/[a-z0-9-]+\//);
        await expect
          .poll(() => page.locator('main').innerText())
          .toContain('NotEnoughReplicasAfterAppend');
      }),
  );

  test('filters by track, verdict and progress, and the address keeps them', () =>
    onPage(QUESTION, {}, async (page) => {
      await whenAlive(page);
      await page.locator('button.choice').click();
      await page.locator('.top-bar .to-index').click();
      await page.waitForURL(/\/en\/questions\/$/);
      const lines = page.locator('.asked > li');
      const { questions } = listOf('en');
      await expect.poll(() => lines.count()).toBe(questions.length);
      await page.locator('select[name=track]').selectOption('kafka');
      await expect
        .poll(() => lines.count())
        .toBe(questions.filter(({ track }) => track === 'kafka').length);
      await page.locator('select[name=verdict]').selectOption('outdated');
      const outdated = questions.filter(
        ({ track, verdicts }) => track === 'kafka' && verdicts.includes('outdated'),
      );
      await expect.poll(() => lines.count()).toBe(outdated.length);
      await page.reload();
      await whenAlive(page);
      await expect.poll(() => lines.count()).toBe(outdated.length);
      await page.locator('.finder button').click();
      await page.locator('select[name=progress]').selectOption('known');
      await expect.poll(() => lines.count()).toBe(1);
      await expect.poll(() => lines.innerText()).toContain('high message reliability');
    }));
});

describe('web: search terms', () => {
  test('a name is found by its whole and by its parts, however it is written', () => {
    const terms = indexTerms('NOT_ENOUGH_REPLICAS and min.insync.replicas');
    expect(terms).toEqual(expect.arrayContaining(['notenoughreplicas', 'enough', 'insync']));
    expect(queryTerms('NotEnoughReplicas')).toEqual(['notenoughreplicas']);
    expect(queryTerms('min.insync')).toEqual(['min', 'insync']);
  });

  test('Chinese is indexed by pairs, and found by the pairs of its words', () => {
    expect(indexTerms('消息会丢失')).toEqual(['消息', '息会', '会丢', '丢失', '失']);
    const terms = queryTerms('消息丢失');
    expect(terms).toContain('消息');
    expect(terms.every((term) => indexTerms('消息会丢失').includes(term))).toBe(true);
  });

  test('an error is found by its number and by a sentence pasted from a log', () => {
    const search = searchOf('en');
    expect(search.find('20').errors[0]?.name).toBe('NOT_ENOUGH_REPLICAS_AFTER_APPEND');
    const pasted = 'org.apache.kafka.common.errors.NotLeaderOrFollowerException: For requests';
    expect(search.find(pasted).errors.map(({ name }) => name)).toContain('NOT_LEADER_OR_FOLLOWER');
    expect(searchOf('zh').find('序列号').errors[0]?.name).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
  });

  test('what names no error finds none', () => {
    const { questions, errors } = searchOf('zh').find('重复消费');
    expect(questions.length).toBeGreaterThan(0);
    expect(errors).toEqual([]);
  });

  test('nothing is found for what nobody wrote', () => {
    expect(searchOf('en').find('xylophone quartz')).toEqual({
      questions: [],
      errors: [],
      terms: [],
    });
  });
});

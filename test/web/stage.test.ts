/**
 * The stage as a learner uses it, in Chromium on the built site: playing, scrubbing by key, turning
 * a knob, breaking a broker, sharing. The run in the page is the run in Node, by its hash.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { describe, expect, inject, test } from 'vitest';
import { Run } from '#engine/lab/run.ts';
import { toLink } from '#engine/lab/link.ts';
import type { Experiment } from '#engine/lab/experiment.ts';
import acksAndLoss from '../../lessons/kafka/acks-and-loss/experiment.ts';
import { axeFindings, onPage, rulesOf, useBrowser, whenAlive } from './pages.ts';
import { hashOf, otherRun, place, stageOf } from './stage-page.ts';

useBrowser();

const LESSON = 'en/kafka/acks-and-loss/';
const LESSON_ZH = 'zh/kafka/acks-and-loss/';
const experiment: Experiment = acksAndLoss;

const verdictOf = (page: Page) => page.locator('[data-verdict]').innerText();

async function turn(page: Page, knob: string, value: string) {
  const before = await hashOf(page);
  await page.locator(`[data-knob="${knob}"] label`, { hasText: value }).click();
  await page.waitForFunction(
    (hash) => document.querySelector('[data-trace-hash]')?.textContent !== hash,
    before,
  );
}

describe('web: stage', () => {
  test('shows the cluster before the engine has run, and stays where it is', () =>
    onPage(LESSON, {}, async (page) => {
      const logs = page.locator('.stage [data-host=broker-1] .replica');
      const before = await logs.boundingBox();
      await stageOf(page);
      expect(before).not.toBeNull();
      const after = await logs.boundingBox();
      expect([after?.width, after?.height]).toEqual([before?.width, before?.height]);
    }));

  test('at the end: three acknowledged records are lost, and the evidence says where', () =>
    onPage(LESSON, {}, async (page) => {
      await stageOf(page);
      await page.locator('.scrub .end').click();
      await expect
        .poll(() => page.locator('.headline').innerText())
        .toMatch(/3\s+acknowledged, but lost/);
      await expect.poll(() => verdictOf(page)).toBe('acked 8, lost 3');
      await expect.poll(() => page.locator('.chip.lost').count()).toBe(3);
      const evidence = page.locator('.evidence');
      await expect.poll(() => evidence.innerText()).toContain('r6 was acknowledged at pay-0@5');
      await evidence.locator('button').first().click();
      await expect.poll(() => page.locator('.chip.acknowledged').count()).toBe(8);
      const cell = page.locator('[data-host=broker-1] .cell', { hasText: 'r6' });
      await expect.poll(() => cell.getAttribute('class')).toContain('only-here');
      await evidence.locator('button').last().click();
      await expect.poll(() => cell.getAttribute('class')).toContain('lost');
    }));

  test('is moved by keys: an event, a step, the ends; and only while it has the focus', () =>
    onPage(LESSON, {}, async (page) => {
      const stage = await stageOf(page);
      const opening = await place(page);
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => place(page)).toBe(opening);
      await stage.focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowLeft');
      await expect.poll(() => place(page)).toBe(opening + 1);
      await page.keyboard.press('Shift+ArrowRight');
      await expect.poll(() => page.locator('.chip.acknowledged').count()).toBe(5);
      await page.keyboard.press('Shift+ArrowLeft');
      await expect.poll(() => place(page)).toBe(opening);
      await page.keyboard.press('End');
      await expect.poll(() => page.locator('[data-verdict]').count()).toBe(1);
      await page.keyboard.press('Home');
      await expect.poll(() => place(page)).toBe(0);
    }));

  test('plays with Space and pauses with Space, and the live region says what happens', () =>
    onPage(LESSON, {}, async (page) => {
      const stage = await stageOf(page);
      const opening = await place(page);
      await stage.focus();
      await page.keyboard.press('Space');
      await page.waitForFunction(() => document.querySelectorAll('.chip').length > 0, undefined, {
        timeout: 30_000,
      });
      await page.keyboard.press('Space');
      const paused = await place(page);
      expect(paused).toBeGreaterThan(opening);
      await page.waitForTimeout(300);
      await expect.poll(() => place(page)).toBe(paused);
      expect((await page.locator('.narration [aria-live]').innerText()).length).toBeGreaterThan(5);
    }));

  test('with acks=all nothing is lost; the place is kept and what changed is marked', () =>
    onPage(LESSON, {}, async (page) => {
      await stageOf(page);
      await page.locator('.scrub .end').click();
      await turn(page, 'acks', 'all');
      await expect.poll(() => verdictOf(page)).toMatch(/, lost 0$/);
      await expect.poll(() => page.locator('[data-measured=lost]').innerText()).toBe('0');
      await expect.poll(() => page.locator('.outcome em').innerText()).toBe('was 3');
      await expect
        .poll(() => page.locator('[data-knob=acks] legend em').innerText())
        .toBe('changed');
      await expect.poll(() => page.locator('.runs .ghost').innerText()).toContain('lost 3');
      await page.locator('.runs .ghost [data-back]').click();
      await page.locator('.outcome .chip.lost').first().waitFor();
      await expect.poll(() => verdictOf(page)).toBe('acked 8, lost 3');
    }));

  test('a number with a wide range is typed, within its bounds', () =>
    onPage('en/kafka/kafka-architecture/', { reducedMotion: 'reduce' }, async (page) => {
      await stageOf(page);
      const knob = page.locator('[data-knob="controller.quorum.fetch.timeout.ms"]');
      await expect.poll(() => page.locator('.knobs option').count()).toBeLessThan(100);
      const before = await hashOf(page);
      await knob.locator('input').fill('8000');
      await page.keyboard.press('Enter');
      await otherRun(page, before);
      await expect.poll(() => knob.locator('legend em').innerText()).toBe('changed');
      const after = await hashOf(page);
      await knob.locator('input').fill('999999');
      await page.keyboard.press('Enter');
      await expect.poll(() => knob.locator('input:invalid').count()).toBe(1);
      await expect.poll(() => hashOf(page)).toBe(after);
    }));

  test('two knobs that are turned quickly are both turned', () =>
    onPage(LESSON, {}, async (page) => {
      await stageOf(page);
      await page.locator('[data-knob=acks] label', { hasText: 'all' }).click();
      await page.locator('[data-knob="min.insync.replicas"] label', { hasText: '3' }).click();
      const knobs = { acks: 'all', 'min.insync.replicas': '3' };
      const { hash } = new Run(experiment, { knobs }).finish().world.trace;
      await page.waitForFunction(
        (wanted) => document.querySelector('[data-trace-hash]')?.textContent === wanted,
        hash,
      );
    }));

  test('a broker crashed by click forks the run at this event, and the way back is one click', () =>
    onPage(LESSON, { reducedMotion: 'reduce' }, async (page) => {
      const stage = await stageOf(page);
      const before = await hashOf(page);
      await stage.focus();
      await page.keyboard.press('Shift+ArrowRight');
      const event = await place(page);
      await page.locator('[data-host=broker-2] button').first().click();
      await page.locator('[data-fault=crash]').click();
      await page.locator('.runs .ghost').waitFor();
      const forked = await hashOf(page);
      expect(forked).not.toBe(before);
      const run = new Run(experiment, {
        inputs: [{ event, fault: { fault: 'crash', host: 'broker-2' } }],
      }).finish();
      expect(forked).toBe(run.world.trace.hash);
      await expect
        .poll(() => page.locator('.runs .now').innerText())
        .toContain(`at event ${event}`);
      await page.locator('.host.down[data-host=broker-2]').waitFor();
      await page.locator('.runs .ghost [data-back]').click();
      await page.waitForFunction(
        (hash) => document.querySelector('[data-trace-hash]')?.textContent === hash,
        before,
      );
    }));

  test('a share link opens the same run as Node makes of it, by the hash', () => {
    const shared = {
      experiment: experiment.id,
      knobs: { acks: 'all', fault: 'leader-power' },
      seed: 7,
      inputs: [{ event: 140, fault: { fault: 'pause', host: 'broker-3' } as const }],
    };
    const run = new Run(experiment, shared).finish();
    return onPage(`${LESSON}#${toLink(shared)}`, {}, async (page) => {
      await stageOf(page);
      await expect.poll(() => hashOf(page)).toBe(run.world.trace.hash);
      const checked = page.locator('[data-knob=acks] input:checked');
      await expect.poll(() => checked.getAttribute('value')).toBe('all');
    });
  });

  test.each([
    ['v1.999.W10', 'another version'],
    ['v1.2.not-a-run', 'damaged'],
    ['v9.1.W10', 'another version'],
    [toLink({ experiment: 'another', knobs: {}, seed: 1, inputs: [] }), 'another lesson'],
    [toLink({ experiment: experiment.id, knobs: { acks: '9' }, seed: 1, inputs: [] }), 'acks'],
  ])('the link %s gets a sentence and the run of the lesson', (link, sentence) =>
    onPage(`${LESSON}#${link}`, {}, async (page) => {
      await whenAlive(page);
      const problem = page.locator('.problem');
      await problem.waitFor();
      await expect.poll(() => problem.innerText()).toContain(sentence);
      await page.locator('.scrub .end').click();
      await page.locator('.outcome .chip.lost').first().waitFor();
    }),
  );

  test('speaks Chinese on the Chinese page', () =>
    onPage(LESSON_ZH, {}, async (page) => {
      await stageOf(page);
      await page.locator('.scrub .end').click();
      await expect
        .poll(() => page.locator('.headline').innerText())
        .toMatch(/3\s+条已确认，却丢了/);
      await expect
        .poll(() => page.locator('.narration [aria-live]').innerText())
        .toMatch(/[\u4e00-\u9fff]/);
    }));

  test('with less motion nothing is under way between two events', () =>
    onPage(LESSON, { reducedMotion: 'reduce' }, async (page) => {
      await stageOf(page);
      await page.locator('.scrub .play').click();
      const seen = await page.evaluate(async () => {
        const bar = document.querySelector<HTMLInputElement>('.track input')!;
        const values = new Set<string>();
        for (let frame = 0; frame < 60; frame++) {
          await new Promise(requestAnimationFrame);
          values.add(bar.value);
        }
        return values.size;
      });
      expect(seen).toBeGreaterThan(1);
      expect(seen).toBeLessThan(30);
    }));

  test('fits 390 px, with the picture before the settings', () =>
    onPage(LESSON, { viewport: { width: 390, height: 844 } }, async (page) => {
      await stageOf(page);
      await page.locator('.scrub .end').click();
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      const picture = await page.locator('.topology').boundingBox();
      const knobs = await page.locator('.stage .knobs').boundingBox();
      expect(picture!.y).toBeLessThan(knobs!.y);
    }));

  test.each(['light', 'dark'] as const)('axe finds nothing in any state (%s)', (colorScheme) =>
    onPage(LESSON, { colorScheme }, async (page) => {
      const stage = await stageOf(page);
      await stage.focus();
      while ((await page.locator('.host.down').count()) === 0) {
        await page.keyboard.press('Shift+ArrowRight');
      }
      await page.locator('[data-host=broker-3] button').first().click();
      expect(await axeFindings(page, rulesOf(colorScheme))).toEqual([]);
      await page.keyboard.press('Escape');
      await expect.poll(() => page.locator('.menu').count()).toBe(0);
      await page.locator('.scrub .end').click();
      await turn(page, 'acks', 'all');
      expect(await axeFindings(page, rulesOf(colorScheme))).toEqual([]);
    }),
  );

  test('a reload and the other language go on where the reader was', () =>
    onPage(LESSON, {}, async (page) => {
      await stageOf(page);
      await turn(page, 'acks', 'all');
      await page.locator('.stage').focus();
      await page.keyboard.press('Shift+ArrowRight');
      const [event, hash] = [await place(page), await hashOf(page)];
      await page.reload();
      await stageOf(page);
      await page.waitForFunction(
        (text) => document.querySelector('.where span')?.textContent?.includes(text),
        `${event}/`,
      );
      await expect.poll(() => hashOf(page)).toBe(hash);
      await page.locator('.top-bar a[hreflang=zh-CN]').click();
      await page.locator('html[lang=zh-CN]').waitFor();
      await stageOf(page);
      await page.waitForFunction(
        (text) => document.querySelector('.where span')?.textContent?.includes(text),
        `${event}/`,
      );
      await expect.poll(() => hashOf(page)).toBe(hash);
    }));

  test('a frame takes at most 6 ms of script while the run is played', () =>
    onPage(LESSON, {}, async (page) => {
      await stageOf(page);
      const metrics = await page.context().newCDPSession(page);
      await metrics.send('Performance.enable');
      const scripted = async () => {
        const { metrics: all } = await metrics.send('Performance.getMetrics');
        return all.find(({ name }) => name === 'ScriptDuration')?.value ?? NaN;
      };
      await page.locator('.speed input').fill('2');
      await page.locator('.scrub .play').click();
      const before = await scripted();
      const frames = await page.evaluate(async () => {
        const end = performance.now() + 2000;
        let count = 0;
        while (performance.now() < end) {
          await new Promise(requestAnimationFrame);
          count += 1;
        }
        return count;
      });
      const millis = ((await scripted()) - before) * 1000;
      console.log(`${(millis / frames).toFixed(2)} ms of script a frame, ${frames} frames in 2 s`);
      expect(millis / frames).toBeLessThan(6);
    }));

  test('the engine and the lesson in the worker have at most 150 KB', () =>
    onPage(LESSON, {}, async (page) => {
      const loaded = new Set<string>();
      page.on('response', (response) => {
        const path = new URL(response.url()).pathname;
        if (path.includes('worker')) loaded.add(path);
      });
      await page.reload();
      await stageOf(page);
      const sizes = [...loaded].map(
        (path) => gzipSync(readFileSync(join(inject('dist'), path)), { level: 9 }).length,
      );
      const total = sizes.reduce((sum, size) => sum + size, 0);
      console.log(`the worker loads ${(total / 1024).toFixed(1)} KB`);
      expect(loaded.size).toBeGreaterThan(0);
      expect(total).toBeLessThanOrEqual(150 * 1024);
    }));

  test('without scripts every step is there as logs and sentences', () =>
    onPage(LESSON, { javaScriptEnabled: false }, async (page) => {
      const step = page.locator('#still-die');
      await expect.poll(() => step.isVisible()).toBe(true);
      await expect.poll(() => step.innerText()).toMatch(/broker-1[\s\S]*r6/);
      await expect.poll(() => page.locator('.stage').isVisible()).toBe(false);
    }));
});

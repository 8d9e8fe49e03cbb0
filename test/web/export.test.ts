/** What a reader takes away of a run: its files from the menu, and its command. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { exportRun } from '../../engine/lab/export/run-export.ts';
import type { TraceJson } from '../../engine/lab/export/trace-json.ts';
import { toLink } from '../../engine/lab/link.ts';
import { Session } from '../../engine/lab/session.ts';
import experiment from '../../lessons/kafka/acks-and-loss/experiment.ts';
import { highwater } from '../node/project.ts';
import { axeFindings, onPage, useBrowser } from './pages.ts';
import { hashOf, otherRun, place, stageOf } from './stage-page.ts';

useBrowser();

const LESSON = 'kafka/acks-and-loss/';
const seed = 4;
const knobs = { acks: 'all', 'min.insync.replicas': '1' };
const linkOf = (inputs: Parameters<typeof toLink>[0]['inputs']) =>
  toLink({ experiment: experiment.id, knobs, seed, inputs });

/** Presses a button of the menu by key, and gives the file that the browser saves. */
async function taken(page: Page, form: string) {
  const waiting = page.waitForEvent('download');
  await page.locator(`[data-export=${form}]`).press('Enter');
  const download = await waiting;
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

describe('web: export', () => {
  test.each(['en', 'zh'] as const)('the files of the run on the stage, by keyboard: %s', (lang) =>
    onPage(`${lang}/${LESSON}#${linkOf([])}`, {}, async (page) => {
      await stageOf(page);
      await page.locator('.share summary').press('Enter');
      await page.locator('[data-export=json]').waitFor();
      await page.locator('.scrub .end').click();
      const session = new Session(experiment, { knobs, seed });
      const at = await place(page);
      for (const form of ['json', 'svg', 'mmd'] as const) {
        const file = await taken(page, form);
        const { name, text } = exportRun(session, { form, language: lang, at, step: null });
        expect(file).toEqual({ name, text });
        await page.locator('.share [role=status]', { hasText: name }).waitFor();
      }
      const json = JSON.parse((await taken(page, 'json')).text) as TraceJson;
      expect(json.traceHash).toBe(await hashOf(page));
      expect(await axeFindings(page)).toEqual([]);
    }),
  );

  test('the command of the run on the stage is readable, and repeats it', () =>
    onPage(`en/${LESSON}#${linkOf([])}`, {}, async (page) => {
      await stageOf(page);
      const command = page.locator('.share button[title^=npx]');
      const text = await command.getAttribute('title');
      expect(text).toBe(
        'npx highwater run acks-and-loss --knob acks=all --knob min.insync.replicas=1 --seed 4',
      );
      const hash = await hashOf(page);
      expect(highwater(...text!.split(' ').slice(2)).out).toContain(`trace ${hash}, seed 4`);
    }));

  test('a run to which something was done is its link, which repeats it', () =>
    onPage(`en/${LESSON}`, {}, async (page) => {
      await stageOf(page);
      const before = await hashOf(page);
      const inputs = [{ event: 140, fault: { fault: 'crash', host: 'broker-2' } as const }];
      await page.evaluate((link) => void (location.hash = link), linkOf(inputs));
      await otherRun(page, before);
      const text = await page.locator('.share button[title^=npx]').getAttribute('title');
      expect(text).toBe(`npx highwater run --link ${linkOf(inputs)}`);
      const hash = await hashOf(page);
      expect(highwater(...text!.split(' ').slice(2)).out).toContain(`trace ${hash}, seed 4`);
    }));
});

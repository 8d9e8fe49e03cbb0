/**
 * The tables of outcomes: every cell is what the run of its link comes to, in both languages, and
 * a cell that comes to nothing stops the build.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Experiment } from '#engine/lab/experiment.ts';
import { fromLink } from '#engine/lab/link.ts';
import { Run } from '#engine/lab/run.ts';
import { runOutcome, type RunOutcome } from '#engine/lab/sweep.ts';
import { holds } from '../../lessons/condition.ts';
import { frontMatterOf, lessonFolders } from '../../web/build/lesson-folders.ts';
import { outcomeTable, type OutcomeOf } from '../../web/build/outcome-table.ts';

const folders = lessonFolders(fileURLToPath(new URL('../../lessons', import.meta.url)));
const told = folders.filter((folder) => frontMatterOf(folder, 'en')?.outcomes !== undefined);

async function experimentOf(lesson: string): Promise<Experiment> {
  const { href } = new URL(`../../lessons/${lesson}/experiment.ts`, import.meta.url);
  const module = (await import(/* @vite-ignore */ href)) as { default: Experiment };
  return module.default;
}

const made = new Map<string, RunOutcome>();
const outcomeOf: OutcomeOf = async (lesson, knobs) => {
  const key = JSON.stringify([lesson, knobs]);
  const outcome = made.get(key) ?? runOutcome(await experimentOf(lesson), knobs);
  made.set(key, outcome);
  return outcome;
};

describe('lessons: tables of outcomes', () => {
  test('there is one of approach by fault', () => {
    expect(told.map(({ slug }) => slug)).toContain('idempotent-consumer');
  });

  test.each(told.map((folder) => [folder.slug, folder] as const))(
    '%s: every cell is its run',
    async (_slug, folder) => {
      const wanted = frontMatterOf(folder, 'en')!.outcomes!;
      const table = (await outcomeTable(folder, wanted, outcomeOf))!;
      const experiment = await experimentOf(`${folder.track}/${folder.slug}`);
      expect(table.rows).toHaveLength(wanted.rows.length);
      for (const [down, { cells }] of table.rows.entries()) {
        expect(cells).toHaveLength(wanted.columns.length);
        for (const [across, { value, link }] of cells.entries()) {
          const opened = fromLink(link);
          if (!opened.ok) throw new Error(opened.reason);
          const run = new Run(experiment, opened.shared).finish();
          const asked = { ...wanted.columns[across]!.knobs, ...wanted.rows[down]!.knobs };
          expect(Object.fromEntries(run.knobTexts)).toMatchObject(asked);
          const met = wanted.values.filter(({ when }) => holds(when, run.measures()));
          expect(met.map(({ id }) => id)).toEqual([value]);
        }
      }
      const inChinese = await outcomeTable(
        folder,
        frontMatterOf(folder, 'zh')!.outcomes,
        outcomeOf,
      );
      expect(inChinese!.rows.map(({ cells }) => cells)).toEqual(table.rows.map((row) => row.cells));
    },
    60_000,
  );

  test('a fault that strikes shows: no column but the first is the same for all', () => {
    const [folder] = told.filter(({ slug }) => slug === 'idempotent-consumer');
    const wanted = frontMatterOf(folder!, 'en')!.outcomes!;
    return outcomeTable(folder!, wanted, outcomeOf).then((table) => {
      const kinds = wanted.columns.map(
        (_, place) => new Set(table!.rows.map(({ cells }) => cells[place]!.value)).size,
      );
      expect(kinds[0]).toBe(1);
      for (const kind of kinds.slice(1)) expect(kind).toBeGreaterThan(1);
    });
  });

  test('a run that comes to none of the values is refused', async () => {
    const [folder] = told;
    const wanted = frontMatterOf(folder!, 'en')!.outcomes!;
    const values = wanted.values.filter(({ id }) => id !== 'once');
    const broken = outcomeTable(folder!, { ...wanted, values }, outcomeOf);
    await expect(broken).rejects.toThrow(/the run came to \{/);
  });
});

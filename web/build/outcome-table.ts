/**
 * The table of outcomes of a lesson: each row of the front matter under the settings of each
 * column, run while the site is built. No cell is typed.
 *
 * Not here: how it is drawn (`web/lesson/Outcomes.svelte`).
 */
import type { RunOutcome } from '../../engine/lab/sweep.ts';
import { holds } from '../../lessons/condition.ts';
import type { FrontMatter } from '../../lessons/front-matter.ts';
import type { OutcomeTable } from '../lesson/content.ts';

/** What the experiment of a lesson, `<track>/<slug>`, comes to with some knobs. */
export type OutcomeOf = (
  lesson: string,
  knobs: Readonly<Record<string, string>>,
) => Promise<RunOutcome>;

/**
 * The table with its cells; null where the front matter asks for none.
 * @throws Error for a run that failed or that comes to none of the values
 */
export async function outcomeTable(
  { track, slug }: { readonly track: string; readonly slug: string },
  wanted: FrontMatter['outcomes'],
  outcomeOf: OutcomeOf,
): Promise<OutcomeTable | null> {
  if (wanted === undefined) return null;
  const lesson = `${track}/${slug}`;
  const rows: OutcomeTable['rows'][number][] = [];
  for (const { title, knobs } of wanted.rows) {
    const cells: { value: string; link: string }[] = [];
    for (const column of wanted.columns) {
      const { failed, measures, link } = await outcomeOf(lesson, { ...column.knobs, ...knobs });
      const value = failed ? undefined : wanted.values.find(({ when }) => holds(when, measures));
      if (value === undefined) {
        const come = failed ? 'failed' : `came to ${JSON.stringify(measures)}`;
        throw new Error(`lessons/${lesson}: ${title}, ${column.title}: the run ${come}`);
      }
      cells.push({ value: value.id, link });
    }
    rows.push({ title, cells });
  }
  return {
    title: wanted.title,
    columns: wanted.columns.map(({ title }) => title),
    rows,
    values: wanted.values.map(({ id, text, shape, tone }) => ({ id, text, shape, tone })),
  };
}

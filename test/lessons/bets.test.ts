/**
 * What the head of a lesson asks is decided by runs: a bet has a winner, a puzzle is open, every
 * setting is one that the knobs take. Not here: the form of the head (`lessons/front-matter.ts`)
 * and the tables of outcomes (`outcome-tables.test.ts`).
 */
import { describe, expect, test } from 'vitest';
import { Run } from '../../engine/lab/run.ts';
import { betOutcome, holds } from '../../lessons/condition.ts';
import { frontMatter } from '../../lessons/front-matter.ts';
import { readProse } from '../../lessons/prose.ts';
import { validateYaml } from '../../lessons/schema.ts';
import { GALLERY } from '../../lessons/tracks.ts';
import { allExperiments, hasText, lessonText } from './lesson-files.ts';

const heads = (await allExperiments())
  .filter(({ track, slug }) => track !== GALLERY.id && hasText(`${track}/${slug}/en.svx`))
  .map(({ track, slug, experiment }) => {
    const file = `${track}/${slug}/en.svx`;
    const { value } = validateYaml(frontMatter, file, readProse(lessonText(file)).frontMatter, 2);
    if (value === null) throw new Error(`${file} has no head of a lesson`);
    return { slug, experiment, head: value };
  });
type Settings = Readonly<Record<string, string>>;

describe('lessons: what a head asks', () => {
  test('there are lessons with a bet', () => {
    expect(heads.map(({ slug }) => slug)).toContain('acks-and-loss');
  });

  describe.each(heads)('$slug', ({ experiment, head: { bet, puzzle, acts = [], goals = [] } }) => {
    const measured = (knobs: Settings) => new Run(experiment, { knobs }).finish().measures();

    test('the run of the bet makes one of its options true', () => {
      if (bet !== undefined) expect(betOutcome(bet, measured(bet.knobs))).not.toBeNull();
    });

    test('the puzzle is not solved by what it holds fixed alone', () => {
      if (puzzle === undefined) return;
      const measures = measured(puzzle.knobs);
      expect(holds(puzzle.when, measures), JSON.stringify(measures)).toBe(false);
    });

    test('acts, goals and the puzzle set values that the knobs take', () => {
      const given = puzzle === undefined ? [] : [{ id: 'puzzle', ...puzzle }];
      for (const { id, knobs } of [...acts, ...goals, ...given]) {
        expect(() => new Run(experiment, { knobs }), id).not.toThrow();
      }
    });
  });
});

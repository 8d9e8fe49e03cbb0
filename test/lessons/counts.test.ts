/** The counts of questions and claims, and that README tells the same. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readFolders } from '../../engine/node/command/lesson-folders.ts';
import { countLessons, type Count } from '../../lessons/counts.ts';
import type { LessonFiles } from '../../lessons/lint.ts';
import { claimsOf, lessonText } from './lesson-files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const QUESTIONS = lessonText('kafka/acks-and-loss/questions.yaml');
const lesson = (track: string, texts: LessonFiles['texts']): LessonFiles => {
  return { track, slug: 'some', texts, experiment: null };
};

const counts = countLessons(readFolders(ROOT));
const sum = (figures: readonly number[]) => figures.reduce((all, one) => all + one, 0);

describe('lessons: counts', () => {
  test('every claim has one verdict, and is proved, sourced or open', () => {
    for (const { claims } of [...counts.tracks, counts.total]) {
      expect(sum(Object.values(claims.byVerdict))).toBe(claims.all);
      expect(claims.proved + claims.sourced + claims.open).toBe(claims.all);
    }
  });

  test('the total is the sum of the tracks', () => {
    const figures = (of: (count: { questions: Count; claims: Count }) => number) =>
      expect(sum(counts.tracks.map(of))).toBe(of(counts.total));
    figures(({ questions }) => questions.all);
    figures(({ questions }) => questions.proved);
    figures(({ questions }) => questions.byVerdict.wrong);
    figures(({ claims }) => claims.all);
    figures(({ claims }) => claims.byVerdict.outdated);
    expect(sum(counts.tracks.map(({ lessons }) => lessons))).toBe(counts.total.lessons);
  });

  test('of one lesson: what its file says; the gallery and a broken file add nothing', () => {
    const claims = claimsOf('kafka', 'acks-and-loss');
    const { total } = countLessons([
      lesson('kafka', { 'questions.yaml': QUESTIONS, 'experiment.ts': '' }),
      lesson('systems', { 'questions.yaml': 'questions: 5' }),
      lesson('gallery', { 'questions.yaml': QUESTIONS }),
    ]);
    expect([total.lessons, total.experiments]).toEqual([2, 1]);
    expect(total.claims.all).toBe(claims.length);
    expect(total.claims.proved).toBe(claims.filter(({ proof }) => proof !== undefined).length);
    const wrong = claims.filter(({ verdict }) => verdict === 'wrong').length;
    expect(total.claims.byVerdict.wrong).toBe(wrong);
    expect(total.questions.byVerdict.wrong).toBeLessThanOrEqual(wrong);
  });

  test('no claim is open', () => {
    expect(counts.total.claims.open).toBe(0);
  });

  test('README gives these figures', () => {
    const readme = readFileSync(`${ROOT}/README.md`, 'utf8');
    const told = readme.replace(/\s+/g, ' ');
    const { lessons, experiments, questions, claims } = counts.total;
    const { all, proved, sourced, open } = claims;
    const figures = [
      `all ${questions.all} questions in ${lessons} lessons`,
      `${all} claims (${proved} proved by a run, ${sourced} by their sources, ${open} open)`,
      `${experiments} of the lessons with their experiment`,
      `the other ${lessons - experiments} to come`,
    ];
    expect(figures.filter((figure) => !told.includes(figure))).toEqual([]);
  });
});

/** Every lesson that is there keeps to the rules. Each rule can go red: see lint.test.ts. */
import { expect, test } from 'vitest';
import { lintLessons } from '../../lessons/lint.ts';
import { printed } from '../../lessons/problem.ts';
import { allLessons } from './lesson-files.ts';

test('lessons: the lint finds nothing in any lesson', async () => {
  const lessons = await allLessons();
  expect(lessons.length).toBeGreaterThan(0);
  expect(printed(lintLessons(lessons))).toEqual([]);
});

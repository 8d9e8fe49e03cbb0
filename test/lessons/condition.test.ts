/** What a run decides: bets and puzzles. */
import { expect, test } from 'vitest';
import { betOutcome, holds } from '../../lessons/condition.ts';
import { frontMatter } from '../../lessons/front-matter.ts';
import { readProse } from '../../lessons/prose.ts';
import { validateYaml } from '../../lessons/schema.ts';
import { lessonText } from './lesson-files.ts';

test('lessons: condition: bounds are numbers or other measures', () => {
  const measures = { lost: 3, acknowledged: 8 };
  expect(holds({ measure: 'lost', min: 3, max: 3 }, measures)).toBe(true);
  expect(holds({ measure: 'lost', below: 3 }, measures)).toBe(false);
  expect(holds({ measure: 'lost', below: 'acknowledged' }, measures)).toBe(true);
  expect(holds({ measure: 'lost', min: 'acknowledged' }, measures)).toBe(false);
});

test('lessons: condition: what was not measured holds for nobody', () => {
  expect(holds({ measure: 'duplicated', max: 5 }, { lost: 0 })).toBe(false);
  expect(holds({ measure: 'lost', min: 'acknowledged' }, { lost: 0 })).toBe(false);
});

test.each([
  [0, 'none'],
  [3, 'some'],
  [8, 'all'],
])('lessons: condition: acks-and-loss: %i of 8 lost decides the bet for "%s"', (lost, option) => {
  const prose = readProse(lessonText('kafka/acks-and-loss/en.svx'));
  const { value } = validateYaml(frontMatter, 'en.svx', prose.frontMatter, 2);
  expect(value?.bet).toBeDefined();
  expect(betOutcome(value!.bet!, { lost, acknowledged: 8 })).toBe(option);
});

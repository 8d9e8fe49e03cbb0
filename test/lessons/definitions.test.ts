/** The definitions of the glossary's terms: their form and their lint. */
import { describe, expect, test } from 'vitest';
import { DEFINITIONS_FILE } from '../../lessons/definitions.ts';
import { lintDefinitions } from '../../lessons/lint-definitions.ts';
import { printed } from '../../lessons/problem.ts';
import { lessonText } from './lesson-files.ts';

const TEXT = lessonText('definitions.yaml');

function findings(from: string, to: string): string {
  const changed = TEXT.replace(from, () => to);
  expect(changed).not.toBe(TEXT);
  return printed(lintDefinitions(DEFINITIONS_FILE, changed)).join('\n');
}

describe('lessons: definitions', () => {
  test('every term of the glossary has one, and the lint finds nothing', () => {
    expect(printed(lintDefinitions(DEFINITIONS_FILE, TEXT))).toEqual([]);
  });

  test.each([
    ['a term that is not defined', /\s+bet:[\s\S]*?(?=\n {6}\w|$)/, '', 'bet is not defined'],
    ['a definition of nothing', '      bet:', '      bets:', 'the glossary has no term bets'],
    ['a refused term', 'the position that a group', 'the backpressure a group', 'term: '],
    ['half-width marks', '同一件事做两遍，', '同一件事做两遍,', 'zh-punctuation'],
    ['a lecture', 'Where data outlives', `${'Where '.repeat(50)}data outlives`, 'length: disk'],
    ['no full stop', 'a loss of power.', 'a loss of power', 'sentence: disk'],
    ['one language only', '        zh: 断电之后数据还在的地方。\n', '', 'is missing'],
  ])('%s is named', (_, from, to, finding) => {
    const found = TEXT.match(from)?.[0] ?? '';
    expect(findings(found, to)).toContain(finding);
  });
});

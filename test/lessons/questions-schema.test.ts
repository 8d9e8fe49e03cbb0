/** The form of questions.yaml, and the words of its refusals. */
import { format } from 'prettier';
import { expect, test } from 'vitest';
import { printed } from '../../lessons/problem.ts';
import { parseQuestions, questionsJsonSchema } from '../../lessons/schema.ts';
import { lessonText } from './lesson-files.ts';

const FILE = 'lessons/kafka/acks-and-loss/questions.yaml';
const TEXT = lessonText('kafka/acks-and-loss/questions.yaml');

function refusals(change: (text: string) => string): string[] {
  const changed = change(TEXT);
  expect(changed).not.toBe(TEXT);
  return printed(parseQuestions(FILE, changed).problems);
}

test('lessons: schema: a good file is accepted with its defaults', () => {
  const { value, problems } = parseQuestions(FILE, TEXT);
  expect(problems).toEqual([]);
  expect(value?.questions.map(({ slug }) => slug)).toContain('min-insync-replicas');
});

test('lessons: schema: a wrong verdict is named with file, line, path and what is allowed', () => {
  const [refusal, ...more] = refusals((text) => text.replace('verdict: wrong', 'verdict: maybe'));
  const line = TEXT.slice(0, TEXT.indexOf('verdict: wrong')).split('\n').length;
  expect(refusal).toBe(
    `${FILE}:${line} schema: questions[0].claims[0].verdict is "maybe"; ` +
      'allowed: holds, oversimplified, wrong, outdated, version-dependent',
  );
  expect(more).toEqual([]);
});

test.each([
  ['a missing text', '\n          zh: acks=1 时，只要 leader 自己写入就返回确认', '', 'is missing'],
  ['a release without quotes', "since: '2.1'", 'since: 2.1', 'a release in quotes'],
  ['a release with a remark', "since: '2.1'", "since: '2.1 or so'", 'is "2.1 or so"'],
  ['an unknown key', 'level: middle', 'level: middle\n    seed: x', 'has seed, which the schema'],
  ['a source that nobody can follow', '- KIP-91\n', '- the documentation\n', 'owner/repository@'],
  ['a source without a release', 'apache/kafka@4.0 docs', 'apache/kafka docs', 'owner/repository@'],
  ['no right option', '\n          right: true', '', 'exactly one option with right: true'],
  ['a frequency out of range', 'frequency: 5', 'frequency: 9', 'is 9; allowed: at most 5'],
  ['an empty text', 'en: The default of min.insync.replicas is 2.', "en: ''", 'some text'],
])('lessons: schema: %s is refused', (_what, from, to, message) => {
  expect(refusals((text) => text.replace(from, to)).join('\n')).toContain(message);
});

test('lessons: schema: a claim that does not simply hold needs a correction', () => {
  const wrong = (text: string): string => text.replace('verdict: holds', 'verdict: wrong');
  expect(refusals(wrong).join('\n')).toContain(
    'a correction, since the claim does not simply hold',
  );
});

test('lessons: schema: broken YAML is named with its line', () => {
  const broken = refusals((text) => text.replace('redFlags:', 'redFlags: ]'));
  const line = TEXT.slice(0, TEXT.indexOf('redFlags:')).split('\n').length;
  expect(broken[0]).toMatch(new RegExp(`^${FILE}:${line} yaml: `));
});

test('lessons: schema: questions.schema.json is fresh (vitest -u writes it)', async () => {
  const json = await format(JSON.stringify(questionsJsonSchema()), {
    parser: 'json',
    printWidth: 100,
  });
  await expect(json).toMatchFileSnapshot('../../lessons/questions.schema.json');
});

/** Each rule for a story of the gallery goes red, alone, and a good story is clean. */
import { describe, expect, test } from 'vitest';
import { compareStories } from '../../lessons/front-matter.ts';
import { lintLessons, type ExperimentFacts, type LessonFiles } from '../../lessons/lint.ts';
import { printed } from '../../lessons/problem.ts';
import { lessonText } from './lesson-files.ts';

const SLUG = 'truncation-to-high-watermark';
const NAMES = ['en.svx', 'zh.svx'] as const;

const TEXTS: Readonly<Record<string, string>> = {
  'experiment.ts': '',
  ...Object.fromEntries(NAMES.map((name) => [name, lessonText(`gallery/${SLUG}/${name}`)])),
};

const FACTS: ExperimentFacts = {
  id: SLUG,
  steps: [...TEXTS['en.svx']!.matchAll(/<Step id="([^"]+)"/g)].map((match) => match[1]!),
  measures: ['lost', 'acknowledged'],
  proofs: ['the-bug-shows'],
  dates: {},
  knobs: ['quirk', 'profile'],
  breaks: 'K4',
};

/** The good story, after a change of its texts or of its experiment. */
function story(change: (text: string) => string, facts: Partial<ExperimentFacts> = {}) {
  const texts = Object.entries(TEXTS).map(([name, text]) => [name, change(text)] as const);
  const experiment = { ...FACTS, ...facts };
  const lesson: LessonFiles = {
    track: 'gallery',
    slug: experiment.id,
    texts: Object.fromEntries(texts),
    experiment,
  };
  return lesson;
}

const same = (text: string): string => text;
const rules = (...stories: LessonFiles[]): string[] => [
  ...new Set(lintLessons(stories).map(({ rule }) => rule)),
];

describe('lessons: lint of stories', () => {
  test('a good story is clean', () => {
    expect(printed(lintLessons([story(same)]))).toEqual([]);
  });

  test('story-sections: its headings, in their order', () => {
    expect(rules(story((text) => text.replace(/^## (The fix|修复)/m, '## Fin')))).toEqual([
      'story-sections',
    ]);
  });

  test('story-invariant: one that is known, and that the experiment breaks', () => {
    expect(rules(story(same, { breaks: 'K2' }))).toEqual(['story-invariant']);
    const unknown = story((text) => text.replace('invariant: K4', 'invariant: K99'), {
      breaks: 'K99',
    });
    expect(rules(unknown)).toEqual(['story-invariant']);
  });

  test('story-knobs: the quirk and the release can be turned', () => {
    expect(rules(story(same, { knobs: ['profile'] }))).toEqual(['story-knobs']);
  });

  test('story-number: each number stands once', () => {
    expect(rules(story(same), story(same, { id: 'another' }))).toEqual(['story-number']);
  });

  test('story-number: a sequel has the number of its story and a letter', () => {
    const numbered = (number: string) =>
      story((text) => text.replace(/^number: 1$/m, `number: ${number}`));
    expect(rules(numbered('15b'))).toEqual([]);
    for (const wrong of ['0', '15a', 'b15', '1.5'])
      expect(rules(numbered(wrong))).toEqual(['schema']);
    const numbers = ['16', '15c', 2, 15, '15b'].map((number) => ({ number }));
    const inOrder = numbers.sort(compareStories).map(({ number }) => number);
    expect(inOrder).toEqual([2, 15, '15b', '15c', '16']);
  });

  test('schema: a source is cited as it can be found', () => {
    expect(rules(story((text) => text.replace('cite: KIP-101', 'cite: some page')))).toEqual([
      'schema',
    ]);
  });

  test('files: a story has no questions', () => {
    const good = story(same);
    const { 'zh.svx': _, ...two } = good.texts;
    expect(rules({ ...good, texts: two })).toEqual(['files']);
    expect(rules({ ...good, texts: { ...good.texts, 'drill.ts': '' } })).toContain('files');
  });
});

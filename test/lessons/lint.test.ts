/**
 * Each rule of the lint goes red. A good lesson is made bad in one place, and the lint must name
 * the rule and nothing else.
 */
import { describe, expect, test } from 'vitest';
import { wrongVariants, GLOSSARY } from '../../lessons/glossary.ts';
import { lintLessons, type LessonFiles } from '../../lessons/lint.ts';
import { printed } from '../../lessons/problem.ts';
import { countWords } from '../../lessons/prose.ts';
import { parseQuestions } from '../../lessons/schema.ts';
import { stageOf } from '../../lessons/stage.ts';
import { lessonText } from './lesson-files.ts';

const QUESTIONS = lessonText('kafka/acks-and-loss/questions.yaml')
  // the lessons around it are not here
  .replace(/\nprerequisites: .*/, '');

const prose = (title: string, step: string, note: string): string => `---
title: ${title}
summary: ${title}
track: kafka
minutes: 5
order: 2
prerequisites: [topics]
bet:
  question: ${title}
  knobs: { acks: '1' }
  options:
    - { id: none, text: ${title}, when: { measure: lost, max: 0 } }
    - { id: some, text: ${title}, when: { measure: lost, min: 1, below: acked } }
outcomes:
  title: ${title}
  rows: [{ title: ${title}, knobs: { acks: '0' } }]
  columns: [{ title: ${title}, knobs: { acks: all } }]
  values:
    - { id: none, text: ${title}, shape: disc, tone: good, when: { measure: lost, max: 0 } }
    - { id: some, text: ${title}, shape: ring, tone: bad, when: { measure: lost, min: 1 } }
---

<script>
  import Step from '#web/lesson/Step.svelte';
</script>

<Step id="crash">

${step}

</Step>

<Outcomes />

${note}
`;

const EN = prose(
  'Where did it go',
  'The <Term id="leader">leader</Term> loses <Measure id="lost" of="acks-1-loses" /> since 3.7.',
  'See the claim: <ClaimLink id="is-acks-all-enough-1" />',
);
const ZH = prose(
  '消息去哪了',
  '这个 <Term id="leader">leader</Term> 丢了 <Measure id="lost" of="acks-1-loses" />，3.7 起。',
  '看这一条：<ClaimLink id="is-acks-all-enough-1" />',
);

/** As the claims say that their proofs are dated. */
const DATES: Readonly<Record<string, string>> = Object.fromEntries(
  (parseQuestions('questions.yaml', QUESTIONS).value?.questions ?? [])
    .flatMap((question) => question.claims)
    .flatMap(({ proof, since }) =>
      proof === undefined || since === 'all' ? [] : [[proof, since] as const],
    ),
);

const FACTS = {
  id: 'acks-and-loss',
  steps: ['crash'],
  measures: ['lost', 'acked'],
  proofs: [...QUESTIONS.matchAll(/^ +proof: (.+)$/gm)].map((match) => match[1]!),
  dates: DATES,
  knobs: ['acks'],
  breaks: null as string | null,
};

const DRILL = `export default drill({ release: 'kafka-4.2', commands: [
  'kafka-console-producer.sh --topic pay --command-property acks=all' ] });`;

const EARLIER: LessonFiles = {
  track: 'foundations',
  slug: 'topics',
  texts: {
    'questions.yaml': QUESTIONS.replaceAll(/(\bid: |slug: )(?=[a-z])/g, '$1x-')
      .replaceAll(/id: 0(?=\d\d)/g, 'id: 9')
      .replaceAll(/^ +proof: .+\n/gm, ''),
  },
  experiment: null,
};

/** The good lesson, after a change of one of its files. */
function lesson(file?: string, change?: (text: string) => string): LessonFiles {
  const texts: Record<string, string> = {
    'questions.yaml': QUESTIONS,
    'experiment.ts': '',
    'en.svx': EN.replace('[topics]', '[]'),
    'zh.svx': ZH.replace('[topics]', '[]'),
    'drill.ts': DRILL,
  };
  if (file !== undefined && change !== undefined) {
    const changed = change(texts[file]!);
    expect(changed).not.toBe(texts[file]);
    texts[file] = changed;
  }
  return { track: 'kafka', slug: 'acks-and-loss', texts, experiment: FACTS };
}

function rules(lessons: readonly LessonFiles[]): string[] {
  return [...new Set(lintLessons(lessons).map(({ rule }) => rule))];
}

/** In one file a text is put in another's place: the rule that must speak, alone. */
const CHANGES: readonly [rule: string, file: string, from: string | RegExp, to: string][] = [
  ['modeline', 'questions.yaml', /^.*\n/, ''],
  ['schema', 'questions.yaml', 'level: middle', 'level: hard'],
  ['term', 'questions.yaml', 'the high watermark', 'the high water mark'],
  ['term', 'questions.yaml', '先处理后提交位移', '先处理后提交偏移量'],
  ['zh-punctuation', 'questions.yaml', '字节一进 socket，客户端就无从', '字节一进,客户端就无从'],
  ['answer-length', 'questions.yaml', '        Think of three', `        ${'so '.repeat(80)}Think`],
  [
    'right-is-longest',
    'questions.yaml',
    'en: No, the leader alone made up the whole ISR',
    `en: No, the leader alone ${'really '.repeat(9)}made it up`,
  ],
  [
    'right-is-longest',
    'questions.yaml',
    'zh: 不安全，ISR 只剩 leader',
    `zh: 不安全，${'真的'.repeat(12)}`,
  ],
  [
    'claim-statement',
    'questions.yaml',
    "en: The producer's default is acks=1",
    'en: What is the default?',
  ],
  ['claim-statement', 'questions.yaml', 'zh: 生产者默认是 acks=1', 'zh: （常见说法）默认是 acks=1'],
  ['claim-statement', 'questions.yaml', "en: The producer's default is acks=1", 'en: Defaults'],
  ['claim-id', 'questions.yaml', 'id: min-insync-replicas-3', 'id: other-3'],
  ['double-id', 'questions.yaml', 'id: min-insync-replicas-3', 'id: min-insync-replicas-2'],
  ['unknown-proof', 'questions.yaml', 'proof: acks-1-loses', 'proof: acks-2-loses'],
  ['schema', 'en.svx', 'minutes: 5', 'minutes: soon'],
  ['track', 'en.svx', 'track: kafka', 'track: rabbitmq'],
  ['footnote', 'en.svx', 'See the', 'See[^1] the'],
  ['indented-code', 'en.svx', '\nSee the', '\n    See the'],
  ['brace', 'en.svx', 'See the', 'See \\{ the'],
  ['brace', 'en.svx', 'See the', 'See &#123; the'],
  ['dollar', 'en.svx', 'See the', 'See $a and b$ the'],
  ['less-than', 'en.svx', 'See the', 'See a < b the'],
  ['pipe-in-code', 'en.svx', 'See the', '| a \\| b |\n\nSee the'],
  [
    'tag-line',
    'en.svx',
    /See the claim: (.*)/,
    '<b>See</b> <ClaimLink id="is-acks-all-enough-1" />.',
  ],
  ['tag-line', 'en.svx', '<Step id="crash">\n', '<Step id="crash">'],
  ['typed-figure', 'en.svx', 'See the', 'See 3 of the'],
  ['step-words', 'en.svx', 'The <Term', `${'very '.repeat(60)}The <Term`],
  ['lesson-words', 'en.svx', 'See the', `See ${'very '.repeat(430)}the`],
  ['term', 'zh.svx', '看这一条', '领导者'],
  ['zh-punctuation', 'zh.svx', '看这一条：', '看这一条:'],
  ['same-steps', 'zh.svx', /<Step[\s\S]*<\/Step>/, '没有'],
  ['same-references', 'zh.svx', '<Measure id="lost" of="acks-1-loses" />', '一些'],
  ['same-front-matter', 'zh.svx', 'minutes: 5', 'minutes: 6'],
  ['unknown-term', 'en.svx', 'id="leader"', 'id="boss"'],
  ['unknown-claim', 'en.svx', 'id="is-acks-all-enough-1"', 'id="is-acks-all-enough-9"'],
  ['unknown-step', 'en.svx', 'See the', '<Step id="rise">\n\nUp.\n\n</Step>\n\nSee the'],
  ['unknown-measure', 'en.svx', 'id="lost"', 'id="gone"'],
  ['unknown-measure', 'en.svx', 'below: acked', 'below: asked'],
  ['unknown-proof', 'en.svx', 'of="acks-1-loses"', 'of="acks-9-loses"'],
  ['unknown-knob', 'en.svx', "acks: '1'", "asks: '1'"],
  ['unknown-knob', 'en.svx', "acks: '0'", "asks: '0'"],
  ['unknown-knob', 'en.svx', 'acks: all', 'asks: all'],
  ['unknown-measure', 'en.svx', 'lost, min: 1 } }\n---', 'gone, min: 1 } }\n---'],
  ['term', 'zh.svx', 'text: 消息去哪了, shape: disc', 'text: 领导者, shape: disc'],
  ['outcomes', 'en.svx', '<Outcomes />', '<Outcomes />\n\n<Outcomes />'],
  ['outcomes', 'en.svx', '<Outcomes />\n\n', ''],
  ['outcomes', 'en.svx', /outcomes:[\s\S]*?(?=---)/, ''],
  ['prerequisite', 'en.svx', 'prerequisites: []', 'prerequisites: [nothing]'],
  ['prerequisite', 'questions.yaml', '\nquestions:', '\nprerequisites: [nothing]\nquestions:'],
  [
    'prerequisite',
    'questions.yaml',
    '\nquestions:',
    '\nprerequisites: [acks-and-loss]\nquestions:',
  ],
  ['drill-release', 'drill.ts', "release: 'kafka-4.2'", "release: 'the newest'"],
  ['drill-option', 'drill.ts', '--command-property', '--producer-property'],
  ['drill-option', 'drill.ts', 'kafka-4.2', 'kafka-4.1'],
];

/** Rules that cannot but speak too, when prose differs between languages. */
const ECHOES: Readonly<Record<string, readonly string[]>> = {
  'unknown-term': ['same-references'],
  'unknown-claim': ['same-references'],
  'unknown-step': ['same-steps', 'same-references'],
  'unknown-measure': ['same-references', 'same-front-matter'],
  'unknown-proof': ['same-references'],
  'unknown-knob': ['same-front-matter'],
  outcomes: ['same-front-matter', 'same-references'],
  'same-steps': ['same-references', 'untold-step'],
  prerequisite: ['same-front-matter'],
  track: ['same-front-matter'],
};

describe('lessons: lint', () => {
  test('a good lesson is clean', () => {
    expect(printed(lintLessons([lesson()]))).toEqual([]);
  });

  test.each(CHANGES)('%s goes red in %s (%s)', (rule, file, from, to) => {
    const problems = lintLessons([lesson(file, (text) => text.replace(from, () => to))]);
    const found = new Set(problems.map((problem) => problem.rule));
    const echoes = ECHOES[rule] ?? [];
    expect(found).toContain(rule);
    expect([...found].filter((other) => other !== rule && !echoes.includes(other))).toEqual([]);
    const spoke = problems.find((problem) => problem.rule === rule)!;
    expect(spoke.file).toMatch(/^lessons\/kafka\/acks-and-loss\//);
    expect(spoke.message).not.toBe('');
  });

  test.each([
    ['unknown-measure', 'en.svx', 'below: acked', 'below: asked'],
    ['unknown-measure', 'en.svx', 'lost, min: 1 } }\n---', 'gone, min: 1 } }\n---'],
    ['unknown-knob', 'en.svx', "acks: '1'", "asks: '1'"],
    ['unknown-knob', 'en.svx', 'acks: all', 'asks: all'],
  ])('%s in the head names its line (%s: %s)', (rule, file, from, to) => {
    const changed = EN.replace('[topics]', '[]').replace(from, to);
    const problems = lintLessons([lesson(file, (text) => text.replace(from, to))]);
    const spoke = problems.find((problem) => problem.rule === rule)!;
    expect(changed.split('\n')[spoke.line - 1]).toContain(to.split('\n')[0]);
  });

  test.each([
    ['unknown-proof', (claim: string) => claim.replace(/(?<=\n +proof: ).*/, 'nothing')],
    ['proof-date', (claim: string) => claim.replace(/(?<=\n +since: ).*/, "'9.9'")],
    ['double-id', (claim: string) => claim.replace(/(?<=- id: ).*/, 'is-acks-all-enough-1')],
  ])('%s names the line of the claim', (rule, change) => {
    const claims = [...QUESTIONS.matchAll(/^ +- id: [a-z][^]*?(?=^ +- id: |^ +quiz:)/gm)];
    const last = claims.findLast(([text]) => /\n +proof: /.test(text))!;
    const [before, after] = [QUESTIONS.slice(0, last.index), QUESTIONS.slice(last.index)];
    const broken = before + change(last[0]) + after.slice(last[0].length);
    const problems = lintLessons([lesson('questions.yaml', () => broken)]);
    const spoke = problems.find((problem) => problem.rule === rule)!;
    expect(spoke.line).toBe(before.split('\n').length);
  });

  test.each([
    ['minutes: 5', 'minutes: 6', 'minutes: en 5; zh 6'],
    ["knobs: { acks: '1' }", "knobs: { acks: '0' }", 'bet.knobs.acks: en "1"; zh "0"'],
    ['lost, max: 0', 'lost, max: 2', 'bet.options[0].when.max: en 0; zh 2'],
    [', below: acked', '', 'bet.options[1].when.below: en "acked"; zh nothing'],
  ])('same-front-matter names the first place that differs (%s: %s)', (from, to, told) => {
    const problems = lintLessons([lesson('zh.svx', (text) => text.replace(from, to))]);
    const spoke = problems.find(({ rule }) => rule === 'same-front-matter')!;
    expect(spoke.message).toBe(`front matters differ in ${told}`);
  });

  test('untold-step: a step of the experiment that no prose narrates', () => {
    const good = lesson();
    const more = { ...FACTS, steps: ['crash', 'elect'] };
    expect(rules([{ ...good, experiment: more }])).toEqual(['untold-step']);
  });

  test('experiment-id: an experiment is called as its lesson', () => {
    expect(rules([{ ...lesson(), experiment: { ...FACTS, id: 'other' } }])).toEqual([
      'experiment-id',
    ]);
  });

  test('files: a stage asks for its files, and a folder has no others', () => {
    const { texts, ...rest } = lesson();
    const without = (name: string): LessonFiles => ({
      ...rest,
      texts: Object.fromEntries(Object.entries(texts).filter(([key]) => key !== name)),
    });
    expect(rules([without('zh.svx')])).toEqual(['files']);
    expect(rules([without('questions.yaml')])).toContain('files');
    expect(rules([{ ...rest, texts: { ...texts, 'notes.md': '' } }])).toEqual(['files']);
    expect(rules([{ ...rest, texts, track: 'nats' }])).toEqual(['files', 'track']);
  });

  test('proof-date: a claim and its proof are of one release', () => {
    const other = { ...FACTS, dates: { ...DATES, 'acks-1-loses': '3.0' } };
    expect(rules([{ ...lesson(), experiment: other }])).toEqual(['proof-date']);
    const { 'acks-all-by-default': _, ...fewer } = DATES;
    expect(rules([{ ...lesson(), experiment: { ...FACTS, dates: fewer } }])).toEqual([
      'proof-date',
    ]);
  });

  test('files: prose without an experiment has nothing to narrate', () => {
    const { texts, ...rest } = lesson();
    const { 'experiment.ts': _, 'drill.ts': __, ...two } = texts;
    expect(rules([{ ...rest, experiment: null, texts: two }])).toEqual(['files', 'unknown-proof']);
  });

  test('a folder with questions alone is asked for nothing else', () => {
    expect(stageOf(EARLIER.track, Object.keys(EARLIER.texts))).toBe('questions');
    expect(printed(lintLessons([EARLIER]))).toEqual([]);
  });

  test('double-id: a slug, a document id and a claim id stand once in all lessons', () => {
    const twice = lintLessons([lesson(), { ...lesson(), track: 'kafka', slug: 'again' }]);
    const messages = twice.filter(({ rule }) => rule === 'double-id').map(({ message }) => message);
    expect(messages.join('\n')).toMatch(
      /question 000#4 is already in lessons\/kafka\/acks-and-loss/,
    );
    expect(messages.join('\n')).toMatch(/slug min-insync-replicas is already/);
    expect(messages.join('\n')).toMatch(/claim min-insync-replicas-1 is already/);
  });

  test('prerequisite: a lesson that comes later is none', () => {
    const needs = lesson('en.svx', (text) => text.replace('[]', '[later]'));
    const texts = { ...needs.texts, 'zh.svx': needs.texts['zh.svx']!.replace('[]', '[later]') };
    const at = (order: number): LessonFiles => ({
      ...lesson('en.svx', (text) => text.replace('order: 2', `order: ${order}`)),
      slug: 'later',
    });
    const said = (order: number): string[] =>
      lintLessons([{ ...needs, texts }, at(order)])
        .filter(({ rule }) => rule === 'prerequisite')
        .map(({ message }) => message);
    expect(said(3)[0]).toBe('prerequisite later comes later');
    expect(said(1)).toEqual([]);
  });
});

describe('lessons: glossary', () => {
  test('has one term for one term, in both directions', () => {
    const terms = Object.values(GLOSSARY);
    expect(terms.length).toBeGreaterThanOrEqual(80);
    for (const language of ['en', 'zh'] as const) {
      const all = terms.map((term) => term[language]);
      expect(all.filter((word, index) => all.indexOf(word) !== index)).toEqual([]);
    }
  });

  test('refuses no term that it asks for', () => {
    for (const { en, zh } of Object.values(GLOSSARY)) {
      expect(wrongVariants(en, 'en')).toEqual([]);
      expect(wrongVariants(zh, 'zh')).toEqual([]);
    }
  });

  test('leaves identifiers alone, and refuses the same word in a sentence', () => {
    expect(
      wrongVariants('看 UncleanLeaderElectionsPerSec 和 Eligible Leader Replicas', 'zh'),
    ).toEqual([]);
    expect(wrongVariants('这时 Leader 宕机', 'zh').map(({ term }) => term)).toEqual(['leader']);
  });
});

test('lessons: words: ten Han characters take as long as six English words', () => {
  expect(countWords('the leader dies')).toBe(3);
  expect(countWords('一二三四五六七八九十')).toBe(6);
  expect(countWords('leader 宕机了')).toBe(3);
});

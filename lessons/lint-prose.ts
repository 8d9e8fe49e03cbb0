/**
 * What a lesson's prose must keep to: budgets of words, figures that come from the run, terms,
 * what the compiler of .svx silently gets wrong, and the same structure in both languages.
 */
import {
  frontMatter,
  storyFrontMatter,
  type FrontMatter,
  type StoryFrontMatter,
} from './front-matter.ts';
import { wrongVariants } from './glossary.ts';
import { chinesePunctuation } from './lint-questions.ts';
import { lineAt, type Problem } from './problem.ts';
import {
  blankOut,
  countWords,
  readProse,
  withoutCode,
  type Prose,
  type Reference,
} from './prose.ts';
import { validateYaml } from './schema.ts';

const STEP_WORDS_MAX = 60;
const LESSON_WORDS_MAX = 450;

type Language = 'en' | 'zh';

/** What was read of one language's prose, for comparisons between files. */
export interface LintedProse {
  readonly file: string;
  readonly prose: Prose;
  /** Null where it has not the form of a lesson's. */
  readonly front: FrontMatter | null;
  /** Null where it has not the form of a story's. */
  readonly story: StoryFrontMatter | null;
  readonly problems: readonly Problem[];
}

/** Reads a .svx and says everything that is wrong with it by itself. */
export function lintProse(
  file: string,
  text: string,
  language: Language,
  form: 'lesson' | 'story',
): LintedProse {
  const prose = readProse(text);
  const { front, story, problems: formProblems } = frontOf(file, prose, form);
  const problems = [
    ...formProblems,
    ...TRAPS.flatMap((trap) => trapProblems(file, prose, trap)),
    ...tagProblems(file, prose),
    ...figureProblems(file, prose),
    ...wordProblems(file, prose, front),
    ...tableProblems(file, prose, front),
    ...termProblems(file, text, prose, [...textsIn(front), ...textsOfStory(story)], language),
  ];
  return { file, prose, front, story, problems };
}

function frontOf(file: string, { frontMatter: yaml, frontMatterLine: line }: Prose, form: string) {
  if (form === 'story') {
    const { value, problems } = validateYaml(storyFrontMatter, file, yaml, line);
    return { front: null, story: value, problems };
  }
  const { value, problems } = validateYaml(frontMatter, file, yaml, line);
  return { front: value, story: null, problems };
}

interface Trap {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly message: string;
}

/** What mdsvex compiles to something else, mostly without a word. */
const TRAPS: readonly Trap[] = [
  { rule: 'footnote', pattern: /\[\^[^\]]+\]/g, message: 'footnotes become broken links' },
  {
    rule: 'indented-code',
    pattern: /(?<=\n\s*\n)(?: {4}|\t)(?=[^\s<*+-])/g,
    message: 'an indented block is not code here: use a fence',
  },
  {
    rule: 'brace',
    pattern: /\\?[{}]|&#123;|&#125;|&#x7[bd];|&lbrace;|&rbrace;/gi,
    message: 'a brace becomes an expression, escaped or not: use inline code',
  },
  { rule: 'dollar', pattern: /\$[^$\n]+\$/g, message: 'dollars become a formula: use inline code' },
  { rule: 'less-than', pattern: /<(?![a-zA-Z/!])/g, message: 'write &lt; or inline code for <' },
  {
    rule: 'pipe-in-code',
    pattern: /^\|.*\\\|/gm,
    message: 'the backslash before | in a table stays: reword',
  },
  { rule: 'logic', pattern: /[{][#:/@]/g, message: 'logic belongs in a component' },
];

function trapProblems(file: string, prose: Prose, { rule, pattern, message }: Trap): Problem[] {
  const text = withoutCode(prose.body);
  return [...text.matchAll(pattern)].map((match) => ({
    rule,
    file,
    line: lineAt(text, match.index),
    message,
  }));
}

/** A line that begins with a tag is raw HTML to its end, and so is what touches it. */
function tagProblems(file: string, prose: Prose): Problem[] {
  const lines = withoutCode(prose.body).split('\n');
  const isTags = (line: string): boolean => /^\s*(<[^<>]*>\s*)+$/.test(line);
  return lines.flatMap((text, index) => {
    const problem = (message: string): Problem[] => [
      { rule: 'tag-line', file, line: index + 1, message },
    ];
    if (!/^\s*<\/?[A-Za-z]/.test(text)) return [];
    if (!isTags(text)) {
      return problem('a line that begins with a tag is printed raw: begin it with a word');
    }
    const touches = [lines[index - 1], lines[index + 1]].some(
      (beside) => beside !== undefined && beside.trim() !== '' && !isTags(beside),
    );
    return touches ? problem('a tag needs a blank line between it and the text') : [];
  });
}

/** Releases (3.7) and names (KIP-966) are typed; every other figure comes from the run. */
function figureProblems(file: string, prose: Prose): Problem[] {
  const typed = /\b(KIP|KAFKA)-\d+|\bKafka \d+(\.\d+)*|\d+\.\d+(\.\d+)*|&#?\w+;|\[\^[^\]]*\]/g;
  const text = blankOut(prose.spoken, [typed]);
  return [...text.matchAll(/(?<![\w-])\d+(?![\w-])/g)].map((match) => ({
    rule: 'typed-figure',
    file,
    line: lineAt(text, match.index),
    message: `${match[0]} is typed; let <Measure id="..." /> print it from the run`,
  }));
}

function wordProblems(file: string, prose: Prose, front: FrontMatter | null): Problem[] {
  const long = prose.steps.flatMap(({ id, line, words }) => {
    const message = `step ${id} has ${words} words, ${STEP_WORDS_MAX} are allowed`;
    return words > STEP_WORDS_MAX ? [{ rule: 'step-words', file, line, message }] : [];
  });
  const { bet, puzzle } = front ?? {};
  const asked = [bet?.question, ...(bet?.options ?? []).map(({ text }) => text), puzzle?.text];
  const words = prose.words + countWords(asked.join(' '));
  if (words <= LESSON_WORDS_MAX) return long;
  const message = `the lesson has ${words} words, ${LESSON_WORDS_MAX} are allowed`;
  return [...long, { rule: 'lesson-words', file, line: 1, message }];
}

/** The table of outcomes stands in the prose where the front matter has one, and only there. */
function tableProblems(file: string, prose: Prose, front: FrontMatter | null): Problem[] {
  if (front === null) return [];
  const tables = prose.references.filter(({ component }) => component === 'Outcomes');
  const rule = 'outcomes';
  if (front.outcomes === undefined) {
    const message = 'the front matter has no outcomes for this table';
    return tables.map(({ line }) => ({ rule, file, line, message }));
  }
  if (tables.length === 1) return [];
  const message = `<Outcomes /> stands ${tables.length} times, once is right`;
  return [{ rule, file, line: 1, message }];
}

/** Terms and punctuation of the body and of the texts in the front matter. */
function termProblems(
  file: string,
  text: string,
  prose: Prose,
  texts: readonly string[],
  language: Language,
): Problem[] {
  return [
    ...wordingProblems(file, prose.spoken, language, (at) => lineAt(prose.spoken, at)),
    ...texts.flatMap((value) => {
      const line = lineAt(text, Math.max(0, text.indexOf(value)));
      return wordingProblems(file, value, language, () => line);
    }),
  ];
}

function textsOfStory(story: StoryFrontMatter | null): string[] {
  if (story === null) return [];
  return [story.title, story.summary, ...story.sources.map(({ text }) => text)];
}

function textsIn(front: FrontMatter | null): string[] {
  if (front === null) return [];
  const { title, summary, bet, puzzle } = front;
  const asked = bet === undefined ? [] : [bet.question, ...bet.options.map(({ text }) => text)];
  const told = puzzle === undefined ? [] : [puzzle.text];
  return [title, summary, ...asked, ...told, ...textsInTable(front)];
}

function textsInTable({ outcomes }: FrontMatter): string[] {
  if (outcomes === undefined) return [];
  const { rows, columns, values } = outcomes;
  const titles = [outcomes, ...rows, ...columns].map(({ title }) => title);
  return [...titles, ...values.map(({ text }) => text)];
}

function wordingProblems(
  file: string,
  text: string,
  language: Language,
  lineOf: (at: number) => number,
): Problem[] {
  const terms = wrongVariants(text, language).map(({ at, variant, term }) => ({
    rule: 'term',
    file,
    line: lineOf(at),
    message: `"${variant}" is written "${term}" in this project`,
  }));
  if (language === 'en') return terms;
  const marks = chinesePunctuation(text).map(({ mark, at }) => ({
    rule: 'zh-punctuation',
    file,
    line: lineOf(at),
    message: `"${mark}" after a Chinese word must be full width`,
  }));
  return [...terms, ...marks];
}

/** The languages of a lesson: the same steps, references, bets and puzzles, in the same order. */
export function differences(en: LintedProse, zh: LintedProse): Problem[] {
  const problem = (rule: string, message: string): Problem => ({
    rule,
    file: zh.file,
    line: 1,
    message,
  });
  const found: Problem[] = [];
  const compare = (rule: string, what: string, of: (linted: LintedProse) => string): void => {
    const [left, right] = [of(en), of(zh)];
    if (left !== right) found.push(problem(rule, `${what} differ: en ${left}; zh ${right}`));
  };
  compare('same-steps', 'steps', ({ prose }) => prose.steps.map(({ id }) => id).join(', '));
  compare('same-references', 'references', ({ prose }) =>
    prose.references
      .map(nameOf)
      .sort((a, b) => (a < b ? -1 : 1))
      .join(', '),
  );
  const formed = ({ front, story }: LintedProse): boolean => front !== null || story !== null;
  if (formed(en) && formed(zh)) {
    const heads = [en, zh].map(({ front, story }) => withoutTexts(front ?? story));
    const difference = firstDifference(heads[0], heads[1]);
    if (difference !== null) {
      found.push(problem('same-front-matter', `front matters differ${difference}`));
    }
  }
  return found;
}

function nameOf({ component, id, of }: Reference): string {
  return of === null ? `${component} ${id}` : `${component} ${id} of ${of}`;
}

const TEXTS = new Set(['title', 'summary', 'question', 'text']);

/** The first place where two values differ, and both values there; null where they are the same. */
function firstDifference(en: unknown, zh: unknown, path = ''): string | null {
  const [left, right] = [JSON.stringify(en) ?? 'nothing', JSON.stringify(zh) ?? 'nothing'];
  if (left === right) return null;
  const fields = (value: unknown): ReadonlyMap<string, unknown> | null =>
    typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null;
  const [ours, theirs] = [fields(en), fields(zh)];
  if (ours !== null && theirs !== null) {
    for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
      const place = Array.isArray(en) ? `${path}[${key}]` : `${path}.${key}`;
      const difference = firstDifference(ours.get(key), theirs.get(key), place);
      if (difference !== null) return difference;
    }
  }
  return ` in ${path.replace(/^\./, '')}: en ${left}; zh ${right}`;
}

/** What must not differ between languages: everything but the texts. */
function withoutTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !TEXTS.has(key))
      .map(([key, inner]) => [key, withoutTexts(inner)]),
  );
}

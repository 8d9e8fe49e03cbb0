/**
 * Reads a lesson's prose (`en.svx`, `zh.svx`) as text: front matter, steps, references to the
 * run, and words. It compiles nothing; mdsvex does that in the build. What is wrong with the
 * prose is for `lint.ts` to say.
 */
import { lineAt } from './problem.ts';

export interface Reference {
  readonly component: 'Step' | 'Measure' | 'ClaimLink' | 'Term' | 'Outcomes';
  readonly id: string;
  /** The proof whose run a Measure reads; null: the run that is shown. */
  readonly of: string | null;
  readonly line: number;
}

export interface StepProse {
  readonly id: string;
  readonly line: number;
  readonly words: number;
}

export interface Prose {
  readonly frontMatter: string;
  /** The line of the front matter's first line of YAML. */
  readonly frontMatterLine: number;
  /** The text below the front matter, each line where it was; nothing that is not prose. */
  readonly body: string;
  /** As `body`, without tags, links' addresses and code: what is read aloud. */
  readonly spoken: string;
  readonly references: readonly Reference[];
  readonly steps: readonly StepProse[];
  readonly words: number;
}

/** Splits a .svx. A text without front matter has an empty one. */
export function readProse(text: string): Prose {
  const match = /^---\n([\s\S]*?)\n---\n/.exec(text);
  const whole = match?.[0] ?? '';
  const body = blankOut(blank(whole) + text.slice(whole.length), NOT_PROSE);
  const spoken = blankOut(blankOut(body, CODE), [/<[^<>]*>/g, /\]\([^)]*\)/g]);
  return {
    frontMatter: match?.[1] ?? '',
    frontMatterLine: 2,
    body,
    spoken,
    references: referencesOf(blankOut(body, CODE)),
    steps: stepsOf(body),
    words: wordsIn(body),
  };
}

const NOT_PROSE = [/<script[\s\S]*?<\/script>/g, /<style[\s\S]*?<\/style>/g, /<!--[\s\S]*?-->/g];
const CODE = [/^(```|~~~)[\s\S]*?^\1/gm, /`[^`\n]*`/g];

/** The text with what the patterns match replaced by blanks; lines and columns stay. */
export function blankOut(text: string, patterns: readonly RegExp[]): string {
  return patterns.reduce((rest, pattern) => rest.replace(pattern, blank), text);
}

/** The body without fenced and inline code; lines and columns stay. */
export function withoutCode(body: string): string {
  return blankOut(body, CODE);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

function referencesOf(body: string): Reference[] {
  const tags = body.matchAll(/<(Step|Measure|ClaimLink|Term|Outcomes)\b([^<>]*?)\/?>/g);
  return [...tags].map((tag) => ({
    component: tag[1] as Reference['component'],
    id: attribute(tag[2] ?? '', 'id') ?? '',
    of: attribute(tag[2] ?? '', 'of'),
    line: lineAt(body, tag.index),
  }));
}

function attribute(attributes: string, name: string): string | null {
  return new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? null;
}

function stepsOf(body: string): StepProse[] {
  return [...body.matchAll(/<Step\b([^<>]*)>[\s\S]*?<\/Step>/g)].map((match) => ({
    id: attribute(match[1] ?? '', 'id') ?? '',
    line: lineAt(body, match.index),
    words: wordsIn(match[0]),
  }));
}

/** Inline code counts as one word, a figure from the run too; fences are not read aloud. */
function wordsIn(body: string): number {
  const text = body
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, ' ')
    .replace(/`[^`\n]*`|<Measure\b[^<>]*>/g, ' code ')
    .replace(/<[^<>]*>|\]\([^)]*\)/g, ' ');
  return countWords(text);
}

const HAN = /\p{Script=Han}/gu;

/**
 * Words as they are spoken: in Latin script by blanks; ten Han characters take about as long as
 * six English words.
 */
export function countWords(text: string): number {
  const han = text.match(HAN)?.length ?? 0;
  const latin = text.replace(HAN, ' ').match(/[\p{L}\p{N}][\p{L}\p{N}.'’_-]*/gu)?.length ?? 0;
  return latin + Math.ceil(han * 0.6);
}

/**
 * What a story of the gallery must keep to beyond any prose: its sections, its invariant, its
 * knobs, its number. Whether the run breaks the invariant is for test/gallery.
 */
import { INVARIANTS } from './invariants.ts';
import type { LintedProse } from './lint-prose.ts';
import type { Problem } from './problem.ts';

/** The headings of a story, in order. Its sources come from the front matter. */
const SECTIONS = {
  en: ['What people saw', 'On the stage', 'The invariant that broke', 'The fix'],
  zh: ['当时看到的现象', '逐步还原', '被打破的不变式', '修复'],
} as const;

/** Knobs that every entry has, so that one learns them once. */
const KNOBS = ['quirk', 'profile'];

interface Entry {
  readonly experiment: {
    readonly knobs: readonly string[];
    readonly breaks: string | null;
  } | null;
}

export function storyProblems({ file, prose, story }: LintedProse, entry: Entry): Problem[] {
  const found: Problem[] = [];
  const add = (rule: string, message: string): void => {
    found.push({ rule, file, line: 1, message });
  };
  const wanted = SECTIONS[file.endsWith('/zh.svx') ? 'zh' : 'en'];
  const headings = [...prose.body.matchAll(/^## (.+)$/gm)].map((match) => (match[1] ?? '').trim());
  if (headings.join('|') !== wanted.join('|')) {
    add('story-sections', `the headings are ${headings.join(', ')}; wanted: ${wanted.join(', ')}`);
  }
  const invariant = story?.invariant ?? null;
  if (invariant !== null && !Object.hasOwn(INVARIANTS, invariant)) {
    add('story-invariant', `${invariant} is not in lessons/invariants.ts`);
  }
  const { experiment } = entry;
  if (experiment === null) return found;
  if (invariant !== null && experiment.breaks !== invariant) {
    add('story-invariant', `the story names ${invariant}, the experiment ${experiment.breaks}`);
  }
  for (const knob of KNOBS.filter((name) => !experiment.knobs.includes(name))) {
    add('story-knobs', `the experiment has no knob ${knob}`);
  }
  return found;
}

/** No two stories have one number. */
export function storiesTogether(prose: readonly LintedProse[]): Problem[] {
  const first = new Map<number | string, string>();
  return prose.flatMap(({ file, story }) => {
    if (story === null || !file.endsWith('/en.svx')) return [];
    const before = first.get(story.number);
    if (before === undefined) first.set(story.number, file);
    const message = `number ${story.number} is already in ${before}`;
    return before === undefined ? [] : [{ rule: 'story-number', file, line: 1, message }];
  });
}

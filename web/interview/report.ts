/**
 * The report of an interview: per question what was said, what was missed, the red flags, notes
 * and time. As data for the page, and as Markdown to take away.
 */
import type { StudyQuestion } from '../study/cards.ts';
import { rubricOf, type Interview, type RubricLine } from './interview.ts';

export interface ReportEntry {
  readonly slug: string;
  /** The slug where the question is no longer there. */
  readonly title: string;
  readonly made: readonly RubricLine[];
  readonly missed: readonly RubricLine[];
  readonly flags: readonly string[];
  readonly notes: string;
  readonly spentMs: number;
  readonly awayMs: number;
  readonly held: number;
  readonly followUps: number;
}

export interface ReportWords {
  readonly report: string;
  readonly said: string;
  readonly missed: string;
  readonly flags: string;
  readonly notes: string;
  readonly nothing: string;
  often(statement: string): string;
  summary(questions: number, made: number, all: number, spentMs: number): string;
  spent(ms: number): string;
  away(ms: number): string;
  followUpsHeld(held: number, all: number): string;
}

export function reportOf(
  { asked }: Pick<Interview, 'asked'>,
  questions: readonly StudyQuestion[],
): ReportEntry[] {
  const bySlug = new Map(questions.map((question) => [question.slug, question] as const));
  return asked.map(({ slug, made, flags, notes, spentMs, awayMs, followUps }) => {
    const question = bySlug.get(slug);
    const rubric = question === undefined ? [] : rubricOf(question);
    return {
      slug,
      title: question?.question ?? slug,
      made: rubric.filter(({ id }) => made.includes(id)),
      missed: rubric.filter(({ id }) => !made.includes(id)),
      flags: flags.flatMap((place) => question?.redFlags[place] ?? []),
      notes,
      spentMs,
      awayMs,
      held: followUps.filter(({ held }) => held).length,
      followUps: followUps.length,
    };
  });
}

/** How an interview came out, in one sentence. */
export function summaryOf(entries: readonly ReportEntry[], words: ReportWords): string {
  const sum = (of: (entry: ReportEntry) => number) =>
    entries.reduce((total, entry) => total + of(entry), 0);
  const made = sum((entry) => entry.made.length);
  const all = made + sum((entry) => entry.missed.length);
  const spentMs = sum((entry) => entry.spentMs);
  return words.summary(entries.length, made, all, spentMs);
}

/** The report as Markdown. `date` is the day of the interview as the reader writes it. */
export function reportText(
  entries: readonly ReportEntry[],
  words: ReportWords,
  date: string,
): string {
  const pointOf = ({ text, often }: RubricLine) =>
    often === null ? text : `${text} (${words.often(often)})`;
  const parts = entries.flatMap((entry, place) => [
    `## ${place + 1}. ${entry.title}`,
    [
      words.spent(entry.spentMs),
      ...(entry.awayMs > 0 ? [words.away(entry.awayMs)] : []),
      ...(entry.followUps > 0 ? [words.followUpsHeld(entry.held, entry.followUps)] : []),
    ].join(' · '),
    ...list(words.said, entry.made.map(pointOf), words.nothing),
    ...list(words.missed, entry.missed.map(pointOf), words.nothing),
    ...(entry.flags.length > 0 ? list(words.flags, entry.flags, words.nothing) : []),
    ...(entry.notes.trim() === '' ? [] : [`### ${words.notes}`, entry.notes.trim()]),
  ]);
  return `${[`# ${words.report} · ${date}`, summaryOf(entries, words), ...parts].join('\n\n')}\n`;
}

function list(title: string, items: readonly string[], nothing: string): string[] {
  const lines = items.length === 0 ? nothing : items.map((item) => `- ${item}`).join('\n');
  return [`### ${title}`, lines];
}

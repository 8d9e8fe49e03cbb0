/**
 * Which questions a reader wants to see, and how the page's address says so. Not here: the words
 * that are searched (`question-search.ts`).
 */
import type { QuestionEntry } from '../lesson/content.ts';

/** Empty: any. */
export interface QuestionFilter {
  readonly track: string;
  readonly level: string;
  /** A verdict, or `corrected`: any that does not simply hold. */
  readonly verdict: string;
  /** `open` or `known`. */
  readonly progress: string;
}

const NONE: QuestionFilter = { track: '', level: '', verdict: '', progress: '' };

export function fits(
  { track, level, verdict, progress }: QuestionFilter,
  question: QuestionEntry,
  known: ReadonlySet<string>,
): boolean {
  const { verdicts } = question;
  return (
    (track === '' || question.track === track) &&
    (level === '' || question.level === level) &&
    (verdict === '' ||
      verdicts.some((one) => (verdict === 'corrected' ? one !== 'holds' : one === verdict))) &&
    (progress === '' || known.has(question.slug) === (progress === 'known'))
  );
}

/** The filter and the words of an address, `?q=...&track=...`. */
export function fromAddress(search: string): { filter: QuestionFilter; query: string } {
  const asked = new URLSearchParams(search);
  const filter = Object.keys(NONE).map((name) => [name, asked.get(name) ?? '']);
  return { filter: Object.fromEntries(filter) as QuestionFilter, query: asked.get('q') ?? '' };
}

/** What of an address says the filter and the words; empty where both are. */
export function toAddress(filter: QuestionFilter, query: string): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries({ q: query.trim(), ...filter })) {
    if (value !== '') asked.set(name, value);
  }
  return asked.size === 0 ? '' : `?${asked.toString()}`;
}

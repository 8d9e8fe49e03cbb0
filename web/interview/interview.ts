/**
 * A mock interview as data: which questions are drawn, what a strong answer says, what is asked
 * next after what was ticked, and the record that is kept. The record holds ids only, so that it
 * can be read in the other language too.
 *
 * Not here: the clock (`timer.ts`), the course of an interview (`interview-session.svelte.ts`), the
 * report as text (`report.ts`).
 */
import { indexTerms } from '../page/search-terms.ts';
import type { StudyQuestion } from '../study/cards.ts';

export interface InterviewWish {
  /** The id of a track; empty: any. */
  readonly track: string;
  /** Empty: any. */
  readonly level: string;
  readonly minutes: number;
}

/** What was made of one question. */
export interface Asked {
  readonly slug: string;
  /** The ids of the claims that the answer made. */
  readonly made: readonly string[];
  /** The red flags that it showed, by their places in the question. */
  readonly flags: readonly number[];
  readonly notes: string;
  readonly spentMs: number;
  /** For how long of that the page was hidden. */
  readonly awayMs: number;
  readonly followUps: readonly { readonly key: string; readonly held: boolean }[];
}

export interface Interview extends InterviewWish {
  readonly id: string;
  readonly startedMs: number;
  readonly asked: readonly Asked[];
}

export interface RubricLine {
  /** The id of its claim. */
  readonly id: string;
  /** What a strong answer says. */
  readonly text: string;
  /** What is often said, and not simply right; null where the text itself is what is said. */
  readonly often: string | null;
}

export type FollowUp = {
  readonly key: string;
  readonly answer: string;
} & (
  | { readonly why: 'flag'; readonly said: string }
  | { readonly why: 'missed'; readonly statement: string }
  | { readonly why: 'further'; readonly question: string }
);

const FLAGS_MAX = 2;
const MISSED_MAX = 2;
const FOLLOW_UPS_MAX = 3;
/** Shorter words of English say little about what a text is about. */
const TERM_LETTERS_MIN = 4;

/**
 * The questions that fit, in the order in which they are asked: by lot, but what is asked more
 * often in interviews comes sooner, and what was asked the reader `lately` comes last.
 */
export function drawn(
  questions: readonly StudyQuestion[],
  { track, level }: Pick<InterviewWish, 'track' | 'level'>,
  lately: readonly string[],
  random: () => number,
): StudyQuestion[] {
  return questions
    .filter((question) => track === '' || question.track === track)
    .filter((question) => level === '' || question.level === level)
    .map((question) => ({ question, lot: -Math.log(1 - random()) / question.frequency }))
    .sort(
      (a, b) =>
        Number(lately.includes(a.question.slug)) - Number(lately.includes(b.question.slug)) ||
        a.lot - b.lot,
    )
    .map(({ question }) => question);
}

/** What a strong answer says: each claim that holds, and of the others the correction. */
export function rubricOf({ claims }: StudyQuestion): RubricLine[] {
  return claims.map(({ id, statement, verdict, correction }) =>
    verdict === 'holds' || correction === undefined
      ? { id, text: statement, often: null }
      : { id, text: correction, often: statement },
  );
}

/**
 * What an interviewer asks next. First what the answer got wrong: a sentence that gives a weak
 * candidate away has to be defended. Then what it left out, where the common belief is not right.
 * Then a follow-up of the question: one about what was missed, or, when nothing was, about what was
 * said.
 */
export function followUpsAfter(
  question: StudyQuestion,
  { made, flags }: Pick<Asked, 'made' | 'flags'>,
): FollowUp[] {
  const defended = flags.slice(0, FLAGS_MAX).map((place) => `flag:${place}`);
  const missed = question.claims.filter(({ id }) => !made.includes(id));
  const believed = missed
    .filter(({ correction }) => correction !== undefined)
    .slice(0, MISSED_MAX)
    .map(({ id }) => `claim:${id}`);
  const about = missed.length > 0 ? missed : question.claims;
  const topic = termsOf(about.map(({ statement }) => statement).join(' '));
  const further = question.followUps
    .map(({ question: text, answer }, place) => ({
      near: nearness(termsOf(`${text} ${answer}`), topic),
      place,
    }))
    .sort((a, b) => b.near - a.near || a.place - b.place)
    .map(({ place }) => `follow-up:${place + 1}`);
  const first = [...defended, ...believed].slice(0, FOLLOW_UPS_MAX - 1);
  const keys = [...first, ...further.slice(0, FOLLOW_UPS_MAX - first.length)];
  return followUpsOf(question, keys);
}

/** Follow-ups of a question by their keys, in the question's language. */
export function followUpsOf(question: StudyQuestion, keys: readonly string[]): FollowUp[] {
  return keys.flatMap((key): FollowUp[] => {
    const [kind, name = ''] = key.split(':');
    if (kind === 'flag') {
      const said = question.redFlags[Number(name)];
      if (said === undefined) return [];
      return [{ key, why: 'flag', said, answer: answerTo(question, said) }];
    }
    if (kind === 'claim') {
      const claim = question.claims.find(({ id }) => id === name);
      if (claim === undefined) return [];
      const { statement, correction = statement } = claim;
      return [{ key, why: 'missed', statement, answer: correction }];
    }
    const followUp = question.followUps[Number(name) - 1];
    return followUp === undefined ? [] : [{ key, why: 'further', ...followUp }];
  });
}

/** What is right in place of a sentence: the claim nearest to it, else the whole answer. */
function answerTo(question: StudyQuestion, said: string): string {
  const terms = termsOf(said);
  const near = question.claims
    .map((claim) => ({
      claim,
      near: nearness(termsOf(`${claim.statement} ${claim.correction ?? ''}`), terms),
    }))
    .sort((a, b) => b.near - a.near)[0];
  if (near === undefined || near.near === 0) return question.answer;
  return near.claim.correction ?? near.claim.statement;
}

function termsOf(text: string): ReadonlySet<string> {
  const isTelling = (term: string) =>
    term.length >= TERM_LETTERS_MIN || /^\p{Script=Han}{2}/u.test(term);
  return new Set(indexTerms(text).filter(isTelling));
}

/** The part of the terms that two texts share, 0 to 1. */
function nearness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  if (one.size === 0 || other.size === 0) return 0;
  const shared = [...one].filter((term) => other.has(term)).length;
  return shared / Math.sqrt(one.size * other.size);
}

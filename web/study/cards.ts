/**
 * What is learnt: each question of the workbook as cards, one for its quiz, one for each claim and
 * one for each follow-up. A card's id is the same in both languages and stays, so that progress
 * outlives a new edition: `quiz:<slug>`, `claim:<claim id>`, `follow-up:<slug>:<number from 1>`.
 *
 * Not here: when a card comes again (`schedule.ts`), and who writes the file that the cards come
 * from (`build/study-data.ts`).
 */
import type { Claim, Question } from '../lesson/content.ts';

type ClaimText = Pick<Claim, 'id' | 'statement' | 'verdict' | 'correction'>;

/** A question as study and interview need it, in one language. */
export interface StudyQuestion extends Pick<
  Question,
  'slug' | 'question' | 'level' | 'frequency' | 'answer' | 'redFlags' | 'quiz' | 'followUps'
> {
  readonly track: string;
  readonly claims: readonly ClaimText[];
}

/** The file of a language: every question in the order of tracks and lessons. */
export interface StudyData {
  readonly questions: readonly StudyQuestion[];
}

/** A card, by what it asks. */
export type Card = {
  readonly id: string;
  readonly question: StudyQuestion;
} & (
  | { readonly kind: 'quiz' }
  | { readonly kind: 'claim'; readonly claim: ClaimText }
  | { readonly kind: 'follow-up'; readonly followUp: StudyQuestion['followUps'][number] }
);

/** The cards of one question: the quiz, its claims, its follow-ups. */
function cardsOf(question: StudyQuestion): Card[] {
  return [
    { id: `quiz:${question.slug}`, kind: 'quiz', question },
    ...question.claims.map((claim) => ({
      id: `claim:${claim.id}`,
      kind: 'claim' as const,
      question,
      claim,
    })),
    ...question.followUps.map((followUp, place) => ({
      id: `follow-up:${question.slug}:${place + 1}`,
      kind: 'follow-up' as const,
      question,
      followUp,
    })),
  ];
}

/**
 * All cards in the order in which they are first met: one of each question, what is asked most
 * often first, then a second of each. Which kind is first differs from question to question, so
 * that a day's new cards are mixed and no two of them give each other away.
 */
export function cardsInOrder(questions: readonly StudyQuestion[]): Card[] {
  const placed = questions.flatMap((question, place) => {
    const cards = cardsOf(question);
    const turn = place % 3 === 0 ? 0 : place % 3 === 1 ? 1 : 1 + question.claims.length;
    return [...cards.slice(turn), ...cards.slice(0, turn)].map((card, round) => ({
      card,
      round,
      place,
    }));
  });
  return placed
    .sort(
      (a, b) =>
        a.round - b.round ||
        b.card.question.frequency - a.card.question.frequency ||
        a.place - b.place,
    )
    .map(({ card }) => card);
}

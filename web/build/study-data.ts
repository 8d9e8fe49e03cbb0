/**
 * What study and interview load, in one language: every question with its claims, quiz and
 * follow-ups, without sources and proofs. Not here: the cards made of it (`study/cards.ts`).
 */
import type { Question } from '../lesson/content.ts';
import type { StudyData } from '../study/cards.ts';

export function studyData(
  asked: readonly { readonly track: string; readonly question: Question }[],
): StudyData {
  return {
    questions: asked.map(({ track, question }) => ({
      track,
      slug: question.slug,
      question: question.question,
      level: question.level,
      frequency: question.frequency,
      answer: question.answer,
      redFlags: question.redFlags,
      claims: question.claims.map(({ id, statement, verdict, correction }) => ({
        id,
        statement,
        verdict,
        ...(correction === undefined ? {} : { correction }),
      })),
      quiz: question.quiz,
      followUps: question.followUps,
    })),
  };
}

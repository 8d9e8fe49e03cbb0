/**
 * What the search looks through, in one language: questions, claims, the terms of the glossary, and
 * error codes with the places that speak of them. Not here: the index made of it, the page's
 * (`page/question-search.ts`).
 */
import type { ErrorCode } from '../../engine/lab/error-codes.ts';
import { KAFKA_ERRORS_ZH } from '../i18n/kafka-errors.ts';
import type { ErrorEntry, GlossaryTerm, Lang, Question, SearchData } from '../lesson/content.ts';

/** Places that are named with an error; more are not read. */
const PLACES_MAX = 6;

export function searchData(
  questions: readonly Question[],
  errors: readonly ErrorCode[],
  terms: readonly GlossaryTerm[],
  lang: Lang,
): SearchData {
  return {
    questions: questions.map(({ slug, question, answer, followUps }) => ({
      slug,
      question,
      text: [answer, ...followUps.map((followUp) => followUp.question)].join(' '),
    })),
    claims: questions.flatMap(({ slug, claims }) =>
      claims.map(({ id, statement, correction = '' }) => ({
        id,
        question: slug,
        statement,
        correction,
      })),
    ),
    errors: errors.map((error) => errorEntry(error, questions, lang)),
    terms,
  };
}

function errorEntry(
  { name, code, isRetriable, meaning }: ErrorCode,
  questions: readonly Question[],
  lang: Lang,
): ErrorEntry {
  const pattern = patternOf(name);
  const shown = questions.flatMap((question) => placesIn(question, pattern));
  return {
    name,
    code,
    isRetriable,
    meaning: lang === 'zh' ? KAFKA_ERRORS_ZH[name] : meaning,
    shown: shown.slice(0, PLACES_MAX),
  };
}

/** Claims that name the error; where none does, the question that does elsewhere. */
function placesIn(question: Question, pattern: RegExp): ErrorEntry['shown'] {
  const claims = question.claims
    .filter(({ statement, correction }) => pattern.test(`${statement} ${correction ?? ''}`))
    .map(({ id, statement }) => ({ question: question.slug, claim: id, text: statement }));
  if (claims.length > 0) return claims;
  const followUps = question.followUps.flatMap((one) => [one.question, one.answer]);
  const options = question.quiz.options.flatMap(({ text, reason }) => [text, reason]);
  const { answer, quiz, slug } = question;
  const all = [question.question, answer, quiz.question, ...options, ...followUps].join(' ');
  return pattern.test(all) ? [{ question: slug, claim: null, text: question.question }] : [];
}

/** `NOT_COORDINATOR` as itself, and as clients name it: NotCoordinator, with Exception or not. */
function patternOf(name: string): RegExp {
  const camel = name.replace(/_?([A-Z])([A-Z]*)/g, (_, first: string, rest: string) => {
    return first + rest.toLowerCase();
  });
  return new RegExp(`(?<![A-Za-z_])(${name}|${camel.replace(/_/g, '')}(Exception)?)(?![A-Za-z_])`);
}

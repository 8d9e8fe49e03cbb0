/**
 * What `questions.yaml` must keep to beyond its form: terms, lengths, and claims that can be
 * checked. The form is `schema.ts`; ids across files are in `lint.ts`.
 */
import { wrongVariants } from './glossary.ts';
import { lineWith } from './problem.ts';
import type { Problem } from './problem.ts';
import { countWords } from './prose.ts';
import {
  MODELINE,
  parseQuestions,
  type Claim,
  type Question,
  type QuestionsFile,
} from './schema.ts';

/** What a minute of speech holds. */
const ANSWER_WORDS_MAX = 150;

export type Pair = Readonly<Record<'en' | 'zh', string>>;

/** A questions.yaml that was read, or null where it does not have the form. */
export interface LintedQuestions {
  readonly value: QuestionsFile | null;
  readonly problems: readonly Problem[];
}

/** Reads a questions.yaml and says everything that is wrong with it. */
export function lintQuestions(file: string, text: string): LintedQuestions {
  const { value, problems } = parseQuestions(file, text);
  const all = [...problems, ...modelineProblems(file, text)];
  if (value === null) return { value, problems: all };
  const at = (part: string): number => lineWith(text, part);
  const found = value.questions.flatMap((question) => [
    ...textProblems(file, at, question),
    ...answerProblems(file, at, question),
    ...quizProblems(file, at, question),
    ...question.claims.flatMap((claim) => claimProblems(file, at, question, claim)),
  ]);
  return { value, problems: [...all, ...pairProblems(file, at, value.about), ...found] };
}

/** The line of the first occurrence of a text. */
type LineOf = (of: string) => number;

function modelineProblems(file: string, text: string): Problem[] {
  if (text.startsWith(`${MODELINE}\n`)) return [];
  return [{ rule: 'modeline', file, line: 1, message: `the first line must be ${MODELINE}` }];
}

function textProblems(file: string, at: LineOf, question: Question): Problem[] {
  const pairs: Pair[] = [
    question.question,
    question.answer,
    ...question.redFlags,
    ...question.claims.flatMap(({ statement, correction }) =>
      correction === undefined ? [statement] : [statement, correction],
    ),
    question.quiz.question,
    ...question.quiz.options.flatMap(({ text, reason }) => [text, reason]),
    ...question.followUps.flatMap((followUp) => [followUp.question, followUp.answer]),
  ];
  return pairs.flatMap((pair) => pairProblems(file, at, pair));
}

/** Refused terms, and Latin punctuation between Chinese words. */
export function pairProblems(file: string, at: LineOf, pair: Pair): Problem[] {
  return (['en', 'zh'] as const).flatMap((language) => {
    const text = pair[language];
    const line = at(text.slice(0, 24));
    const terms = wrongVariants(text, language).map(({ variant, term }) => ({
      rule: 'term',
      file,
      line,
      message: `"${variant}" is written "${term}" in this project: "${text.slice(0, 40)}"`,
    }));
    if (language === 'en') return terms;
    const marks = chinesePunctuation(text).map(({ mark }) => ({
      rule: 'zh-punctuation',
      file,
      line,
      message: `"${mark}" after a Chinese word must be full width: "${text.slice(0, 40)}"`,
    }));
    return [...terms, ...marks];
  });
}

/** Half-width marks that stand directly after a Han character. */
export function chinesePunctuation(text: string): { mark: string; at: number }[] {
  return [...text.matchAll(/\p{Script=Han}([,;:?!])/gu)].map((match) => ({
    mark: match[1] ?? '',
    at: match.index,
  }));
}

function answerProblems(file: string, at: LineOf, { slug, answer }: Question): Problem[] {
  return (['en', 'zh'] as const).flatMap((language) => {
    const words = countWords(answer[language]);
    if (words <= ANSWER_WORDS_MAX) return [];
    const limit = `a minute holds ${ANSWER_WORDS_MAX}`;
    const message = `the ${language} answer to ${slug} has ${words} words; ${limit}`;
    return [{ rule: 'answer-length', file, line: at(answer[language].slice(0, 24)), message }];
  });
}

/** A learner who picks the longest option must not be right. */
function quizProblems(file: string, at: LineOf, { slug, quiz }: Question): Problem[] {
  const right = quiz.options.find((option) => option.right === true);
  if (right === undefined) return [];
  return (['en', 'zh'] as const).flatMap((language) => {
    const length = right.text[language].length;
    const others = quiz.options.filter((option) => option !== right);
    if (others.some((option) => option.text[language].length >= length)) return [];
    const message = `in ${language} the right option of ${slug} is the longest one`;
    return [{ rule: 'right-is-longest', file, line: at(right.text[language]), message }];
  });
}

function claimProblems(file: string, at: LineOf, { slug }: Question, claim: Claim): Problem[] {
  const line = at(`id: ${claim.id}`);
  const problem = (rule: string, message: string): Problem => ({ rule, file, line, message });
  const found: Problem[] = [];
  if (!claim.id.startsWith(`${slug}-`)) {
    found.push(problem('claim-id', `${claim.id} must begin with its question's slug, ${slug}-`));
  }
  for (const language of ['en', 'zh'] as const) {
    const wrong = notAStatement(claim.statement[language]);
    if (wrong !== null)
      found.push(problem('claim-statement', `${claim.id} in ${language} ${wrong}`));
  }
  const { correction, statement } = claim;
  if (correction !== undefined && correction.en === statement.en) {
    found.push(problem('claim-statement', `${claim.id}: the correction repeats the statement`));
  }
  return found;
}

/** A heading, a question or a remark is not a claim. Null where nothing of that shows. */
function notAStatement(text: string): string | null {
  if (/^[([（【]/.test(text)) return `begins with a remark in brackets: "${text}"`;
  if (/[?？]$/.test(text)) return `is a question: "${text}"`;
  if (/[:：]$/.test(text)) return `is a heading: "${text}"`;
  if (/^[-*#•\d]+[.)、\s]/.test(text)) return `begins like an item of a list: "${text}"`;
  if (countWords(text) < 3) return `is too short to be checked: "${text}"`;
  return null;
}

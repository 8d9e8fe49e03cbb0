/**
 * The form of `questions.yaml`: its type, its validator, and the JSON schema that editors complete
 * from (`questions.schema.json`, kept fresh by test/lessons/schema.test.ts).
 *
 * A text is always a pair `{ en, zh }`, so that the languages cannot differ in structure. What
 * needs more than the form (glossary, lengths, ids across files) is in `lint.ts`. Pages must
 * import only types from here: the validator belongs to the build and to the command.
 */
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { lineAt, type Problem } from './problem.ts';

export const VERDICTS = [
  'holds',
  'oversimplified',
  'wrong',
  'outdated',
  'version-dependent',
] as const;

const SLUG = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'lower-case words with hyphens');

/** Products whose releases a claim may name; without one the release is of the lesson's own. */
const PRODUCTS =
  'Kafka|RabbitMQ|RocketMQ|ActiveMQ|Artemis|Redis|ZooKeeper|MySQL|PostgreSQL|Linux|Pulsar';

const RELEASE = `(Java \\d+|((${PRODUCTS}) )?\\d+\\.\\d+(\\.\\d+)*)`;

const SINCE = z
  .string('all, or a release in quotes such as "3.7"')
  .regex(
    new RegExp(`^(all|${RELEASE})$`),
    'all, or a release such as "3.7" or "RabbitMQ 3.8"; the rest belongs elsewhere',
  );

const UNTIL = z
  .string()
  .regex(new RegExp(`^${RELEASE}$`), 'a release such as "3.13" or "RabbitMQ 3.13"');

const CITATIONS = [
  'https://\\S+',
  '(KIP|KAFKA|ZOOKEEPER|RIP)-\\d+',
  'RFC \\d+',
  'man \\d \\w+',
  'doi:10\\.\\S+',
  '[\\w.-]+/[\\w.-]+@[\\w.-]+ \\S+',
  '[^;]{10,160}, (19|20)\\d\\d',
];

const SOURCE = z
  .string()
  .regex(
    new RegExp(`^(${CITATIONS.join('|')})( \\([^)]+\\))?$`),
    'https://..., KIP-1, KAFKA-1, RFC 1, man 2 name, doi:10..., owner/repository@release path, ' +
      'or a title with its year, each with an optional (place)',
  );

const line = z.string().trim().min(1, 'some text');

/** One text in both languages. */
const pair = z.strictObject({ en: line, zh: line });

/** The parts that a claim has anywhere, for the other forms that are made of claims. */
export const CLAIM_PARTS = { slug: SLUG, since: SINCE, until: UNTIL, source: SOURCE, pair };

const claim = z
  .strictObject({
    id: SLUG.describe(
      'Stable: links and progress refer to it. The slug of its question, -, number.',
    ),
    statement: pair.describe('What is commonly said, as a sentence that can be checked.'),
    verdict: z.enum(VERDICTS),
    correction: pair.optional().describe('What is true instead; needed unless the claim holds.'),
    since: SINCE.describe('The release from which the verdict applies, in quotes, or all.'),
    until: UNTIL.optional().describe('The first release to which it no longer applies.'),
    sources: z.array(SOURCE).min(1),
    proof: SLUG.optional().describe('The id of the proof in experiment.ts that decides it.'),
  })
  .refine((value) => value.verdict === 'holds' || value.correction !== undefined, {
    path: ['correction'],
    message: 'a correction, since the claim does not simply hold',
  });

const option = z.strictObject({
  text: pair,
  right: z.literal(true).optional().describe('On exactly one option.'),
  reason: pair.describe('Why it is right, or what is wrong with it.'),
});

const quiz = z.strictObject({
  question: pair,
  options: z
    .array(option)
    .min(3)
    .max(5)
    .refine(
      (options) => options.filter(({ right }) => right === true).length === 1,
      'exactly one option with right: true',
    ),
});

const question = z.strictObject({
  id: z
    .string('text, in quotes where it is all digits')
    .regex(/^[0-9]{3}[#§.0-9-]*$/, 'a document id such as 000#4'),
  slug: SLUG.describe("The question's address; never changed once published."),
  level: z.enum(['junior', 'middle', 'senior']),
  frequency: z.int().min(1).max(5).describe('How often it is asked, 1 to 5.'),
  also: z.array(SLUG).default([]).describe('Further lessons that it belongs to.'),
  question: pair,
  answer: pair.describe('What a strong candidate says in 60 seconds.'),
  redFlags: z.array(pair).min(1).describe('Sentences that give a weak candidate away.'),
  claims: z.array(claim).min(1),
  quiz,
  followUps: z.array(z.strictObject({ question: pair, answer: pair })).min(1),
});

export const questionsFile = z.strictObject({
  about: pair.describe('What the lesson is about, in a few words.'),
  prerequisites: z.array(SLUG).default([]).describe('Lessons that are best read before it.'),
  questions: z.array(question).min(1),
});

export type QuestionsFile = z.infer<typeof questionsFile>;
export type Question = z.infer<typeof question>;
export type Claim = z.infer<typeof claim>;

/** The first line of every questions.yaml: editors complete and check from it. */
export const MODELINE = '# yaml-language-server: $schema=../../questions.schema.json';

/** The JSON schema of questions.yaml. Refinements that JSON schema cannot say are left out. */
export function questionsJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(questionsFile, { io: 'input' }) as Record<string, unknown>;
}

/** A value that a schema accepted, or null and why not. */
export interface Validated<T> {
  readonly value: T | null;
  readonly problems: readonly Problem[];
}

/** Reads a questions.yaml. `file` is only for the problems' places. */
export function parseQuestions(file: string, text: string): Validated<QuestionsFile> {
  return validateYaml(questionsFile, file, text, 1);
}

/**
 * Reads YAML that stands in `file` from line `firstLine` on and holds it against a schema. Each
 * problem names the file and line, the path, the value there and what is allowed.
 */
export function validateYaml<S extends z.ZodType>(
  schema: S,
  file: string,
  text: string,
  firstLine: number,
): Validated<z.infer<S>> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos }) => ({
      rule: 'yaml',
      file,
      line: firstLine - 1 + lineAt(text, pos[0]),
      message,
    }));
    return { value: null, problems };
  }
  const input: unknown = document.toJS();
  const result = schema.safeParse(input);
  if (result.success) return { value: result.data, problems: [] };
  const problems = result.error.issues.map((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    const at = firstLine - 1 + lineOf(document, lineCounter, path);
    return { rule: 'schema', file, line: at, message: sentence(issue, path, input) };
  });
  return { value: null, problems };
}

/** The line of the node at a path, or of the nearest one above it that is there. */
function lineOf(document: Document, lines: LineCounter, path: (string | number)[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      return lines.linePos(Number(node.range[0])).line;
    }
  }
  return 1;
}

function sentence(issue: z.core.$ZodIssue, path: (string | number)[], input: unknown): string {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  const name = place === '' ? 'the file' : place.replace(/^\./, '');
  if (issue.code === 'unrecognized_keys') {
    return `${name} has ${issue.keys.join(', ')}, which the schema does not know`;
  }
  const value = path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined),
    input,
  );
  if (value === undefined) return `${name} is missing; allowed: ${allowedBy(issue)}`;
  const shown = JSON.stringify(value);
  const short = shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
  return `${name} is ${short}; allowed: ${allowedBy(issue)}`;
}

function allowedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map(String).join(', ');
    case 'too_small':
      return issue.origin === 'string' ? issue.message : `at least ${String(issue.minimum)}`;
    case 'too_big':
      return `at most ${String(issue.maximum)}`;
    case 'invalid_type':
      return issue.message.startsWith('Invalid')
        ? `a value of type ${issue.expected}`
        : issue.message;
    default:
      return issue.message;
  }
}

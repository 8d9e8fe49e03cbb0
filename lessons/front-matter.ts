/**
 * The front matter of prose. Of a lesson: what the index needs, the bet before the run, its acts
 * (presets), the goals to reach on the stage, and the puzzle at the end. Of a story of the gallery:
 * which bug it tells, and who says so. Bet, goals and puzzle are data, so that a run decides them
 * (`condition.ts`). Pages must import only types from here: the validator belongs to the build and
 * to the command.
 */
import { z } from 'zod';
import { TRACKS } from './tracks.ts';

const ID = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'lower-case words with hyphens');
const TEXT = z.string().trim().min(1, 'some text');
/** As the experiment names it: one word, more of them joined in camel case. */
const MEASURE = z.string().regex(/^[a-z][a-zA-Z0-9]*$/, 'the id of a measure');
/** A number, or the id of the measure that is the bound. */
const BOUND = z.union([z.int(), MEASURE], 'a whole number or the id of a measure');

const condition = z
  .strictObject({
    measure: MEASURE,
    min: BOUND.optional(),
    max: BOUND.optional(),
    below: BOUND.optional(),
  })
  .refine(
    ({ min, max, below }) => min !== undefined || max !== undefined || below !== undefined,
    'a bound: min, max or below',
  );

const KNOB_VALUE = z
  .union([z.string(), z.number(), z.boolean()], 'the value of a knob')
  .transform(String);

const KNOBS = z.record(z.string(), KNOB_VALUE);

const goal = z.strictObject({
  id: ID,
  text: TEXT.describe('An imperative: what the reader shall bring about.'),
  knobs: KNOBS.default({}).describe('Settings with which the run has to be made.'),
  when: condition,
});

const act = z.strictObject({
  id: ID,
  title: TEXT,
  text: TEXT.describe('One sentence: what to look at.'),
  knobs: KNOBS,
});

/** A line or a column of the table of outcomes: what it stands for, and its settings. */
const heading = z.strictObject({ title: TEXT, knobs: KNOBS });

const outcomes = z.strictObject({
  title: TEXT.describe('What the table shows.'),
  rows: z.array(heading).min(1),
  columns: z.array(heading).min(1).describe('Their settings go before those of a row.'),
  values: z
    .array(
      z.strictObject({
        id: ID,
        text: TEXT,
        shape: z.enum(['ring', 'disc', 'discs']),
        tone: z.enum(['good', 'warn', 'bad']),
        when: condition,
      }),
    )
    .min(2)
    .describe('What a run may come to: the first whose condition holds.'),
});

const trackIds = TRACKS.map(({ id }) => id);

export const frontMatter = z.strictObject({
  title: TEXT,
  summary: TEXT,
  track: z.enum(trackIds),
  minutes: z.int().min(1).max(60),
  order: z.int().min(1),
  prerequisites: z.array(ID),
  bet: z
    .strictObject({
      question: TEXT,
      knobs: KNOBS,
      options: z
        .array(z.strictObject({ id: ID, text: TEXT, when: condition }))
        .min(2)
        .max(4),
    })
    .optional(),
  acts: z.array(act).max(3).optional(),
  goals: z.array(goal).min(3).max(5).optional(),
  puzzle: z.strictObject({ text: TEXT, knobs: KNOBS, when: condition }).optional(),
  outcomes: outcomes.optional(),
});

/** As the schema of questions writes a source; besides, a commit. */
const CITE = z
  .string()
  .regex(
    /^(KIP-\d+|KAFKA-\d+|[\w.-]+\/[\w.-]+@([0-9a-f]{7,40}|[\w.-]+ [^\s]+))$/,
    'KIP-1, KAFKA-1, owner/repository@commit or owner/repository@release path',
  );

/** A sequel to a story has its number and a letter. */
const STORY_NUMBER = z.union(
  [z.int().min(1), z.string().regex(/^[1-9]\d*[b-z]$/)],
  "a whole number from 1 on, or with a letter behind it, such as '15b'",
);

export const storyFrontMatter = z.strictObject({
  number: STORY_NUMBER.describe('Its place in the gallery.'),
  title: TEXT,
  summary: TEXT.describe('The damage, in one sentence.'),
  system: z.enum(trackIds),
  invariant: z
    .string()
    .regex(/^[A-Z]\d+[a-z]?$/, 'the id of an invariant')
    .describe('The one that the preset run breaks.'),
  quirk: MEASURE.describe('The switch or setting that ends the bug.'),
  fixed: z
    .string()
    .regex(/^\d+\.\d+$/, 'a release in quotes, such as "0.11"')
    .optional()
    .describe('The release that ended it; absent where the cure is not in the broker.'),
  minutes: z.int().min(1).max(60),
  sources: z.array(z.strictObject({ cite: CITE.optional(), text: TEXT })).min(1),
});

export type StoryFrontMatter = z.infer<typeof storyFrontMatter>;
type Numbered = Pick<StoryFrontMatter, 'number'>;

/** Order of stories: 15, 15b, 16. */
export function compareStories(left: Numbered, right: Numbered): number {
  const [first, second] = [String(left.number), String(right.number)];
  const whole = Number.parseInt(first, 10) - Number.parseInt(second, 10);
  // One letter at most: within a number the shorter one is the story, and the letters tell.
  return whole || first.length - second.length || (first < second ? -1 : 1);
}

export type FrontMatter = z.infer<typeof frontMatter>;
export type Condition = z.infer<typeof condition>;
export type Bet = NonNullable<FrontMatter['bet']>;

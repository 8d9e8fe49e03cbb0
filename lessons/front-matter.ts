/**
 * The front matter of a lesson's prose: what the index needs, the bet before the run, and the
 * puzzle at the end. Bet and puzzle are data, so that a run decides them (`condition.ts`). Pages
 * must import only types from here: the validator belongs to the build and to the command.
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
      knobs: z.record(z.string(), KNOB_VALUE),
      options: z
        .array(z.strictObject({ id: ID, text: TEXT, when: condition }))
        .min(2)
        .max(4),
    })
    .optional(),
  puzzle: z
    .strictObject({ text: TEXT, knobs: z.record(z.string(), KNOB_VALUE), when: condition })
    .optional(),
});

export type FrontMatter = z.infer<typeof frontMatter>;
export type Condition = z.infer<typeof condition>;
export type Bet = NonNullable<FrontMatter['bet']>;

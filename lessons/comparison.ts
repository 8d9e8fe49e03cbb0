/**
 * The form of `comparison.yaml`: what four brokers do, point by point, each cell a claim with its
 * release and sources. Where a common answer about it is wrong, the cell names that answer and a
 * verdict; where documents disagree, both figures and why they differ.
 *
 * What needs more than the form is in `lint-comparison.ts`. Pages import only types from here.
 */
import { z } from 'zod';
import type { BrokerId } from './brokers.ts';
import { CLAIM_PARTS, VERDICTS, validateYaml, type Validated } from './schema.ts';

const { slug, since, until, source, pair } = CLAIM_PARTS;

const usual = z.strictObject({
  says: pair.describe('What is commonly said, as a sentence that can be checked.'),
  verdict: z.enum(VERDICTS).exclude(['holds']),
});

const contradiction = z.strictObject({
  figures: z
    .array(z.strictObject({ says: pair, sources: z.array(source).min(1) }))
    .min(2)
    .describe('What each document says, with what it was measured.'),
  why: pair.describe('Why they differ: message size, batching, acknowledgements, replicas.'),
});

const cell = z.strictObject({
  text: pair.describe('What is true, in a few sentences.'),
  since: since.describe('The release from which it applies, with its product, or all.'),
  until: until.optional().describe('The first release to which it no longer applies.'),
  usual: usual.optional().describe('A common answer that is not simply true.'),
  contradiction: contradiction.optional(),
  sources: z.array(source).min(1),
});

const row = z.strictObject({
  id: slug.describe('Part of the address of its cells; never changed once published.'),
  title: pair,
  ask: pair.describe('What to ask a broker about it, in one sentence.'),
  cells: z.strictObject({
    activemq: cell,
    rabbitmq: cell,
    rocketmq: cell,
    kafka: cell,
  } satisfies Record<BrokerId, typeof cell>),
});

const comparison = z.strictObject({ rows: z.array(row).min(1) });

export type Comparison = z.infer<typeof comparison>;
export type ComparisonRow = Comparison['rows'][number];
export type ComparisonCell = ComparisonRow['cells'][BrokerId];

/** Where it stands, from the project's root. */
export const COMPARISON_FILE = 'lessons/comparison.yaml';

/** Reads a comparison.yaml. `file` is only for the problems' places. */
export function parseComparison(file: string, text: string): Validated<Comparison> {
  return validateYaml(comparison, file, text, 1);
}

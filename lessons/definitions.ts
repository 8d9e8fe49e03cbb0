/**
 * The form of `definitions.yaml`: each term of the glossary with one sentence that says what it
 * is, in groups in the order in which they are read.
 *
 * The terms themselves and their refused variants are in `glossary.ts`; what needs more than the
 * form is in `lint-definitions.ts`. Pages import only types from here.
 */
import { z } from 'zod';
import { CLAIM_PARTS, validateYaml, type Validated } from './schema.ts';

const { slug, pair } = CLAIM_PARTS;

const group = z.strictObject({
  id: slug.describe('Part of an address; never changed once published.'),
  title: pair,
  terms: z.record(slug, pair).describe('By the id of the term: one sentence, plain and short.'),
});

const definitions = z.strictObject({ groups: z.array(group).min(1) });

export type Definitions = z.infer<typeof definitions>;

/** Where it stands, from the project's root. */
export const DEFINITIONS_FILE = 'lessons/definitions.yaml';

/** Reads a definitions.yaml. `file` is only for the problems' places. */
export function parseDefinitions(file: string, text: string): Validated<Definitions> {
  return validateYaml(definitions, file, text, 1);
}

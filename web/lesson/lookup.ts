/**
 * What a lesson's prose refers to by id: a figure of a run, a claim's proof, a term. An unknown id
 * throws, so that the build stops at it.
 */
import type { ClaimPlace, LessonModule, OutcomeTable } from './content.ts';

type Run = Pick<LessonModule, 'run'>;
type Terms = Pick<LessonModule, 'terms'>;

/** A measure of the still run, or of the run of one of its proofs. */
export function measureOf({ run }: Run, id: string, proof: string | null): number {
  const measures =
    proof === null
      ? run?.summary.measures
      : run?.proofs.find((candidate) => candidate.id === proof)?.measures;
  const value = measures?.[id];
  if (value === undefined) throw new Error(`no measure "${id}" of ${proof ?? 'the still run'}`);
  return value;
}

/** The question of a claim, and the proof that decides it; null where a source does. */
export function claimOf({ claims }: LessonModule, id: string): ClaimPlace {
  const claim = claims.find((found) => found.id === id);
  if (claim === undefined) throw new Error(`the lesson has no claim "${id}"`);
  return claim;
}

/** The table of outcomes of the front matter. */
export function outcomesOf({ outcomes }: Pick<LessonModule, 'outcomes'>): OutcomeTable {
  if (outcomes === null) throw new Error('the front matter has no outcomes');
  return outcomes;
}

/** A term of the glossary in the other language. */
export function termOf({ terms }: Terms, id: string): string {
  const term = terms[id];
  if (term === undefined) throw new Error(`the glossary has no term "${id}"`);
  return term;
}

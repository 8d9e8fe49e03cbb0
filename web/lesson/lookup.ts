/**
 * What a lesson's prose refers to by id: a figure of a run, a claim's proof, a term. An unknown id
 * throws, so that the build stops at it.
 */
import type { LessonModule } from './content.ts';

/** A measure of the still run, or of the run of one of its proofs. */
export function measureOf({ run }: LessonModule, id: string, proof: string | null): number {
  const measures =
    proof === null
      ? run?.summary.measures
      : run?.proofs.find((candidate) => candidate.id === proof)?.measures;
  const value = measures?.[id];
  if (value === undefined) throw new Error(`no measure "${id}" of ${proof ?? 'the still run'}`);
  return value;
}

/** Whether a run proves the claim; otherwise a source decides it. */
export function isProved({ content, run }: LessonModule, id: string): boolean {
  const claim = content.questions.flatMap(({ claims }) => claims).find((found) => found.id === id);
  if (claim === undefined) throw new Error(`the lesson has no claim "${id}"`);
  return run?.proofs.some((proof) => proof.id === claim.proof) ?? false;
}

/** A term of the glossary in the other language. */
export function termOf({ terms }: LessonModule, id: string): string {
  const term = terms[id];
  if (term === undefined) throw new Error(`the glossary has no term "${id}"`);
  return term;
}

/**
 * What a speaker has at hand beside a slide: the sentences of the step, and the claims that the
 * lesson decides there.
 */
import type { LessonModule, StillRun, WrongClaim } from '../lesson/content.ts';

export type Step = StillRun['steps'][number]['step'];

export interface Notes {
  readonly sentences: StillRun['steps'][number]['sentences'];
  readonly wrongs: readonly WrongClaim[];
}

/** The steps that have a slide: those of the story that the run comes to. */
export function slideSteps(run: StillRun): readonly Step[] {
  return run.steps.map(({ step }) => step).filter(({ settling, reached }) => reached && !settling);
}

/** The notes of a step; a claim whose proof names no step belongs to the last one. */
export function notesOf({ run, wrongs }: Pick<LessonModule, 'run' | 'wrongs'>, id: string): Notes {
  if (run === null) return { sentences: [], wrongs: [] };
  const last = slideSteps(run).at(-1)?.id;
  const places = new Map(run.proofs.map(({ id: proof, at }) => [proof, at ?? last]));
  return {
    sentences: run.steps.find(({ step }) => step.id === id)?.sentences ?? [],
    wrongs: wrongs.filter(({ proof }) => proof !== null && places.get(proof) === id),
  };
}

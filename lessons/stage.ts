/**
 * How far a lesson is, derived from its folder: the lint asks only for what the stage needs.
 * Nothing declares a stage, so none can be out of date. An entry of the gallery is a story.
 */
import { GALLERY } from './tracks.ts';

export type Stage = 'questions' | 'experiment' | 'complete' | 'story';

const NEEDED: Readonly<Record<Stage, readonly string[]>> = {
  questions: ['questions.yaml'],
  experiment: ['questions.yaml', 'experiment.ts', 'en.svx', 'zh.svx'],
  complete: ['questions.yaml', 'experiment.ts', 'en.svx', 'zh.svx', 'drill.ts'],
  story: ['experiment.ts', 'en.svx', 'zh.svx'],
};

/** The stage of a track's folder with these names. Prose alone does not make an experiment. */
export function stageOf(track: string, names: readonly string[]): Stage {
  if (track === GALLERY.id) return 'story';
  if (names.includes('drill.ts')) return 'complete';
  return names.includes('experiment.ts') ? 'experiment' : 'questions';
}

/** The files that a folder at this stage has; no stage has more than five. */
export function filesOf(stage: Stage): readonly string[] {
  return NEEDED[stage];
}

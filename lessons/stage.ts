/**
 * How far a lesson is, derived from the files in its folder: the lint asks only for what the
 * stage needs. Nothing declares a stage, so none can be out of date.
 */
export const STAGES = ['questions', 'experiment', 'complete'] as const;
export type Stage = (typeof STAGES)[number];

const NEEDED: Readonly<Record<Stage, readonly string[]>> = {
  questions: ['questions.yaml'],
  experiment: ['questions.yaml', 'experiment.ts', 'en.svx', 'zh.svx'],
  complete: ['questions.yaml', 'experiment.ts', 'en.svx', 'zh.svx', 'drill.ts'],
};

/** The stage of a folder with these file names. Prose alone does not make an experiment. */
export function stageOf(names: readonly string[]): Stage {
  if (names.includes('drill.ts')) return 'complete';
  return names.includes('experiment.ts') ? 'experiment' : 'questions';
}

/** The files that a folder at this stage has; no stage has more than five. */
export function filesOf(stage: Stage): readonly string[] {
  return NEEDED[stage];
}

/**
 * Every lesson's experiment, its run with the presets, and the error codes. The build runs this
 * module in Node, in one piece with the engine, so that both share the engine's modules. No page
 * imports it.
 */
import type { Experiment } from '../../engine/lab/experiment.ts';
import { kafkaErrorCodes, type ErrorCode } from '../../engine/lab/error-codes.ts';
import { still, type Still } from '../../engine/lab/still.ts';
import { charts, type Chart } from '../../engine/lab/machines.ts';
import { runOutcome, type RunOutcome } from '../../engine/lab/sweep.ts';
import { SCENE_LESSON, sceneRun, type SceneRun } from './scene.ts';

const EXPERIMENTS = import.meta.glob<Experiment>('../../lessons/*/*/experiment.ts', {
  import: 'default',
  eager: true,
});

/** The still run of the lesson `<track>/<slug>`, which has an experiment. */
export function stillOf(lesson: string): Still {
  return still(experimentOf(lesson));
}

/** What the lesson's experiment comes to with these knobs. Throws for knobs that cannot be. */
export function outcomeOf(lesson: string, knobs: Readonly<Record<string, string>>): RunOutcome {
  return runOutcome(experimentOf(lesson), knobs);
}

function experimentOf(lesson: string): Experiment {
  const experiment = EXPERIMENTS[`../../lessons/${lesson}/experiment.ts`];
  if (experiment === undefined) throw new Error(`lessons/${lesson} has no experiment`);
  return experiment;
}

/** The run of the first page. */
export function scene(): SceneRun {
  return sceneRun(experimentOf(SCENE_LESSON));
}

/** The chart of every state machine of the engine. */
export function machineCharts(): readonly Chart[] {
  return charts();
}

/** The error codes that a reader may search for. */
export function errorCodes(): readonly ErrorCode[] {
  return kafkaErrorCodes();
}

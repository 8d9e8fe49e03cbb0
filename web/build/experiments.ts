/**
 * Every lesson's experiment, and its run with the presets. The build runs this module in Node, in
 * one piece with the engine, so that both share the engine's modules. No page imports it.
 */
import type { Experiment } from '../../engine/lab/experiment.ts';
import { still, type Still } from '../../engine/lab/still.ts';

const EXPERIMENTS = import.meta.glob<Experiment>('../../lessons/*/*/experiment.ts', {
  import: 'default',
  eager: true,
});

/** The still run of the lesson `<track>/<slug>`, which has an experiment. */
export function stillOf(lesson: string): Still {
  const experiment = EXPERIMENTS[`../../lessons/${lesson}/experiment.ts`];
  if (experiment === undefined) throw new Error(`lessons/${lesson} has no experiment`);
  return still(experiment);
}

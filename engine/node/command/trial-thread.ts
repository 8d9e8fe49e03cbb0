/**
 * A thread of `highwater explore` or `highwater safe`: runs the trials that it is given, one after
 * the other. Not here: which trials (`lab/explore/`, `lab/safe/`), and who hands them out
 * (`trial-crew.ts`).
 */
import { parentPort } from 'node:worker_threads';
import { TrialRunner } from '../../lab/explore/index.ts';
import type { Trial, TrialBatch, TrialSubject } from '../../lab/explore/index.ts';
import { probeRunner } from '../../lab/safe/index.ts';
import { loadExperiment } from './experiments.ts';
import { threadInput } from './thread.ts';

/** Whose trials: an experiment's, by its id, or with null the probes' of a safety check. */
export interface TrialInput {
  readonly experiment: string | null;
}

/** A batch to take note of, or one of its schedules to try. */
export type TrialTask<About extends TrialSubject> =
  | { readonly begin: Pick<TrialBatch<About>, 'about' | 'met'> }
  | {
      readonly batch: number;
      readonly place: number;
      readonly schedule: TrialBatch<About>['schedules'][number];
    };

/** That the engine is loaded, or what became of a schedule. */
export type TrialAnswer =
  'ready' | { readonly batch: number; readonly place: number; readonly trial: Trial };

async function runnerOf({ experiment: id }: TrialInput): Promise<TrialRunner<never>> {
  if (id === null) return probeRunner();
  const experiment = await loadExperiment(id);
  return new TrialRunner(() => experiment);
}

const say = (answer: TrialAnswer) => parentPort?.postMessage(answer);
const runner = await runnerOf(threadInput<TrialInput>());

parentPort?.on('message', (task: TrialTask<never>) => {
  if ('begin' in task) {
    runner.begin(task.begin);
    return;
  }
  const { batch, place, schedule } = task;
  say({ batch, place, trial: runner.run(schedule) });
});

say('ready');

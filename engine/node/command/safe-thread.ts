/**
 * A thread of `highwater safe`: runs the trials that it is given, one after the other.
 * Not here: which trials (`lab/safe/`), and who hands them out (`safe-crew.ts`).
 */
import { parentPort } from 'node:worker_threads';
import { TrialRunner } from '../../lab/safe/index.ts';
import type { Batch } from '../../lab/safe/index.ts';

/** A batch to take note of, or one of its schedules to try. */
export type SafeTask =
  | { readonly begin: Pick<Batch, 'about' | 'met'> }
  | {
      readonly batch: number;
      readonly place: number;
      readonly schedule: Batch['schedules'][number];
    };

/** That the engine is loaded, or what became of a schedule. */
export type SafeAnswer =
  | 'ready'
  | {
      readonly batch: number;
      readonly place: number;
      readonly trial: ReturnType<TrialRunner['run']>;
    };

const say = (answer: SafeAnswer) => parentPort?.postMessage(answer);
const runner = new TrialRunner();

parentPort?.on('message', (task: SafeTask) => {
  if ('begin' in task) {
    runner.begin(task.begin);
    return;
  }
  const { batch, place, schedule } = task;
  say({ batch, place, trial: runner.run(schedule) });
});

say('ready');

/**
 * A thread of `highwater explore`: runs the trials that it is given, one after the other.
 * Not here: which trials (`explore.ts`).
 */
import { parentPort, workerData } from 'node:worker_threads';
import { choicesOf, explorationOf, runTrial } from '../../lab/explore/index.ts';
import type { Schedule, Subject } from '../../lab/explore/index.ts';
import { loadExperiment } from './experiments.ts';

/** What a thread works on. */
export interface ThreadData {
  readonly experiment: string;
  readonly subject: Subject;
}

/** A schedule to try, or null where there is only news; its place is said again in the answer. */
export interface ThreadTask {
  readonly place: number;
  readonly schedule: Schedule | null;
  /** States that have been met meanwhile. */
  readonly met: readonly string[];
}

const { experiment: id, subject } = workerData as ThreadData;
const experiment = await loadExperiment(id);
const choices = choicesOf(explorationOf(experiment), subject.kinds);
const known = new Set<string>();
const isMet = (state: string) => known.has(state);

parentPort?.on('message', ({ place, schedule, met }: ThreadTask) => {
  for (const state of met) known.add(state);
  if (schedule === null) return;
  const trial = runTrial(experiment, subject, choices, schedule, isMet);
  parentPort?.postMessage({ place, trial });
});

/**
 * The thread that tries seeds for `highwater fuzz`: takes ranges of seeds, answers a report a seed.
 * Not here: who asks (`fuzz-pool.ts`), and what a trial is (`lab/swarm/trial.ts`).
 */
import { parentPort } from 'node:worker_threads';
import type { PlainReport } from '../../lab/swarm/plan.ts';
import { reportOf, tryPlan } from '../../lab/swarm/trial.ts';
import type { WorkerInput } from './fuzz-pool.ts';
import { systemNamed } from './fuzz-systems.ts';
import { threadInput } from './thread.ts';

/** S1 is checked on every so many seeds: a run more for each. */
const TWICE_EVERY = 25;

const input = threadInput<WorkerInput>();
const system = systemNamed(input.system);

parentPort?.on('message', (seeds: readonly number[]) => {
  parentPort?.postMessage(seeds.map(reportOfSeed));
});

function reportOfSeed(seed: number): PlainReport {
  const plan = system.draw(seed, input.draw);
  return reportOf(plan, tryPlan(system, plan, { twice: seed % TWICE_EVERY === 0 }));
}

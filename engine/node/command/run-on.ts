/**
 * `highwater run --on`: an experiment in the simulator and on a real cluster, side by side. Not
 * here: how it runs there (`node/real`).
 */
import { ConfigError } from '../../kafka/config.ts';
import { KnobError } from '../../lab/knob.ts';
import type { Experiment } from '../../lab/experiment.ts';
import type { RunOptions } from '../../lab/run.ts';
import { bootstrapOf } from '../real/address.ts';
import { NotOnReal } from '../real/real-lab.ts';
import { runOnReal } from '../real/run-on-real.ts';
import type { BothRuns } from '../real/run-on-real.ts';
import { columns, compare } from '../real/side-by-side.ts';
import { UsageError } from './usage.ts';

/** Prints both histories. Resolves to 1 where they differ. */
export async function runOn(
  experiment: Experiment,
  options: RunOptions,
  address: string,
  json: boolean,
): Promise<number> {
  const servers = bootstrapOf(address);
  if (servers === null) throw new UsageError(`--on is kafka://host:port, not '${address}'`);
  const both = await refusing(() => runOnReal(experiment, options, servers));
  const comparison = compare(both);
  const { run, brokers, unseen } = both;
  if (json) {
    const knobs = Object.fromEntries(run.knobTexts);
    const what = { experiment: experiment.id, knobs, seed: run.seed, on: address, brokers };
    console.log(JSON.stringify({ ...what, ...comparison, unseen }));
  } else {
    for (const line of [...heading(both, address), ...columns(comparison)]) console.log(line);
    console.log(`\n${conclusion(both, comparison.firstDifference !== null)}`);
  }
  return comparison.firstDifference === null ? 0 : 1;
}

async function refusing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof NotOnReal) {
      throw new UsageError(`it cannot run on a real cluster: ${error.message}`);
    }
    if (error instanceof KnobError || error instanceof ConfigError)
      throw new UsageError(error.message);
    throw error;
  }
}

function heading({ run, brokers }: BothRuns, address: string): string[] {
  const knobs = run.knobTexts.map(([name, value]) => `${name}=${value}`).join(' ');
  return [`${run.experiment.id} ${knobs}`, `real cluster: ${address}, ${brokers} brokers`, ''];
}

function conclusion({ unseen }: BothRuns, differs: boolean): string {
  const verdict = differs ? 'the histories differ' : 'the histories are equal';
  if (unseen.length === 0) return verdict;
  return `${verdict}; only the simulator sees of a replica: ${unseen.join(', ')}`;
}

/** `highwater prove`: every proof of an experiment, and its mutants. */
import { runProof } from '../../lab/prove.ts';
import { experimentPlaces, loadExperiment, loadPlace } from './experiments.ts';
import { parse, UsageError } from './usage.ts';
import type { Command } from './usage.ts';

const OPTIONS = {
  proof: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const prove: Command = {
  name: 'prove',
  summary: 'run the proofs of an experiment, and check that each fails on its mutants',
  usage: `highwater prove [experiment] [--proof id] [--json]

Runs every proof under its knobs and under each of its mutants. Without an experiment: all of them.
Exits with 1 if a proof does not hold, or holds on a mutant.

  --proof id   only this one
  --json       one JSON array`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, 1);
    const experiments =
      positionals[0] === undefined
        ? await Promise.all(experimentPlaces().map(loadPlace))
        : [await loadExperiment(positionals[0])];
    const wanted = values['proof'] as string | undefined;
    const results = [];
    for (const experiment of experiments) {
      const ids = Object.keys(experiment.proofs);
      if (wanted !== undefined && !ids.includes(wanted)) {
        throw new UsageError(`no proof '${wanted}'; there are: ${ids.join(', ')}`);
      }
      for (const id of ids) {
        if (wanted !== undefined && id !== wanted) continue;
        results.push({ experiment: experiment.id, ...runProof(experiment, id) });
      }
    }
    if (values['json'] === true) console.log(JSON.stringify(results));
    for (const result of values['json'] === true ? [] : results) {
      console.log(`${result.verdict.padEnd(14)} ${result.experiment}/${result.id}`);
      if (result.failure !== null) console.log(`               ${result.failure}`);
      for (const mutant of result.mutants) {
        console.log(`               ${mutant.caught ? 'fails on' : 'HOLDS ON'} ${mutant.name}`);
      }
    }
    return results.every((result) => result.verdict === 'proved') ? 0 : 1;
  },
};

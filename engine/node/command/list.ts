/** `highwater list`: the experiments, their knobs and proofs. */
import { allowed } from '../../lab/knob.ts';
import { experimentPlaces, loadPlace } from './experiments.ts';
import { parse } from './usage.ts';
import type { Command } from './usage.ts';

export const list: Command = {
  name: 'list',
  summary: 'the experiments, their knobs and proofs',
  usage: `highwater list [--json]

Lists every experiment with its knobs (and what they may be) and its proofs.

  --json   as JSON, for a program`,

  async run(args) {
    const { values } = parse(args, { json: { type: 'boolean' } });
    const rows = [];
    for (const place of experimentPlaces()) {
      const experiment = await loadPlace(place);
      const knobs = Object.entries(experiment.knobs).map(([name, knob]) => ({
        name,
        preset: String(knob.preset),
        allowed: allowed(knob),
      }));
      rows.push({
        experiment: experiment.id,
        track: place.track,
        knobs,
        steps: experiment.steps.map((step) => step.id),
        proofs: Object.keys(experiment.proofs),
      });
    }
    if (values['json'] === true) {
      console.log(JSON.stringify(rows));
      return 0;
    }
    for (const row of rows) {
      console.log(`${row.experiment}  (${row.track})`);
      for (const knob of row.knobs) {
        console.log(`  --knob ${knob.name}=${knob.preset}`.padEnd(48) + `  ${knob.allowed}`);
      }
      console.log(`  steps:  ${row.steps.join(', ')}`);
      console.log(`  proofs: ${row.proofs.join(', ')}`);
    }
    return 0;
  },
};

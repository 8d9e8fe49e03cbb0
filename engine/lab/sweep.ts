/**
 * A sweep: an experiment under every combination of some knobs' values, one run a step, so that a
 * page stays alive between two runs and a cancel needs no more than no further step.
 *
 * Not here: the table of a terminal (`engine/node/command/sweep.ts`), the chart of a page
 * (`web/stage`).
 */
import { assert } from '../kernel/assert.ts';
import type { Experiment, Measures } from './experiment.ts';
import { KnobError, valueCount, valuesOf } from './knob.ts';
import type { Knobs } from './knob.ts';
import { toLink } from './link.ts';
import { Run } from './run.ts';
import { SEED_PRESET } from './seed.ts';

/** More runs than this are a mistake rather than a table. */
const RUNS_MAX = 500;

/** What a run came to, without its trace. */
export interface RunOutcome {
  /** All that differs from the presets. */
  readonly knobs: Readonly<Record<string, string>>;
  /** The fragment that opens this run. */
  readonly link: string;
  /** Whether a bug of the engine or a broken invariant ended it: then nothing was measured. */
  readonly failed: boolean;
  readonly measures: Measures;
}

/** A run of a sweep, and the values by which it differs from the others. */
export interface SweptRun extends RunOutcome {
  readonly chosen: Readonly<Record<string, string>>;
}

interface SweepSubject {
  /** The names of the knobs to go through; the last of them changes fastest. */
  readonly over: readonly string[];
  /** How the other knobs stand. */
  readonly knobs?: Readonly<Record<string, string>>;
  readonly seed?: number;
}

export class Sweep {
  readonly experiment: Experiment;
  readonly #fixed: Readonly<Record<string, string>>;
  readonly #seed: number;
  readonly #combinations: readonly Readonly<Record<string, string>>[];
  readonly #runs: SweptRun[] = [];

  /** Throws a `KnobError` for a knob that there is not, and for more than 500 runs. */
  constructor(experiment: Experiment, { over, knobs = {}, seed = SEED_PRESET }: SweepSubject) {
    assert(over.length > 0, 'a sweep goes over a knob', { experiment: experiment.id });
    this.experiment = experiment;
    this.#fixed = knobs;
    this.#seed = seed;
    this.#combinations = combinationsOf(experiment.knobs, over);
  }

  /** How many runs it has in all. */
  get all(): number {
    return this.#combinations.length;
  }

  /** The runs that have been made, in order. */
  get runs(): readonly SweptRun[] {
    return this.#runs;
  }

  get over(): boolean {
    return this.#runs.length >= this.#combinations.length;
  }

  /** Makes the next run, from its beginning to its end. Throws a `KnobError` for a fixed value. */
  step(): void {
    const chosen = this.#combinations[this.#runs.length];
    assert(chosen !== undefined, 'a sweep that is over has no next run', { all: this.all });
    const knobs = { ...this.#fixed, ...chosen };
    this.#runs.push({ ...runOutcome(this.experiment, knobs, this.#seed), chosen });
    assert(this.#runs.length <= this.all, 'no more runs than combinations', { all: this.all });
  }

  /** Goes to the end. */
  finish(): this {
    while (!this.over) this.step();
    return this;
  }
}

/** What the run with these knobs comes to. Throws a `KnobError` for knobs that cannot be. */
export function runOutcome(
  experiment: Experiment,
  knobs: Readonly<Record<string, string>>,
  seed = SEED_PRESET,
): RunOutcome {
  const run = new Run(experiment, { knobs, seed, trace: false }).finish();
  const { failed } = run;
  const changed = run.knobsChanged;
  const link = toLink({ experiment: experiment.id, knobs: changed, seed, inputs: [] });
  return { knobs: changed, link, failed, measures: failed ? {} : run.measures() };
}

/** Every combination of the knobs' values, in the order of the knobs and of their values. */
function combinationsOf(knobs: Knobs, over: readonly string[]): Record<string, string>[] {
  let chosen: Record<string, string>[] = [{}];
  for (const name of over) {
    const knob = Object.hasOwn(knobs, name) ? knobs[name] : undefined;
    if (knob === undefined) {
      const names = Object.keys(knobs);
      throw new KnobError({
        en: `unknown knob '${name}'; there are: ${names.join(', ')}`,
        zh: `没有参数“${name}”，可用的有：${names.join('、')}`,
      });
    }
    if (chosen.length * valueCount(knob) > RUNS_MAX) {
      throw new KnobError({ en: `more than ${RUNS_MAX} runs`, zh: `超过 ${RUNS_MAX} 次运行` });
    }
    const values = valuesOf(knob);
    chosen = chosen.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
  }
  return chosen;
}

/**
 * Makes a failing plan smaller while the same invariant fails: an earlier stop, fewer faults, fewer
 * hosts, fewer records. What comes out is near the smallest, not the smallest: runs are bounded.
 *
 * Removing inputs is delta debugging (Zeller, Hildebrandt: Simplifying and Isolating
 * Failure-Inducing Input). Not here: which knobs may shrink (the system says), and `trial.ts`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Input } from '../run.ts';
import type { Finding, Plan, SwarmSystem } from './plan.ts';
import { tryPlan } from './trial.ts';

export interface Shrunk {
  readonly plan: Plan;
  readonly finding: Finding;
  /** Runs that it took. */
  readonly runs: number;
}

/** The preset: at a fifth of a second each, a minute or less. */
const RUNS_MAX = 250;

export function shrink(
  system: SwarmSystem,
  plan: Plan,
  finding: Finding,
  runsMax: number = RUNS_MAX,
): Shrunk {
  assert(runsMax > 0, 'a search takes runs', { runsMax });
  const search = new Search(system, { plan, finding, runs: 0 }, runsMax);
  search.stopEarlier();
  for (let before = ''; before !== search.shape && !search.spent;) {
    before = search.shape;
    search.fewerInputs();
    for (const { knob, min } of system.shrinkable) search.smaller(knob, min);
  }
  return search.best;
}

class Search {
  readonly #system: SwarmSystem;
  readonly #runsMax: number;
  #best: Shrunk;

  constructor(system: SwarmSystem, start: Shrunk, runsMax: number) {
    this.#system = system;
    this.#best = start;
    this.#runsMax = runsMax;
  }

  get best(): Shrunk {
    return this.#best;
  }

  get spent(): boolean {
    return this.#best.runs >= this.#runsMax;
  }

  /** Changes whenever the plan does. */
  get shape(): string {
    return JSON.stringify(this.#best.plan);
  }

  /** What comes after the failure has no part in it. */
  stopEarlier(): void {
    const { plan, finding } = this.#best;
    const before = plan.inputs.filter((input) => input.event < finding.event);
    if (before.length < plan.inputs.length) this.#fails({ ...plan, inputs: before });
  }

  /** Leaves out inputs: halves, then quarters, to single ones. */
  fewerInputs(): void {
    for (let size = Math.ceil(this.#best.plan.inputs.length / 2); size >= 1;) {
      let isFewer = false;
      for (let from = 0; from < this.#best.plan.inputs.length && !this.spent;) {
        const { plan } = this.#best;
        const inputs = without(plan.inputs, from, size);
        if (this.#fails({ ...plan, inputs })) isFewer = true;
        else from += size;
      }
      if (this.spent || (size === 1 && !isFewer)) return;
      if (size > 1) size = Math.ceil(size / 2);
    }
  }

  /** The least value of a knob that still fails, found by halving. */
  smaller(knob: string, min: number): void {
    const preset = this.#system.experiment.knobs[knob]?.preset;
    const now = () => Number(this.#best.plan.knobs[knob] ?? preset);
    assert(Number.isInteger(now()), 'a knob that is a number', { knob });
    let least = min;
    while (least < now() && !this.spent) {
      const tried = least === min ? min : Math.floor((least + now()) / 2);
      const { plan } = this.#best;
      const knobs = { ...plan.knobs, [knob]: String(tried) };
      if (this.#fails(this.#system.fit({ ...plan, knobs }))) return this.smaller(knob, least);
      least = Math.max(least + 1, tried + 1);
    }
  }

  /** Tries a plan, and keeps it if the same invariant fails. */
  #fails(plan: Plan): boolean {
    if (this.spent) return false;
    const runs = this.#best.runs + 1;
    const { finding } = tryPlan(this.#system, plan);
    const isSame = finding !== null && finding.invariant === this.#best.finding.invariant;
    this.#best = isSame ? { plan, finding, runs } : { ...this.#best, runs };
    return isSame;
  }
}

function without(inputs: readonly Input[], from: number, count: number): readonly Input[] {
  return [...inputs.slice(0, from), ...inputs.slice(from + count)];
}

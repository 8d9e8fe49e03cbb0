/**
 * Proofs: a predicate over a run that holds, and stops holding on every mutant.
 *
 * Three verdicts: `proved`, `refuted`, `not exercised` (the run never came to the point). A proof
 * that also holds on a mutant is refuted: its cause is not the cause. Not here: runs (`run.ts`).
 */
import type { Experiment, Measures, Proof } from './experiment.ts';
import { Run } from './run.ts';
import type { RunOptions } from './run.ts';

export type Verdict = 'proved' | 'refuted' | 'not exercised';

export interface MutantResult {
  readonly name: string;
  /** Whether the predicate failed on it, as it must. */
  readonly caught: boolean;
}

export interface ProofResult {
  readonly id: string;
  readonly verdict: Verdict;
  readonly measures: Measures;
  readonly mutants: readonly MutantResult[];
  /** What went wrong with the lab itself, where the run failed. */
  readonly failure: string | null;
}

/** Runs a proof under its own knobs, and each of its mutants. */
export function runProof(
  experiment: Experiment,
  id: string,
  options: RunOptions = {},
): ProofResult {
  const proof = experiment.proofs[id]!;
  const run = new Run(experiment, { ...options, knobs: proof.knobs }).finish();
  if (run.failed) {
    const failure = run.world.failure?.error.message ?? 'an invariant is broken';
    return { id, verdict: 'refuted', measures: {}, mutants: [], failure };
  }
  const measures = run.measures();
  const mutants = proof.mutants.map((mutant) => {
    const knobs = { ...proof.knobs, ...mutant.knobs };
    const other = new Run(experiment, { ...options, knobs }).finish();
    const holds = !other.failed && proof.holds(other.measures(), other.history) === true;
    return { name: mutant.name, caught: !holds };
  });
  const held = proof.holds(measures, run.history);
  return { id, verdict: verdictOf(held, mutants), measures, mutants, failure: null };
}

function verdictOf(held: boolean | null, mutants: readonly MutantResult[]): Verdict {
  if (held === null) return 'not exercised';
  return held && mutants.every((mutant) => mutant.caught) ? 'proved' : 'refuted';
}

/** What a finished run says about each proof whose knobs it has; of the others, nothing. */
export function verdictsOf(run: Run): { readonly id: string; readonly verdict: Verdict }[] {
  return Object.entries(run.experiment.proofs).map(([id, proof]) => ({
    id,
    verdict: verdictOn(run, proof),
  }));
}

function verdictOn(run: Run, proof: Proof): Verdict {
  const texts = new Map(run.knobTexts);
  const needed: Record<string, string> = {};
  for (const [name, knob] of Object.entries(run.experiment.knobs))
    needed[name] = String(knob.preset);
  Object.assign(needed, proof.knobs);
  const same = Object.entries(needed).every(([name, value]) => texts.get(name) === value);
  if (!same || run.failed) return 'not exercised';
  const held = proof.holds(run.measures(), run.history);
  return held === null ? 'not exercised' : held ? 'proved' : 'refuted';
}

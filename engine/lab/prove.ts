/**
 * Proofs: a predicate over a run that holds, and stops holding on every mutant.
 *
 * Three verdicts: `proved`, `refuted`, `not exercised` (the run never came to the point). A proof
 * that also holds on a mutant is refuted: its cause is not the cause. A dated proof runs under its
 * release, and the release before it is a mutant of its own. Not here: runs (`run.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Experiment, Measures, Mutant, Proof } from './experiment.ts';
import type { Knobs } from './knob.ts';
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
  /** What differs from the presets, with the release of a dated proof. */
  readonly knobs: Readonly<Record<string, string>>;
  /** The step at whose start a reader looks; null where the proof names none. */
  readonly at: string | null;
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
  const proof = datedProof(experiment, experiment.proofs[id]!);
  const { knobs, at = null } = proof;
  const run = new Run(experiment, { ...options, knobs }).finish();
  if (run.failed) {
    const failure = run.world.failure?.error.message ?? 'an invariant is broken';
    return { id, verdict: 'refuted', knobs, at, measures: {}, mutants: [], failure };
  }
  const measures = run.measures();
  const mutants = proof.mutants.map((mutant) => {
    const changed = { ...knobs, ...mutant.knobs };
    const other = new Run(experiment, { ...options, knobs: changed }).finish();
    const holds = !other.failed && proof.holds(other.measures(), other.history) === true;
    return { name: mutant.name, caught: !holds };
  });
  const held = proof.holds(measures, run.history);
  return { id, verdict: verdictOf(held, mutants), knobs, at, measures, mutants, failure: null };
}

/** The knob by which an experiment takes the behaviour of a release. */
const PROFILE = 'profile';

/** A proof with its release among its knobs, and the release before it among its mutants. */
function datedProof({ knobs }: Experiment, proof: Proof): Proof {
  if (proof.since === undefined) return proof;
  const [before, from] = profilesAround(knobs, proof.since);
  const earlier: Mutant = { name: before, knobs: { [PROFILE]: before } };
  return {
    ...proof,
    knobs: { ...proof.knobs, [PROFILE]: from },
    mutants: [earlier, ...proof.mutants],
  };
}

/** The profile of a release and the one before it, as the knob names them, oldest first. */
export function profilesAround(knobs: Knobs, release: string): readonly [string, string] {
  const knob = knobs[PROFILE];
  assert(knob?.kind === 'choice', 'a dated proof needs a choice of profiles', { release });
  const place = knob.values.findIndex((name) => name.endsWith(`-${release}`));
  assert(place > 0, 'a release with one before it', { release, known: knob.values });
  return [knob.values[place - 1]!, knob.values[place]!];
}

function verdictOf(held: boolean | null, mutants: readonly MutantResult[]): Verdict {
  if (held === null) return 'not exercised';
  return held && mutants.every((mutant) => mutant.caught) ? 'proved' : 'refuted';
}

/** What a finished run says about each proof whose knobs it has; of the others, nothing. */
export function verdictsOf(run: Run): { readonly id: string; readonly verdict: Verdict }[] {
  return Object.entries(run.experiment.proofs).map(([id, proof]) => ({
    id,
    verdict: verdictOn(run, datedProof(run.experiment, proof)),
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

/**
 * The still pictures of an experiment: its preset run as plain data, one frame a step, for pages
 * that are read without JavaScript, and for the numbers in prose.
 *
 * Not here: drawing them (`web/`).
 */
import type { Experiment } from './experiment.ts';
import type { Frame } from './frames.ts';
import type { Knobs } from './knob.ts';
import type { Language } from './narration.ts';
import { runProof } from './prove.ts';
import type { ProofResult } from './prove.ts';
import { Session } from './session.ts';
import type { Sentence, StepSummary, Summary } from './session.ts';

export interface StillStep {
  readonly step: StepSummary;
  /** The moment at the step's end. */
  readonly frame: Frame;
  readonly sentences: Readonly<Record<Language, readonly Sentence[]>>;
}

export interface Still {
  readonly summary: Summary;
  readonly knobs: Knobs;
  readonly steps: readonly StillStep[];
  readonly proofs: readonly ProofResult[];
}

/** Kinds of which a still step has too many to read; the stage shows them as pictures. */
export const QUIET: ReadonlySet<string> = new Set([
  'send',
  'deliver',
  'drop',
  'machine',
  'closed',
  'connection-state',
  'client-metadata',
]);

/** Runs the experiment with its presets, and its proofs. */
export function still(experiment: Experiment): Still {
  const session = new Session(experiment);
  const summary = session.summary();
  const told = { en: session.sentences('en'), zh: session.sentences('zh') };
  const steps = summary.steps.map((step) => {
    const within = (sentence: Sentence) =>
      sentence.event >= step.from && sentence.event <= step.to && !QUIET.has(sentence.kind);
    return {
      step,
      frame: session.frame(step.to),
      sentences: { en: told.en.filter(within), zh: told.zh.filter(within) },
    };
  });
  const proofs = Object.keys(experiment.proofs).map((id) => runProof(experiment, id));
  return { summary, knobs: experiment.knobs, steps, proofs };
}

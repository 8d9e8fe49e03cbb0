/**
 * A run as a page sees it: finished, with its frames, messages and sentences, each addressed by
 * event. The worker holds one; the build makes the still pictures of a lesson from one.
 *
 * Not here: drawing (`web/stage`), and the crossing to the page (`web/worker`).
 */
import type { TraceEntry, TraceLog } from '../kernel/trace.ts';
import type { Experiment, Measures } from './experiment.ts';
import { Frames } from './frames.ts';
import type { Frame } from './frames.ts';
import type { Localized } from './knob.ts';
import { toLink } from './link.ts';
import { narrate } from './narration.ts';
import type { Language } from './narration.ts';
import { verdictsOf } from './prove.ts';
import type { Verdict } from './prove.ts';
import { Run } from './run.ts';
import type { Input, RunOptions, StepResult, Violation } from './run.ts';

/** A message's way: from its sending to its arrival, or to where it was lost. */
export interface Flight {
  readonly message: number;
  readonly from: string;
  readonly to: string;
  readonly what: string;
  readonly bytes: number;
  readonly sentEvent: number;
  readonly sentAt: number;
  /** The event and time of arrival or loss; null while the run ended with it under way. */
  readonly endEvent: number | null;
  readonly endAt: number | null;
  readonly lost: boolean;
}

/** One sentence of the narration. */
export interface Sentence {
  readonly event: number;
  readonly at: number;
  readonly host: string;
  readonly kind: string;
  readonly text: string;
}

/** A record as its client sees it, for the strip of outcomes. */
export interface RecordOutcome {
  readonly id: string;
  readonly sentAt: number;
  readonly toldAt: number;
  readonly outcome: string;
  readonly place: string;
  readonly error: string;
  /** Whether it is there after everything was healed. */
  readonly there: boolean;
}

export interface StepSummary extends StepResult {
  readonly title: Localized;
  /** Whether it belongs to the experiment, or to the settling at its end. */
  readonly settling: boolean;
}

export interface Summary {
  readonly experiment: string;
  readonly knobs: readonly (readonly [string, string])[];
  readonly seed: number;
  readonly inputs: readonly Input[];
  readonly events: number;
  readonly micros: number;
  readonly traceHash: string;
  readonly steps: readonly StepSummary[];
  readonly measures: Measures;
  readonly verdicts: readonly { readonly id: string; readonly verdict: Verdict }[];
  readonly records: readonly RecordOutcome[];
  /** The invariants that broke, each once; null where none was checked. */
  readonly violations: readonly Violation[] | null;
  readonly link: string;
  /** What went wrong with the lab itself, or null. */
  readonly failure: string | null;
}

export class Session {
  readonly #run: Run;
  readonly #frames: Frames;
  readonly #inputs: readonly Input[];
  readonly #options: RunOptions;

  /** Runs to the end. Throws a `KnobError` for knobs that cannot be. */
  constructor(experiment: Experiment, options: RunOptions = {}) {
    this.#inputs = options.inputs ?? [];
    this.#options = options;
    this.#run = new Run(experiment, options);
    this.#frames = new Frames(this.#run.world);
    this.#run.finish();
  }

  summary(): Summary {
    const run = this.#run;
    const { experiment, world, knobTexts, seed } = run;
    const inputs = this.#inputs;
    return {
      experiment: experiment.id,
      knobs: knobTexts,
      seed,
      inputs,
      events: world.event,
      micros: world.now,
      traceHash: world.trace.hash,
      steps: this.#steps(),
      measures: run.failed ? {} : run.measures(),
      verdicts: verdictsOf(run),
      records: this.#records(),
      violations: run.isChecked ? run.violations : null,
      link: toLink({ experiment: experiment.id, knobs: run.knobsChanged, seed, inputs }),
      failure: world.failure === null ? null : world.failure.error.message,
    };
  }

  /** Everything that was traced. */
  get trace(): TraceLog {
    return this.#run.world.trace;
  }

  /** The same run once more, without a trace and only up to an event, for a look into its world. */
  again(event: number): Run {
    return new Run(this.#run.experiment, { ...this.#options, trace: false }).runTo(event);
  }

  /** The moment after an event. */
  frame(event: number): Frame {
    return this.#frames.at(event);
  }

  /** What a host showed of itself last, up to an event: what is known of one that is down. */
  lastView(host: string, event: number): unknown {
    return this.#frames.lastView(host, event);
  }

  /** Every message, in the order of sending. */
  flights(): Flight[] {
    const flights = new Map<number, Flight>();
    for (const entry of this.#run.world.trace.entries()) {
      const message = Number(entry.data['message']);
      if (entry.kind === 'send') flights.set(message, sentFlight(entry));
      if (entry.kind !== 'deliver' && entry.kind !== 'drop') continue;
      const flight = flights.get(message);
      if (flight === undefined) continue;
      const lost = entry.kind === 'drop';
      flights.set(message, { ...flight, endEvent: entry.event, endAt: entry.at, lost });
    }
    return [...flights.values()];
  }

  /** What happened, in sentences, in order. */
  sentences(language: Language): Sentence[] {
    const sentences: Sentence[] = [];
    for (const entry of this.#run.world.trace.entries()) {
      const text = narrate(this.#run.narrator, entry, language);
      if (text === null) continue;
      const { event, at, host, kind } = entry;
      sentences.push({ event, at, host, kind, text });
    }
    return sentences;
  }

  /** The entries of one event, for whoever wants to see everything. */
  entriesOf(event: number): TraceEntry[] {
    const { trace } = this.#run.world;
    let low = 0;
    let high = trace.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (trace.entry(middle).event < event) low = middle + 1;
      else high = middle;
    }
    const found: TraceEntry[] = [];
    for (const entry of trace.entries(low)) {
      if (entry.event !== event) break;
      found.push(entry);
    }
    return found;
  }

  #steps(): StepSummary[] {
    const { experiment, steps } = this.#run;
    const settling = new Set(experiment.settle.map((step) => step.id));
    const titles = new Map(
      [...experiment.steps, ...experiment.settle].map((step) => [step.id, step.title]),
    );
    return steps.map((step) => ({
      ...step,
      title: titles.get(step.id)!,
      settling: settling.has(step.id),
    }));
  }

  #records(): RecordOutcome[] {
    const { history } = this.#run;
    const there = new Set((history.final ?? []).map((found) => found.id));
    return history.sent.map(({ id, sentAt, toldAt, outcome, place, error }) => ({
      id,
      sentAt,
      toldAt,
      outcome,
      place,
      error,
      there: there.has(id),
    }));
  }
}

function sentFlight(entry: TraceEntry): Flight {
  const { message, to, what, bytes } = entry.data;
  return {
    message: Number(message),
    from: entry.host,
    to: String(to),
    what: String(what),
    bytes: Number(bytes),
    sentEvent: entry.event,
    sentAt: entry.at,
    endEvent: null,
    endAt: null,
    lost: false,
  };
}

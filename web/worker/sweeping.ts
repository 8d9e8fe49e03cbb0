/**
 * A sweep in the worker, a slice of time after the other: between two slices the worker answers
 * other questions, and a page that asks for no more has cancelled.
 *
 * Not here: the sweep itself (`engine/lab/sweep.ts`).
 */
import type { Experiment } from '#engine/lab/experiment.ts';
import { Sweep } from '#engine/lab/sweep.ts';
import type { SweptRun } from '#engine/lab/sweep.ts';

/** What a reader asks for: one knob or two, and how the others stand. */
export interface SweepWish {
  readonly over: readonly string[];
  readonly knobs: Readonly<Record<string, string>>;
  readonly seed: number;
}

/** The runs of a slice, how many there are in all, and whether these were the last. */
export interface SweepState {
  readonly runs: readonly SweptRun[];
  readonly all: number;
  readonly isOver: boolean;
}

/** Milliseconds of a slice: how long a cancel waits, and how often progress is seen to move. */
const SLICE_MS = 150;

export class Sweeping {
  readonly #sweep: Sweep;

  /** Throws a `KnobError` for knobs that cannot be, here or at its first slice. */
  constructor(experiment: Experiment, wish: SweepWish) {
    this.#sweep = new Sweep(experiment, wish);
  }

  /** Goes on for a slice. */
  goOn(): SweepState {
    const sweep = this.#sweep;
    const from = sweep.runs.length;
    const end = performance.now() + SLICE_MS;
    while (!sweep.over && performance.now() < end) sweep.step();
    return { runs: sweep.runs.slice(from), all: sweep.all, isOver: sweep.over };
  }
}

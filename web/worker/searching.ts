/**
 * A search for a counterexample in the worker, a slice of time after the other: between two slices
 * the worker answers other questions, and a page that asks for no more has cancelled.
 *
 * Not here: the search itself (`engine/lab/explore`).
 */
import type { Experiment } from '#engine/lab/experiment.ts';
import { counterexampleOf, Search } from '#engine/lab/explore/index.ts';
import type { Counterexample, Coverage, FaultKind } from '#engine/lab/explore/index.ts';

/** What a reader asks for. */
export interface SearchWish {
  /** Those that the search sets itself, as the story's own fault, are left out. */
  readonly knobs: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  readonly depth: number;
}

/** How far it has come, and at its end what it found. */
export interface SearchState {
  readonly coverage: Coverage;
  readonly found: Counterexample | null;
  readonly isOver: boolean;
}

/** Milliseconds of a slice: how long a cancel waits, and how often progress is seen to move. */
const SLICE_MS = 150;

export class Searching {
  readonly #search: Search;

  /** Throws a `KnobError` at its first slice for knobs that cannot be. */
  constructor(experiment: Experiment, { knobs, seed, kinds, depth }: SearchWish) {
    const own = experiment.exploration?.knobs ?? {};
    const asked = Object.entries(knobs).filter(([name]) => !Object.hasOwn(own, name));
    const subject = { seed, kinds, depth, merging: true, invariants: 'always' } as const;
    this.#search = new Search(experiment, { ...subject, knobs: Object.fromEntries(asked) });
  }

  /** Goes on for a slice. */
  goOn(): SearchState {
    const search = this.#search;
    const end = performance.now() + SLICE_MS;
    while (!search.over && performance.now() < end) search.step();
    const { experiment, subject, choices, found, coverage, over } = search;
    return {
      coverage,
      found: found === null ? null : counterexampleOf(experiment, subject, choices, found),
      isOver: over,
    };
  }
}

/**
 * An experiment for a terminal: its world is prepared, then comes one open step in which somebody
 * types, and the run ends when they leave. It has no knobs, no measures and no proofs.
 *
 * Not here: who reads what is typed (`terminal.ts`, `engine/shell`).
 */
import { experiment } from './experiment.ts';
import type { Experiment, Lab, Step } from './experiment.ts';
import type { Localized } from './knob.ts';
import type { Handles, Product } from './terminal.ts';

/** The id of the step in which somebody types. */
export const OPEN_STEP = 'open';
/** In hours of virtual time: nobody is at it for so long. */
const OPEN_MS = 24 * 3_600_000;

export interface OpenDefinition<W> {
  readonly id: string;
  /** Of the step in which somebody types. */
  readonly title: Localized;
  readonly world: (context: { readonly lab: Lab }) => W;
  /** Brings the world to where somebody begins to type. */
  readonly prepare: readonly Step<W>[];
  readonly products: readonly Product[];
  readonly handles: (world: W) => Handles;
}

/** Prepares the world, and leaves it open until those who type there go. */
export function openExperiment<W>(definition: OpenDefinition<W>): Experiment {
  const { id, title, world, prepare, products, handles } = definition;
  return experiment({
    id,
    knobs: {},
    world: ({ lab }) => world({ lab }),
    steps: [
      ...prepare,
      { id: OPEN_STEP, title, isOpen: true, until: () => false, timeLimitMs: OPEN_MS },
    ],
    settle: [
      {
        id: 'left',
        title: { en: 'The terminal is left', zh: '离开终端' },
        until: () => true,
        timeLimitMs: 1,
      },
    ],
    measures: () => ({}),
    proofs: {},
    terminal: { products, handles },
  });
}

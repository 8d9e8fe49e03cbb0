/**
 * A drill: a world, a goal that is a predicate on its state, and who may be asked to help.
 *
 * Any way to the goal is right; it is not reached at the start. The par solution and another one
 * are run headless by tests. A drill is an experiment with one open step, in which a learner types.
 * Not here: the commands (`engine/shell`), the score and the hints that were taken
 * (`engine/shell/terminal-session.ts`).
 */
import { assert } from '../kernel/assert.ts';
import { experiment } from './experiment.ts';
import type { Experiment, Lab, Step } from './experiment.ts';
import type { Localized } from './knob.ts';
import type { Handles, Product } from './terminal.ts';

/** A part of the goal: all of them hold when the drill is solved. */
export interface Condition<W> {
  readonly id: string;
  readonly text: Localized;
  readonly holds: (world: W, lab: Lab) => boolean;
}

export interface Drill<W = unknown> {
  /** The lesson's slug. */
  readonly id: string;
  readonly title: Localized;
  /** What is to be reached, and why one would want to. */
  readonly task: Localized;
  /** The profile of its world: its commands have the options of this release. */
  readonly release: string;
  readonly products: readonly Product[];
  /** The commands that help; others may be used, too. */
  readonly tools: readonly string[];
  readonly world: (context: { readonly lab: Lab }) => W;
  readonly handles: (world: W) => Handles;
  /** Brings the world to where the learner begins. */
  readonly prepare: readonly Step<W>[];
  readonly goal: readonly Condition<W>[];
  /** The par: lines as they are typed; `2> line` is typed into pane 2. */
  readonly solution: readonly string[];
  /** Another way, with other commands. */
  readonly otherWay: readonly string[];
  /** From a nudge to the name of the command; none is the solution. */
  readonly hints: readonly [Localized, Localized, Localized];
}

/** Declares a drill. Asserts what the compiler cannot see. */
export function drill<W>(definition: Drill<W>): Drill {
  const { id, goal, solution, otherWay, hints } = definition;
  assert(/^[a-z][a-z0-9-]*$/.test(id), 'an id is kebab case', { id });
  assert(goal.length > 0 && solution.length > 0, 'a goal, and a way to it', { id });
  assert(otherWay.join('\n') !== solution.join('\n'), 'another way is another one', { id });
  for (const hint of hints) {
    const given = solution.find((line) => hint.en.includes(line) || hint.zh.includes(line));
    assert(given === undefined, 'a hint does not give the solution away', { id, given });
  }
  return definition as unknown as Drill;
}

/** In hours of virtual time: nobody is at it for so long. */
const OPEN_MS = 24 * 3_600_000;

/** The id of the step in which somebody types. */
export const OPEN_STEP = 'open';

/** A step in which somebody types, and which ends when nobody does any more. */
export function openStep<W>(title: Localized): Step<W> {
  return { id: OPEN_STEP, title, isOpen: true, until: () => false, timeLimitMs: OPEN_MS };
}

/** The experiment of a drill: its world, prepared, and then open. */
export function drillExperiment(one: Drill): Experiment {
  return experiment({
    id: `${one.id}-drill`,
    knobs: {},
    world: ({ lab }) => one.world({ lab }),
    steps: [...one.prepare, openStep(one.title)],
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
    terminal: { products: one.products, handles: one.handles },
  });
}

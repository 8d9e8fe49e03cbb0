/**
 * A drill: a world, a goal that is a predicate on its state, and who may be asked to help.
 *
 * Any way to the goal is right; it is not reached at the start. The par solution and another one
 * are run headless by tests. As an experiment it is an open one (`open-experiment.ts`).
 * Not here: the commands (`engine/shell`), the score and the hints that were taken
 * (`engine/shell/terminal-session.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Experiment, Lab } from './experiment.ts';
import type { Localized } from './knob.ts';
import { openExperiment } from './open-experiment.ts';
import type { OpenDefinition } from './open-experiment.ts';

/** A part of the goal: all of them hold when the drill is solved. */
export interface Condition<W> {
  readonly id: string;
  readonly text: Localized;
  readonly holds: (world: W, lab: Lab) => boolean;
}

/** Its id is the lesson's slug. */
export interface Drill<W = unknown> extends OpenDefinition<W> {
  /** What is to be reached, and why one would want to. */
  readonly task: Localized;
  /** The profile of its world: its commands have the options of this release. */
  readonly release: string;
  /** The commands that help; others may be used, too. */
  readonly tools: readonly string[];
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

/** The experiment of a drill: its world, prepared, and then open. */
export function drillExperiment(one: Drill): Experiment {
  return openExperiment({ ...one, id: `${one.id}-drill` });
}

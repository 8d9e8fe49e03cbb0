/**
 * An experiment: knobs, a world, steps, measures, and proofs that must fail on a mutant.
 *
 * It is a value without state; a run (`run.ts`) is `(experiment, knobs, inputs, seed)`. Its id is
 * the slug of its lesson. Not here: how a run goes, and how a proof is judged (`prove.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Process, ProcessFactory } from '../kernel/ports.ts';
import type { Fault } from '../sim/faults.ts';
import type { SimHost } from '../sim/host.ts';
import type { History } from './history.ts';
import type { Knobs, KnobValues, Localized } from './knob.ts';
import type { Narrator } from './narration.ts';
import type { Handles, Product } from './terminal.ts';

/** What an experiment may do with the world. */
export interface Lab {
  readonly seed: number;
  readonly history: History;
  /** Microseconds of virtual time, and events handled. */
  readonly now: number;
  readonly event: number;
  /** Adds a host and starts it at once, unless `started` is false. */
  addHost(name: string, factory: ProcessFactory, options?: { started?: boolean }): SimHost;
  host(name: string): SimHost;
  hosts(): readonly SimHost[];
  /**
   * Gives the process of a running host something to do, as an event, at once or after a delay;
   * nothing if it is down.
   */
  command<P extends Process>(
    name: string,
    label: string,
    run: (process: P) => void,
    delayMs?: number,
  ): void;
  inject(fault: Fault): void;
  /** What stands in for a product's own parts, by the handle's name; absent in the simulator. */
  readonly standIns?: ReadonlyMap<string, unknown>;
  /** An event of the world's own after so many microseconds: time goes on to it. */
  tick(micros: number, act: () => void): void;
  /** Does something once, between events: as soon as, after an event, the condition holds. */
  when(holds: () => boolean, act: () => void): void;
  /** How a product's entries become sentences. */
  narrateWith(narrator: Narrator): void;
  /** An invariant that is checked after each event when the run asks for it. */
  invariant(id: string, scope: InvariantScope, check: InvariantCheck): void;
}

/**
 * `always`: whatever happens. `promise`: unless more went wrong than the configuration promises to
 * survive, as an unclean election, or power loss of all that had a record.
 */
export type InvariantScope = 'always' | 'promise';

/** Null while it holds; otherwise what is wrong, in one sentence. `host` handled the event. */
export type InvariantCheck = (host: string | null) => string | null;

export interface Step<W> {
  readonly id: string;
  readonly title: Localized;
  /** Enqueues commands and faults. Runs between events. */
  readonly do?: (world: W, lab: Lab) => void;
  /** The step ends when this holds. Without it: when nothing but timers is left to the limit. */
  readonly until: (world: W, lab: Lab) => boolean;
  /** Virtual milliseconds after which the step ends all the same. */
  readonly timeLimitMs: number;
  /**
   * Somebody types meanwhile: it goes on while a line is still to come or a command is under way,
   * and where the run is live, until it is told to end.
   */
  readonly isOpen?: true;
}

/**
 * A named moment: the first event after which `reached` holds. A search injects its faults there
 * and nowhere else. It is looked for after events only, so that a fault at a point and an input
 * after the same event are one and the same.
 */
export interface Point<W> {
  readonly id: string;
  readonly title: Localized;
  readonly reached: (world: W, lab: Lab) => boolean;
}

/** What a search (`explore/`) needs to know of an experiment. */
export interface Exploration<W> {
  /** Set before anything that the searcher asks for: the story's own faults are off. */
  readonly knobs: Readonly<Record<string, string>>;
  /** Set in place of the experiment's own presets, where the searcher asks for nothing else. */
  readonly presets?: Readonly<Record<string, string>>;
  /** In the order in which they are reached; at most 12. */
  readonly points: readonly Point<W>[];
  /** Whom a fault may strike: the brokers. */
  readonly hosts: readonly string[];
  /** From whom a partition cuts a host too: the controllers. */
  readonly controllers?: readonly string[];
  /** Measures that must stay 0: `lost`, say. */
  readonly forbidden: readonly string[];
}

/** The releases of an experiment's dated proofs, by the proofs' ids. */
export function datesOf({ proofs }: Pick<Experiment, 'proofs'>): Record<string, string> {
  const dated = Object.entries(proofs).flatMap(([id, { since }]) =>
    since === undefined ? [] : [[id, since] as const],
  );
  return Object.fromEntries(dated);
}

export type Measures = Readonly<Record<string, number>>;

/** A change under which the predicate must not hold: a knob flipped, a fault removed, a quirk. */
export interface Mutant {
  readonly name: string;
  readonly knobs: Readonly<Record<string, string>>;
}

/** A mutant that turns one knob. */
export function changed(knob: string, value: string): Mutant {
  return mutant(`${knob}=${value}`, { [knob]: value });
}

export function mutant(name: string, knobs: Readonly<Record<string, string>>): Mutant {
  return { name, knobs };
}

/** Whether the run shows it; null where the run never came to the point. */
export type Predicate = (measures: Measures, history: History) => boolean | null;

export interface Proof {
  /** What differs from the presets. */
  readonly knobs: Readonly<Record<string, string>>;
  readonly holds: Predicate;
  readonly mutants: readonly Mutant[];
  /**
   * The release (`'3.0'`) from which it holds. It is run under that release's profile, and must
   * fail under the release before it, by the experiment's knob `profile`.
   */
  readonly since?: string;
  /** The step at whose start a reader looks, where no broken promise says where. */
  readonly at?: string;
}

/** A proof; at least one mutant is required. `at` is the step that shows it. */
export function prove(
  knobs: Readonly<Record<string, string>>,
  holds: Predicate,
  mutants: readonly Mutant[],
  at?: string,
): Proof {
  assert(mutants.length > 0, 'a proof needs a mutant on which it fails', { knobs });
  return { knobs, holds, mutants, ...(at === undefined ? {} : { at }) };
}

/** A dated proof: holds from a release on, and not in the one before, which is its mutant. */
export function proveSince(
  since: string,
  knobs: Readonly<Record<string, string>>,
  holds: Predicate,
  mutants: readonly Mutant[] = [],
  at?: string,
): Proof {
  assert(/^\d+\.\d+$/.test(since), 'a release is major.minor', { since });
  assert(!Object.hasOwn(knobs, 'profile'), 'the release is the profile', { knobs });
  return { knobs, holds, mutants, since, ...(at === undefined ? {} : { at }) };
}

export interface Experiment<K extends Knobs = Knobs, W = unknown> {
  readonly id: string;
  readonly knobs: K;
  readonly world: (context: { readonly knobs: KnobValues<K>; readonly lab: Lab }) => W;
  readonly steps: readonly Step<W>[];
  /** Heals, restarts, reads everything from the start; fills `history.final`. */
  readonly settle: readonly Step<W>[];
  readonly measures: (context: { readonly world: W; readonly history: History }) => Measures;
  readonly proofs: Readonly<Record<string, Proof>>;
  /** Where a search may strike. Without it the experiment cannot be searched. */
  readonly exploration?: Exploration<W>;
  /** Whose commands a terminal has, and what they work on. Without it nobody can type. */
  readonly terminal?: {
    readonly products: readonly Product[];
    readonly handles: (world: W) => Handles;
  };
  /**
   * Of a historical bug: the invariant that its preset run breaks. A run of it checks invariants
   * and notes what breaks, unless its options say otherwise.
   */
  readonly breaks?: string;
}

/** Points at which a search may inject a fault: more make it too long to be whole. */
const POINTS_MAX = 12;

/** Declares an experiment. Asserts what the compiler cannot see. */
export function experiment<const K extends Knobs, W>(definition: Experiment<K, W>): Experiment {
  assert(/^[a-z][a-z0-9-]*$/.test(definition.id), 'an id is kebab case', { id: definition.id });
  const ids = [...definition.steps, ...definition.settle].map((step) => step.id);
  assert(new Set(ids).size === ids.length, 'step ids are unique', { ids });
  assert(definition.settle.length > 0, 'an experiment settles', { id: definition.id });
  const points = definition.exploration?.points ?? [];
  assert(points.length <= POINTS_MAX, 'a search has few points', { points: points.length });
  for (const [id, proof] of Object.entries(definition.proofs)) {
    const dated = proof.since !== undefined;
    assert(!dated || Object.hasOwn(definition.knobs, 'profile'), 'a date needs a profile', { id });
    const { at } = proof;
    assert(at === undefined || ids.includes(at), 'a proof names a step that exists', { id, at });
    const named = [proof.knobs, ...proof.mutants.map((mutant) => mutant.knobs)];
    for (const name of named.flatMap((knobs) => Object.keys(knobs))) {
      assert(Object.hasOwn(definition.knobs, name), 'a proof names knobs that exist', { id, name });
    }
  }
  return definition as unknown as Experiment;
}

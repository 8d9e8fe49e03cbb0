/**
 * A run: `(experiment, knobs, inputs, seed)`, one event after the other.
 *
 * It can be advanced an event at a time, so that a page can stop anywhere and a fork can begin
 * there. A step's `do` runs between events; the step ends when its `until` holds, or at its time
 * limit. Not here: pictures of it (`frames.ts`), verdicts on claims (`prove.ts`).
 */
import { assert, present } from '../kernel/assert.ts';
import { traceKind } from '../kernel/ports.ts';
import type { Process } from '../kernel/ports.ts';
import { limits } from '../kernel/limits.ts';
import { microsOfMillis } from '../kernel/units.ts';
import type { Micros } from '../kernel/units.ts';
import { inject } from '../sim/faults.ts';
import type { Fault } from '../sim/faults.ts';
import { simNarration } from '../sim/narration.ts';
import type { SimHost } from '../sim/host.ts';
import { World, WORLD } from '../sim/world.ts';
import type {
  Experiment,
  InvariantCheck,
  InvariantScope,
  Lab,
  Measures,
  Step,
} from './experiment.ts';
import { watchWorld } from './check/world.ts';
import { History } from './history.ts';
import { knobValues, textOf } from './knob.ts';
import type { KnobValue } from './knob.ts';
import type { Narrator } from './narration.ts';
import { SEED_PRESET } from './seed.ts';
import { typedKind } from './terminal.ts';
import type { MakeTypist, TypedLine, Typist } from './terminal.ts';

/** What the learner did, and after which event. */
export interface Input {
  readonly event: number;
  readonly fault: Fault;
}

export interface RunOptions {
  readonly knobs?: Readonly<Record<string, string>>;
  readonly seed?: number;
  readonly inputs?: readonly Input[];
  /** On by default: the hash needs it. */
  readonly trace?: boolean;
  readonly paranoidWire?: boolean;
  readonly freeze?: boolean;
  /** Checks invariants after each event. Preset: `promise` for a historical bug, else none. */
  readonly invariants?: InvariantScope;
  /**
   * What a broken invariant does: `stop` ends the run, `note` goes on. Preset: `stop`, but `note`
   * where the invariants are checked only because the experiment is a historical bug.
   */
  readonly onViolation?: 'stop' | 'note';
  readonly eventsMax?: number;
  /** What was typed into a terminal; it needs a `shell`. */
  readonly typed?: readonly TypedLine[];
  readonly shell?: MakeTypist;
  /** An open step ends at this event, or later, instead of when everything typed is done. */
  readonly closedAt?: number;
  /** Somebody is there to type: an open step does not end by itself. */
  readonly live?: boolean;
}

export interface StepResult {
  readonly id: string;
  /** The first event of the step, and the last. */
  readonly from: number;
  readonly to: number;
  /** Whether its condition came to hold in time. */
  readonly reached: boolean;
}

/** A broken invariant: what, when, and after whose event. */
export interface Violation {
  readonly invariant: string;
  readonly event: number;
  readonly host: string;
  readonly what: string;
}

interface Invariant {
  readonly id: string;
  readonly scope: InvariantScope;
  readonly check: InvariantCheck;
}

export const stepKind = traceKind('step', { id: 'string' });

export class Run {
  readonly experiment: Experiment;
  readonly knobs: Readonly<Record<string, KnobValue>>;
  readonly seed: number;
  readonly world: World;
  readonly history = new History();
  readonly steps: StepResult[] = [];
  readonly lab: Lab;
  readonly #inputs: readonly Input[];
  readonly #plan: readonly Step<unknown>[];
  readonly #invariants: Invariant[] = [];
  readonly #subject: unknown;
  readonly #eventsMax: number;
  readonly #wanted: InvariantScope | null;
  readonly #stopsAtViolation: boolean;
  readonly #violations: Violation[] = [];
  readonly #injected: Input[] = [];
  readonly #lines: readonly TypedLine[];
  readonly #taken: TypedLine[] = [];
  readonly #typist: Typist | null;
  readonly #closedAt: number | null;
  readonly #isLive: boolean;
  #awaited: { readonly holds: () => boolean; readonly act: () => void }[] = [];
  #narrator: Narrator = simNarration;
  #place = 0;
  #inputPlace = 0;
  #stepFrom = 0;
  #stepDeadline = 0;
  #started = false;

  constructor(experiment: Experiment, options: RunOptions = {}) {
    this.experiment = experiment;
    this.knobs = knobValues(experiment.knobs, options.knobs ?? {});
    this.seed = options.seed ?? SEED_PRESET;
    this.world = new World({
      seed: this.seed,
      trace: options.trace ?? true,
      paranoidWire: options.paranoidWire ?? false,
      freeze: options.freeze ?? false,
    });
    this.#inputs = [...(options.inputs ?? [])].sort((left, right) => left.event - right.event);
    this.#plan = [...experiment.steps, ...experiment.settle];
    this.#lines = [...(options.typed ?? [])].sort((left, right) => left.event - right.event);
    this.#closedAt = options.closedAt ?? null;
    this.#isLive = options.live ?? false;
    this.#eventsMax = options.eventsMax ?? limits.runEventsMax;
    this.lab = this.#makeLab();
    watchWorld(this.lab, this.world);
    this.#subject = experiment.world({ knobs: this.knobs, lab: this.lab });
    const handles = experiment.terminal?.handles(this.#subject);
    this.#typist = handles === undefined ? null : (options.shell?.(this.lab, handles) ?? null);
    assert(this.#lines.length === 0 || this.#typist !== null, 'somebody reads what is typed');
    const isBug = experiment.breaks !== undefined && options.invariants === undefined;
    this.#wanted = options.invariants ?? (isBug ? 'promise' : null);
    this.#stopsAtViolation = (options.onViolation ?? (isBug ? 'note' : 'stop')) === 'stop';
    if (this.#wanted !== null) this.world.observe((_event, host) => this.#check(host));
  }

  /** The step that is going on, or null when all are over. */
  get step(): string | null {
    return this.#plan[this.#place]?.id ?? null;
  }

  get over(): boolean {
    return this.#place >= this.#plan.length || this.failed;
  }

  /** Whether a bug of the engine or a broken invariant has ended the run. */
  get failed(): boolean {
    const stopped = this.#stopsAtViolation && this.#violations.length > 0;
    return this.world.failure !== null || stopped;
  }

  /** The first broken invariant, or null. */
  get violation(): Violation | null {
    return this.#violations[0] ?? null;
  }

  /** The first violation of each broken invariant, in the order of events. */
  get violations(): readonly Violation[] {
    return this.#violations;
  }

  /** Whether invariants are checked at all. */
  get isChecked(): boolean {
    return this.#wanted !== null;
  }

  /** Every fault that came from outside the story, and after which event: what a link repeats. */
  get inputs(): readonly Input[] {
    return this.#injected;
  }

  /** Every line that was typed, and after which event. */
  get typed(): readonly TypedLine[] {
    return this.#taken;
  }

  /** Whether it goes on by itself: something is to happen, or the next step is to begin. */
  get hasMore(): boolean {
    if (this.over) return false;
    const isToGoOn = !this.#started || this.world.pending > 0 || !this.isOpen;
    // in a world in which nothing is yet, only what is typed makes anything happen
    const line = this.#lines[this.#taken.length];
    if (line !== undefined && line.event <= this.world.event) return true;
    return isToGoOn || this.#awaited.some(({ holds }) => holds());
  }

  /** What the experiment's world is to its steps. */
  get subject(): unknown {
    return this.#subject;
  }

  /** Whether somebody may type now. */
  get isOpen(): boolean {
    return this.#started && this.#plan[this.#place]?.isOpen === true;
  }

  get narrator(): Narrator {
    return this.#narrator;
  }

  /** The knobs as text, in the experiment's order. */
  get knobTexts(): [string, string][] {
    return textOf(this.experiment.knobs, this.knobs);
  }

  /** Those of them that differ from their presets: all that a link has to say. */
  get knobsChanged(): Record<string, string> {
    const { knobs } = this.experiment;
    const differs = ([name, text]: [string, string]) => String(knobs[name]?.preset) !== text;
    return Object.fromEntries(this.knobTexts.filter(differs));
  }

  /** The measures; only of a run that is over and did not fail. */
  measures(): Measures {
    assert(this.over && !this.failed, 'measures are taken at the end', { step: this.step });
    const measures = this.experiment.measures({ world: this.#subject, history: this.history });
    for (const [name, value] of Object.entries(measures)) {
      assert(Number.isSafeInteger(value), 'a measure is a whole number', { name, value });
    }
    return measures;
  }

  /** Goes to the end. */
  finish(): this {
    while (!this.over) this.advance();
    return this;
  }

  /** Goes on until so many events have been handled, or to the end. */
  runTo(event: number): this {
    while (!this.over && this.world.event < event) this.advance();
    return this;
  }

  /**
   * Goes on to a point of the experiment's exploration. False where the run was over before.
   * A fault that is injected now is the input `{ event: run.world.event, fault }`.
   */
  runToPoint(id: string): boolean {
    return this.runToFirstPoint([id]) !== null;
  }

  /** Goes on to whichever of some points comes first, or null where none does. */
  runToFirstPoint(ids: readonly string[]): string | null {
    const known = this.experiment.exploration?.points ?? [];
    const points = ids.map((id) => {
      const point = known.find((one) => one.id === id);
      assert(point !== undefined, 'no such point', { id, known: known.map((one) => one.id) });
      return point;
    });
    while (!this.over) {
      const before = this.world.event;
      this.advance();
      if (this.world.event === before) continue;
      const point = points.find((one) => one.reached(this.#subject, this.lab));
      if (point !== undefined) return point.id;
    }
    return null;
  }

  /** Injects a fault now, as an input of the learner does. */
  inject(fault: Fault): void {
    this.#injected.push({ event: this.world.event, fault });
    inject(this.world, fault);
  }

  /** Types a line now, as a learner does. Asserts that a terminal is there. */
  type(pane: number, text: string): void {
    assert(this.#typist !== null && pane >= 1, 'a terminal is there', { pane, text });
    this.#taken.push({ event: this.world.event, pane, text });
    this.world.act(() => this.world.record(null, typedKind, { pane, text }));
    this.#typist.type(pane, text);
  }

  /**
   * Handles one event, injects one input, or goes from one step to the next. Where somebody may
   * type, no event after `before`, in microseconds, is handled.
   */
  advance(before: number = Number.MAX_SAFE_INTEGER): void {
    const step = this.#plan[this.#place];
    if (step === undefined || this.failed) return;
    assert(this.world.event < this.#eventsMax, 'the run has too many events', {
      step: step.id,
      eventsMax: this.#eventsMax,
    });
    if (!this.#started) {
      this.#begin(step);
      return;
    }
    const input = this.#inputs[this.#inputPlace];
    if (input !== undefined && input.event <= this.world.event) {
      this.#inputPlace++;
      this.inject(input.fault);
      return;
    }
    const line = step.isOpen === true ? this.#lines[this.#taken.length] : undefined;
    if (line !== undefined && line.event <= this.world.event) {
      this.type(line.pane, line.text);
      return;
    }
    if (this.#awaited.length > 0) this.#actOnAwaited();
    if (step.isOpen === true && this.#isClosing()) {
      this.#end(step, true);
      return;
    }
    const left = this.#stepDeadline - this.world.now;
    // Where somebody may type, time stands still as soon as nothing is to happen.
    const isOpen = step.isOpen === true;
    const bounds = isOpen ? { before, events: 1 } : { micros: Math.max(left, 0), events: 1 };
    const until = () => step.until(this.#subject, this.lab);
    const end = this.world.run(until, bounds);
    if (end === 'done') this.#end(step, true);
    else if (end === 'idle' && isOpen && this.#waitsForSomebody()) return;
    else if (end === 'idle' || (end === 'time' && !isOpen)) this.#end(step, false);
  }

  /** Nobody is to type any more, and nothing that was typed is under way. */
  #isClosing(): boolean {
    if (this.#isLive || this.#taken.length < this.#lines.length) return false;
    if (this.#closedAt !== null) return this.world.event >= this.#closedAt;
    return this.#typist?.isBusy !== true;
  }

  /** Nothing happens by itself any more, but somebody is there. */
  #waitsForSomebody(): boolean {
    return this.#isLive || this.hasMore;
  }

  #actOnAwaited(): void {
    const due = this.#awaited.filter(({ holds }) => holds());
    this.#awaited = this.#awaited.filter((one) => !due.includes(one));
    for (const { act } of due) act();
  }

  #begin(step: Step<unknown>): void {
    this.#started = true;
    this.#stepFrom = this.world.event + 1;
    this.#stepDeadline = this.world.now + step.timeLimitMs * 1000;
    this.world.act(() => this.world.record(null, stepKind, { id: step.id }));
    step.do?.(this.#subject, this.lab);
  }

  #end(step: Step<unknown>, reached: boolean): void {
    this.steps.push({ id: step.id, from: this.#stepFrom, to: this.world.event, reached });
    this.#started = false;
    this.#place++;
    // What is judged at the end (K21) is judged when the last step has filled the history.
    this.#check(null);
  }

  #check(host: SimHost | null): void {
    if (this.#wanted === null || this.failed) return;
    for (const { id, scope, check } of this.#invariants) {
      if (this.#wanted === 'always' && scope === 'promise') continue;
      if (this.#violations.some((one) => one.invariant === id)) continue;
      const what = check(host?.name ?? null);
      if (what === null) continue;
      const { event } = this.world;
      this.#violations.push({ invariant: id, event, host: host?.name ?? WORLD, what });
      if (this.#stopsAtViolation) return;
    }
  }

  #makeLab(): Lab {
    const { world, history, seed } = this;
    const hostNamed = (name: string) => present(world.hostNamed(name), `no host '${name}'`);
    return {
      seed,
      history,
      get now() {
        return world.now;
      },
      get event() {
        return world.event;
      },
      addHost: (name, factory, options) => {
        const host = world.addHost(name, factory);
        if (options?.started ?? true) host.start();
        return host;
      },
      host: hostNamed,
      hosts: () => world.hosts,
      command: <P extends Process>(
        name: string,
        label: string,
        run: (process: P) => void,
        delayMs = 0,
      ) => {
        const host = hostNamed(name);
        if (host.state !== 'running') return;
        const act = (): void => run(present(host.process, 'it runs') as P);
        world.command(name, label, act, microsOfMillis(delayMs));
      },
      inject: (fault) => inject(world, fault),
      tick: (micros, act) => {
        world.schedule((world.now + micros) as Micros, null, act);
      },
      when: (holds, act) => this.#awaited.push({ holds, act }),
      narrateWith: (narrator) => {
        this.#narrator = { ...this.#narrator, ...narrator };
      },
      invariant: (id, scope, check) => this.#invariants.push({ id, scope, check }),
    };
  }
}

/**
 * A trial: one schedule, run from event 0 with the trace off, because there are no checkpoints. It
 * says whether something broke, and what a search needs to go on from it: the points that came
 * after its last fault, the state at each, and which faults would change nothing there.
 *
 * Points pass in the experiment's order: when one is reached, those before it are over; and when
 * the settling begins, all are. Not here: which schedules are tried, in which order (`search.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Experiment, Exploration, InvariantScope } from '../experiment.ts';
import { Run } from '../run.ts';
import type { Input } from '../run.ts';
import { cutFrom, faultOf } from './schedule.ts';
import type { Choice, FaultKind, Schedule } from './schedule.ts';
import { LastViews, stateHash } from './state.ts';

/** What a search is about. Plain data, so that it can cross to another thread. */
export interface Subject {
  readonly knobs: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  /** Faults of a schedule, at most. */
  readonly depth: number;
  /** Whether equal states are met once. */
  readonly merging: boolean;
  /** Which invariants count as broken. */
  readonly invariants: InvariantScope | null;
}

/** What broke: a forbidden measure, an invariant, or the engine itself. */
export type Broken =
  | { readonly kind: 'measure'; readonly name: string; readonly value: number }
  | { readonly kind: 'invariant'; readonly name: string; readonly what: string }
  | { readonly kind: 'engine'; readonly name: string; readonly what: string };

/** A point after the last fault of a schedule. */
export interface Passed {
  readonly point: number;
  /** The state's hash; empty at the point of the last fault itself. */
  readonly state: string;
  /** Choices of this point that would change nothing now. */
  readonly idle: readonly number[];
}

/** What became of a schedule. */
export interface Trial {
  readonly schedule: Schedule;
  /**
   * `unsettled`: at the end the records could not be read, so that nothing can be said about them.
   * `merged`: it came into a state that had been met.
   */
  readonly outcome: 'kept' | 'broken' | 'unsettled' | 'merged';
  readonly broken: Broken | null;
  readonly passed: readonly Passed[];
  readonly inputs: readonly Input[];
  /** After which event each of its faults struck. */
  readonly struckAt: readonly number[];
  readonly events: number;
}

/** The knobs of a trial: the story's own faults are off unless the searcher asks for them. */
export function trialKnobs(
  experiment: Experiment,
  subject: Subject,
): Readonly<Record<string, string>> {
  const { knobs, presets } = explorationOf(experiment);
  return { ...presets, ...knobs, ...subject.knobs };
}

export function explorationOf(experiment: Experiment): Exploration<unknown> {
  const { exploration } = experiment;
  assert(exploration !== undefined, 'the experiment can be searched', { id: experiment.id });
  return exploration;
}

/** Runs a schedule. `isMet` says whether a state has been met by an earlier schedule. */
export function runTrial(
  experiment: Experiment,
  subject: Subject,
  choices: readonly Choice[],
  schedule: Schedule,
  isMet: (state: string) => boolean,
): Trial {
  const exploration = explorationOf(experiment);
  const knobs = trialKnobs(experiment, subject);
  const { seed, invariants } = subject;
  const options = { knobs, seed, trace: false, onViolation: 'stop' } as const;
  const run = new Run(experiment, invariants === null ? options : { ...options, invariants });
  const views = new LastViews();
  const passed: Passed[] = [];
  const gone: number[] = [];
  const struckAt: number[] = [];
  let place = 0;
  let next = 0;
  const ids = exploration.points.map((point) => point.id);
  const settling = new Set(experiment.settle.map((step) => step.id));
  const report = (outcome: Trial['outcome'], broken: Broken | null): Trial => {
    const { inputs, world } = run;
    return { schedule, outcome, broken, passed, inputs, struckAt, events: world.event };
  };
  for (;;) {
    const id = run.runToFirstPoint(ids.slice(next));
    // What strikes while everything is healed and read would only disturb the reading.
    if (id === null || run.step === null || settling.has(run.step)) break;
    const point = ids.indexOf(id);
    next = point + 1;
    gone.push(point);
    const before = place;
    while (place < schedule.length && choices[schedule[place]!]!.point === point) {
      struckAt.push(run.world.event);
      strike(run, exploration, choices[schedule[place++]!]!, views);
    }
    if (place < schedule.length) continue;
    const idle = idleChoices(run, exploration, choices, point);
    if (place > before) {
      passed.push({ point, state: '', idle });
      continue;
    }
    const state = subject.merging ? `${point}:${stateHash(run, gone, views)}` : '';
    if (state !== '' && isMet(state)) return report('merged', null);
    passed.push({ point, state, idle });
  }
  run.finish();
  return ended(run, exploration, report);
}

function ended(
  run: Run,
  exploration: Exploration<unknown>,
  report: (outcome: Trial['outcome'], broken: Broken | null) => Trial,
): Trial {
  const { failure } = run.world;
  if (failure !== null) {
    return report('broken', { kind: 'engine', name: failure.host, what: failure.error.message });
  }
  const { violation } = run;
  if (violation !== null) {
    const { invariant: name, what } = violation;
    return report('broken', { kind: 'invariant', name, what });
  }
  if (run.history.final === null) return report('unsettled', null);
  const measures = run.measures();
  for (const name of exploration.forbidden) {
    const value = measures[name];
    assert(value !== undefined, 'a forbidden measure is measured', { name });
    if (value > 0) return report('broken', { kind: 'measure', name, value });
  }
  return report('kept', null);
}

/** Injects a choice now. */
function strike(
  run: Run,
  exploration: Exploration<unknown>,
  choice: Choice,
  views: LastViews,
): void {
  views.look(run.world.hosts);
  if (choice.kind !== 'heal') {
    run.inject(faultOf(exploration, choice));
    return;
  }
  run.inject({ fault: 'heal' });
  for (const { name, state, paused } of run.world.hosts) {
    if (state !== 'running') run.inject({ fault: 'start', host: name });
    else if (paused) run.inject({ fault: 'resume', host: name });
  }
}

/** Choices at a point that would change nothing: a crash of what is down, and the like. */
function idleChoices(
  run: Run,
  exploration: Exploration<unknown>,
  choices: readonly Choice[],
  point: number,
): number[] {
  const here = choices.filter((choice) => choice.point === point);
  return here.filter((choice) => isIdle(run, exploration, choice)).map((choice) => choice.index);
}

function isIdle({ world }: Run, exploration: Exploration<unknown>, choice: Choice): boolean {
  const { network, hosts } = world;
  if (choice.kind === 'heal') {
    const names = hosts.map(({ name }) => name);
    const whole = names.every((from) => names.every((to) => network.link(from, to).open));
    return whole && hosts.every(({ state, paused }) => state === 'running' && !paused);
  }
  const host = world.hostNamed(choice.host);
  assert(host !== undefined, 'a fault strikes a host that is there', { host: choice.host });
  const others = cutFrom(exploration, choice.kind, choice.host);
  if (others !== null) {
    return others.every((other) => !network.link(choice.host, other).open);
  }
  if (choice.kind === 'power') return host.state === 'off';
  if (choice.kind === 'crash') return host.state !== 'running';
  return host.state !== 'running' || host.paused;
}

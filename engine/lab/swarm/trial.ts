/**
 * One plan, carried out and judged: paranoid wire, every invariant that its promise calls for, and
 * a bound on events.
 *
 * Not here: what the system itself must keep at the end (its `judge`), plans (`plan.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { Run } from '../run.ts';
import type { Finding, Plan, PlainReport, SwarmSystem } from './plan.ts';
import { transitionText } from './transitions.ts';

/** Events of a run, all in all: a plan that needs more has not come to rest. */
export const EVENTS_MAX = 160_000;

export interface TrialOptions {
  /** Freezes messages: whoever changes one is caught. */
  readonly freeze?: boolean;
  /** Runs the plan twice and compares the hashes (S1). */
  readonly twice?: boolean;
}

export interface Trial {
  readonly run: Run;
  /** Null: everything held. */
  readonly finding: Finding | null;
}

/** Runs a plan to its end. Throws only what is wrong with the plan itself. */
export function tryPlan(system: SwarmSystem, plan: Plan, options: TrialOptions = {}): Trial {
  assert(plan.experiment === system.experiment.id, 'a plan of this system', {
    plan: plan.experiment,
    system: system.experiment.id,
  });
  const run = runOf(system, plan, options.freeze ?? false);
  const finding = findingOf(system, plan, run);
  if (finding !== null || options.twice !== true) return { run, finding };
  const again = runOf(system, plan, false);
  const [first, second] = [run.world.trace.hash, again.world.trace.hash];
  if (first === second) return { run, finding };
  const what = `the trace is ${first}, then ${second}`;
  return { run, finding: { invariant: 'S1', event: run.world.event, host: 'world', what } };
}

function runOf(system: SwarmSystem, plan: Plan, freeze: boolean): Run {
  const { knobs, seed, inputs } = plan;
  const within = system.promiseOf(plan) === 'within';
  const run = new Run(system.experiment, {
    knobs,
    seed,
    inputs,
    freeze,
    paranoidWire: true,
    invariants: within ? 'promise' : 'always',
  });
  while (!run.over && run.world.event < EVENTS_MAX) run.advance();
  return run;
}

function findingOf(system: SwarmSystem, plan: Plan, run: Run): Finding | null {
  const { failure } = run.world;
  if (failure !== null) {
    const { event, host, error } = failure;
    return { invariant: 'bug', event, host, what: error.message };
  }
  if (run.violation !== null) return run.violation;
  if (system.promiseOf(plan) === 'beyond') return null;
  if (!run.over) {
    const what = `${EVENTS_MAX} events were not enough; step '${run.step ?? ''}' goes on`;
    return { invariant: 'convergence', event: run.world.event, host: 'world', what };
  }
  return system.judge(run);
}

/** The report of a trial. */
export function reportOf(plan: Plan, { run, finding }: Trial): PlainReport {
  const transitions = new Set<string>();
  for (const { kind, data } of run.world.trace.entries()) {
    if (kind !== 'machine') continue;
    const { machine, from, event, to } = data;
    const [id, by] = [String(machine), String(event)];
    transitions.add(transitionText(id, String(from), by, String(to)));
  }
  return {
    seed: plan.seed,
    events: run.world.event,
    finding,
    faults: [...new Set(run.inputs.map(({ fault }) => fault.fault))],
    transitions: [...transitions],
    lost: run.over && !run.failed && run.history.final !== null ? run.measures()['lost']! : 0,
  };
}

/**
 * What a swarm needs to know of a system, and the words that its parts share.
 *
 * A plan is a run to be: everything that a link holds. Not here: how a plan is drawn (the system's
 * own `*-plan.ts`), run (`trial.ts`), or made smaller (`shrink.ts`).
 */
import type { AnyStateMachine } from 'xstate';
import type { Fault, FaultName } from '../../sim/faults.ts';
import type { Experiment } from '../experiment.ts';
import type { Shared } from '../link.ts';
import type { Run } from '../run.ts';

/**
 * `within`: the faults are such that the configuration promises to survive them, and everything
 * must hold. `beyond`: they may be worse; loss is to be reported, and no process may have a bug.
 */
export type PromiseKind = 'within' | 'beyond';

export interface DrawOptions {
  readonly promise: PromiseKind;
  /** A behaviour that is turned for every seed. */
  readonly quirk?: string;
  /** Without the parts that only some seeds have: logs and replicas alone. */
  readonly plain?: boolean;
}

export type Plan = Shared;

/** What is wrong with a run. `invariant` is an id, or what else must hold (`convergence`). */
export interface Finding {
  readonly invariant: string;
  readonly event: number;
  readonly host: string;
  readonly what: string;
}

/** What a trial says of itself in a few words: what a worker sends home. */
export interface PlainReport {
  readonly seed: number;
  readonly events: number;
  readonly finding: Finding | null;
  readonly faults: readonly FaultName[];
  /** As `isr: PendingExpandIsr ALTER_PARTITION_SUCCEEDED -> CommittedPartitionState`. */
  readonly transitions: readonly string[];
  /** Acknowledged and gone. Zero where the run has no measures. */
  readonly lost: number;
}

/** A knob that may be made smaller without leaving what the plan promises, and its least value. */
export interface Shrinkable {
  readonly knob: string;
  readonly min: number;
}

export interface SwarmSystem {
  readonly name: string;
  readonly experiment: Experiment;
  /** The faults that its planner can draw, ends of faults included. */
  readonly faults: readonly FaultName[];
  readonly machines: readonly AnyStateMachine[];
  readonly quirks: readonly string[];
  readonly draw: (seed: number, options: DrawOptions) => Plan;
  readonly promiseOf: (plan: Plan) => PromiseKind;
  /** What must hold at the end of a run within the promise, or null. */
  readonly judge: (run: Run) => Finding | null;
  readonly shrinkable: readonly Shrinkable[];
  /** A plan that fits its own knobs: no input after the chaos or at a host that is not there. */
  readonly fit: (plan: Plan) => Plan;
}

/** Every host that a fault names. */
function hostsIn(fault: Fault): readonly string[] {
  if (fault.fault === 'partition') return fault.groups.flat();
  if (fault.fault === 'isolate') return [fault.host, ...(fault.from ?? [])];
  if ('host' in fault) return [fault.host];
  return 'from' in fault ? [fault.from, fault.to] : [];
}

/** A plan's inputs without what would strike after the chaos or at a host that there is none of. */
export function inputsAmong(
  { inputs }: Plan,
  hosts: ReadonlySet<string>,
  to: number,
): Plan['inputs'] {
  return inputs.filter(
    ({ event, fault }) => event < to && hostsIn(fault).every((host) => hosts.has(host)),
  );
}

/**
 * What a swarm has met: in which share of its seeds each kind of fault and each transition of a
 * machine occurred, and what it never saw.
 */
import type { PlainReport, SwarmSystem } from './plan.ts';
import { transitionsOf } from './transitions.ts';

export interface Share {
  readonly what: string;
  /** Seeds in which it occurred. */
  readonly seeds: number;
}

export class Coverage {
  readonly #faults: Map<string, number>;
  readonly #transitions: Map<string, number>;
  #seeds = 0;

  constructor(system: SwarmSystem) {
    const all = system.machines.flatMap(transitionsOf);
    this.#faults = new Map(system.faults.map((fault) => [fault, 0]));
    this.#transitions = new Map(all.map((transition) => [transition, 0]));
  }

  add(report: PlainReport): void {
    this.#seeds++;
    for (const fault of report.faults) count(this.#faults, fault);
    for (const transition of report.transitions) count(this.#transitions, transition);
  }

  get seeds(): number {
    return this.#seeds;
  }

  get faults(): readonly Share[] {
    return sharesOf(this.#faults);
  }

  get transitions(): readonly Share[] {
    return sharesOf(this.#transitions);
  }

  /** Kinds of faults and transitions that no seed has met. */
  get never(): readonly string[] {
    const shares = [...this.faults, ...this.transitions];
    return shares.filter(({ seeds }) => seeds === 0).map(({ what }) => what);
  }
}

/** Only what can be met is counted: a refused guard is no transition. */
function count(counts: Map<string, number>, what: string): void {
  const before = counts.get(what);
  if (before !== undefined) counts.set(what, before + 1);
}

function sharesOf(counts: ReadonlyMap<string, number>): readonly Share[] {
  return [...counts].map(([what, seeds]) => ({ what, seeds }));
}

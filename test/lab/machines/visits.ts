/**
 * Which transitions of a machine's chart a run has made, by its trace: the measure of what tests
 * have seen of the machines.
 *
 * A transition is one of the chart's: what an outer state names is one transition, from whichever
 * inner state it was taken; and those that differ in their guard only are one, since a trace does
 * not tell them apart. Not here: what the swarm counts, from each innermost state
 * (`engine/lab/swarm/transitions.ts`).
 */
import type { Chart, ChartTransition } from '../../../engine/lab/machines.ts';
import { World } from '../../../engine/sim/world.ts';

/** `RUNNING STOP -> PENDING_CONTROLLED_SHUTDOWN`; `*` for whatever state is active. */
function textOf({ from, event, to }: ChartTransition): string {
  return `${from === '' ? '*' : from} ${event} -> ${to}`;
}

/** All transitions of a chart, each once. */
export function transitionsIn({ transitions }: Chart): readonly string[] {
  return [...new Set(transitions.map(textOf))].sort();
}

const AFTER = /^xstate\.after\.(\d+)\./;

/** An event by the chart's name for it. */
function eventText(type: string): string {
  const delay = AFTER.exec(type)?.[1];
  return delay === undefined ? type : `after ${delay} ms`;
}

const within = (path: string, outer: string): boolean =>
  outer === '' || path === outer || path.startsWith(`${outer}.`);

export interface Step {
  readonly machine: string;
  readonly from: string;
  /** `start` where the machine begins. */
  readonly event: string;
  readonly to: string;
}

/** What was played: a world with its trace, or the steps of a component that was played alone. */
export type Played = World | readonly Step[];

/** A scene, and what became of it. */
export type Scene = () => Played;

function stepsOf(played: Played): readonly Step[] {
  if (!(played instanceof World)) return played;
  const { trace } = played;
  if (trace.dropped > 0) throw new Error(`${trace.dropped} entries of the trace were dropped`);
  const steps: Step[] = [];
  for (const { kind, data } of trace.entries()) {
    if (kind === 'machine') steps.push(data as unknown as Step);
  }
  return steps;
}

/** What was played of the chart's transitions. Throws on a step that the chart has not. */
export function visitsIn(chart: Chart, played: Played): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const step of stepsOf(played)) {
    if (step.machine !== chart.machine) continue;
    const taken = transitionOf(chart, step);
    if (taken !== null) seen.add(textOf(taken));
    else if (step.from !== step.to && step.event !== 'start') {
      const { from, event, to } = step;
      throw new Error(`${chart.machine}: ${from} ${event} -> ${to} is not in the chart`);
    }
  }
  return seen;
}

/** Null: a refused guard, or the beginning of a machine that begins where it says. */
function transitionOf({ transitions }: Chart, step: Step): ChartTransition | null {
  const event = step.event === 'start' ? 'always' : eventText(step.event);
  const fitting = transitions.filter((one) => {
    const isFrom = event === 'always' || within(step.from, one.from);
    return isFrom && one.event === event && within(step.to, one.to);
  });
  const [inner] = fitting.toSorted((left, right) => right.from.length - left.from.length);
  return inner ?? null;
}

/** The states that were entered, as paths to the innermost. */
export function statesIn(chart: Chart, played: Played): ReadonlySet<string> {
  const steps = stepsOf(played).filter(({ machine }) => machine === chart.machine);
  return new Set(steps.flatMap(({ from, to }) => (from === '' ? [to] : [from, to])));
}

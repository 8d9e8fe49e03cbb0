/**
 * An experiment's steps on a real cluster: first in the simulator, which shows whether they need a
 * fault, then outside, where each step waits in real time.
 *
 * Not here: what stands in for the cluster (`kafka-stand-in.ts`), the comparison
 * (`side-by-side.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Experiment, Lab, Measures, Step } from '../../lab/experiment.ts';
import type { History } from '../../lab/history.ts';
import { KAFKA_PARTS } from '../../lab/kafka-parts.ts';
import { Run } from '../../lab/run.ts';
import type { RunOptions } from '../../lab/run.ts';
import type { Fault } from '../../sim/faults.ts';
import { kafkajsClient } from './kafkajs-client.ts';
import { KafkaStandIn } from './kafka-stand-in.ts';
import { NotOnReal, RealLab, refusalOf } from './real-lab.ts';

const POLL_MS = 20;
/** No step of an experiment is that short in real time: a first connection takes longer. */
const STEP_MS_MIN = 5000;

/** What a run left behind, wherever it ran. */
export interface Told {
  readonly history: History;
  readonly steps: readonly { readonly id: string; readonly reached: boolean }[];
  /** Null: not observed. */
  readonly measures: Readonly<Record<string, number | null>>;
}

export interface BothRuns {
  readonly run: Run;
  readonly here: Told;
  readonly there: Told;
  /** What the experiment asked for that no client sees. */
  readonly unseen: readonly string[];
  readonly brokers: number;
}

/** Runs it here and there. Throws `NotOnReal`, with the reason, where it cannot run there. */
export async function runOnReal(
  experiment: Experiment,
  options: RunOptions,
  addresses: readonly string[],
): Promise<BothRuns> {
  const [input] = options.inputs ?? [];
  if (input !== undefined) {
    throw new NotOnReal(refusalOf(`after event ${input.event}`, input.fault));
  }
  const run = runHere(experiment, options);
  const here: Told = { history: run.history, steps: run.steps, measures: run.measures() };
  const client = await kafkajsClient(addresses);
  // Nobody else's topic is to have this name.
  const suffix = `${Date.now().toString(36)}-${process.pid}`;
  const standIn = new KafkaStandIn(client, suffix);
  try {
    await standIn.connect();
    const there = await runThere(experiment, run, standIn);
    return { run, here, there, unseen: [...standIn.unseen].sort(), brokers: standIn.brokers };
  } finally {
    await standIn.clear();
  }
}

/** The simulated run. Throws for the first fault that the story itself injects. */
function runHere(experiment: Experiment, options: RunOptions): Run {
  let step = '';
  let inStory = true;
  const refused: string[] = [];
  const note = (fault: Fault): void => {
    if (inStory) refused.push(refusalOf(step, fault));
  };
  const watched: Experiment = {
    ...experiment,
    world: ({ knobs, lab }) => experiment.world({ knobs, lab: watching(lab, note) }),
    steps: experiment.steps.map((one) => ({
      ...one,
      do: (world, lab) => {
        step = one.id;
        one.do?.(world, watching(lab, note));
      },
      until: (world, lab) => one.until(world, watching(lab, note)),
    })),
    // What the end of a run takes back is no fault of the story.
    settle: experiment.settle.map((one) => ({
      ...one,
      do: (world, lab) => {
        inStory = false;
        one.do?.(world, lab);
      },
    })),
  };
  const run = new Run(watched, options).finish();
  if (refused[0] !== undefined) throw new NotOnReal(refused[0]);
  if (run.failed) throw new NotOnReal('the simulated run failed: run it without --on');
  return run;
}

function watching(lab: Lab, note: (fault: Fault) => void): Lab {
  const inject = (fault: Fault): void => {
    note(fault);
    lab.inject(fault);
  };
  return Object.create(lab, { inject: { value: inject } }) as Lab;
}

async function runThere(experiment: Experiment, of: Run, standIn: KafkaStandIn): Promise<Told> {
  const { knobs, seed } = of;
  const lab = new RealLab(seed, new Map([[KAFKA_PARTS, standIn.parts]]));
  const world = experiment.world({ knobs, lab });
  const steps: { id: string; reached: boolean }[] = [];
  for (const step of experiment.steps) steps.push(await goThrough(step, { world, lab, standIn }));
  const sawAll = standIn.unseen.size === 0;
  // How the end is found out is the handle's business, not the story's.
  const unseen = new Set(standIn.unseen);
  for (const step of experiment.settle) steps.push(await goThrough(step, { world, lab, standIn }));
  standIn.unseen.clear();
  for (const name of unseen) standIn.unseen.add(name);
  const { history } = lab;
  assert(history.final !== null || steps.some(({ reached }) => !reached), 'read to the end');
  const measures = experiment.measures({ world: sawAll ? world : withoutNotes(world), history });
  return { history, steps, measures: observed(measures) };
}

async function goThrough(
  step: Step<unknown>,
  of: { readonly world: unknown; readonly lab: RealLab; readonly standIn: KafkaStandIn },
): Promise<{ id: string; reached: boolean }> {
  const { world, lab, standIn } = of;
  const { id } = step;
  lab.step = id;
  const deadline = performance.now() + Math.max(step.timeLimitMs, STEP_MS_MIN);
  step.do?.(world, lab);
  for (;;) {
    await standIn.refresh();
    lab.look();
    if (step.until(world, lab)) return { id, reached: true };
    if (performance.now() > deadline) return { id, reached: false };
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * The experiment's world, whose numbers are none: it counted in them what it saw on the way, and
 * some of that could not be seen. A measure that is made of one is not observed.
 */
function withoutNotes(world: unknown): unknown {
  if (typeof world !== 'object' || world === null) return world;
  return new Proxy(world, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'number' ? NaN : value;
    },
  });
}

function observed(measures: Measures): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(measures).map(([name, value]) => [name, Number.isNaN(value) ? null : value]),
  );
}

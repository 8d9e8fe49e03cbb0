/**
 * What a record, a member of a group and a partition take stays the same as there are more of them,
 * in counts that are the same on every machine (`highwater bench --scale` prints them with times).
 */
import { expect, test } from 'vitest';
import { countScale, scaleWorkloads } from '../../engine/node/bench/scale.ts';
import { StepCounter } from '../../engine/node/bench/step-counter.ts';

/** Some work is done once, however many there are: the fewest are the dearest. */
const GROWTH_MAX = 1.3;
/** The sizes that are compared, of those that the command has. */
const COMPARED: Readonly<Record<string, readonly [number, number]>> = {
  messages: [1000, 100_000],
  bindings: [1, 1000],
  'busy consumers': [1, 1000],
  'idle consumers': [1, 1000],
  records: [10_000, 100_000],
  members: [10, 200],
  partitions: [100, 1000],
};

const counter = new StepCounter();

test.each(scaleWorkloads.map((workload) => ({ among: `${workload.unit}s`, ...workload })))(
  'bench: $name: one $unit takes no more steps, events and bytes among many $among',
  ({ among, ...workload }) => {
    const [few, many] = COMPARED[among]!.map((size) => countScale(workload, size, counter));
    const { name, unit } = workload;
    const told = `${few!.steps.toFixed(0)} and ${many!.steps.toFixed(0)} steps`;
    const sizes = `${few!.size} and ${many!.size} ${among}`;
    process.stdout.write(`${name}, a ${unit} among ${sizes}: ${told}\n`);
    expect(many!.steps).toBeLessThan(few!.steps * GROWTH_MAX);
    expect(many!.events).toBeLessThan(few!.events * GROWTH_MAX);
    expect(many!.transitions).toBeLessThan(few!.transitions * GROWTH_MAX + 0.01);
    expect(many!.bytes).toBeLessThan(few!.bytes * GROWTH_MAX + 0.01);
  },
  240_000,
);

/**
 * A stream under random crashes and cuts: what was confirmed is there (R1), once (R2), and read by
 * consumers once and in order; copies have the same bytes. Then all is healed, and what is
 * published is confirmed.
 */
import { expect, test } from 'vitest';
import type { Random } from '../../../engine/kernel/ports.ts';
import { randomStream } from '../../../engine/kernel/random.ts';
import { ratio } from '../../../engine/kernel/units.ts';
import type { FieldValue } from '../../../engine/wire/amqp/field-table.ts';
import { Channel, StreamRig, Told } from './stream-rig.ts';

const SEEDS = 25;
const STEPS = 40;
const NODES = ['a', 'b', 'c'] as const;
const FIRST: FieldValue = { type: 'longstr', value: 'first' };

interface Down {
  readonly crashed: Set<string>;
  readonly cut: Set<string>;
}

function disturb(rig: StreamRig, { crashed, cut }: Down, random: Random): void {
  const node = random.pick(NODES);
  if (crashed.delete(node)) rig.start(node);
  else if (cut.delete(node)) rig.heal(node);
  else if (random.chance(ratio(1, 2))) {
    crashed.add(node);
    rig.crash(node);
  } else {
    cut.add(node);
    rig.cut(node);
  }
}

function bodiesAt(rig: StreamRig, node: string): readonly string[] {
  const channel = new Channel();
  channel.consume(rig.queue(node), FIRST, 100_000);
  return channel.bodies();
}

function wildRun(seed: number): { readonly confirmed: number; readonly epoch: number } {
  const random = randomStream(seed, 'wild-stream');
  const rig = new StreamRig(NODES);
  const told = new Told();
  const down: Down = { crashed: new Set(), cut: new Set() };
  let published = 0;
  for (let step = 0; step < STEPS; step++) {
    if (random.chance(ratio(1, 4))) disturb(rig, down, random);
    const node = random.pick(NODES);
    if (!down.crashed.has(node)) {
      for (let count = random.below(5); count > 0; count--) {
        told.publish(rig.queue(node), `m${published++}`);
      }
    }
    if (random.chance(ratio(1, 3))) for (let left = random.below(20); left > 0; left--) rig.step();
    else rig.settle(random.pick([0, 100, 1000, 6000]));
  }
  for (const node of down.cut) rig.heal(node);
  for (const node of down.crashed) rig.start(node);
  rig.settle(30_000);
  const { length } = told.confirmed;
  told.publish(rig.queue('a'), 'last');
  rig.settle(1000);
  const bodies = bodiesAt(rig, 'a');
  expect({ seed, last: told.confirmed.at(-1) }).toEqual({ seed, last: 'last' });
  expect({ seed, twice: bodies.length - new Set(bodies).size }).toEqual({ seed, twice: 0 });
  const lost = told.confirmed.filter((body) => !bodies.includes(body));
  expect({ seed, lost }).toEqual({ seed, lost: [] });
  for (const node of ['b', 'c']) expect(bodiesAt(rig, node)).toEqual(bodies);
  return { confirmed: length, epoch: rig.queue('a').member.epoch };
}

test(`rabbitmq: stream: ${SEEDS} seeds of faults: what was confirmed is there, once`, () => {
  const total = { confirmed: 0, epochs: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { confirmed, epoch } = wildRun(seed);
    total.confirmed += confirmed;
    total.epochs += epoch - 1;
  }
  expect(total.confirmed).toBeGreaterThan(SEEDS * 20);
  expect(total.epochs).toBeGreaterThan(SEEDS);
}, 120_000);

/**
 * A slice of RabbitMQ's swarm: seeds with a configuration, a workload and faults of their own.
 * `highwater fuzz --system rabbitmq` runs as many as one likes.
 */
import { describe, expect, test } from 'vitest';
import { toLink } from '../../../engine/lab/link.ts';
import { rabbitSystem } from '../../../engine/lab/swarm/rabbitmq.ts';
import { shrink } from '../../../engine/lab/swarm/shrink.ts';
import { tryPlan } from '../../../engine/lab/swarm/trial.ts';

const SEEDS = 40;
const CHUNK = 20;
const TWICE_EVERY = 20;

/** Seeds that found something, and what. */
const ONCE_FAILED: readonly (readonly [number, string])[] = [
  [279, 'a node that is asked to stop twice goes down once'],
  [1822, 'what is sent to a socket that broke unheard is held all the same (R14)'],
  [582, 'a client that ends while all are settled does not come back'],
];

const chunks = Array.from({ length: SEEDS / CHUNK }, (_, at) => at * CHUNK + 1);

describe('rabbitmq: swarm', () => {
  test.each(chunks)(
    'rabbitmq: swarm: within the promise everything holds (20 seeds from %i)',
    (first) => {
      for (let seed = first; seed < first + CHUNK; seed++) {
        const plan = rabbitSystem.draw(seed, { promise: 'within' });
        const twice = seed % TWICE_EVERY === 0;
        const { finding } = tryPlan(rabbitSystem, plan, { freeze: true, twice });
        expect({ seed, finding, link: finding && toLink(plan) }).toEqual({
          seed,
          finding: null,
          link: null,
        });
      }
    },
    60_000,
  );

  test.each(ONCE_FAILED)('rabbitmq: swarm: seed %i holds: %s', (seed) => {
    const plan = rabbitSystem.draw(seed, { promise: 'within' });
    expect(tryPlan(rabbitSystem, plan, { freeze: true }).finding).toBeNull();
  });

  test('a failing plan is made smaller while the same invariant fails', () => {
    const plan = rabbitSystem.draw(3, { promise: 'within' });
    // Nothing can be processed before it was published: a verdict that is always red.
    const red = { invariant: 'lost', event: 1, host: 'world', what: 'by this test' };
    const system = { ...rabbitSystem, judge: () => red };
    const smaller = shrink(system, plan, red, 40);
    expect(smaller.plan.inputs).toEqual([]);
    expect(Number(smaller.plan.knobs['messages'])).toBe(1);
  });
});

/**
 * A slice of RabbitMQ's swarm: seeds with a configuration, a workload and faults of their own.
 * `highwater fuzz --system rabbitmq` runs as many as one likes.
 */
import { describe, expect, test } from 'vitest';
import { knobValues } from '../../../engine/lab/knob.ts';
import { toLink } from '../../../engine/lab/link.ts';
import { rabbitKnobs } from '../../../engine/lab/swarm/rabbitmq-knobs.ts';
import { rabbitPromise } from '../../../engine/lab/swarm/rabbitmq-promise.ts';
import { rabbitSystem } from '../../../engine/lab/swarm/rabbitmq.ts';
import { shrink } from '../../../engine/lab/swarm/shrink.ts';
import { tryPlan } from '../../../engine/lab/swarm/trial.ts';
import type { Fault } from '../../../engine/sim/faults.ts';
import { onceFailedApart } from './rabbitmq-apart-plans.ts';
import { onceFailedInCluster } from './rabbitmq-cluster-plans.ts';
import { onceFailed } from './rabbitmq-plans.ts';

const SEEDS = 40;
const CHUNK = 10;
const TWICE_EVERY = 20;

const chunks = Array.from({ length: SEEDS / CHUNK }, (_, at) => at * CHUNK + 1);

describe('rabbitmq: swarm', () => {
  test.each(chunks)(
    'rabbitmq: swarm: within the promise everything holds (10 seeds from %i)',
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

  test.each([...onceFailed, ...onceFailedInCluster, ...onceFailedApart])(
    'rabbitmq: swarm: $what (seed $plan.seed)',
    ({ plan }) => {
      expect(tryPlan(rabbitSystem, plan, { freeze: true }).finding).toBeNull();
    },
  );

  test('rabbitmq: swarm: of more than half of the seeds nothing confirmed may be lost', () => {
    const kinds = new Set<string>();
    let kept = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { knobs: texts, inputs } = rabbitSystem.draw(seed, { promise: 'within' });
      const knobs = knobValues(rabbitKnobs, texts);
      const { keepsConfirmed } = rabbitPromise(knobs, inputs);
      if (!keepsConfirmed) continue;
      kept += 1;
      kinds.add(`${knobs['queue.type']} on ${knobs.nodes}`);
    }
    expect(kept).toBeGreaterThan(200);
    const single = ['classic on 1', 'quorum on 1', 'stream on 1'];
    const cluster = ['classic on 3', 'mirrored on 3', 'quorum on 3', 'stream on 3'];
    expect([...kinds].sort()).toEqual([...single, ...cluster].sort());
  });

  test('rabbitmq: swarm: what is promised goes with the release and the faults', () => {
    const promised = (knobs: Record<string, string>, ...faults: readonly Fault[]): boolean => {
      const inputs = faults.map((fault) => ({ event: 2000, fault }));
      return rabbitPromise(knobValues(rabbitKnobs, knobs), inputs).keepsConfirmed;
    };
    const power = { fault: 'power', host: 'rabbit-1' } as const;
    expect(promised({ profile: 'rabbitmq-3.12' }, power)).toBe(true);
    expect(promised({ profile: 'rabbitmq-3.13' }, power)).toBe(false);
    expect(promised({ 'queue.type': 'quorum', nodes: '3' }, power)).toBe(true);
    expect(promised({ 'queue.type': 'stream', nodes: '3' }, power)).toBe(false);
    const crash = { fault: 'crash', host: 'rabbit-1' } as const;
    const other = { fault: 'crash', host: 'rabbit-2' } as const;
    const mirrored = { profile: 'rabbitmq-3.12', 'queue.type': 'mirrored', nodes: '3' };
    expect(promised(mirrored, crash)).toBe(true);
    expect(promised(mirrored, crash, other)).toBe(false);
    expect(promised(mirrored, { fault: 'isolate', host: 'rabbit-1' })).toBe(false);
    expect(promised({ profile: 'rabbitmq-3.11', nodes: '3' }, crash)).toBe(false);
    expect(promised({ profile: 'rabbitmq-3.11', nodes: '3', mandatory: 'true' }, crash)).toBe(true);
    expect(promised({ persistent: 'false' }, crash)).toBe(false);
    expect(promised({ 'max-length': '5' })).toBe(false);
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

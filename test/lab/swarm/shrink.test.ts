/** The canary, a historical bug that the swarm must find, and how a failure is made smaller. */
import { describe, expect, test } from 'vitest';
import { fromLink, toLink } from '../../../engine/lab/link.ts';
import { kafkaSystem } from '../../../engine/lab/swarm/kafka.ts';
import { shrink } from '../../../engine/lab/swarm/shrink.ts';
import { tryPlan } from '../../../engine/lab/swarm/trial.ts';

/** A bug with a switch must show within so many seeds. */
const SEEDS_MAX = 60;
const RUNS_MAX = 60;

function firstFailure(quirk: string) {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const plan = kafkaSystem.draw(seed, { promise: 'within', quirk });
    const { finding } = tryPlan(kafkaSystem, plan);
    if (finding !== null) return { seed, plan, finding };
  }
  return null;
}

describe('kafka: swarm: canary', () => {
  test('truncating to the high watermark (before KIP-101) is found, and only with it on', () => {
    const found = firstFailure('leaderEpochTruncation')!;
    expect(['K11', 'K2', 'K4', 'lost']).toContain(found.finding.invariant);
    const sound = kafkaSystem.draw(found.seed, { promise: 'within' });
    expect(tryPlan(kafkaSystem, sound).finding).toBeNull();
  }, 60_000);

  test('joining the ISR before the epoch began (KAFKA-7128) is found', () => {
    const found = firstFailure('isrJoinNeedsEpochStart')!;
    expect(['K9', 'K8', 'K4', 'K11', 'lost']).toContain(found.finding.invariant);
  }, 60_000);
});

describe('kafka: swarm: a failure is made smaller', () => {
  test('the same invariant fails with fewer faults and no larger knobs, within the runs', () => {
    const { plan, finding } = firstFailure('leaderEpochTruncation')!;
    const shrunk = shrink(kafkaSystem, plan, finding, RUNS_MAX);
    expect(shrunk.runs).toBeLessThanOrEqual(RUNS_MAX);
    expect(shrink(kafkaSystem, plan, finding, 4).runs).toBe(4);
    expect(shrunk.finding.invariant).toBe(finding.invariant);
    expect(shrunk.plan.inputs.length).toBeLessThan(plan.inputs.length);
    for (const { knob } of kafkaSystem.shrinkable) {
      const preset = kafkaSystem.experiment.knobs[knob]!.preset;
      const [after, before] = [shrunk.plan, plan].map((one) => Number(one.knobs[knob] ?? preset));
      expect(after).toBeLessThanOrEqual(before!);
    }
    const opened = fromLink(toLink(shrunk.plan));
    expect(opened).toEqual({ ok: true, shared: shrunk.plan });
    expect(tryPlan(kafkaSystem, shrunk.plan).finding).toEqual(shrunk.finding);
  }, 60_000);

  test('a group may lose all members but the one that comes late', () => {
    const plan = kafkaSystem.draw(10, { promise: 'within', quirk: 'leaderEpochTruncation' });
    expect(plan.knobs).toMatchObject({ members: '2', 'late.member': 'true' });
    const { finding } = tryPlan(kafkaSystem, { ...plan, knobs: { ...plan.knobs, members: '0' } });
    expect(finding?.invariant).not.toBe('bug');
  });

  test('a plan loses the inputs that do not fit its hosts or its chaos', () => {
    const plan = {
      ...kafkaSystem.draw(1, { promise: 'within' }),
      knobs: { brokers: '3', 'replication.factor': '4', 'chaos.events': '100' },
      inputs: [
        { event: 1550, fault: { fault: 'crash', host: 'broker-5' } as const },
        { event: 1560, fault: { fault: 'crash', host: 'broker-3' } as const },
        { event: 1700, fault: { fault: 'start', host: 'broker-3' } as const },
      ],
    };
    const fitted = kafkaSystem.fit(plan);
    expect(fitted.inputs).toEqual([plan.inputs[1]]);
    expect(fitted.knobs['replication.factor']).toBe('3');
  });
});

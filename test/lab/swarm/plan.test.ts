/** What the planner of the swarm draws: the same for a seed, and within what was promised. */
import { describe, expect, test } from 'vitest';
import { fromLink, toLink } from '../../../engine/lab/link.ts';
import { kafkaSystem } from '../../../engine/lab/swarm/kafka.ts';
import { CALM_EVENTS } from '../../../engine/lab/swarm/kafka-swarm.ts';
import { shapeOf } from '../../../engine/lab/swarm/kafka-plan.ts';
import type { Fault, FaultName } from '../../../engine/sim/faults.ts';

const SEEDS = Array.from({ length: 500 }, (_, at) => at + 1);
const within = SEEDS.map((seed) => kafkaSystem.draw(seed, { promise: 'within' }));
const beyond = SEEDS.map((seed) => kafkaSystem.draw(seed, { promise: 'beyond' }));

const namesIn = (plans: typeof within) =>
  new Set(plans.flatMap(({ inputs }) => inputs.map(({ fault }) => fault.fault)));

/** The brokers that a plan lets lose what they had: all of it, or what was not synced. */
function forgetful({ inputs, knobs }: (typeof within)[number]): Set<string> {
  const synced = shapeOf(knobs).syncsEveryRecord;
  const loses = (fault: Fault) => fault.fault === 'wipe' || (fault.fault === 'power' && !synced);
  const hosts = inputs.flatMap(({ fault }) =>
    loses(fault) && 'host' in fault && fault.host.startsWith('broker') ? [fault.host] : [],
  );
  return new Set(hosts);
}

describe('the planner of the swarm', () => {
  test('a seed draws the same plan each time, and another seed another', () => {
    expect(SEEDS.map((seed) => kafkaSystem.draw(seed, { promise: 'within' }))).toEqual(within);
    expect(new Set(within.map((plan) => JSON.stringify(plan))).size).toBe(SEEDS.length);
  });

  test('every plan fits a link and comes back from it', () => {
    for (const plan of [...within, ...beyond]) {
      expect(fromLink(toLink(plan))).toEqual({ ok: true, shared: plan });
    }
  });

  test('every kind of fault is drawn; lying syncs and rot only beyond the promise', () => {
    expect([...namesIn(beyond)].sort()).toEqual([...kafkaSystem.faults].sort());
    const never: FaultName[] = ['lying-sync', 'bit-rot'];
    const sound = kafkaSystem.faults.filter((name) => !never.includes(name));
    expect([...namesIn(within)].sort()).toEqual([...sound].sort());
  });

  test('within the promise fewer brokers forget than min.insync.replicas, and ELR knows', () => {
    let forgets = 0;
    for (const plan of within) {
      const lossy = forgetful(plan);
      const { eligibleLeaderReplicas, minInSyncReplicas } = shapeOf(plan.knobs);
      expect(lossy.size).toBeLessThanOrEqual(eligibleLeaderReplicas ? minInSyncReplicas - 1 : 0);
      expect(plan.knobs['unclean.leader.election.enable'] ?? 'false').toBe('false');
      if (lossy.size > 0) forgets++;
    }
    expect(forgets).toBeGreaterThan(20);
  });

  test('beyond the promise some plans break each of these', () => {
    expect(beyond.some((plan) => forgetful(plan).size > 2)).toBe(true);
    expect(beyond.some(({ knobs }) => knobs['unclean.leader.election.enable'] === 'true')).toBe(
      true,
    );
    expect(beyond.some(({ knobs }) => (knobs['quirk'] ?? 'none') !== 'none')).toBe(true);
  });

  test('faults strike hosts that there are, after the calm and before the healing', () => {
    for (const plan of [...within, ...beyond]) {
      expect(kafkaSystem.fit(plan).inputs).toEqual(plan.inputs);
      for (const { event } of plan.inputs) expect(event).toBeGreaterThanOrEqual(CALM_EVENTS);
    }
  });
});

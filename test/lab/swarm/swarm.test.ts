/**
 * A slice of the swarm: 200 seeds, each with a configuration, a workload and faults of its own.
 * `highwater fuzz` runs as many as one likes.
 */
import { describe, expect, test } from 'vitest';
import { kafkaSystem } from '../../../engine/lab/swarm/kafka.ts';
import { EVENTS_MAX, tryPlan } from '../../../engine/lab/swarm/trial.ts';
import { toLink } from '../../../engine/lab/link.ts';

const SEEDS = 200;
const BEYOND_SEEDS = 20;
const CHUNK = 20;
/** Every so many seeds are run twice, and the hashes compared (S1). */
const TWICE_EVERY = 20;

/** Seeds that found something, and what. */
const ONCE_FAILED: readonly (readonly [number, string])[] = [
  [304, 'an ISR change in flight outlives the metadata of the one before (K7)'],
  [385, 'a consumer ahead of a new high watermark waits and does not spin'],
  [2349, 'an ISR change in flight outlives the metadata of the one before (K7)'],
  [2546, 'a controller whose disk is full halts in the middle of a controlled shutdown'],
];

/** The first seeds of chunks, of which a failing test names one. */
const chunks = (seeds: number) => Array.from({ length: seeds / CHUNK }, (_, at) => at * CHUNK + 1);
const seedsFrom = (first: number) => Array.from({ length: CHUNK }, (_, at) => first + at);

/** The same, of seeds with a group, transactions, or moves. */
const ONCE_FAILED_IN_PART: readonly (readonly [number, string])[] = [
  [15, 'the first of a reassignment joins the ISR and leads by one change'],
  [30, 'a static member of KIP-848 that comes back too soon is begun again'],
  [157, 'a member closes between two polls (K34)'],
  [263, 'a replica that was taken away and comes back begins anew (K15)'],
  [453, 'the platter has what a truncation took, and not yet the truncation (S4)'],
  [2184, 'a session that ends while replicas are missing is ended later'],
  [3259, 'a broker that shuts down halts where a log cannot be closed'],
  [3751, 'a stop before the logs are loaded leaves no mark of a clean one (KAFKA-10471)'],
];

/** Seeds in which something waited too long, and by when all is at rest. */
const ONCE_STUCK: readonly (readonly [number, string, number])[] = [
  [507, 'a transaction whose last batch expires is ended at once', 60],
  [967, 'a member waits 305 s for a JoinGroup of a broker that lost power, and no longer', 320],
  [1045, 'a member that was thrown out joins anew after the answer that it awaits', 60],
];

describe('kafka: swarm', () => {
  test.each(chunks(SEEDS))(
    'kafka: swarm: within the promise everything holds (20 seeds from %i)',
    (first) => {
      for (const seed of seedsFrom(first)) {
        const plan = kafkaSystem.draw(seed, { promise: 'within' });
        const twice = seed % TWICE_EVERY === 0;
        const { finding, run } = tryPlan(kafkaSystem, plan, { freeze: true, twice });
        expect({ seed, finding, link: finding && toLink(plan) }).toEqual({
          seed,
          finding: null,
          link: null,
        });
        expect(run.world.event).toBeLessThanOrEqual(EVENTS_MAX);
      }
    },
    60_000,
  );

  test.each(ONCE_FAILED)('kafka: swarm: seed %i holds: %s', (seed) => {
    const plan = kafkaSystem.draw(seed, { promise: 'within', plain: true });
    expect(tryPlan(kafkaSystem, plan, { freeze: true }).finding).toBeNull();
  });

  test.each(ONCE_FAILED_IN_PART)('kafka: swarm: seed %i holds: %s', (seed) => {
    const plan = kafkaSystem.draw(seed, { promise: 'within' });
    expect(tryPlan(kafkaSystem, plan, { freeze: true }).finding).toBeNull();
  });

  test.each(ONCE_STUCK)('kafka: swarm: seed %i holds: %s (at rest within %i s)', (seed, _, at) => {
    const plan = kafkaSystem.draw(seed, { promise: 'within' });
    const { finding, run } = tryPlan(kafkaSystem, plan, { freeze: true });
    expect(finding).toBeNull();
    expect(run.world.now).toBeLessThan(at * 1_000_000);
  });

  test('kafka: swarm: beyond the promise loss is reported, and nothing has a bug', () => {
    const losing: number[] = [];
    for (let seed = 1; seed <= BEYOND_SEEDS; seed++) {
      const plan = kafkaSystem.draw(seed, { promise: 'beyond' });
      const { finding, run } = tryPlan(kafkaSystem, plan, { freeze: true });
      expect({ seed, finding, link: finding && toLink(plan) }).toEqual({
        seed,
        finding: null,
        link: null,
      });
      if (run.over && run.history.final !== null && run.measures()['lost']! > 0) losing.push(seed);
    }
    expect(losing.length).toBeGreaterThan(0);
  }, 60_000);

  test('kafka: swarm: a link repeats a run exactly', () => {
    const plan = kafkaSystem.draw(7, { promise: 'within' });
    const [first, second] = [1, 2].map(() => tryPlan(kafkaSystem, plan).run);
    expect(first!.inputs.length).toBe(plan.inputs.length);
    expect(second!.world.trace.hash).toBe(first!.world.trace.hash);
  });
});

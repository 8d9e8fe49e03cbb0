/**
 * Transactions under random faults: within the promise nothing of K22 to K26 breaks, committed
 * transactions are read whole and aborted ones not at all, and none is left open.
 */
import { describe, expect, test } from 'vitest';
import { wildTransactions } from './transaction-cluster.ts';

/**
 * 227: a heartbeat reaches a controller that has told the broker to shut down. 331: the same broker
 * is elected again while markers are on their way.
 */
const SEEDS = [...Array.from({ length: 8 }, (_, place) => place + 1), 227, 331, 401];

for (const profile of ['kafka-3.9', 'kafka-4.1'] as const) {
  describe(`kafka: transactions under random faults (${profile})`, () => {
    test.each(SEEDS)(`all or nothing, and nothing hangs (${profile}, seed %i)`, (seed) => {
      const run = wildTransactions(seed, { profile }, { trace: false }).finish();
      expect(run.world.failure?.error ?? null).toBeNull();
      expect(run.violations).toEqual([]);
      const measures = run.measures();
      expect(measures).toMatchObject({ torn: 0, lost: 0, held: 0 });
      expect(measures['transactions']).toBeGreaterThan(0);
    });
  });
}

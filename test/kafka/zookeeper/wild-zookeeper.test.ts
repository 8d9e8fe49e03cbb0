/** All of Kafka's invariants over a cluster in ZooKeeper mode, over many seeds of faults. */
import { describe, expect, test } from 'vitest';
import { judgeDelivery } from '#engine/lab/index.ts';
import { runWild } from './wild-zookeeper.ts';

const SEEDS = 30;

describe('kafka: zookeeper mode: invariants', () => {
  test('hold over seeds of faults upon brokers and ZooKeeper, and nothing is lost', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = runWild(seed);
      expect(run.world.failure, `seed ${seed}`).toBeNull();
      expect(run.violation, `seed ${seed}`).toBeNull();
      const late = run.steps.filter(({ id, reached }) => !reached && !id.startsWith('wild'));
      expect(late, `seed ${seed}`).toEqual([]);
      expect(judgeDelivery(run.history).lost, `seed ${seed}`).toEqual([]);
    }
  }, 60_000);
});

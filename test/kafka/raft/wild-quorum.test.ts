/** T1 to T8 over a cluster's controllers: many seeds in which they hold, and what trips each. */
import { describe, expect, test } from 'vitest';
import type { RaftSwitches } from '#engine/consensus/raft-config.ts';
import { judgeDelivery } from '#engine/lab/index.ts';
import { runWild } from './wild-quorum.ts';

const SEEDS = 60;
/** A rule that is taken away shows within so many seeds. */
const SEEDS_MAX = 60;

/** The first seed in which one of these is broken. */
function firstBroken(switches: Partial<RaftSwitches>, ids: readonly string[]): number | null {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { violation } = runWild(seed, switches);
    if (violation !== null && ids.includes(violation.invariant)) return seed;
  }
  return null;
}

describe('kafka: controller quorum: invariants', () => {
  test('T1 to T8 and all of Kafka hold over seeds of faults, and nothing is lost', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = runWild(seed);
      expect(run.world.failure, `seed ${seed}`).toBeNull();
      expect(run.violation, `seed ${seed}`).toBeNull();
      const late = run.steps.filter(({ id, reached }) => !reached && !id.startsWith('wild'));
      expect(late, `seed ${seed}`).toEqual([]);
      expect(judgeDelivery(run.history).lost, `seed ${seed}`).toEqual([]);
    }
  }, 60_000);

  test.each<[string, Partial<RaftSwitches>, readonly string[]]>([
    ['a log that is behind may win (T4)', { comparesLogs: false }, ['T4']],
    ['entries go behind another log (T3, T5)', { checksPosition: false }, ['T3', 'T5']],
    ['what is not durable is acknowledged (T7)', { fsyncBeforeAck: false }, ['T7']],
    ['a vote is forgotten by a restart (T7)', { persistsVote: false }, ['T7']],
    ["an older leader's entry is counted (T8)", { commitsOwnTermOnly: false }, ['T8']],
  ])(
    '%s, and a checker says so',
    (_, switches, ids) => {
      expect(firstBroken(switches, ids)).not.toBeNull();
    },
    60_000,
  );
});

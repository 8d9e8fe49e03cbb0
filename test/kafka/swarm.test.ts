/** A few seeds of the swarm, and one that must fail with a historical bug switched on. */
import { describe, expect, test } from 'vitest';
import { mayDuplicate, swarm } from './swarm.ts';

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

describe('kafka: swarm', () => {
  test.each(SEEDS)('kafka: swarm: acks=all loses nothing under faults (seed %i)', (seed) => {
    const result = swarm(seed);
    expect(result.lost).toEqual([]);
    expect(result.sameLogs).toBe(true);
    if (mayDuplicate(result)) return;
    expect(result.duplicated).toEqual([]);
    expect(result.reordered).toBe(false);
  });

  test('kafka: swarm: canary: truncating to the high watermark is found out', () => {
    const quirks = { leaderEpochTruncation: false, eligibleLeaderReplicas: false };
    const losses = [65, 155, 226, 332].map((seed) => swarm(seed, quirks).lost.length);
    expect(Math.max(...losses)).toBeGreaterThan(0);
  });
});

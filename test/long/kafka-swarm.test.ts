/** Many seeds of the swarm: random faults, after which nothing that was acknowledged is missing. */
import { expect, test } from 'vitest';
import { mayDuplicate, swarm } from '../kafka/swarm.ts';

test('kafka: swarm: 1,000 seeds of faults lose nothing that was acknowledged', () => {
  let acked = 0;
  for (let seed = 1001; seed <= 2000; seed++) {
    const result = swarm(seed);
    acked += result.acked;
    const wrong = result.lost.length > 0 || !result.sameLogs;
    const twice = !mayDuplicate(result) && (result.duplicated.length > 0 || result.reordered);
    expect(wrong || twice ? result : null).toBeNull();
  }
  expect(acked).toBeGreaterThan(10_000);
});

/** Ra clusters under random faults: T1 to T6, T8 and R15 hold, and commands are linearizable. */
import { expect, test } from 'vitest';
import { wildRun } from './wild-ra.ts';

const SEEDS = 20;

test(`rabbitmq: ra: ${SEEDS} seeds of faults: nothing breaks, and all agree at the end`, () => {
  const total = { committed: 0, answered: 0, installed: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { problems, committed, answered, installed } = wildRun(seed);
    expect({ seed, problems }).toEqual({ seed, problems: [] });
    total.committed += committed;
    total.answered += answered;
    total.installed += installed;
  }
  expect(total.answered).toBeGreaterThan(SEEDS * 15);
  expect(total.committed).toBeGreaterThan(total.answered / 2);
  expect(total.installed).toBeGreaterThan(SEEDS);
}, 60_000);

/**
 * Quorums under random faults: nothing breaks; rules that are taken away are missed (others are in
 * the tests by hand, since only a rare schedule needs them); and the members go through every
 * change of roles that the machine knows.
 */
import { describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import type { RaftSwitches } from '../../engine/consensus/raft-config.ts';
import { raftMachine } from '../../engine/consensus/raft.machine.ts';
import { firstBroken, runSeed } from './swarm.ts';

const SEEDS = 200;

/** All that the machine names, as `from event to`. */
function declared(machine: AnyStateMachine): readonly string[] {
  return Object.values(machine.states).flatMap((state) =>
    [...state.transitions.values()].flat().map(({ eventType, target }) => {
      return `${state.key} ${eventType} ${target?.[0]?.key ?? state.key}`;
    }),
  );
}

describe('consensus: swarm', () => {
  test(`${SEEDS} seeds: T1 to T8 hold, reads are linearizable, all agree at the end`, () => {
    const seen = new Set<string>();
    const total = { committed: 0, terms: 0, answered: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { problems, transitions, committed, terms, answered } = runSeed(seed);
      expect({ seed, problems }).toEqual({ seed, problems: [] });
      for (const transition of transitions) seen.add(transition);
      total.committed += committed;
      total.terms += terms;
      total.answered += answered;
    }
    // What only happens to members that do not ask before they stand.
    for (let seed = 1; seed <= 20; seed++) {
      const { problems, transitions } = runSeed(seed, { preVote: false });
      expect({ seed, problems }).toEqual({ seed, problems: [] });
      for (const transition of transitions) seen.add(transition);
    }
    expect(declared(raftMachine)).toHaveLength(26);
    expect(total.committed).toBeGreaterThan(20 * SEEDS);
    expect(total.terms).toBeGreaterThan(2 * SEEDS);
    expect(total.answered).toBeGreaterThan(20 * SEEDS);
    expect(declared(raftMachine).filter((transition) => !seen.has(transition))).toEqual([]);
  }, 60_000);

  const missed: readonly (readonly [keyof RaftSwitches, RegExp, number])[] = [
    ['fsyncBeforeAck', /^T7/, 10],
    ['persistsVote', /^T7/, 10],
    ['commitsOwnTermOnly', /^T8/, 50],
    ['comparesLogs', /^T4/, 50],
    ['checksPosition', /^T[35]/, 100],
  ];
  test.each(missed)('without %s some seed breaks %s', (rule, expected, seedsMax) => {
    const found = firstBroken({ [rule]: false }, seedsMax);
    expect(found?.problems.some((problem) => expected.test(problem))).toBe(true);
  });
});

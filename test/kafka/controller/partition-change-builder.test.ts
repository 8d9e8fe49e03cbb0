/**
 * One partition's elections and ISR changes, as `PartitionChangeBuilderTest` of apache/kafka
 * (metadata/src/test/java/org/apache/kafka/controller) has them, and the sentences of KIP-966.
 */
import { describe, expect, test } from 'vitest';
import {
  buildPartitionChange,
  type Election,
  type PartitionWish,
} from '../../../engine/kafka/controller/partition-change-builder.ts';
import {
  merge,
  NO_LEADER,
  RECOVERED,
  RECOVERING,
  type PartitionRegistration,
} from '../../../engine/kafka/metadata/partition-registration.ts';

const TOPIC_ID = 'FbrrdcfiR-KC2CPSTHaJrg';

const registration = (over: Partial<PartitionRegistration> = {}): PartitionRegistration => ({
  replicas: [1, 2, 3],
  isr: [1, 2, 3],
  removingReplicas: [],
  addingReplicas: [],
  elr: [],
  lastKnownElr: [],
  leader: 1,
  leaderEpoch: 50,
  partitionEpoch: 100,
  leaderRecoveryState: RECOVERED,
  ...over,
});

interface Case {
  readonly before?: Partial<PartitionRegistration>;
  /** Who is active; by default all. */
  readonly active?: readonly number[];
  readonly wish?: Partial<PartitionWish>;
}

/** The registration after the change, or null if there is none to make. */
function change({ before, active = [1, 2, 3], wish = {} }: Case): PartitionRegistration | null {
  const partition = registration(before);
  const record = buildPartitionChange({
    topicId: TOPIC_ID,
    partitionId: 0,
    partition,
    isAcceptableLeader: (id) => active.includes(id),
    minIsr: 2,
    election: 'ONLINE',
    elrEnabled: false,
    bumpOnIsrShrink: false,
    ...wish,
  });
  return record === null ? null : merge(partition, record);
}

describe('kafka: election: who leads', () => {
  const elections: readonly (readonly [string, Case, number | null])[] = [
    ['the present leader stays while it is active and in the ISR', {}, null],
    ['the first active member of the ISR, in the order of the replicas', { active: [2, 3] }, 2],
    [
      'a replica outside the ISR does not lead, active or not',
      { before: { isr: [1, 3] }, active: [2, 3] },
      3,
    ],
    ['nobody, if no member of the ISR is active', { before: { isr: [1] }, active: [2, 3] }, -1],
    [
      'an unclean election takes any active replica when the ISR has none',
      { before: { isr: [1] }, active: [2, 3], wish: { election: 'UNCLEAN' } },
      2,
    ],
    [
      'an unclean election still prefers the ISR',
      { before: { isr: [1, 3] }, active: [2, 3], wish: { election: 'UNCLEAN' } },
      3,
    ],
    [
      'a preferred election takes the first replica',
      { before: { leader: 2 }, wish: { election: 'PREFERRED' } },
      1,
    ],
    [
      'a preferred election keeps the leader while the first replica is not in the ISR',
      { before: { leader: 2, isr: [2, 3] }, wish: { election: 'PREFERRED' } },
      null,
    ],
    [
      'a preferred election keeps the partition online, though with another replica',
      { before: { leader: 2, isr: [2, 3] }, active: [3], wish: { election: 'PREFERRED' } },
      3,
    ],
  ];
  test.each(elections)('%s', (_name, of, leader) => {
    expect(change(of)?.leader ?? null).toBe(leader);
  });

  test('an unclean leader is alone in the ISR and recovers (KIP-704)', () => {
    const after = change({
      before: { isr: [1], leader: NO_LEADER },
      active: [3],
      wish: { election: 'UNCLEAN' },
    });
    expect(after).toMatchObject({ leader: 3, isr: [3], leaderRecoveryState: RECOVERING });
  });

  test('a leader that has recovered says so, and nothing else changes', () => {
    const after = change({
      before: { isr: [3], leader: 3, leaderRecoveryState: RECOVERING },
      wish: { targetLeaderRecoveryState: RECOVERED },
    });
    expect(after).toMatchObject({ leader: 3, leaderRecoveryState: RECOVERED, leaderEpoch: 50 });
  });
});

describe('kafka: election: epochs', () => {
  test('a change of the leader bumps leader epoch and partition epoch', () => {
    expect(change({ active: [2, 3] })).toMatchObject({ leaderEpoch: 51, partitionEpoch: 101 });
  });

  test('an ISR that grows bumps the partition epoch only', () => {
    const after = change({ before: { isr: [1, 2] }, wish: { targetIsr: [1, 2, 3] } });
    expect(after).toMatchObject({ isr: [1, 2, 3], leaderEpoch: 50, partitionEpoch: 101 });
  });

  test('an ISR that shrinks bumps the partition epoch only (since 3.6, KAFKA-15021)', () => {
    const after = change({ wish: { targetIsr: [1, 2] } });
    expect(after).toMatchObject({ isr: [1, 2], leaderEpoch: 50, partitionEpoch: 101 });
  });

  test('an ISR that shrinks bumps the leader epoch too (before 3.6)', () => {
    const after = change({ wish: { targetIsr: [1, 2], bumpOnIsrShrink: true } });
    expect(after).toMatchObject({ leader: 1, leaderEpoch: 51, partitionEpoch: 101 });
  });

  test('an ISR that grows does not bump the leader epoch before 3.6 either', () => {
    const wish = { targetIsr: [1, 2, 3], bumpOnIsrShrink: true };
    expect(change({ before: { isr: [1, 2] }, wish })?.leaderEpoch).toBe(50);
  });

  test('no change makes no record', () => {
    expect(change({ wish: { targetIsr: [1, 2, 3] } })).toBeNull();
  });
});

describe('kafka: election: the last member of the ISR', () => {
  test('stays in the ISR when it is gone (no ELR), so that only it can come back cleanly', () => {
    const after = change({ before: { isr: [1] }, active: [2, 3], wish: { targetIsr: [] } });
    expect(after).toMatchObject({ leader: NO_LEADER, isr: [1], leaderEpoch: 51 });
  });

  test('is elected when it is back', () => {
    const after = change({ before: { isr: [1], leader: NO_LEADER } });
    expect(after).toMatchObject({ leader: 1, isr: [1] });
  });
});

describe('kafka: eligible leader replicas (KIP-966)', () => {
  const elr = { elrEnabled: true } as const;

  test('a member that leaves an ISR at its minimum becomes eligible', () => {
    const after = change({ before: { isr: [1, 2] }, wish: { ...elr, targetIsr: [1] } });
    expect(after).toMatchObject({ isr: [1], elr: [2], lastKnownElr: [] });
  });

  test('a member that leaves an ISR above its minimum does not', () => {
    const after = change({ wish: { ...elr, targetIsr: [1, 2] } });
    expect(after).toMatchObject({ isr: [1, 2], elr: [] });
  });

  test('an ISR that is back at its minimum clears the eligible replicas', () => {
    const before = { isr: [1], elr: [2] };
    const after = change({ before, wish: { ...elr, targetIsr: [1, 3] } });
    expect(after).toMatchObject({ isr: [1, 3], elr: [] });
  });

  test('the last member leaves the ISR too: it is eligible, and remembered as last leader', () => {
    const before = { isr: [1], elr: [2] };
    const after = change({ before, active: [3], wish: { ...elr, targetIsr: [] } });
    expect(after).toMatchObject({ leader: NO_LEADER, isr: [], elr: [1, 2], lastKnownElr: [1] });
  });

  test('an eligible replica leads cleanly when the ISR is empty, and is alone in the ISR', () => {
    const before = { isr: [], elr: [1, 2], leader: NO_LEADER, lastKnownElr: [1] };
    const after = change({ before, active: [2, 3], wish: elr });
    expect(after).toMatchObject({ leader: 2, isr: [2], elr: [1], lastKnownElr: [] });
    expect(after?.leaderRecoveryState).toBe(RECOVERED);
  });

  test('an eligible replica does not lead while the ISR has a member, even a dead one', () => {
    const before = { isr: [1], elr: [2], leader: NO_LEADER };
    expect(change({ before, active: [2], wish: elr })).toBeNull();
  });

  test('a replica that stopped uncleanly is eligible no longer', () => {
    const before = { isr: [], elr: [1, 2], leader: NO_LEADER, lastKnownElr: [1] };
    const wish = { ...elr, uncleanShutdownReplicas: [2] };
    expect(change({ before, active: [], wish })).toMatchObject({ isr: [], elr: [1] });
  });

  test('with nobody eligible the last known leader is elected, and recovers', () => {
    const before = { isr: [], elr: [], leader: NO_LEADER, lastKnownElr: [1] };
    const after = change({ before, active: [1, 3], wish: elr });
    expect(after).toMatchObject({ leader: 1, isr: [1], lastKnownElr: [] });
    expect(after?.leaderRecoveryState).toBe(RECOVERING);
  });

  test('a last known leader that is fenced is not elected (KAFKA-19522)', () => {
    const before = { isr: [], elr: [], leader: NO_LEADER, lastKnownElr: [1] };
    expect(change({ before, active: [2, 3], wish: elr })).toBeNull();
  });

  test('without the switch nobody becomes eligible', () => {
    const after = change({ before: { isr: [1, 2] }, wish: { targetIsr: [1] } });
    expect(after).toMatchObject({ isr: [1], elr: [] });
  });

  test('an unclean election forgets who was eligible', () => {
    const before = { isr: [], elr: [1], leader: NO_LEADER, lastKnownElr: [2] };
    const election: Election = 'UNCLEAN';
    const after = change({ before, active: [3], wish: { ...elr, election } });
    expect(after).toMatchObject({ leader: 3, isr: [3], elr: [], lastKnownElr: [] });
  });
});

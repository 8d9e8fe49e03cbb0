/** ISR changes that leaders ask for, and elections, at the controller in the simulated world. */
import { describe, expect, test } from 'vitest';
import { newestProfile, profileOf } from '../../../engine/kafka/profiles.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { Rig } from './rig.ts';

const withoutElr = profileOf(newestProfile, { eligibleLeaderReplicas: false });

describe('kafka: controller: AlterPartition', () => {
  const refusals: readonly (readonly [string, number, (rig: Rig) => number])[] = [
    [
      'a topic id that is unknown',
      ErrorCode.UNKNOWN_TOPIC_ID,
      (rig) => rig.alterPartition(1, [1], { topicId: 'AAAAAAAAAAAAAAAAAAAAEA' }).errorCode,
    ],
    [
      'a leader epoch above its own: the asker knows a newer controller',
      ErrorCode.NOT_CONTROLLER,
      (rig) => rig.alterPartition(1, [1], { leaderEpoch: 7 }).errorCode,
    ],
    [
      'a partition epoch above its own',
      ErrorCode.NOT_CONTROLLER,
      (rig) => rig.alterPartition(1, [1], { partitionEpoch: 7 }).errorCode,
    ],
    [
      'the leader of an earlier epoch',
      ErrorCode.FENCED_LEADER_EPOCH,
      (rig) => {
        rig.expire(1);
        return rig.alterPartition(1, [1], { leaderEpoch: 0 }).errorCode;
      },
    ],
    [
      'who does not lead',
      ErrorCode.INVALID_REQUEST,
      (rig) => rig.alterPartition(2, [1, 2]).errorCode,
    ],
    [
      'a change upon an earlier state: compare-and-set failed',
      ErrorCode.INVALID_UPDATE_VERSION,
      (rig) => {
        rig.alterPartition(1, [1, 2]);
        return rig.alterPartition(1, [1], { partitionEpoch: 0 }).errorCode;
      },
    ],
    [
      'an ISR without the leader',
      ErrorCode.INVALID_REQUEST,
      (rig) => rig.alterPartition(1, [2, 3]).errorCode,
    ],
    [
      'an ISR with a broker that is no replica',
      ErrorCode.INVALID_REQUEST,
      (rig) => rig.alterPartition(1, [1, [9, -1]]).errorCode,
    ],
    [
      'a fenced replica (KIP-841)',
      ErrorCode.INELIGIBLE_REPLICA,
      (rig) => {
        rig.expire(3);
        return rig.alterPartition(1, [1, 2, 3]).errorCode;
      },
    ],
    [
      'a replica in controlled shutdown (KIP-841)',
      ErrorCode.INELIGIBLE_REPLICA,
      (rig) => {
        rig.heartbeat(3, { wantShutDown: true });
        return rig.alterPartition(1, [1, 2, 3]).errorCode;
      },
    ],
    [
      'a replica in an incarnation that is gone (KIP-903, K9)',
      ErrorCode.INELIGIBLE_REPLICA,
      (rig) => rig.alterPartition(1, [1, 2, [3, rig.epochOf(3) - 1]]).errorCode,
    ],
  ];
  test.each(refusals)('refuses %s', (_name, errorCode, ask) => {
    expect(ask(new Rig().cluster().pay())).toBe(errorCode);
  });

  test('before 3.5 the incarnation of a replica is not checked', () => {
    const profile = profileOf(newestProfile, { brokerEpochInIsrChange: false });
    const rig = new Rig({ profile }).cluster().pay();
    rig.alterPartition(1, [1, 2]);
    const answer = rig.alterPartition(1, [1, 2, [3, rig.epochOf(3) - 1]]);
    expect(answer).toMatchObject({ errorCode: ErrorCode.NONE, isr: [1, 2, 3] });
  });

  test('version 2 names no broker epochs, so none is checked', () => {
    const rig = new Rig().cluster().pay();
    expect(rig.alterPartition(1, [1, [3, -7]], {}, 2)).toMatchObject({ errorCode: 0, isr: [1, 3] });
  });

  test('grants a shrink and an expansion to the leader, each with the next partition epoch', () => {
    const rig = new Rig().cluster().pay();
    const shrunk = rig.alterPartition(1, [1, 2]);
    expect(shrunk).toMatchObject({ isr: [1, 2], leaderId: 1, leaderEpoch: 0, partitionEpoch: 1 });
    const expanded = rig.alterPartition(1, [1, 2, 3]);
    expect(expanded).toMatchObject({ isr: [1, 2, 3], leaderEpoch: 0, partitionEpoch: 2 });
    expect(rig.partition).toMatchObject({ isr: [1, 2, 3], leaderEpoch: 0, partitionEpoch: 2 });
  });

  test('the same request twice: the second is answered with the state, and changes nothing', () => {
    const rig = new Rig().cluster().pay();
    rig.alterPartition(1, [1, 2]);
    const again = rig.alterPartition(1, [1, 2]);
    expect(again).toMatchObject({ errorCode: ErrorCode.NONE, partitionEpoch: 1 });
  });
});

describe('kafka: controller: elections', () => {
  test('a preferred election brings the first replica back', () => {
    const rig = new Rig().cluster().pay();
    rig.expire(1);
    rig.heartbeat(1);
    expect(rig.electLeader(0)).toBe(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE);
    rig.alterPartition(2, [1, 2, 3]);
    expect(rig.electLeader(0)).toBe(ErrorCode.NONE);
    expect(rig.partition).toMatchObject({ leader: 1, leaderEpoch: 2 });
    expect(rig.electLeader(0)).toBe(ErrorCode.ELECTION_NOT_NEEDED);
  });

  test('preferred leaders come back (leader.imbalance.check.interval.seconds)', () => {
    const settings = { 'leader.imbalance.check.interval.seconds': '20' };
    const rig = new Rig({ settings }).cluster().pay();
    rig.expire(1);
    rig.heartbeat(1);
    rig.alterPartition(2, [1, 2, 3]);
    rig.expire();
    rig.expire();
    expect(rig.partition.leader).toBe(1);
  });

  test('an unclean election must be allowed or asked for, and begins the ISR anew', () => {
    const rig = new Rig({ profile: withoutElr }).cluster().pay();
    rig.alterPartition(1, [1]);
    rig.expire(1);
    expect(rig.partition).toMatchObject({ leader: -1, isr: [1] });
    expect(rig.electLeader(1)).toBe(ErrorCode.NONE);
    expect(rig.partition).toMatchObject({ leader: 2, isr: [2], leaderRecoveryState: 1 });
  });

  test('unclean.leader.election.enable elects as soon as the ISR is gone', () => {
    const settings = { 'unclean.leader.election.enable': 'true' };
    const rig = new Rig({ profile: withoutElr, settings }).cluster().pay();
    rig.alterPartition(1, [1]);
    rig.expire(1);
    expect(rig.partition).toMatchObject({ leader: 2, isr: [2] });
  });

  test('enabled later, it elects at the next check (since 3.9), at once before', () => {
    const settings = { 'unclean.leader.election.interval.ms': '60000' };
    const leaderAfter = (uncleanElectionOnConfigChange: boolean, passMs: number): number => {
      const switches = { eligibleLeaderReplicas: false, uncleanElectionOnConfigChange };
      const profile = profileOf(newestProfile, switches);
      const rig = new Rig({ profile, settings }).cluster().pay();
      rig.alterPartition(1, [1]);
      rig.expire(1);
      expect(rig.setConfig('unclean.leader.election.enable', 'true')).toBe(ErrorCode.NONE);
      for (let passed = 0; passed < passMs; passed += 12_000) rig.expire(1);
      return rig.partition.leader;
    };
    expect(leaderAfter(true, 0)).toBe(2);
    expect(leaderAfter(false, 0)).toBe(-1);
    expect(leaderAfter(false, 72_000)).toBe(2);
  });

  test('a higher min.insync.replicas makes who left the ISR eligible no longer', () => {
    const rig = new Rig().cluster().pay({ 'min.insync.replicas': '2' });
    rig.alterPartition(1, [1]);
    expect(rig.partition.elr).toEqual([2, 3]);
    expect(rig.setConfig('min.insync.replicas', '1')).toBe(ErrorCode.NONE);
    expect(rig.partition.elr).toEqual([]);
  });
});

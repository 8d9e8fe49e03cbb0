/** Reassignment of partitions (KIP-455) at the controller in the simulated world. */
import { describe, expect, test } from 'vitest';
import { newestProfile, profileOf } from '../../../engine/kafka/profiles.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import {
  alterPartitionReassignments,
  type AlterPartitionReassignmentsRequest,
} from '#engine/wire/kafka/messages/alter-partition-reassignments.ts';
import {
  listPartitionReassignments,
  type ListPartitionReassignmentsRequest,
} from '#engine/wire/kafka/messages/list-partition-reassignments.ts';
import { Rig } from './rig.ts';

const withoutElr = profileOf(newestProfile, { eligibleLeaderReplicas: false });

/** `pay-0` on the replicas, the first one leads. */
function payOn(brokerIds: readonly number[], configs: Record<string, string> = {}): Rig {
  const rig = new Rig({ profile: withoutElr }).cluster();
  const answer = rig.createTopic({
    assignments: [{ partitionIndex: 0, brokerIds }],
    configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
  });
  expect(answer.errorCode).toBe(ErrorCode.NONE);
  return rig;
}

/** The error code of a reassignment of one partition. */
function reassign(
  rig: Rig,
  replicas: readonly number[] | null,
  of: {
    readonly name?: string;
    readonly partitionIndex?: number;
    readonly allowReplicationFactorChange?: boolean;
  } = {},
): number {
  const { name = 'pay', partitionIndex = 0, allowReplicationFactorChange = true } = of;
  const partitions = [{ partitionIndex, replicas }];
  const topics: AlterPartitionReassignmentsRequest['topics'] = [{ name, partitions }];
  const response = rig.ask(1, alterPartitionReassignments, {
    timeoutMs: 1_000,
    allowReplicationFactorChange,
    topics,
  });
  expect(response.errorCode).toBe(ErrorCode.NONE);
  return response.responses[0]!.partitions[0]!.errorCode;
}

describe('kafka: controller: reassignment', () => {
  test('kafka: controller: reassignment: begins with the old and the new replicas together', () => {
    const rig = payOn([1, 2]);
    const { leaderEpoch } = rig.partition;
    expect(reassign(rig, [3, 2])).toBe(ErrorCode.NONE);
    expect(rig.partition).toMatchObject({
      replicas: [3, 2, 1],
      addingReplicas: [3],
      removingReplicas: [1],
      isr: [1, 2],
      leader: 1,
      leaderEpoch,
    });
    expect(rig.fetchedImage(1).topics.get('pay')!.partitions[0]).toEqual(rig.partition);
  });

  test('kafka: controller: reassignment: may be asked to keep the factor (KIP-860)', () => {
    const rig = payOn([1, 2]);
    const keeps = { allowReplicationFactorChange: false };
    expect(reassign(rig, [1, 2, 3], keeps)).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
    expect(reassign(rig, [1], keeps)).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
    // What is on its way counts as it will be: 1 goes, and 3 comes.
    expect(reassign(rig, [2, 3], keeps)).toBe(ErrorCode.NONE);
    expect(reassign(rig, [1, 3], keeps)).toBe(ErrorCode.NONE);
    expect(reassign(rig, [3], keeps)).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
  });

  test('kafka: controller: reassignment: ends when all target replicas are in sync', () => {
    const rig = payOn([1, 2]);
    reassign(rig, [2, 3]);
    // The leader is among those that go: the ISR that it asked for elects another.
    expect(rig.alterPartition(1, [1, 2, 3]).errorCode).toBe(ErrorCode.NEW_LEADER_ELECTED);
    expect(rig.partition).toMatchObject({
      replicas: [2, 3],
      addingReplicas: [],
      removingReplicas: [],
      isr: [2, 3],
      leader: 2,
      leaderEpoch: 1,
    });
  });

  test('kafka: controller: reassignment: one target replica out of sync is too few (3.8)', () => {
    const rig = payOn([1, 2]);
    rig.alterPartition(1, [1]);
    reassign(rig, [2, 3]);
    expect(rig.alterPartition(1, [1, 3]).errorCode).toBe(ErrorCode.NONE);
    expect(rig.partition).toMatchObject({ replicas: [2, 3, 1], isr: [1, 3], leader: 1 });
  });

  test('kafka: controller: reassignment: who is only taken away goes with the epoch', () => {
    const rig = payOn([1, 2, 3]);
    reassign(rig, [1, 2]);
    expect(rig.partition).toMatchObject({ replicas: [1, 2], isr: [1, 2], leader: 1 });
    expect(rig.partition).toMatchObject({ leaderEpoch: 1, partitionEpoch: 1 });
    reassign(rig, [1, 2, 3]);
    expect(rig.partition).toMatchObject({ replicas: [1, 2, 3], addingReplicas: [3], isr: [1, 2] });
    expect(rig.partition.leaderEpoch).toBe(1);
  });

  test('kafka: controller: reassignment: another order alone changes the preferred leader', () => {
    const rig = payOn([1, 2, 3]);
    reassign(rig, [3, 1, 2]);
    expect(rig.partition).toMatchObject({ replicas: [3, 1, 2], leader: 1, leaderEpoch: 0 });
    expect(rig.electLeader(0)).toBe(ErrorCode.NONE);
    expect(rig.partition.leader).toBe(3);
  });

  test('kafka: controller: reassignment: null takes it back, with who had come already', () => {
    const rig = payOn([1, 2]);
    rig.alterPartition(1, [1]);
    reassign(rig, [2, 3]);
    rig.alterPartition(1, [1, 3]);
    expect(reassign(rig, null)).toBe(ErrorCode.NONE);
    expect(rig.partition).toMatchObject({
      replicas: [2, 1],
      addingReplicas: [],
      removingReplicas: [],
      isr: [1],
      leader: 1,
      leaderEpoch: 1,
    });
  });

  test('kafka: controller: reassignment: a way back without an ISR is unclean', () => {
    for (const [unclean, errorCode] of [
      ['false', ErrorCode.INVALID_REPLICA_ASSIGNMENT],
      ['true', ErrorCode.NONE],
    ] as const) {
      const rig = payOn([1], { 'unclean.leader.election.enable': unclean });
      reassign(rig, [2, 3]);
      rig.alterPartition(1, [1, 2]);
      rig.expire(1);
      expect(rig.partition).toMatchObject({ leader: 2, isr: [2] });
      expect(reassign(rig, null)).toBe(errorCode);
    }
  });

  const refusals: readonly (readonly [string, number, (rig: Rig) => number])[] = [
    ['no replica', ErrorCode.INVALID_REPLICA_ASSIGNMENT, (rig) => reassign(rig, [])],
    ['a broker twice', ErrorCode.INVALID_REPLICA_ASSIGNMENT, (rig) => reassign(rig, [2, 2])],
    ['an unknown broker', ErrorCode.INVALID_REPLICA_ASSIGNMENT, (rig) => reassign(rig, [1, 9])],
    [
      'the way back of what stands still',
      ErrorCode.NO_REASSIGNMENT_IN_PROGRESS,
      (rig) => reassign(rig, null),
    ],
    [
      'an unknown topic',
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      (rig) => reassign(rig, [2], { name: 'no' }),
    ],
    [
      'an unknown partition',
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      (rig) => reassign(rig, [2], { partitionIndex: 1 }),
    ],
  ];
  test.each(refusals)('kafka: controller: reassignment: refuses %s', (_name, errorCode, ask) => {
    const rig = payOn([1, 2]);
    const before = rig.partition;
    expect(ask(rig)).toBe(errorCode);
    expect(rig.partition).toBe(before);
  });

  test('kafka: controller: reassignment: a partition that is named twice is refused', () => {
    const rig = payOn([1, 2]);
    const partitions = [
      { partitionIndex: 0, replicas: [1, 3] },
      { partitionIndex: 0, replicas: [2, 3] },
    ];
    const topics = [{ name: 'pay', partitions }];
    const response = rig.ask(1, alterPartitionReassignments, {
      timeoutMs: 1_000,
      allowReplicationFactorChange: true,
      topics,
    });
    const codes = response.responses[0]!.partitions.map(({ errorCode }) => errorCode);
    expect(codes).toEqual([ErrorCode.NONE, ErrorCode.INVALID_REQUEST]);
    expect(rig.partition.replicas).toEqual([1, 3, 2]);
  });

  test('kafka: controller: reassignment: lists what is going on, of all or of some', () => {
    const rig = payOn([1, 2]);
    const list = (topics: ListPartitionReassignmentsRequest['topics']) =>
      rig.ask(1, listPartitionReassignments, {
        timeoutMs: 1_000,
        topics,
      }).topics;
    expect(list(null)).toEqual([]);
    reassign(rig, [3, 2]);
    const ongoing = { replicas: [3, 2, 1], addingReplicas: [3], removingReplicas: [1] };
    const all = [{ name: 'pay', partitions: [{ partitionIndex: 0, ...ongoing }] }];
    expect(list(null)).toEqual(all);
    expect(list([{ name: 'pay', partitionIndexes: [0, 7] }])).toEqual(all);
    expect(list([{ name: 'no', partitionIndexes: [0] }])).toEqual([]);
    reassign(rig, null);
    expect(list(null)).toEqual([]);
  });

  test('kafka: controller: reassignment: a new target replaces one that is not reached', () => {
    const rig = payOn([1]);
    reassign(rig, [2]);
    reassign(rig, [3]);
    expect(rig.partition).toMatchObject({
      replicas: [3, 1, 2],
      addingReplicas: [3],
      removingReplicas: [1, 2],
    });
  });

  test('kafka: controller: reassignment: a replica that goes leaves the ELR too (KIP-966)', () => {
    const rig = new Rig().cluster().pay({ 'min.insync.replicas': '3' });
    rig.alterPartition(1, [1, 2]);
    expect(rig.partition.elr).toEqual([3]);
    reassign(rig, [1, 2]);
    expect(rig.partition).toMatchObject({ replicas: [1, 2], isr: [1, 2], elr: [] });
  });
});

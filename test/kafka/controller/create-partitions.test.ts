/** CreatePartitions at the controller in the simulated world (KIP-195). */
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import {
  createPartitions,
  type CreatePartitionsRequest,
} from '../../../engine/wire/kafka/messages/create-partitions.ts';
import { Rig } from './rig.ts';

type Asked = CreatePartitionsRequest['topics'][number];

/** `pay` with three partitions, two replicas each. */
function pay(): Rig {
  const rig = new Rig().cluster();
  expect(rig.createTopic({ numPartitions: 3, replicationFactor: 2 }).errorCode).toBe(0);
  return rig;
}

function ask(rig: Rig, topics: readonly Partial<Asked>[], validateOnly = false) {
  const whole = topics.map((topic) => ({ name: 'pay', count: 5, assignments: null, ...topic }));
  return rig.ask(1, createPartitions, { topics: whole, timeoutMs: 1_000, validateOnly }).results;
}

const partitionsOf = (rig: Rig) => rig.image.topics.get('pay')!.partitions;

describe('kafka: controller: more partitions', () => {
  test('new partitions have as many replicas as the first, those that were there stay', () => {
    const rig = pay();
    const before = partitionsOf(rig);
    expect(ask(rig, [{}])).toEqual([{ name: 'pay', errorCode: 0, errorMessage: null }]);
    const after = partitionsOf(rig);
    expect(after).toHaveLength(5);
    expect(after.slice(0, 3)).toEqual(before);
    for (const { replicas, isr, leader, leaderEpoch } of after.slice(3)) {
      expect(replicas).toHaveLength(2);
      expect(isr).toEqual(replicas);
      expect(leader).toBe(replicas[0]);
      expect(leaderEpoch).toBe(0);
    }
  });

  test('an assignment says where the new ones stand', () => {
    const rig = pay();
    ask(rig, [{ count: 4, assignments: [{ brokerIds: [3, 1] }] }]);
    expect(partitionsOf(rig)[3]).toMatchObject({ replicas: [3, 1], leader: 3 });
  });

  test('validateOnly changes nothing', () => {
    const rig = pay();
    expect(ask(rig, [{}], true)[0]!.errorCode).toBe(0);
    expect(partitionsOf(rig)).toHaveLength(3);
  });

  const one = (brokerIds: readonly number[]) => [{ brokerIds }];
  test.each<readonly [string, readonly Partial<Asked>[], keyof typeof ErrorCode]>([
    ['a topic that is not there', [{ name: 'no' }], 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['as many as there are', [{ count: 3 }], 'INVALID_PARTITIONS'],
    ['fewer than there are', [{ count: 2 }], 'INVALID_PARTITIONS'],
    ['a topic twice', [{}, { count: 6 }], 'INVALID_REQUEST'],
    ['too few assignments', [{ assignments: one([1, 2]) }], 'INVALID_REPLICA_ASSIGNMENT'],
    ['one replica only', [{ count: 4, assignments: one([1]) }], 'INVALID_REPLICA_ASSIGNMENT'],
    ['a broker twice', [{ count: 4, assignments: one([1, 1]) }], 'INVALID_REPLICA_ASSIGNMENT'],
    ['an unknown broker', [{ count: 4, assignments: one([1, 9]) }], 'INVALID_REPLICA_ASSIGNMENT'],
  ])('%s is refused, and nothing changes', (_what, topics, code) => {
    const rig = pay();
    const results = ask(rig, topics);
    expect(results).toHaveLength(1);
    expect(results[0]!.errorCode).toBe(ErrorCode[code]);
    expect(partitionsOf(rig)).toHaveLength(3);
  });
});

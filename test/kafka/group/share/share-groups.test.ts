/**
 * Share groups at their coordinator: heartbeats and their errors, epochs, who is assigned what, and
 * what ShareGroupDescribe tells.
 */
import { describe, expect, test } from 'vitest';
import { simpleAssignment } from '#engine/kafka/group/share/simple-assignor.ts';
import { ErrorCode } from '#engine/wire/kafka/errors.ts';
import {
  findCoordinator,
  findCoordinatorRequest,
} from '#engine/wire/kafka/messages/find-coordinator.ts';
import { shareGroupDescribe } from '#engine/wire/kafka/messages/share-group-describe.ts';
import { shareGroupHeartbeat } from '#engine/wire/kafka/messages/share-group-heartbeat.ts';
import { defaults } from '#engine/wire/kafka/schema.ts';
import { RawShare } from '../../share/raw-share.ts';

class RawGroup {
  readonly rig: RawShare;
  coordinator = 0;

  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.rig = new RawShare(settings);
    this.find();
  }

  find(): void {
    const body = { ...defaults(findCoordinatorRequest), coordinatorKeys: ['g'] };
    for (let attempt = 0; attempt < 100; attempt++) {
      const up = this.rig.cluster.brokerIds.find((id) => this.rig.cluster.isUp(id)) ?? 1;
      const found = this.rig.client.ask(up, findCoordinator, body).coordinators[0];
      this.coordinator = found?.nodeId ?? 0;
      if (found?.errorCode === 0 && this.beat('probe', 5).errorCode !== 14) return;
      this.rig.cluster.sleep(0.2);
    }
    throw new Error('no coordinator');
  }

  beat(memberId: string, memberEpoch: number, topics: readonly string[] | null = null) {
    return this.rig.client.ask(this.coordinator, shareGroupHeartbeat, {
      ...defaults(shareGroupHeartbeat.request),
      ...{ groupId: 'g', memberId, memberEpoch, subscribedTopicNames: topics },
    });
  }

  join(memberId: string) {
    return this.beat(memberId, 0, ['pay']);
  }

  describe() {
    const body = { groupIds: ['g'], includeAuthorizedOperations: false };
    return this.rig.client.ask(this.coordinator, shareGroupDescribe, body).groups[0]!;
  }
}

const partitionsOf = (answer: ReturnType<RawGroup['beat']>): number[] =>
  (answer.assignment?.topicPartitions ?? []).flatMap(({ partitions }) => [...partitions]);

describe('kafka: share groups', () => {
  test('a member is assigned its partitions once they have a state', () => {
    const group = new RawGroup();
    const first = group.join('one');
    expect(first).toMatchObject({ errorCode: 0, memberEpoch: 1, heartbeatIntervalMs: 5_000 });
    expect(partitionsOf(first)).toEqual([]);
    group.rig.cluster.sleep(5);
    const second = group.beat('one', 1);
    expect(second.memberEpoch).toBe(2);
    expect(partitionsOf(second)).toEqual([0]);
    expect(group.beat('one', 2).assignment).toBeNull();
  });

  test('two members have the same partition, in one epoch', () => {
    const group = new RawGroup();
    group.join('one');
    group.rig.cluster.sleep(5);
    group.beat('one', 1);
    expect(partitionsOf(group.join('two'))).toEqual([0]);
    const one = group.beat('one', 2);
    expect(one).toMatchObject({ errorCode: 0, memberEpoch: 3 });
    expect(group.describe()).toMatchObject({
      ...{ groupState: 'Stable', groupEpoch: 3, assignmentEpoch: 3, assignorName: 'simple' },
      members: [
        { memberId: 'one', memberEpoch: 3 },
        { memberId: 'two', memberEpoch: 3 },
      ],
    });
  });

  test('the errors of a heartbeat', () => {
    const group = new RawGroup({ 'group.share.max.size': '1' });
    const code = (...of: Parameters<RawGroup['beat']>): number => group.beat(...of).errorCode;
    expect(group.describe().errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(code('one', 3)).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(code('one', 0, [])).toBe(ErrorCode.INVALID_REQUEST);
    expect(code('', 0, ['pay'])).toBe(ErrorCode.INVALID_REQUEST);
    expect(code('one', -2)).toBe(ErrorCode.INVALID_REQUEST);
    expect(code('one', 0, ['pay'])).toBe(ErrorCode.NONE);
    expect(code('two', 0, ['pay'])).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED);
    expect(code('two', 1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(code('one', 9)).toBe(ErrorCode.FENCED_MEMBER_EPOCH);
    expect(code('one', -1)).toBe(ErrorCode.NONE);
    expect(group.describe()).toMatchObject({ groupState: 'Empty', members: [] });
  });

  test('who is silent for a session is out; the next coordinator knows the others', () => {
    const group = new RawGroup({ 'group.share.session.timeout.ms': '10000' });
    group.join('one');
    group.join('two');
    for (let second = 0; second < 12; second++) {
      group.rig.cluster.sleep(1);
      const { memberEpoch = 0 } = group.describe().members.find((m) => m.memberId === 'one') ?? {};
      expect(group.beat('one', memberEpoch).errorCode).toBe(0);
    }
    expect(group.describe().members.map(({ memberId }) => memberId)).toEqual(['one']);
    const before = group.describe();
    group.rig.cluster.inject({ fault: 'crash', host: `broker-${group.coordinator}` });
    group.rig.cluster.sleep(10);
    group.find();
    expect(group.describe()).toMatchObject({ groupEpoch: before.groupEpoch });
    expect(partitionsOf(group.join('one'))).toEqual([0]);
  });
});

describe('kafka: share groups: the simple assignor', () => {
  const NOTHING = new Map<string, readonly number[]>();
  const assigned = (members: number, partitions: number, targets = [NOTHING]) => {
    const all = Array.from({ length: members }, (_, place) => {
      return { memberId: `m${place}`, topics: ['pay'], target: targets[place] ?? NOTHING };
    });
    const numbers = Array.from({ length: partitions }, (_, one) => one);
    const topic = { topicId: 'id', name: 'pay', partitions: numbers };
    return [...simpleAssignment(all, [topic]).values()].map((one) => one.get('id') ?? []);
  };

  test('every member has a partition, and every partition a member', () => {
    for (let members = 1; members <= 7; members++) {
      for (let partitions = 1; partitions <= 7; partitions++) {
        const shares = assigned(members, partitions);
        const taken = Array.from(
          { length: partitions },
          (_, one) => shares.filter((share) => share.includes(one)).length,
        );
        const sizes = shares.map(({ length }) => length);
        expect(Math.min(...sizes), `${members} ${partitions}`).toBeGreaterThan(0);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(Math.min(...taken)).toBeGreaterThan(0);
        expect(Math.max(...taken) - Math.min(...taken)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('who has a partition keeps it where that is even', () => {
    const had = (...partitions: number[]) => new Map([['id', partitions]]);
    expect(assigned(2, 4, [had(2, 3), had(0, 1)])).toEqual([
      [2, 3],
      [0, 1],
    ]);
    expect(assigned(3, 3, [had(2), had(0)])).toEqual([[2], [0], [1]]);
  });
});

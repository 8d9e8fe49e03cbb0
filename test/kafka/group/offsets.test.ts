/** Committed offsets: who may commit, what is read, what is deleted, and what expires. */
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { deleteGroups } from '../../../engine/wire/kafka/messages/delete-groups.ts';
import { describeGroups } from '../../../engine/wire/kafka/messages/describe-groups.ts';
import { listGroups } from '../../../engine/wire/kafka/messages/list-groups.ts';
import { offsetDelete } from '../../../engine/wire/kafka/messages/offset-delete.ts';
import {
  offsetFetch,
  offsetFetchRequest,
} from '../../../engine/wire/kafka/messages/offset-fetch.ts';
import { defaults } from '../../../engine/wire/kafka/schema.ts';
import { RawGroups } from './raw-group.ts';

describe('kafka: offsets: commit and fetch', () => {
  test('kafka: offsets: a member commits, and what it committed is read', () => {
    const rig = new RawGroups();
    const [one] = rig.stable(['one']);
    expect(rig.fetchOnce()).toBe(-1);
    expect(one!.commit(42)).toBe(0);
    expect(one!.commit(7, { partition: 1 })).toBe(0);
    expect([rig.fetchOnce(), rig.fetchOnce({ partition: 1 })]).toEqual([42, 7]);
    expect(one!.commit(41)).toBe(0);
    expect(rig.fetchOnce()).toBe(41);
  });

  test('kafka: offsets: only a member of the current generation commits', () => {
    const rig = new RawGroups();
    const [one] = rig.stable(['one']);
    const { memberId, generation } = one!;
    expect(one!.commit(1, { generation: 0 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(one!.commit(1, { generation: 2 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    const stranger = { generation, memberId: 'stranger' };
    expect(rig.commitOnce(1, stranger)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(rig.commitOnce(1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(rig.commitOnce(1, { generation, memberId, instance: 'x' })).toBe(
      ErrorCode.UNKNOWN_MEMBER_ID,
    );
    expect(rig.fetchOnce()).toBe(-1);
  });

  test('kafka: offsets: the old generation commits while joining, nobody before the sync', () => {
    const rig = new RawGroups();
    const [one, two] = rig.stable(['one', 'two']);
    two!.join({ protocols: [{ name: 'range', metadata: new Uint8Array(9) }] });
    rig.until('PreparingRebalance');
    expect(one!.commit(3)).toBe(0);
    one!.join();
    rig.until('CompletingRebalance');
    rig.cluster.until('told', () => one!.joined !== null);
    expect(one!.commit(4)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(one!.commit(4, { generation: 1 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(rig.fetchOnce()).toBe(3);
  });

  test('kafka: offsets: without members anybody commits, but not with a generation', () => {
    const rig = new RawGroups();
    rig.coordinator();
    expect(rig.commitOnce(8)).toBe(0);
    expect(rig.fetchOnce()).toBe(8);
    expect(rig.state()).toBe('Empty');
    const other = { groupId: 'other', generation: 3, memberId: 'm' };
    expect(rig.commitOnce(8, other)).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(rig.commitOnce(8, { ...other, version: 8 })).toBe(ErrorCode.ILLEGAL_GENERATION);
  });

  test('kafka: offsets: an unknown topic, and a text that is too long', () => {
    const rig = new RawGroups({ 'offset.metadata.max.bytes': '4' });
    rig.coordinator();
    const missing = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    expect(rig.commitOnce(1, { topic: 'gone' })).toBe(missing);
    expect(rig.commitOnce(1, { partition: 9 })).toBe(missing);
    expect([rig.fetchOnce({ topic: 'gone' }), rig.fetchOnce({ partition: 9 })]).toEqual([-1, -1]);
    const tooLarge = ErrorCode.OFFSET_METADATA_TOO_LARGE;
    expect(rig.commitOnce(1, { metadata: 'abcde' })).toBe(tooLarge);
    expect(rig.commitOnce(1, { metadata: 'abcd' })).toBe(0);
  });

  test('kafka: offsets: every version of OffsetFetch tells the same', () => {
    const rig = new RawGroups();
    rig.coordinator();
    rig.commitOnce(5);
    const broker = rig.coordinator();
    const partitionIndexes = [0, 1];
    for (let version = 1; version <= 7; version++) {
      const topics = [{ name: 'pay', partitionIndexes }];
      const body = { ...defaults(offsetFetchRequest), groupId: 'g', topics };
      const [topic] = rig.client.ask(broker, offsetFetch, body, version).topics;
      expect(topic!.partitions.map((one) => one.committedOffset)).toEqual([5, -1]);
    }
    const all = { ...defaults(offsetFetchRequest), groupId: 'g', topics: null };
    const [topic] = rig.client.ask(broker, offsetFetch, all, 7).topics;
    expect(topic!.partitions).toMatchObject([{ partitionIndex: 0, committedOffset: 5 }]);
    const topicId = idOf(rig);
    const topics = [{ name: '', topicId, partitionIndexes }];
    const groups = [{ groupId: 'g', memberId: null, memberEpoch: -1, topics }];
    const byId = { ...defaults(offsetFetchRequest), groups };
    const [group] = rig.client.ask(broker, offsetFetch, byId, 10).groups;
    expect(group!.topics[0]!.partitions.map((one) => one.committedOffset)).toEqual([5, -1]);
  });
});

function idOf(rig: RawGroups): string {
  const found = [...rig.cluster.broker(1)!.partitions].find(({ topic }) => topic === 'pay');
  return found!.topicId;
}

describe('kafka: offsets: deletion', () => {
  const remove = (rig: RawGroups, topic = 'pay') => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0 }] }];
    return rig.client.ask(rig.coordinator(), offsetDelete, { groupId: 'g', topics });
  };

  test('kafka: offsets: OffsetDelete spares topics that a member is subscribed to', () => {
    const rig = new RawGroups();
    const [one] = rig.stable(['one']);
    one!.commit(3);
    const subscribed = ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC;
    expect(remove(rig).topics[0]!.partitions[0]!.errorCode).toBe(subscribed);
    one!.leave();
    expect(remove(rig).topics[0]!.partitions[0]!.errorCode).toBe(0);
    expect(rig.fetchOnce()).toBe(-1);
    expect(remove(rig, 'gone').topics[0]!.partitions[0]!.errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
  });

  test('kafka: offsets: DeleteGroups takes a group with its offsets, if nobody is in it', () => {
    const rig = new RawGroups();
    const ask = (...groupsNames: string[]) =>
      rig.client
        .ask(rig.coordinator(), deleteGroups, { groupsNames })
        .results.map(({ errorCode }) => errorCode);
    const [one] = rig.stable(['one']);
    one!.commit(3);
    expect(ask('g', 'none')).toEqual([ErrorCode.NON_EMPTY_GROUP, ErrorCode.GROUP_ID_NOT_FOUND]);
    one!.leave();
    expect(ask('g')).toEqual([0]);
    expect(rig.group()).toBeNull();
    expect(rig.fetchOnce()).toBe(-1);
  });

  test('kafka: offsets: groups are listed and described', () => {
    const rig = new RawGroups();
    const [one] = rig.stable(['one']);
    const broker = rig.coordinator();
    const list = (statesFilter: string[], typesFilter: string[]) =>
      rig.client.ask(broker, listGroups, { statesFilter, typesFilter }).groups;
    const listed = { groupId: 'g', protocolType: 'consumer', groupState: 'Stable' };
    expect(list([], [])).toEqual([{ ...listed, groupType: 'classic' }]);
    expect(list(['stable'], ['Classic'])).toHaveLength(1);
    expect(list(['Empty'], [])).toHaveLength(0);
    expect(list([], ['consumer'])).toHaveLength(0);
    const describe = (version: number) => {
      const body = { groups: ['g', 'none'], includeAuthorizedOperations: false };
      return rig.client.ask(broker, describeGroups, body, version).groups;
    };
    const [group, none] = describe(5);
    expect(group).toMatchObject({ errorCode: 0, groupState: 'Stable', protocolData: 'range' });
    expect(group!.members).toMatchObject([{ memberId: one!.memberId, clientHost: '/one' }]);
    expect(none).toMatchObject({ errorCode: 0, groupState: 'Dead', members: [] });
    expect(describe(6)[1]!.errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
  });

  const retention = {
    'offsets.retention.minutes': '1',
    'offsets.retention.check.interval.ms': '10000',
  };

  test('kafka: offsets: those of an empty group expire, and the group with them', () => {
    const rig = new RawGroups(retention);
    const [one] = rig.stable(['one']);
    one!.commit(3);
    one!.leave();
    rig.cluster.sleep(45);
    expect(rig.fetchOnce()).toBe(3);
    rig.cluster.sleep(30);
    expect(rig.fetchOnce()).toBe(-1);
    expect(rig.group()).toBeNull();
  });

  test('kafka: offsets: a group with members keeps the offsets of its topics', () => {
    const rig = new RawGroups(retention);
    const [one] = rig.stable(['one'], { sessionTimeoutMs: 200_000 });
    one!.commit(3);
    rig.cluster.sleep(100);
    expect(rig.fetchOnce()).toBe(3);
    expect(rig.state()).toBe('Stable');
  });
});

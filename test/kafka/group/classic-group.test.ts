/** The classic protocol at the coordinator: join, sync, heartbeat, leave, and who is refused. */
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { RawGroups } from './raw-group.ts';

describe('kafka: classic group: joining', () => {
  test('kafka: classic group: the topic of the groups is made when somebody asks', () => {
    const rig = new RawGroups();
    expect(rig.findOnce()).toBe(-ErrorCode.COORDINATOR_NOT_AVAILABLE);
    const leader = rig.coordinator();
    expect(rig.cluster.replica(leader, '__consumer_offsets')!.role).toBe('leader');
    expect(rig.cluster.replica(leader, '__consumer_offsets')!.isr).toHaveLength(3);
  });

  test('kafka: classic group: a first JoinGroup gets an id, the next one gets in', () => {
    const rig = new RawGroups();
    const member = rig.member('one');
    const first = member.joinOnce();
    expect(first.errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED);
    expect(first.memberId).toMatch(/^raw-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/);
    member.memberId = first.memberId;
    const second = member.joinOnce();
    expect(second).toMatchObject({ errorCode: 0, generationId: 1, leader: first.memberId });
    expect(second.members.map(({ memberId }) => memberId)).toEqual([first.memberId]);
  });

  test('kafka: classic group: before version 4 a JoinGroup without an id gets in at once', () => {
    const rig = new RawGroups();
    const answer = rig.member('one').joinOnce({}, 3);
    expect(answer).toMatchObject({ errorCode: 0, generationId: 1 });
    expect(answer.memberId).toBe(answer.leader);
  });

  test('kafka: classic group: the leader hears of all, and each gets its slice', () => {
    const rig = new RawGroups();
    const [one, two, three] = rig.stable(['one', 'two', 'three']);
    const leaders = [one!, two!, three!].filter(({ joined }) => joined!.members.length > 0);
    expect(leaders).toHaveLength(1);
    expect(leaders[0]!.joined!.members).toHaveLength(3);
    for (const member of [one!, two!, three!]) {
      expect(member.generation).toBe(1);
      expect(member.assignment).toBe(`1:${member.memberId}`);
      expect(member.synced).toMatchObject({ protocolType: 'consumer', protocolName: 'range' });
    }
    expect(rig.state()).toBe('Stable');
  });

  test('kafka: classic group: a group that was empty waits for more members', () => {
    const rig = new RawGroups({ 'group.initial.rebalance.delay.ms': '3000' });
    const one = rig.member('one');
    one.identify();
    const began = rig.cluster.world.now;
    one.join();
    rig.cluster.sleep(2);
    const two = rig.member('two');
    two.identify();
    two.join();
    rig.settle([one, two]);
    expect(one.generation).toBe(1);
    expect(two.generation).toBe(1);
    // The second one came within the first wait, which was followed by another.
    expect(rig.cluster.world.now - began).toBeGreaterThanOrEqual(6_000_000);
    expect(rig.cluster.world.now - began).toBeLessThan(7_000_000);
  });

  test('kafka: classic group: members without a protocol in common are refused', () => {
    const rig = new RawGroups();
    rig.stable(['one']);
    const other = rig.member('two', {
      protocols: [{ name: 'sticky', metadata: new Uint8Array(0) }],
    });
    expect(other.joinOnce().errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    const foreign = rig.member('three', { protocolType: 'connect' });
    expect(foreign.joinOnce().errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });

  test('kafka: classic group: the protocol that most members wish for is chosen', () => {
    const rig = new RawGroups();
    const metadata = new Uint8Array(0);
    const wish = (...names: string[]) => ({ protocols: names.map((name) => ({ name, metadata })) });
    const members = [
      rig.member('one', wish('range', 'sticky')),
      rig.member('two', wish('sticky', 'range')),
      rig.member('three', wish('sticky', 'range', 'own')),
    ];
    for (const member of members) member.identify();
    for (const member of members) member.join();
    rig.settle(members);
    expect(members.map(({ joined }) => joined!.protocolName)).toEqual(Array(3).fill('sticky'));
  });

  test('kafka: classic group: sessions that are too short or too long, and no group id', () => {
    const rig = new RawGroups();
    const invalid = ErrorCode.INVALID_SESSION_TIMEOUT;
    const member = rig.member('one');
    expect(member.joinOnce({ sessionTimeoutMs: 5_999 }).errorCode).toBe(invalid);
    expect(member.joinOnce({ sessionTimeoutMs: 1_800_001 }).errorCode).toBe(invalid);
    expect(member.joinOnce({ groupId: '' }).errorCode).toBe(ErrorCode.INVALID_GROUP_ID);
    expect(member.joinOnce({ memberId: 'nobody' }).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('kafka: classic group: a full group takes nobody in', () => {
    const rig = new RawGroups({ 'group.max.size': '2' });
    rig.stable(['one', 'two']);
    const answer = rig.member('three').joinOnce();
    expect(answer.errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED);
    expect(rig.group()!.members).toHaveLength(2);
  });
});

describe('kafka: classic group: rebalancing', () => {
  test('kafka: classic group: a new member makes the others join again', () => {
    const rig = new RawGroups();
    const [one] = rig.stable(['one']);
    const two = rig.member('two');
    two.identify();
    expect(one!.beat()).toBe(0);
    two.join();
    rig.until('PreparingRebalance');
    expect(one!.beat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    one!.join();
    rig.settle([one!, two]);
    expect([one!.generation, two.generation]).toEqual([2, 2]);
    expect(one!.beat({ generation: 1 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(one!.beat()).toBe(0);
  });

  test('kafka: classic group: who does not join within the rebalance timeout is out', () => {
    const rig = new RawGroups();
    const [one, two] = rig.stable(['one', 'two'], { rebalanceTimeoutMs: 5_000 });
    one!.join({ protocols: [{ name: 'range', metadata: new Uint8Array(3) }] });
    rig.cluster.sleep(4);
    expect(rig.state()).toBe('PreparingRebalance');
    rig.settle([one!]);
    expect(rig.group()!.members.map(({ memberId }) => memberId)).toEqual([one!.memberId]);
    expect(two!.beat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('kafka: classic group: a silent member is out when its session ends', () => {
    const rig = new RawGroups();
    const [one, two] = rig.stable(['one', 'two']);
    for (let second = 0; second < 12; second++) {
      rig.cluster.sleep(1);
      if (rig.state() === 'Stable') expect(one!.beat()).toBe(0);
    }
    expect(rig.state()).toBe('PreparingRebalance');
    expect(one!.beat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    one!.join();
    rig.settle([one!]);
    expect(one!.generation).toBe(2);
    expect(two!.beat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('kafka: classic group: a member that does not sync is out', () => {
    const rig = new RawGroups();
    const members = ['one', 'two'].map((name) =>
      rig.member(name, { rebalanceTimeoutMs: 5_000, sessionTimeoutMs: 60_000 }),
    );
    for (const member of members) member.identify();
    for (const member of members) member.join();
    rig.cluster.until('joined', () => members.every(({ joined }) => joined !== null));
    const leader = members.find(({ joined }) => joined!.members.length > 0)!;
    leader.sync();
    rig.until('Stable');
    rig.cluster.sleep(6);
    expect(rig.state()).toBe('PreparingRebalance');
    expect(rig.group()!.members.map(({ memberId }) => memberId)).toEqual([leader.memberId]);
  });

  test('kafka: classic group: who leaves is gone at once; the last leaves it empty', () => {
    const rig = new RawGroups();
    const [one, two] = rig.stable(['one', 'two']);
    expect(two!.leave()).toBe(0);
    expect(rig.state()).toBe('PreparingRebalance');
    one!.join();
    rig.settle([one!]);
    expect(one!.leave()).toBe(0);
    expect(rig.group()).toMatchObject({ state: 'Empty', generation: 3, members: [] });
    expect(one!.leave()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(one!.beat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(one!.syncOnce().errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('kafka: classic group: a follower that joins again hears the same, a leader not', () => {
    const rig = new RawGroups();
    const members = rig.stable(['one', 'two']);
    const leader = members.find(({ joined }) => joined!.members.length > 0)!;
    const follower = members.find((one) => one !== leader)!;
    expect(follower.joinOnce()).toMatchObject({ errorCode: 0, generationId: 1, members: [] });
    expect(follower.syncOnce().errorCode).toBe(0);
    expect(rig.state()).toBe('Stable');
    leader.join();
    rig.until('PreparingRebalance');
    follower.join();
    rig.settle(members);
    expect(leader.generation).toBe(2);
  });

  test('kafka: classic group: whoever waits for an assignment is sent to join again', () => {
    const rig = new RawGroups();
    const members = ['one', 'two'].map((name) => rig.member(name));
    for (const member of members) member.identify();
    for (const member of members) member.join();
    rig.cluster.until('joined', () => members.every(({ joined }) => joined !== null));
    const follower = members.find(({ joined }) => joined!.members.length === 0)!;
    follower.sync();
    rig.cluster.sleep(0.1);
    expect(rig.state()).toBe('CompletingRebalance');
    expect(follower.synced).toBeNull();
    const three = rig.member('three');
    three.identify();
    three.join();
    rig.cluster.until('told', () => follower.synced !== null);
    expect(follower.synced!.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    for (const member of members) member.join();
    rig.settle([...members, three]);
    expect(three.generation).toBe(2);
  });

  test('kafka: classic group: SyncGroup of another generation or protocol is refused', () => {
    const rig = new RawGroups();
    const [one] = rig.stable(['one']);
    expect(one!.syncOnce({ generation: 7 }).errorCode).toBe(ErrorCode.ILLEGAL_GENERATION);
    one!.joined = { ...one!.joined!, protocolName: 'sticky' };
    expect(one!.syncOnce().errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });
});

describe('kafka: classic group: static members', () => {
  test('kafka: classic group: an instance that comes back makes no rebalance', () => {
    const rig = new RawGroups();
    const first = rig.member('first', { groupInstanceId: 'a' });
    const other = rig.member('other', { groupInstanceId: 'b' });
    first.join();
    other.join();
    rig.settle([first, other]);
    const again = rig.member('again', { groupInstanceId: 'a' });
    const answer = again.joinOnce();
    expect(answer).toMatchObject({ errorCode: 0, generationId: first.generation });
    expect(answer.memberId).not.toBe(first.memberId);
    expect(answer.memberId).toMatch(/^a-/);
    again.syncOnce();
    // What the old id was given is the new one's.
    expect(again.assignment).toBe(first.assignment);
    expect(rig.state()).toBe('Stable');
    expect(first.beat()).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(first.commit(5)).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(first.syncOnce().errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(again.beat()).toBe(0);
  });

  test('kafka: classic group: a static member that does not join is not left out at once', () => {
    const rig = new RawGroups();
    const one = rig.member('one', { rebalanceTimeoutMs: 2_000 });
    const fixed = rig.member('fixed', {
      groupInstanceId: 'a',
      rebalanceTimeoutMs: 2_000,
      sessionTimeoutMs: 20_000,
    });
    one.identify();
    one.join();
    fixed.join();
    rig.settle([one, fixed]);
    const protocols = [{ name: 'range', metadata: new Uint8Array(3) }];
    one.join({ protocols });
    rig.cluster.until('it is answered', () => one.joined !== null, 10);
    expect(rig.group()!.members).toHaveLength(2);
    one.sync();
    rig.until('Stable');
    // It does not ask for its assignment either: so it goes like any other.
    rig.cluster.sleep(3);
    expect(one.beat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    one.join();
    rig.settle([one]);
    expect(rig.group()!.members).toHaveLength(1);
  });

  test('kafka: classic group: two of one instance while joining: the older one is fenced', () => {
    const rig = new RawGroups({ 'group.initial.rebalance.delay.ms': '3000' });
    const first = rig.member('first', { groupInstanceId: 'a' });
    const second = rig.member('second', { groupInstanceId: 'a' });
    first.join();
    rig.cluster.sleep(1);
    second.join();
    rig.cluster.until('the older one is told', () => first.joined !== null, 2);
    expect(first.joined!.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    rig.settle([second]);
    expect(rig.group()!.members.map(({ memberId }) => memberId)).toEqual([second.memberId]);
  });
});

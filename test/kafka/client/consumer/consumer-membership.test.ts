/**
 * Members of the consumer protocol (KIP-848) against the real coordinator, in the simulated world:
 * epochs, reconciliation, fencing, static members, failover of the coordinator.
 */
import { describe, expect, test } from 'vitest';
import type { CommitError } from '#engine/kafka/client/consumer/group/offset-commits.ts';
import { GroupRig, type Member } from './group-rig.ts';

const CONSUMER = { 'group.protocol': 'consumer' } as const;
const QUICK = {
  settings: {
    'group.consumer.heartbeat.interval.ms': '1000',
    'group.consumer.session.timeout.ms': '6000',
  },
} as const;

function allOwned(members: readonly Member[]): string[] {
  return members
    .flatMap(({ owned }) => owned.split(' '))
    .filter((name) => name !== '')
    .toSorted();
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, partition) => `pay-${partition}`);
}

/** Every member has some, together they have all, and nobody has anything left to do. */
function settled(rig: GroupRig, members: readonly Member[], partitions: number): void {
  rig.cluster.until('everybody has its part', () => {
    const isDone = members.every((member) => member.isStable && member.owned !== '');
    const epochs = new Set(members.map(({ view }) => view.generation));
    return isDone && epochs.size === 1 && allOwned(members).length === partitions;
  });
  expect(allOwned(members)).toEqual(names(partitions));
}

describe('kafka consumer protocol: members', () => {
  test('a first member gets everything with its first heartbeats, and reads it', () => {
    const rig = new GroupRig(2, QUICK);
    const values = rig.fill(5, 2);
    const one = rig.member('one', CONSUMER);
    rig.stable([one]);
    expect(one.owned).toBe('pay-0 pay-1');
    expect(one.log).toEqual(['assigned pay-0 pay-1']);
    expect(one.view).toMatchObject({ memberState: 'STABLE', generation: 1, assignor: 'consumer' });
    rig.cluster.until('all is read', () => one.processed.length === values.length);
  });

  test('a second one: only what moves is given up, first, and nothing else stops', () => {
    const rig = new GroupRig(4, QUICK);
    const one = rig.member('one', CONSUMER);
    rig.stable([one]);
    const two = rig.member('two', CONSUMER);
    settled(rig, [one, two], 4);
    expect(one.log).toEqual([
      'assigned pay-0 pay-1 pay-2 pay-3',
      'revoked pay-2 pay-3',
      'assigned',
    ]);
    expect(two.log.at(-1)).toBe('assigned pay-2 pay-3');
    expect([one.view.generation, two.view.generation]).toEqual([2, 2]);
  });

  test('what was read is committed before it moves, so nothing is read twice', () => {
    const rig = new GroupRig(2, QUICK);
    const one = rig.member('one', CONSUMER);
    rig.stable([one]);
    const values = rig.fill(4, 2);
    rig.cluster.until('all is read', () => one.processed.length === values.length);
    const two = rig.member('two', CONSUMER);
    rig.cluster.until('two has one', () => two.owned !== '');
    rig.cluster.sleep(1);
    expect([...one.processed, ...two.processed].toSorted()).toEqual(values.toSorted());
  });

  test('seven members come and go: every partition has exactly one owner in the end', () => {
    const rig = new GroupRig(9, QUICK);
    const members = Array.from({ length: 7 }, (_, n) => rig.member(`m${n}`, CONSUMER));
    settled(rig, members, 9);
    const rest = members.slice(3);
    for (const member of members.slice(0, 2)) {
      member.command('close', (consumer) => consumer.stop());
    }
    rig.cluster.inject({ fault: 'crash', host: 'm2' });
    settled(rig, rest, 9);
    const sizes = rest.map(({ owned }) => owned.split(' ').length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });

  test('group.remote.assignor=range; an unknown one is UNSUPPORTED_ASSIGNOR', () => {
    const rig = new GroupRig(3, QUICK);
    const range = { ...CONSUMER, 'group.remote.assignor': 'range' };
    const members = ['one', 'two'].map((name) => rig.member(name, range));
    settled(rig, members, 3);
    expect(members.map(({ owned }) => owned).toSorted()).toEqual(['pay-0 pay-1', 'pay-2']);
    const other = rig.member('three', { ...CONSUMER, 'group.remote.assignor': 'mine' });
    rig.cluster.until('it is told', () => other.errors.length > 0);
    expect(other.errors).toEqual(['UNSUPPORTED_ASSIGNOR']);
    expect(other.view.state).toBe('failed');
  });
});

describe('kafka consumer protocol: beside the classic one', () => {
  test('a group of one protocol does not take members of the other', () => {
    const rig = new GroupRig(1, QUICK);
    const one = rig.member('one', CONSUMER);
    settled(rig, [one], 1);
    const two = rig.member('two');
    rig.cluster.until('it is told', () => two.errors.length > 0);
    expect(two.errors).toEqual(['INCONSISTENT_GROUP_PROTOCOL']);
    const classic = rig.member('three', { 'group.id': 'old' });
    rig.cluster.until('it is in', () => classic.owned === 'pay-0');
    const other = rig.member('four', { ...CONSUMER, 'group.id': 'old' });
    rig.cluster.until('it is told, too', () => other.errors.length > 0);
    expect(other.errors).toEqual(['GROUP_ID_NOT_FOUND']);
  });
});

describe('kafka consumer protocol: fencing', () => {
  test('an application that does not poll in time leaves, and comes back', () => {
    const rig = new GroupRig(2, QUICK);
    const quick = { ...CONSUMER, 'max.poll.interval.ms': '5000' };
    const one = rig.member('one', quick);
    const slow = rig.member('two', quick);
    settled(rig, [one, slow], 2);
    slow.command('slow', (consumer) => consumer.setProcessingMicros(8_000_000));
    const mine = slow.owned;
    rig.fill(1, 2);
    rig.cluster.until('it is stale', () => slow.view.memberState === 'STALE');
    rig.cluster.until('the other has all', () => allOwned([one]).length === 2);
    rig.cluster.until('it is told', () => slow.log.includes(`lost ${mine}`));
    slow.command('quick', (consumer) => consumer.setProcessingMicros(0));
    settled(rig, [one, slow], 2);
  });

  test('a member that was frozen for a session is fenced: its offsets do not count', () => {
    const rig = new GroupRig(1, QUICK);
    rig.fill(2, 1);
    const one = rig.member('one', CONSUMER, { commit: 'manual' });
    rig.cluster.until('it has read', () => one.processed.length === 2);
    rig.cluster.inject({ fault: 'pause', host: 'one' });
    const two = rig.member('two', CONSUMER, { commit: 'after-processing' });
    rig.cluster.until('two has them', () => two.processed.length === 2);
    const told: (CommitError | null)[] = [];
    rig.cluster.world.command('one', 'commit', () => {
      one.consumer.commitAsync((error) => told.push(error));
    });
    rig.cluster.inject({ fault: 'resume', host: 'one' });
    rig.cluster.until('it is told', () => told.length > 0);
    expect(told).toEqual([{ reason: 'CommitFailedException', retriable: false }]);
    rig.cluster.until('it is in again', () => one.view.memberState === 'STABLE');
    expect(one.log).toContain('lost pay-0');
  });

  test('a static member may be away for less than a session, and gets back what it had', () => {
    const rig = new GroupRig(2, QUICK);
    const members = ['one', 'two'].map((name) =>
      rig.member(name, { ...CONSUMER, 'group.instance.id': name }),
    );
    const [one, other] = members as [Member, Member];
    settled(rig, members, 2);
    const { owned } = other;
    const before = one.log.length;
    other.command('close', (consumer) => consumer.stop());
    rig.cluster.sleep(2);
    rig.cluster.inject({ fault: 'start', host: 'two' });
    rig.cluster.until('it has it again', () => other.owned === owned);
    expect(one.log).toHaveLength(before);
    // While one with this name lives, another one is refused.
    const third = rig.member('three', { ...CONSUMER, 'group.instance.id': 'two' });
    rig.cluster.until('it is told', () => third.errors.length > 0);
    expect(third.errors).toEqual(['UNRELEASED_INSTANCE_ID']);
  });
});

describe('kafka consumer protocol: the coordinator', () => {
  test('when it goes, the next one knows epochs and assignments from the log', () => {
    const rig = new GroupRig(4, {
      ...QUICK,
      brokers: 3,
      settings: { ...QUICK.settings, 'offsets.topic.replication.factor': '3' },
    });
    const members = ['one', 'two'].map((name) => rig.member(name, CONSUMER));
    settled(rig, members, 4);
    const [one] = members as [Member, Member];
    const { coordinator, generation } = one.view;
    const owned = members.map((member) => member.owned);
    rig.cluster.inject({ fault: 'crash', host: `broker-${coordinator}` });
    rig.cluster.until('they found another', () =>
      members.every(({ view }) => view.coordinator > 0 && view.coordinator !== coordinator),
    );
    rig.cluster.sleep(8);
    expect(members.map((member) => member.owned)).toEqual(owned);
    expect(members.map(({ view }) => view.generation)).toEqual([generation, generation]);
    const third = rig.member('three', CONSUMER);
    settled(rig, [...members, third], 4);
  });
});

describe('kafka consumer protocol: member state', () => {
  /** Transitions as `from EVENT to` that a host took. */
  const stepsOf = (rig: GroupRig, host: string): string[] =>
    [...rig.cluster.world.trace.entries()].flatMap(({ kind, host: at, data }) => {
      const ours = at === host && data['machine'] === 'consumer-member-state';
      const moved = kind === 'machine' && ours && data['from'] !== '';
      return moved ? [`${data['from']} ${data['event']} ${data['to']}`] : [];
    });

  test('joins, takes over, gives up, leaves', () => {
    const rig = new GroupRig(2, QUICK);
    const one = rig.member('one', CONSUMER);
    settled(rig, [one], 2);
    const two = rig.member('two', CONSUMER);
    settled(rig, [one, two], 2);
    one.command('close', (consumer) => consumer.stop());
    rig.cluster.sleep(1);
    const takesOver = [
      'RECONCILING TAKEN_OVER ACKNOWLEDGING',
      'ACKNOWLEDGING ACKNOWLEDGED STABLE',
      'STABLE GRANTED RECONCILING',
      'RECONCILING TAKEN_OVER ACKNOWLEDGING',
      'ACKNOWLEDGING ACKNOWLEDGED STABLE',
    ];
    expect(stepsOf(rig, 'one')).toEqual([
      'UNSUBSCRIBED JOIN JOINING',
      'JOINING GRANTED RECONCILING',
      ...takesOver,
      'STABLE LEAVE LEAVING',
    ]);
  });
});

/**
 * Members of a group against the real coordinator, in the simulated world: joining, leaving,
 * crashing, being too slow, static members, eager and cooperative rebalances.
 *
 * Not here: commits (group-commits.test.ts), assignors alone (assignors.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { GroupRig, type Member } from './group-rig.ts';

const COOPERATIVE = { 'partition.assignment.strategy': 'cooperative-sticky' } as const;
const SHORT_SESSION = { 'session.timeout.ms': '6000', 'heartbeat.interval.ms': '2000' } as const;

/** Virtual seconds until the condition holds. */
function secondsUntil(rig: GroupRig, what: string, condition: () => boolean): number {
  const before = rig.cluster.world.now;
  rig.cluster.until(what, condition, 600);
  return (rig.cluster.world.now - before) / 1e6;
}

function traced(rig: GroupRig, kind: string, host: string): Readonly<Record<string, unknown>>[] {
  return [...rig.cluster.world.trace.entries()]
    .filter((entry) => entry.kind === kind && entry.host === host)
    .map(({ data }) => data);
}

describe('kafka group consumer: joining', () => {
  test('a first member is given a member id, joins with it, and reads everything', () => {
    const rig = new GroupRig(2);
    const values = rig.fill(5, 2);
    const one = rig.member('one');
    rig.stable([one]);
    expect(one.owned).toBe('pay-0 pay-1');
    expect(one.log).toEqual(['assigned pay-0 pay-1']);
    rig.cluster.until('all is read', () => one.processed.length === values.length);
    expect(one.processed.toSorted()).toEqual(values.toSorted());
    expect(one.view).toMatchObject({
      memberState: 'STABLE',
      generation: 1,
      leads: true,
      assignor: 'range',
      protocol: 'EAGER',
      coordinator: 1,
    });
    // Without a member id, then with the one that MEMBER_ID_REQUIRED brought (KIP-394).
    const joins = traced(rig, 'member-join', 'one');
    expect(joins.map((entry) => entry['member'])).toEqual(['', one.view.memberId]);
  });

  test('eager: who was there gives up everything before it gets its new part', () => {
    const rig = new GroupRig(3);
    const one = rig.member('one');
    rig.stable([one]);
    const two = rig.member('two');
    rig.stable([one, two]);
    expect(one.log.slice(0, 2)).toEqual([
      'assigned pay-0 pay-1 pay-2',
      'revoked pay-0 pay-1 pay-2',
    ]);
    expect(one.log).toHaveLength(3);
    expect([one.owned, two.owned].join(' ').split(' ').toSorted()).toEqual([
      'pay-0',
      'pay-1',
      'pay-2',
    ]);
    expect(one.view.generation).toBe(2);
  });

  test('cooperative: only what moves is given up, and the group rebalances once more', () => {
    const rig = new GroupRig(2);
    const one = rig.member('one', COOPERATIVE);
    rig.stable([one]);
    const two = rig.member('two', COOPERATIVE);
    rig.stable([one, two]);
    expect(one.log).toEqual(['assigned pay-0 pay-1', 'revoked pay-1', 'assigned', 'assigned']);
    expect(two.log).toEqual(['assigned', 'assigned pay-1']);
    expect([one.owned, two.owned]).toEqual(['pay-0', 'pay-1']);
    expect(one.view.generation).toBe(3);
  });

  test('a changed subscription rebalances the group', () => {
    const rig = new GroupRig(1);
    rig.cluster.createTopic({ name: 'audit', numPartitions: 1, replicationFactor: 1 });
    const one = rig.member('one');
    rig.stable([one]);
    one.command('subscribe', (consumer) => consumer.subscribe(['pay', 'audit']));
    rig.cluster.until('it has both', () => one.owned === 'audit-0 pay-0');
    expect(one.view.generation).toBe(2);
  });

  test('a leader counts the partitions of topics that only others want', () => {
    const rig = new GroupRig(1);
    rig.cluster.createTopic({ name: 'audit', numPartitions: 2, replicationFactor: 1 });
    const one = rig.member('one');
    rig.stable([one]);
    const two = rig.member('two', {}, { topics: ['audit'] });
    rig.stable([one, two]);
    expect([one.owned, two.owned]).toEqual(['pay-0', 'audit-0 audit-1']);
  });

  test('no assignor in common: INCONSISTENT_GROUP_PROTOCOL, and the others go on', () => {
    const rig = new GroupRig(1);
    const one = rig.member('one', { 'partition.assignment.strategy': 'range' });
    rig.stable([one]);
    const two = rig.member('two', { 'partition.assignment.strategy': 'sticky' });
    rig.cluster.until('it is told', () => two.errors.length > 0);
    expect(two.errors).toEqual(['INCONSISTENT_GROUP_PROTOCOL']);
    expect(two.view.state).toBe('failed');
    expect(one.view).toMatchObject({ memberState: 'STABLE', generation: 1 });
  });
});

describe('kafka group consumer: leaving', () => {
  function two(settings: Record<string, string> = {}): [GroupRig, Member, Member] {
    const rig = new GroupRig(2);
    const members = ['one', 'two'].map((name) => rig.member(name, settings));
    rig.stable(members);
    return [rig, members[0] as Member, members[1] as Member];
  }

  test('one that closes hands over at once; one that crashes only when its session is over', () => {
    for (const ends of ['closes', 'crashes'] as const) {
      const [rig, one, other] = two(SHORT_SESSION);
      if (ends === 'closes') other.command('close', (consumer) => consumer.stop());
      else rig.cluster.inject({ fault: 'crash', host: 'two' });
      const seconds = secondsUntil(rig, 'one has all', () => one.owned === 'pay-0 pay-1');
      if (ends === 'closes') {
        expect(other.log.at(-1)).toMatch(/^revoked/);
        expect(seconds).toBeLessThan(2.5);
      } else {
        // A whole session without a heartbeat, then the others' next heartbeats.
        expect(seconds).toBeGreaterThan(3.5);
        expect(seconds).toBeLessThan(9);
      }
    }
  });

  test('a static member may be away for less than a session: nothing moves (KIP-345)', () => {
    const rig = new GroupRig(2);
    const members = ['one', 'two'].map((name) =>
      rig.member(name, { ...SHORT_SESSION, 'group.instance.id': name }),
    );
    rig.stable(members);
    const [one, other] = members as [Member, Member];
    const { generation } = one.view;
    const { owned } = other;
    rig.cluster.inject({ fault: 'crash', host: 'two' });
    rig.cluster.sleep(2);
    rig.cluster.inject({ fault: 'start', host: 'two' });
    rig.stable(members);
    expect(one.view.generation).toBe(generation);
    expect(one.log).toHaveLength(one.log.filter((line) => line.startsWith('assigned')).length);
    expect(other.owned).toBe(owned);
    // Away for longer than a session, it loses its place.
    rig.cluster.inject({ fault: 'crash', host: 'two' });
    rig.cluster.until('one has all', () => one.owned === 'pay-0 pay-1');
    expect(one.view.generation).toBe(generation + 1);
  });

  test('a static member that closes does not leave', () => {
    const rig = new GroupRig(1);
    const one = rig.member('one', { 'group.instance.id': 'i' });
    rig.stable([one]);
    one.command('close', (consumer) => consumer.stop());
    rig.cluster.sleep(1);
    expect(traced(rig, 'member-leave', 'one')).toEqual([]);
  });

  test('of two members with the same group.instance.id the older one is fenced', () => {
    const rig = new GroupRig(1);
    const one = rig.member('one', { 'group.instance.id': 'i' });
    rig.stable([one]);
    const other = rig.member('two', { 'group.instance.id': 'i' });
    rig.cluster.until('one hears of it', () => one.errors.length > 0);
    expect(one.errors).toEqual(['FENCED_INSTANCE_ID']);
    rig.cluster.until('two has it', () => other.owned === 'pay-0');
  });

  test('an application that takes longer than max.poll.interval.ms is out of the group', () => {
    const rig = new GroupRig(2);
    const quick = { 'max.poll.interval.ms': '5000' };
    const one = rig.member('one', quick);
    const slow = rig.member('two', quick);
    rig.stable([one, slow]);
    slow.command('slow', (consumer) => consumer.setProcessingMicros(8_000_000));
    const mine = slow.owned;
    const partition = Number(mine.at(-1));
    rig.fill(1, 2);
    rig.cluster.until('the other has all', () => one.owned === 'pay-0 pay-1');
    // Heartbeats went on all the time, so it was not the session; and it does not know yet.
    const [left] = traced(rig, 'member-leave', 'two');
    expect(left?.['reason']).toBe('consumer poll timeout has expired.');
    expect(slow.owned).toBe(mine);
    rig.cluster.until('the other reads it', () => one.processed.includes(`p${partition}-0`));
    rig.cluster.until('it polls again', () => slow.processed.length > 0);
    rig.cluster.until('it is told', () => slow.log.includes(`lost ${mine}`));
    expect(slow.processed).toEqual([`p${partition}-0`]);
    slow.command('quick', (consumer) => consumer.setProcessingMicros(0));
    rig.stable([one, slow]);
    expect([one.owned, slow.owned].toSorted()).toEqual(['pay-0', 'pay-1']);
  });
});

describe('kafka group consumer: what stops while the group rebalances', () => {
  /** The longest time in virtual seconds without a record of a partition that does not move. */
  function longestGap(settings: Record<string, string>): number {
    const rig = new GroupRig(3);
    const times: number[] = [];
    const one = rig.member('one', settings, {
      onProcessed: ({ partition }) => {
        if (partition === 0) times.push(rig.cluster.world.now / 1e6);
      },
    });
    rig.stable([one]);
    const slow = rig.member('two', settings);
    rig.stable([one, slow]);
    const kept = one.owned.split(' ');
    expect(kept).toContain('pay-0');
    // Somebody comes while the slow one is busy with a record: the group waits for its next poll.
    slow.command('slow', (consumer) => consumer.setProcessingMicros(8_000_000));
    const producer = rig.cluster.producer();
    producer.send('long', 'pay', Number(slow.owned.at(-1)));
    let comer: Member | null = null;
    for (let n = 0; n < 150; n++) {
      producer.send(`m${n}`, 'pay', 0);
      rig.cluster.sleep(0.1);
      if (n === 10) comer = rig.member('three', settings);
    }
    rig.stable([one, slow, comer as Member]);
    expect(one.owned).toBe('pay-0');
    return Math.max(...times.slice(1).map((time, index) => time - (times[index] as number)));
  }

  test('eager stops even what stays where it is; cooperative does not', () => {
    expect(longestGap({ 'partition.assignment.strategy': 'sticky' })).toBeGreaterThan(3);
    expect(longestGap(COOPERATIVE)).toBeLessThan(1);
  });
});

describe('kafka group consumer: the coordinator', () => {
  test('when it goes, members find the next one and go on in the same generation', () => {
    const rig = new GroupRig(2, {
      brokers: 3,
      settings: { 'offsets.topic.replication.factor': '3' },
    });
    const members = ['one', 'two'].map((name) => rig.member(name));
    rig.stable(members);
    const [one] = members as [Member, Member];
    const { generation, coordinator } = one.view;
    rig.cluster.inject({ fault: 'crash', host: `broker-${coordinator}` });
    rig.cluster.until('they found another', () =>
      members.every(({ view }) => view.coordinator > 0 && view.coordinator !== coordinator),
    );
    rig.cluster.sleep(10);
    expect(members.map(({ view }) => view.generation)).toEqual([generation, generation]);
    expect(members.map(({ view }) => view.memberState)).toEqual(['STABLE', 'STABLE']);
  });
});

/**
 * A group's committed offsets: when they are committed, what a crash between processing and commit
 * does, and what a member is told that is in the group no more.
 */
import { describe, expect, test } from 'vitest';
import { type CommitError } from '#engine/kafka/client/consumer/group/offset-commits.ts';
import { GroupRig } from './group-rig.ts';

const PAY = { topic: 'pay', partition: 0 };
const SHORT_SESSION = { 'session.timeout.ms': '6000', 'heartbeat.interval.ms': '2000' } as const;
const counts = (values: readonly string[]): number[] => {
  const times = new Map<string, number>();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  return [...times.values()];
};

describe('kafka group consumer: automatic commits', () => {
  test('a poll commits what earlier polls returned, every auto.commit.interval.ms', () => {
    const rig = new GroupRig(1);
    const one = rig.member('one', { 'auto.commit.interval.ms': '2000' });
    rig.stable([one]);
    rig.fill(3, 1);
    rig.cluster.until('all is read', () => one.processed.length === 3);
    expect(rig.committed).not.toHaveProperty('pay-0', 3);
    rig.cluster.sleep(2.1);
    expect(rig.committed).toEqual({ 'pay-0': 3 });
    expect(one.consumer.committed(PAY)).toBe(3);
    expect(one.consumer.position(PAY)).toBe(3);
  });

  test.each(['range', 'cooperative-sticky'])(
    '%s: what was read is committed before it moves, so nothing is read twice',
    (strategy) => {
      const rig = new GroupRig(2);
      const settings = { 'partition.assignment.strategy': strategy };
      const one = rig.member('one', settings);
      rig.stable([one]);
      const values = rig.fill(4, 2);
      rig.cluster.until('all is read', () => one.processed.length === values.length);
      const two = rig.member('two', settings);
      rig.stable([one, two]);
      rig.cluster.sleep(1);
      expect(two.owned).not.toBe('');
      expect([...one.processed, ...two.processed].toSorted()).toEqual(values.toSorted());
    },
  );

  test('close commits, so that the next one goes on from there', () => {
    const rig = new GroupRig(1);
    const one = rig.member('one');
    const values = rig.fill(4, 1);
    rig.cluster.until('all is read', () => one.processed.length === values.length);
    one.command('close', (consumer) => consumer.stop());
    const two = rig.member('two');
    rig.stable([two]);
    rig.cluster.sleep(1);
    expect(two.processed).toEqual([]);
    expect(rig.committed).toEqual({ 'pay-0': 4 });
  });
});

describe('kafka group consumer: a crash between processing and commit', () => {
  function crashAfter(commit: 'after-processing' | 'before-processing'): [string[], string[]] {
    const rig = new GroupRig(1);
    const settings = { ...SHORT_SESSION, 'max.poll.records': '4' };
    const values = rig.fill(10, 1);
    const over = { commit, processingMicrosPerRecord: 100_000 };
    const one = rig.member('one', settings, over);
    rig.cluster.until('it is in its second poll', () => one.processed.length === 6);
    rig.cluster.inject({ fault: 'crash', host: 'one' });
    const two = rig.member('two', settings, over);
    rig.cluster.until('the rest is processed', () => two.processed.includes('p0-9'));
    return [values, [...one.processed, ...two.processed]];
  }

  test('commit after processing: at least once, the interrupted poll is processed again', () => {
    const [values, processed] = crashAfter('after-processing');
    expect([...new Set(processed)].toSorted()).toEqual(values.toSorted());
    expect(counts(processed).filter((times) => times === 2)).toHaveLength(2);
  });

  test('commit before processing: at most once, the rest of the poll is lost', () => {
    const [values, processed] = crashAfter('before-processing');
    expect(new Set(processed).size).toBe(processed.length);
    expect(values.filter((value) => !processed.includes(value))).toEqual(['p0-6', 'p0-7']);
  });
});

describe('kafka group consumer: commits that fail', () => {
  test('one that was thrown out: CommitFailedException, and its records are read again', () => {
    const rig = new GroupRig(1);
    const quick = { 'max.poll.interval.ms': '5000' };
    rig.fill(2, 1);
    const slow = rig.member('slow', quick, {
      commit: 'after-processing',
      processingMicrosPerRecord: 4_000_000,
    });
    rig.cluster.until('it works', () => slow.delivered.length === 2);
    const two = rig.member('two', quick, { commit: 'after-processing' });
    rig.cluster.until('two has them', () => two.processed.length === 2);
    rig.cluster.until('its commit failed', () => slow.errors.length > 0);
    expect(slow.errors).toEqual(['CommitFailedException']);
    expect(slow.processed).toEqual(two.processed);
    expect(rig.committed).toEqual({ 'pay-0': 2 });
  });

  test('a zombie that was frozen for longer than its session cannot move the offsets back', () => {
    const rig = new GroupRig(1);
    rig.fill(2, 1);
    const one = rig.member('one', SHORT_SESSION, { commit: 'manual' });
    rig.cluster.until('it has read', () => one.processed.length === 2);
    rig.cluster.inject({ fault: 'pause', host: 'one' });
    const two = rig.member('two', SHORT_SESSION, { commit: 'after-processing' });
    rig.cluster.until('two has them', () => two.processed.length === 2);
    rig.fill(2, 1, 2);
    rig.cluster.until('two has more', () => rig.committed['pay-0'] === 4);
    const told: (CommitError | null)[] = [];
    rig.cluster.world.command('one', 'commit', () => {
      one.consumer.commitAsync((error) => told.push(error));
    });
    rig.cluster.inject({ fault: 'resume', host: 'one' });
    rig.cluster.until('it is told', () => told.length > 0);
    expect(told).toEqual([{ reason: 'CommitFailedException', retriable: false }]);
    expect(rig.committed).toEqual({ 'pay-0': 4 });
  });

  test('commitSync waits until a new coordinator is there', () => {
    const rig = new GroupRig(1, {
      brokers: 3,
      settings: { 'offsets.topic.replication.factor': '3' },
    });
    rig.fill(3, 1);
    const one = rig.member('one', {}, { commit: 'manual' });
    rig.cluster.until('it has read', () => one.processed.length === 3);
    rig.cluster.inject({ fault: 'crash', host: `broker-${one.view.coordinator}` });
    const told: (CommitError | null)[] = [];
    one.command('commit', (consumer) => consumer.commitSync((error) => told.push(error)));
    rig.cluster.until('it is told', () => told.length > 0);
    expect(told).toEqual([null]);
    expect(one.consumer.committed(PAY)).toBe(3);
  });
});

describe('kafka group consumer: positions', () => {
  test('pause and resume keep the position, seek moves it', () => {
    const rig = new GroupRig(1);
    const one = rig.member('one');
    rig.stable([one]);
    one.command('pause', (consumer) => consumer.pause(PAY));
    const values = rig.fill(3, 1);
    rig.cluster.sleep(2);
    expect(one.processed).toEqual([]);
    one.command('resume', (consumer) => consumer.resume(PAY));
    rig.cluster.until('all is read', () => one.processed.length === 3);
    one.command('seek', (consumer) => consumer.seek(PAY, 1));
    rig.cluster.until('it reads again', () => one.processed.length === 5);
    expect(one.processed).toEqual([...values, 'p0-1', 'p0-2']);
  });

  test('auto.offset.reset=none without a committed offset: the application is told', () => {
    const rig = new GroupRig(1);
    const one = rig.member('one', { 'auto.offset.reset': 'none' });
    rig.cluster.until('it is told', () => one.errors.length > 0);
    expect(one.errors).toEqual(['NoOffsetForPartitionException']);
  });
});

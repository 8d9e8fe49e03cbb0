/** The coordinator's state is its log: another broker, or the same one later, finds it there. */
import { describe, expect, test } from 'vitest';
import { groupRecords } from '../../../engine/wire/kafka/group-records.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { heartbeat } from '../../../engine/wire/kafka/messages/heartbeat.ts';
import {
  isBatchProblem,
  readRecords,
  scanBatches,
} from '../../../engine/wire/kafka/record-batch.ts';
import { RawGroups } from './raw-group.ts';

const TOPIC = '__consumer_offsets';

describe('kafka: coordinator: failover', () => {
  test('kafka: coordinator: the next leader knows members, generation and offsets', () => {
    const rig = new RawGroups();
    const [one, two] = rig.stable(['one', 'two'], { sessionTimeoutMs: 60_000 });
    one!.commit(10);
    two!.commit(20, { partition: 1 });
    const before = rig.coordinator();
    rig.cluster.inject({ fault: 'crash', host: `broker-${before}` });
    rig.cluster.sleep(15);
    const now = rig.coordinator();
    expect(now).not.toBe(before);
    expect([rig.fetchOnce(), rig.fetchOnce({ partition: 1 })]).toEqual([10, 20]);
    expect(one!.beat()).toBe(0);
    expect(two!.commit(21, { partition: 1 })).toBe(0);
    expect(rig.group()).toMatchObject({ state: 'Stable', generation: 1, protocol: 'range' });
    expect(two!.syncOnce().errorCode).toBe(0);
    expect(two!.assignment).toBe(`1:${two!.memberId}`);
  });

  test('kafka: coordinator: sessions begin anew at the next leader, and end there', () => {
    const rig = new RawGroups();
    const [one, two] = rig.stable(['one', 'two'], { sessionTimeoutMs: 20_000 });
    const before = rig.coordinator();
    rig.cluster.inject({ fault: 'crash', host: `broker-${before}` });
    rig.coordinator();
    for (let second = 0; second < 25; second++) {
      rig.cluster.sleep(1);
      if (rig.state() === 'Stable') expect(one!.beat()).toBe(0);
    }
    expect(two!.beat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(rig.state()).toBe('PreparingRebalance');
  });

  test('kafka: coordinator: one broker alone finds its groups after a crash', () => {
    const rig = new RawGroups({ 'offsets.topic.replication.factor': '1' }, { brokers: 1 });
    const [one] = rig.stable(['one'], { sessionTimeoutMs: 60_000 });
    for (let offset = 1; offset <= 50; offset++) expect(one!.commit(offset)).toBe(0);
    rig.cluster.inject({ fault: 'crash', host: 'broker-1' });
    rig.cluster.inject({ fault: 'start', host: 'broker-1' });
    rig.coordinator();
    expect(rig.fetchOnce()).toBe(50);
    expect(one!.beat()).toBe(0);
  });

  test('kafka: coordinator: who does not lead says so, and the topic needs its brokers', () => {
    const rig = new RawGroups();
    const [one] = rig.stable(['one']);
    const other = rig.cluster.brokerIds.find((id) => id !== rig.coordinator())!;
    const { memberId, generation: generationId } = one!;
    const body = { groupId: 'g', memberId, generationId, groupInstanceId: null };
    expect(rig.client.ask(other, heartbeat, body).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    const alone = new RawGroups({}, { brokers: 1 });
    for (let attempt = 0; attempt < 5; attempt++) {
      expect(alone.findOnce()).toBe(-ErrorCode.COORDINATOR_NOT_AVAILABLE);
      alone.cluster.sleep(1);
    }
  });

  test('kafka: coordinator: a commit is answered when the in-sync replicas have it', () => {
    const rig = new RawGroups({ 'replica.lag.time.max.ms': '60000' });
    const [one] = rig.stable(['one'], { sessionTimeoutMs: 60_000 });
    const leader = rig.coordinator();
    one!.commit(1);
    const others = rig.cluster.brokerIds.filter((id) => id !== leader);
    for (const id of others) rig.cluster.inject({ fault: 'pause', host: `broker-${id}` });
    // It is in the leader's log, but could be lost with it.
    expect(one!.commit(2)).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    expect(rig.fetchOnce()).toBe(1);
    for (const id of others) rig.cluster.inject({ fault: 'resume', host: `broker-${id}` });
    rig.cluster.sleep(3);
    expect(rig.fetchOnce()).toBe(2);
  });

  test('kafka: coordinator: an assignment is told when the in-sync replicas have it', () => {
    const rig = new RawGroups({ 'replica.lag.time.max.ms': '60000' });
    const one = rig.member('one');
    expect(one.joinOnce({}, 3).errorCode).toBe(0);
    const leader = rig.coordinator();
    const others = rig.cluster.brokerIds.filter((id) => id !== leader);
    for (const id of others) rig.cluster.inject({ fault: 'pause', host: `broker-${id}` });
    one.sync();
    rig.cluster.sleep(2);
    expect(one.synced).toBeNull();
    expect(rig.state()).toBe('CompletingRebalance');
    for (const id of others) rig.cluster.inject({ fault: 'resume', host: `broker-${id}` });
    rig.cluster.until('told', () => one.synced !== null, 5);
    expect(one.synced!.errorCode).toBe(0);
  });

  test('kafka: coordinator: too few in-sync replicas: nothing is written', () => {
    const rig = new RawGroups({ 'min.insync.replicas': '2', 'replica.lag.time.max.ms': '4000' });
    const [one] = rig.stable(['one'], { sessionTimeoutMs: 100_000 });
    one!.commit(1);
    const leader = rig.coordinator();
    for (const id of rig.cluster.brokerIds) {
      if (id !== leader) rig.cluster.inject({ fault: 'crash', host: `broker-${id}` });
    }
    rig.cluster.sleep(15);
    const end = rig.cluster.replica(leader, TOPIC)!.leo;
    expect(one!.commit(2)).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    expect(rig.cluster.replica(leader, TOPIC)!.leo).toBe(end);
    expect(rig.fetchOnce()).toBe(1);
  });

  test('kafka: coordinator: the log holds the records of the real one', () => {
    const rig = new RawGroups();
    const [one] = rig.stable(['one']);
    one!.commit(9);
    one!.leave();
    const found: unknown[] = [];
    const [partition] = [...rig.cluster.broker(rig.coordinator())!.partitions].filter(
      ({ topic }) => topic === TOPIC,
    );
    const read = partition!.log.read(0, 1_000_000, {
      minOneMessage: true,
      maxOffset: partition!.log.logEndOffset,
    });
    if (typeof read === 'string') throw new Error(read);
    for (const header of scanBatches(read.bytes).batches) {
      const records = readRecords(read.bytes, header, 1_000_000);
      if (isBatchProblem(records)) throw new Error(records);
      for (const { key, value } of records) found.push(groupRecords.decode(key!, value));
    }
    const { memberId } = one!;
    expect(found).toMatchObject([
      { type: 'GroupMetadata', value: { generation: 0, members: [], protocolType: '' } },
      {
        type: 'GroupMetadata',
        key: { group: 'g' },
        value: { generation: 1, leader: memberId, protocol: 'range', members: [{ memberId }] },
      },
      {
        type: 'OffsetCommit',
        key: { group: 'g', topic: 'pay', partition: 0 },
        value: { offset: 9 },
      },
      { type: 'GroupMetadata', value: { generation: 2, leader: null, members: [] } },
    ]);
  });
});

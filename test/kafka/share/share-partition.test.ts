/**
 * A share-partition by its requests: what a member is given, what its acknowledgements do, and what
 * happens to records that it keeps. The transitions are those of `SharePartition.RecordState`.
 */
import { describe, expect, test } from 'vitest';
import { canBecome, type RecordState } from '../../../engine/kafka/share/record-state.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { RawShare } from './raw-share.ts';

const [GAP, ACCEPT, RELEASE, REJECT] = [0, 1, 2, 3];
const STATES: readonly RecordState[] = ['AVAILABLE', 'ACQUIRED', 'ACKNOWLEDGED', 'ARCHIVED'];

function rigWith(records: number, settings: Readonly<Record<string, string>> = {}): RawShare {
  const rig = new RawShare(settings);
  rig.initialize();
  rig.produce(records);
  return rig;
}

describe('kafka: share-partition', () => {
  test('the transitions of a record', () => {
    const found = STATES.flatMap((from) =>
      STATES.filter((to) => canBecome(from, to)).map((to) => `${from} ${to}`),
    );
    expect(found).toEqual([
      'AVAILABLE ACQUIRED',
      'ACQUIRED AVAILABLE',
      'ACQUIRED ACKNOWLEDGED',
      'ACQUIRED ARCHIVED',
    ]);
  });

  test('two members get different records of one partition, each with its count', () => {
    const rig = rigWith(5);
    const [one, two] = [rig.member('one'), rig.member('two')];
    expect(one.acquire({ recordsMax: 2 })).toEqual(['0-1 x1']);
    expect(two.acquire({ recordsMax: 2 })).toEqual(['2-3 x1']);
    expect(one.acquire({ recordsMax: 2 })).toEqual(['4-4 x1']);
    expect(two.acquire()).toEqual([]);
    expect(rig.states).toEqual([0, 1, 2, 3, 4].map((offset) => `${offset} ACQUIRED 1`));
  });

  test('accept, release and reject; the start offset follows what is done with', () => {
    const rig = rigWith(4);
    const one = rig.member('one');
    one.fetch();
    expect(one.acknowledge([[1, 3, ACCEPT, RELEASE, REJECT]])).toBe(ErrorCode.NONE);
    expect(rig.states).toEqual([
      '0 ACQUIRED 1',
      '1 ACKNOWLEDGED 1',
      '2 AVAILABLE 1',
      '3 ARCHIVED 1',
    ]);
    expect(rig.share?.startOffset).toBe(0);
    expect(one.acknowledge([[0, 0, GAP]])).toBe(ErrorCode.NONE);
    expect(rig.share?.startOffset).toBe(2);
    expect(one.acquire()).toEqual(['2-2 x2']);
  });

  test('acknowledgements travel with the next fetch', () => {
    const rig = rigWith(2);
    const one = rig.member('one');
    expect(one.acquire({ recordsMax: 1 })).toEqual(['0-0 x1']);
    const next = one.fetch({ acknowledges: [[0, 0, ACCEPT]], recordsMax: 1 });
    const partition = next.responses[0]?.partitions[0];
    expect(partition?.acknowledgeErrorCode).toBe(ErrorCode.NONE);
    expect(partition?.acquiredRecords).toEqual([
      { firstOffset: 1, lastOffset: 1, deliveryCount: 1 },
    ]);
    expect(next.acquisitionLockTimeoutMs).toBe(30_000);
    expect(rig.share?.startOffset).toBe(1);
  });

  test('what a member does not have it cannot acknowledge, and then nothing of it counts', () => {
    const rig = rigWith(4);
    const [one, two] = [rig.member('one'), rig.member('two')];
    one.fetch({ recordsMax: 2 });
    two.fetch({ recordsMax: 1 });
    expect(one.acknowledge([[0, 2, ACCEPT]])).toBe(ErrorCode.INVALID_RECORD_STATE);
    expect(one.acknowledge([[9, 9, ACCEPT]])).toBe(ErrorCode.INVALID_REQUEST);
    expect(rig.states.slice(0, 2)).toEqual(['0 ACQUIRED 1', '1 ACQUIRED 1']);
    expect(one.acknowledge([[0, 1, ACCEPT]])).toBe(ErrorCode.NONE);
    expect(two.acknowledge([[2, 2, ACCEPT]])).toBe(ErrorCode.NONE);
    expect(two.acknowledge([[2, 2, ACCEPT]])).toBe(ErrorCode.NONE);
    expect(rig.share?.startOffset).toBe(3);
    expect(two.acknowledge([[3, 3, ACCEPT]])).toBe(ErrorCode.INVALID_RECORD_STATE);
  });

  test('acknowledgements that make no sense are INVALID_REQUEST', () => {
    const rig = rigWith(3);
    const one = rig.member('one');
    one.fetch();
    const invalid = [
      [[1, 0, ACCEPT]],
      [[0, 2, ACCEPT, ACCEPT]],
      [[0, 0, 4]],
      [[0, 0]],
      [
        [1, 2, ACCEPT],
        [0, 0, ACCEPT],
      ],
    ] as const;
    for (const batches of invalid) {
      expect(one.acknowledge(batches as never)).toBe(ErrorCode.INVALID_REQUEST);
    }
    expect(rig.states.every((state) => state.includes('ACQUIRED'))).toBe(true);
  });

  test('the lock is over: the record is available, and given up at the limit', () => {
    const rig = rigWith(1, {
      'group.share.record.lock.duration.ms': '1000',
      'group.share.delivery.count.limit': '2',
    });
    const [one, two] = [rig.member('one'), rig.member('two')];
    expect(one.acquire()).toEqual(['0-0 x1']);
    rig.cluster.sleep(0.9);
    expect(rig.states).toEqual(['0 ACQUIRED 1']);
    rig.cluster.sleep(0.2);
    expect(rig.states).toEqual(['0 AVAILABLE 1']);
    expect(one.acknowledge([[0, 0, ACCEPT]])).toBe(ErrorCode.INVALID_RECORD_STATE);
    expect(two.acquire()).toEqual(['0-0 x2']);
    rig.cluster.sleep(1.1);
    expect(rig.share?.startOffset).toBe(1);
    expect(two.acquire()).toEqual([]);
  });

  test('a waiting fetch is answered as soon as a record is there again', () => {
    const rig = rigWith(1, { 'group.share.record.lock.duration.ms': '1000' });
    const [one, two] = [rig.member('one'), rig.member('two')];
    one.fetch();
    const begun = rig.cluster.world.now;
    expect(two.acquire({ maxWaitMs: 20_000 })).toEqual(['0-0 x2']);
    expect(rig.cluster.world.now - begun).toBeLessThan(1_100_000);
  });

  test('the end of a session gives records back, and their delivery does not count', () => {
    const rig = rigWith(2);
    const [one, two] = [rig.member('one'), rig.member('two')];
    one.fetch();
    expect(one.acknowledge([[0, 0, ACCEPT]], -1)).toBe(ErrorCode.NONE);
    expect(rig.share?.startOffset).toBe(1);
    expect(rig.states).toEqual(['1 AVAILABLE 0']);
    expect(two.acquire()).toEqual(['1-1 x1']);
    rig.cluster.inject({ fault: 'crash', host: 'two' });
    rig.cluster.sleep(0.5);
    expect(rig.states).toEqual(['1 AVAILABLE 0']);
  });

  test('no more records are in flight than the limit allows', () => {
    const rig = rigWith(130, { 'group.share.partition.max.record.locks': '100' });
    const one = rig.member('one');
    expect(one.acquire()).toEqual(['0-99 x1']);
    expect(one.acquire()).toEqual([]);
    expect(one.acknowledge([[0, 49, ACCEPT]])).toBe(ErrorCode.NONE);
    expect(one.acquire()).toEqual(['100-129 x1']);
  });

  test('where a group without a state begins is a setting of the group', () => {
    const rig = new RawShare();
    rig.produce(3);
    expect(rig.configure('share.auto.offset.reset', 'first')).toBe(ErrorCode.INVALID_CONFIG);
    rig.initialize(-1);
    rig.cluster.sleep(7);
    const one = rig.member('one');
    one.fetch();
    expect(rig.share?.startOffset).toBe(3);
    const other = new RawShare();
    other.produce(3);
    expect(other.configure('share.auto.offset.reset', 'earliest')).toBe(ErrorCode.NONE);
    other.initialize(-1);
    other.cluster.sleep(7);
    expect(other.member('one').acquire()).toEqual(['0-2 x1']);
  });
});

describe('kafka: share sessions', () => {
  test('requests come in order, or not at all', () => {
    const rig = rigWith(3);
    const one = rig.member('one');
    const code = (epoch: number): number => one.fetch({ epoch, recordsMax: 1 }).errorCode;
    expect(code(5)).toBe(ErrorCode.SHARE_SESSION_NOT_FOUND);
    expect(code(0)).toBe(ErrorCode.NONE);
    expect(code(2)).toBe(ErrorCode.INVALID_SHARE_SESSION_EPOCH);
    expect(code(1)).toBe(ErrorCode.NONE);
    expect(code(1)).toBe(ErrorCode.INVALID_SHARE_SESSION_EPOCH);
    expect(one.acknowledge([[0, 0, ACCEPT]], 0)).toBe(ErrorCode.INVALID_SHARE_SESSION_EPOCH);
    expect(one.fetch({ epoch: 0, acknowledges: [[0, 0, ACCEPT]] }).errorCode).toBe(
      ErrorCode.INVALID_REQUEST,
    );
    expect(code(-1)).toBe(ErrorCode.NONE);
    expect(code(2)).toBe(ErrorCode.SHARE_SESSION_NOT_FOUND);
  });

  test('a broker that does not lead says who does', () => {
    const rig = rigWith(1);
    const partition = rig.member('one').fetch({ broker: 2 }).responses[0]?.partitions[0];
    expect(partition?.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(partition?.currentLeader).toEqual({ leaderId: 1, leaderEpoch: 0 });
  });

  test('a broker has so many sessions, and no more', () => {
    const rig = rigWith(1, { 'group.share.max.share.sessions': '1' });
    rig.cluster.sleep(1);
    rig.cluster.inject({ fault: 'crash', host: 'first' });
    rig.cluster.sleep(1);
    expect(rig.member('one').fetch().errorCode).toBe(ErrorCode.NONE);
    expect(rig.member('two').fetch().errorCode).toBe(ErrorCode.SHARE_SESSION_LIMIT_REACHED);
  });
});

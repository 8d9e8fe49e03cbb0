/** A leader's view of its followers, without a cluster around it. */
import { describe, expect, test } from 'vitest';
import {
  FollowerReplica,
  type FollowerFetch,
} from '../../../engine/kafka/partition/follower-replica.ts';
import {
  InSyncReplicas,
  type PartitionEnvironment,
  afterIsrError,
} from '../../../engine/kafka/partition/in-sync-replicas.ts';
import { type SwitchName, profileOf } from '../../../engine/kafka/profiles.ts';
import type { Ports } from '../../../engine/kernel/ports.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';

const LAG_MICROS = 30_000_000;

/** A broker 1 that knows brokers 2 and 3; nothing here is asked of the ports. */
function environment(quirks: Partial<Record<SwitchName, boolean>> = {}) {
  const epochs = new Map([
    [1, 10],
    [2, 20],
    [3, 30],
  ]);
  const fenced = new Set<number>();
  const shuttingDown = new Set<number>();
  const made: PartitionEnvironment = {
    ports: { trace: { on: false, record: () => undefined } } as unknown as Ports,
    brokerId: 1,
    switches: profileOf('kafka-4.1', quirks).switches,
    lagMicrosMax: LAG_MICROS,
    brokerEpoch: () => 10,
    aliveBrokerEpoch: (id) => epochs.get(id) ?? -1,
    isFenced: (id) => fenced.has(id),
    isShuttingDown: (id) => shuttingDown.has(id),
    alterPartition: () => undefined,
    progressed: () => undefined,
  };
  return { made, epochs, fenced, shuttingDown };
}

const EPOCHS = { leaderEpoch: 4, partitionEpoch: 9 };

function fetchAt(fetchOffset: number, over: Partial<FollowerFetch> = {}): FollowerFetch {
  return {
    fetchOffset,
    logStartOffset: 0,
    atMicros: 0,
    leaderEndOffset: 10,
    brokerEpoch: 20,
    ...over,
  };
}

function leaderWith(isr: readonly number[], quirks: Partial<Record<SwitchName, boolean>> = {}) {
  const around = environment(quirks);
  const replicas = new InSyncReplicas(around.made, 'pay-0');
  replicas.update([1, 2, 3], isr, 4);
  return { ...around, replicas };
}

describe('kafka: follower replica', () => {
  test('kafka: follower replica: reaching the leader’s end of last time was caught up then', () => {
    const follower = new FollowerReplica(2);
    follower.fetched(fetchAt(5, { atMicros: 1_000, leaderEndOffset: 10 }));
    expect(follower.isCaughtUp(20, 1_000, LAG_MICROS)).toBe(false);
    // At 10, where the leader ended at time 1000: caught up at time 1000, not now.
    follower.fetched(fetchAt(10, { atMicros: 2_000, leaderEndOffset: 20 }));
    expect(follower.lastCaughtUpMicros).toBe(1_000);
    expect(follower.isCaughtUp(20, 1_000 + LAG_MICROS, LAG_MICROS)).toBe(true);
    expect(follower.isCaughtUp(20, 1_001 + LAG_MICROS, LAG_MICROS)).toBe(false);
    // At the leader's end nobody lags, however long ago that was.
    expect(follower.isCaughtUp(10, 9_000 + LAG_MICROS, LAG_MICROS)).toBe(true);
  });

  test('kafka: follower replica: a new leader gives members of the ISR time, others none', () => {
    const follower = new FollowerReplica(2);
    follower.fetched(fetchAt(10, { atMicros: 1_000 }));
    follower.reset(50_000, 10, true, true);
    expect(follower.logEndOffset).toBe(-1);
    expect(follower.isCaughtUp(10, 50_000 + LAG_MICROS, LAG_MICROS)).toBe(true);
    follower.reset(50_000, 10, true, false);
    expect(follower.isCaughtUp(10, 50_000, LAG_MICROS)).toBe(false);
  });
});

describe('kafka: in-sync replicas', () => {
  test('kafka: in-sync replicas: who is about to join or to leave counts', () => {
    const { replicas } = leaderWith([1, 2]);
    const joining = replicas.follower(3)!;
    joining.fetched(fetchAt(10, { brokerEpoch: 30 }));
    const proposal = replicas.expand(joining, EPOCHS);
    expect(proposal.isr).toEqual([
      { brokerId: 1, brokerEpoch: 10 },
      { brokerId: 2, brokerEpoch: -1 },
      { brokerId: 3, brokerEpoch: 30 },
    ]);
    expect(replicas.state).toBe('PendingExpandIsr');
    expect([replicas.isr, replicas.maximalIsr]).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
    replicas.commit([1, 2, 3], 4);
    expect(replicas.isr).toEqual([1, 2, 3]);
    replicas.shrink([2], EPOCHS);
    expect([replicas.isr, replicas.maximalIsr]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    replicas.commit([1, 3], 4);
    expect([replicas.isr, replicas.maximalIsr]).toEqual([
      [1, 3],
      [1, 3],
    ]);
  });

  test('kafka: in-sync replicas: without the maximal ISR who joins does not count yet', () => {
    const { replicas } = leaderWith([1, 2], { countsPendingIsr: false });
    const joining = replicas.follower(3)!;
    joining.fetched(fetchAt(10, { brokerEpoch: 30 }));
    replicas.expand(joining, EPOCHS);
    expect(replicas.maximalIsr).toEqual([1, 2]);
  });

  test('kafka: in-sync replicas: an answer to an overtaken proposal is out of date', () => {
    const { replicas } = leaderWith([1, 2]);
    const joining = replicas.follower(3)!;
    joining.fetched(fetchAt(10, { brokerEpoch: 30 }));
    const proposal = replicas.expand(joining, EPOCHS);
    expect(replicas.isCurrent(proposal)).toBe(true);
    replicas.update([1, 2, 3], [1], 5);
    expect(replicas.isCurrent(proposal)).toBe(false);
    expect(replicas.maximalIsr).toEqual([1]);
  });

  test('kafka: in-sync replicas: K9: only who lives as when it fetched may join (KIP-903)', () => {
    const { replicas, epochs, fenced, shuttingDown } = leaderWith([1]);
    const follower = replicas.follower(2)!;
    expect(replicas.canAdd(follower)).toBe(false);
    follower.fetched(fetchAt(10));
    expect(replicas.canAdd(follower)).toBe(true);
    fenced.add(2);
    expect(replicas.canAdd(follower)).toBe(false);
    fenced.clear();
    shuttingDown.add(2);
    expect(replicas.canAdd(follower)).toBe(false);
    shuttingDown.clear();
    // It was restarted: what it had fetched may be lost.
    epochs.set(2, 21);
    expect(replicas.canAdd(follower)).toBe(false);
    expect(replicas.isStale(fetchAt(10), 2)).toBe(true);
    expect(replicas.isStale(fetchAt(10, { brokerEpoch: 21 }), 2)).toBe(false);
  });

  test('kafka: in-sync replicas: before KIP-903 a restarted follower sneaks in', () => {
    const { replicas, epochs } = leaderWith([1], { brokerEpochInIsrChange: false });
    const follower = replicas.follower(2)!;
    follower.fetched(fetchAt(10));
    epochs.set(2, 21);
    expect(replicas.canAdd(follower)).toBe(true);
  });

  test('kafka: in-sync replicas: before KAFKA-15221 a fetch of an earlier life counts', () => {
    const { replicas, epochs } = leaderWith([1], { refusesStaleFetch: false });
    epochs.set(2, 21);
    expect(replicas.isStale(fetchAt(10), 2)).toBe(false);
  });

  test('kafka: in-sync replicas: min.insync.replicas is at most the replication factor', () => {
    const { replicas } = leaderWith([1]);
    expect(replicas.effectiveMinIsr(2)).toBe(2);
    expect(replicas.effectiveMinIsr(9)).toBe(3);
  });

  test('kafka: in-sync replicas: what an error of AlterPartition leads to', () => {
    expect(afterIsrError(ErrorCode.INELIGIBLE_REPLICA)).toBe('roll-back');
    expect(afterIsrError(ErrorCode.INVALID_UPDATE_VERSION)).toBe('wait');
    expect(afterIsrError(ErrorCode.UNKNOWN_SERVER_ERROR)).toBe('retry');
  });
});

/**
 * Replicas that move: who gains one fetches it, who loses one takes its log away, and a replica
 * that went and came back is not taken for what it was (gallery 8).
 */
import { describe, expect, test } from 'vitest';
import { alterPartitionReassignments } from '../../../engine/kafka/client/administration.ts';
import type { AdminResult } from '../../../engine/kafka/client/admin-call.ts';
import { type ProfileName, type SwitchName, profileOf } from '../../../engine/kafka/profiles.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { Cluster, type ClusterOptions, valuesOf } from '../cluster.ts';

const SECOND = 1_000_000;

function clusterOn(
  replicas: readonly number[],
  options: ClusterOptions = {},
  configs: Readonly<Record<string, string>> = {},
): Cluster {
  const cluster = new Cluster(options);
  cluster.running();
  cluster.createTopic({
    name: 'pay',
    numPartitions: 1,
    replicationFactor: replicas.length,
    assignments: [replicas],
    configs: { 'min.insync.replicas': '1', ...configs },
  });
  return cluster;
}

/** Begins a reassignment; the error code that the admin client gets. */
function reassign(cluster: Cluster, replicas: readonly number[] | null): number {
  const admin = cluster.admin();
  const results: AdminResult<unknown>[] = [];
  cluster.world.command(admin.name, 'reassign', () => {
    alterPartitionReassignments(
      admin.process,
      [{ topic: 'pay', partition: 0, replicas }],
      (result) => results.push(result),
    );
  });
  cluster.until('the reassignment begins', () => results.length > 0);
  const result = results[0]!;
  return result.ok ? ErrorCode.NONE : result.errorCode;
}

/** Folders of `pay-0` on a broker's disk. */
function foldersOf(cluster: Cluster, id: number): string[] {
  const paths = cluster.world.hostNamed(`broker-${id}`)!.disk.list('data');
  const folders = paths.map((path) => path.slice(0, path.indexOf('/')));
  return [...new Set(folders.filter((folder) => folder.startsWith('pay-0')))];
}

function send(cluster: Cluster, values: readonly string[]): void {
  const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
  for (const value of values) producer.send(value);
  cluster.until('all are acked', () => producer.acked.length === values.length);
}

const isrOf = (cluster: Cluster, id: number) => cluster.replica(id)?.isr ?? [];

describe('kafka: reassignment', () => {
  test('kafka: reassignment: a partition moves to other brokers with all its records', () => {
    const cluster = clusterOn([1, 2], { brokers: 4 });
    send(cluster, ['m0', 'm1']);
    expect(reassign(cluster, [3, 4])).toBe(ErrorCode.NONE);
    cluster.until('1 and 2 are out', () => [1, 2].every((id) => cluster.replica(id) === undefined));
    cluster.until('3 leads', () => cluster.replica(3)?.role === 'leader');
    expect(cluster.replica(3)).toMatchObject({ isr: [3, 4], leo: 2, hw: 2 });
    send(cluster, ['m2']);
    expect(valuesOf(cluster.readAll())).toEqual(['m0', 'm1', 'm2']);
  });

  test('kafka: reassignment: the one replica moves: it joins and leads by the same change', () => {
    const cluster = clusterOn([1]);
    send(cluster, ['m0', 'm1']);
    expect(reassign(cluster, [2])).toBe(ErrorCode.NONE);
    cluster.until('2 leads', () => cluster.replica(2)?.role === 'leader');
    cluster.until('1 is out', () => cluster.replica(1) === undefined);
    expect(cluster.replica(2)).toMatchObject({ isr: [2], leo: 2, hw: 2 });
  });

  test('kafka: reassignment: a log that is lost is renamed at once and removed later', () => {
    const cluster = clusterOn([1, 2]);
    send(cluster, ['m0']);
    reassign(cluster, [1]);
    cluster.until('2 is out', () => cluster.replica(2) === undefined);
    expect(foldersOf(cluster, 2)).toEqual([expect.stringMatching(/^pay-0\.[0-9a-f]{32}-delete$/)]);
    // Back and away again within file.delete.delay.ms: a second folder, with another id.
    reassign(cluster, [1, 2]);
    cluster.until('2 is back', () => isrOf(cluster, 1).length === 2);
    expect(cluster.replica(2)).toMatchObject({ leo: 1, hw: 1 });
    reassign(cluster, [1]);
    cluster.until('2 is out', () => cluster.replica(2) === undefined);
    expect(new Set(foldersOf(cluster, 2)).size).toBe(2);
    cluster.sleep(61);
    expect(foldersOf(cluster, 2)).toEqual([]);
    expect(foldersOf(cluster, 1)).toEqual(['pay-0']);
  });

  test('kafka: reassignment: what a stop left to be removed is removed after the start', () => {
    const cluster = clusterOn([1, 2]);
    send(cluster, ['m0']);
    reassign(cluster, [1]);
    cluster.until('2 is out', () => cluster.replica(2) === undefined);
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    cluster.inject({ fault: 'start', host: 'broker-2' });
    cluster.running();
    expect(foldersOf(cluster, 2)).toHaveLength(1);
    cluster.sleep(61);
    expect(foldersOf(cluster, 2)).toEqual([]);
  });

  test('kafka: reassignment: a checkpoint of the log that went is not the new one’s', () => {
    const settings = { 'log.retention.check.interval.ms': '1000' };
    const configs = { 'segment.bytes': '1048576', 'retention.bytes': '1' };
    const cluster = clusterOn([1, 2], { settings }, configs);
    const value = 'm'.repeat(600_000);
    for (let turn = 0; turn < 3; turn++) send(cluster, [value]);
    cluster.until('the log start is past 0', () => cluster.replica(2)!.logStart > 0);
    // log.flush.start.offset.checkpoint.interval.ms
    cluster.sleep(65);
    reassign(cluster, [1]);
    cluster.until('2 is out', () => cluster.replica(2) === undefined);
    cluster.inject({ fault: 'isolate', host: 'broker-2', from: ['broker-1'] });
    reassign(cluster, [1, 2]);
    cluster.until('2 is back', () => cluster.replica(2) !== undefined);
    expect(cluster.replica(2)).toMatchObject({ leo: 0, hw: 0, logStart: 0 });
    cluster.inject({ fault: 'heal' });
    cluster.until('2 has all', () => cluster.replica(2)?.hw === 3);
  });

  test('kafka: reassignment: null takes it back, and nothing to take back is an error', () => {
    const cluster = clusterOn([1, 2]);
    send(cluster, ['m0']);
    expect(reassign(cluster, null)).toBe(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS);
    expect(reassign(cluster, [1, 9])).toBe(ErrorCode.INVALID_REPLICA_ASSIGNMENT);
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1'] });
    expect(reassign(cluster, [1, 3])).toBe(ErrorCode.NONE);
    cluster.until('3 begins', () => cluster.replica(3) !== undefined);
    expect(reassign(cluster, null)).toBe(ErrorCode.NONE);
    cluster.until('3 is out', () => cluster.replica(3) === undefined);
    expect(cluster.replica(1)).toMatchObject({ role: 'leader', isr: [1, 2] });
  });
});

describe('kafka: reassignment: removed and added again (gallery 8)', () => {
  /**
   * The way from broker 3 to the leader is slow. Replica 3 is taken away and given back, empty.
   * Only then the last fetch of its former life arrives. The leader dies as soon as 3 is in the
   * ISR.
   */
  function comesBack(
    name: ProfileName,
    quirks: Partial<Record<SwitchName, boolean>> = {},
  ): { leo: number; values: string[] } {
    const profile = profileOf(name, { eligibleLeaderReplicas: false, ...quirks });
    const cluster = clusterOn([1, 2, 3], { profile });
    send(cluster, ['m0', 'm1', 'm2']);
    cluster.until('all everywhere', () => [2, 3].every((id) => cluster.replica(id)?.hw === 3));
    const link = { from: 'broker-3', to: 'broker-1' };
    cluster.inject({ fault: 'delay', ...link, minMicros: 2 * SECOND, jitterMicros: 0 });
    cluster.sleep(1);
    reassign(cluster, [1, 2]);
    cluster.until('3 is out', () => cluster.replica(3) === undefined);
    reassign(cluster, [1, 2, 3]);
    cluster.until('3 is back', () => cluster.replica(3) !== undefined);
    expect(isrOf(cluster, 1)).toEqual([1, 2]);
    cluster.until('3 is in the ISR', () => isrOf(cluster, 1).length === 3);
    const { leo } = cluster.replica(3)!;
    for (const id of [1, 2]) cluster.inject({ fault: 'crash', host: `broker-${id}` });
    cluster.until('3 leads', () => cluster.replica(3)?.role === 'leader');
    return { leo, values: valuesOf(cluster.readAll()) };
  }

  const lost = { leo: 0, values: [] };
  const kept = { leo: 3, values: ['m0', 'm1', 'm2'] };

  test('kafka: reassignment: before KIP-320 a late fetch takes an empty replica in', () => {
    for (const name of ['kafka-1.1', 'kafka-2.0'] as const) expect(comesBack(name)).toEqual(lost);
  });

  test('kafka: reassignment: a fetch of an old epoch that counts loses what was acked', () => {
    expect(comesBack('kafka-4.1', { isrJoinNeedsFetchInEpoch: false })).toEqual(lost);
  });

  test('kafka: reassignment: only a fetch in the present epoch takes a replica in', () => {
    for (const name of ['kafka-2.1', 'kafka-4.1'] as const) expect(comesBack(name)).toEqual(kept);
  });
});

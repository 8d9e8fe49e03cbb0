/**
 * The admin client against a real cluster of the simulated world. Not here: what the broker and the
 * controller do with each request (test/kafka/broker, test/kafka/controller).
 */
import { describe, expect, test } from 'vitest';
import type { Admin } from '../../../engine/kafka/client/admin.ts';
import {
  alterPartitionReassignments,
  deleteTopics,
  describeCluster,
  describeConfigs,
  electLeaders,
  incrementalAlterConfigs,
  listPartitionReassignments,
} from '../../../engine/kafka/client/administration.ts';
import type { AdminCallback, AdminResult } from '../../../engine/kafka/client/admin-call.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { listOffsets, type ListedOffset } from '../../../engine/kafka/client/list-offsets.ts';
import type { CreateTopicsResponse } from '../../../engine/wire/kafka/messages/create-topics.ts';
import type { TopicPartition } from '../../../engine/kafka/client/consumer/subscription-state.ts';
import type { DescribeClusterResponse } from '#engine/wire/kafka/messages/describe-cluster.ts';
import type { DescribeConfigsResponse } from '#engine/wire/kafka/messages/describe-configs.ts';
import type { MetadataResponse } from '../../../engine/wire/kafka/messages/metadata.ts';
import { Cluster } from '../cluster.ts';

const PAY = { name: 'pay', numPartitions: 1, replicationFactor: 3, assignments: [[1, 2, 3]] };

function running(): Cluster {
  const cluster = new Cluster();
  cluster.running();
  return cluster;
}

/** Runs one call of an admin client to its end. */
function call<T>(
  cluster: Cluster,
  ask: (admin: Admin, done: AdminCallback<T>) => void,
): AdminResult<T> {
  const admin = cluster.admin();
  const results: AdminResult<T>[] = [];
  cluster.world.command(admin.name, 'call', () => ask(admin.process, (one) => results.push(one)));
  cluster.until('the call ends', () => results.length > 0, 120);
  cluster.sleep(1);
  expect(results).toHaveLength(1);
  return results[0]!;
}

function valueOf<T>(result: AdminResult<T>): T {
  if (!result.ok) throw new Error(`failed with ${result.errorCode}: ${result.message}`);
  return result.value;
}

describe('kafka admin', () => {
  test('a topic is created, described and deleted', () => {
    const cluster = running();
    const created = call<CreateTopicsResponse['topics']>(cluster, (admin, done) =>
      admin.createTopics([{ name: 'pay', numPartitions: 4, replicationFactor: 2 }], done),
    );
    expect(valueOf(created)).toMatchObject([{ name: 'pay', numPartitions: 4 }]);
    cluster.sleep(1);
    const described = call<MetadataResponse['topics']>(cluster, (admin, done) =>
      admin.describeTopics(['pay'], done),
    );
    const [topic] = valueOf(described);
    expect(topic!.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([0, 1, 2, 3]);
    expect(topic!.partitions.every(({ replicaNodes }) => replicaNodes.length === 2)).toBe(true);
    valueOf(call(cluster, (admin, done) => deleteTopics(admin, ['pay'], done)));
    cluster.sleep(1);
    const gone = call<MetadataResponse['topics']>(cluster, (admin, done) =>
      admin.describeTopics(['pay'], done),
    );
    expect(gone).toMatchObject({ ok: false, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
  });

  test('a topic that is there already is refused at once, with its error', () => {
    const cluster = running();
    cluster.createTopic(PAY);
    const again = call<CreateTopicsResponse['topics']>(cluster, (admin, done) =>
      admin.createTopics([PAY], done),
    );
    expect(again).toMatchObject({ ok: false, errorCode: ErrorCode.TOPIC_ALREADY_EXISTS });
  });

  test('offsets are listed from the leaders', () => {
    const cluster = running();
    cluster.createTopic(PAY);
    const producer = cluster.producer();
    for (const value of ['a', 'b', 'c']) producer.send(value);
    cluster.until('all are acked', () => producer.acked.length === 3);
    const listed = call<readonly ListedOffset[]>(cluster, (admin, done) =>
      listOffsets(
        admin,
        [
          { topic: 'pay', partition: 0, at: 'earliest' },
          { topic: 'pay', partition: 0, at: 'latest' },
        ],
        done,
      ),
    );
    expect(valueOf(listed).map(({ offset }) => offset)).toEqual([0, 3]);
  });

  test('offsets of a topic that is not there fail at the deadline', () => {
    const cluster = running();
    const listed = call<readonly ListedOffset[]>(cluster, (admin, done) =>
      listOffsets(admin, [{ topic: 'nowhere', partition: 0, at: 'latest' }], done),
    );
    expect(listed).toMatchObject({ ok: false, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
  });

  test('a topic configuration is set, described, and deleted again', () => {
    const cluster = running();
    cluster.createTopic(PAY);
    const pay = { type: 'topic', name: 'pay' } as const;
    const read = (): string | null | undefined => {
      const result = call<DescribeConfigsResponse['results']>(cluster, (admin, done) =>
        describeConfigs(admin, [pay], done),
      );
      const [resource] = valueOf(result);
      return resource!.configs.find(({ name }) => name === 'min.insync.replicas')?.value;
    };
    const alter = (value: string | null): void => {
      const values = { 'min.insync.replicas': value };
      valueOf(call(cluster, (admin, done) => incrementalAlterConfigs(admin, pay, values, done)));
      cluster.sleep(1);
    };
    const before = read();
    alter('2');
    expect(read()).toBe('2');
    alter(null);
    expect(read()).toBe(before);
  });

  test('a preferred leader is elected after it came back', () => {
    const cluster = running();
    cluster.createTopic(PAY);
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.until('another leads', () => cluster.replica(2)?.role === 'leader', 30);
    cluster.inject({ fault: 'start', host: 'broker-1' });
    cluster.running();
    cluster.until('it is in sync', () => cluster.replica(2)?.isr.length === 3, 60);
    const partitions = [{ topic: 'pay', partition: 0 }];
    const elected = call(cluster, (admin, done) =>
      electLeaders(admin, 'preferred', partitions, done),
    );
    valueOf(elected);
    cluster.until('it leads', () => cluster.replica(1)?.role === 'leader', 10);
  });

  test('a partition is moved, the move is listed and taken back (KIP-455)', () => {
    const cluster = running();
    cluster.createTopic({ ...PAY, replicationFactor: 1, assignments: [[1]] });
    cluster.inject({ fault: 'isolate', host: 'broker-2', from: ['broker-1'] });
    const partition = { topic: 'pay', partition: 0 };
    const move = (replicas: readonly number[] | null) =>
      call<unknown>(cluster, (admin, done) =>
        alterPartitionReassignments(admin, [{ ...partition, replicas }], done),
      );
    const list = (partitions: readonly TopicPartition[] | null) =>
      valueOf(
        call<{ readonly topics: readonly unknown[] }>(cluster, (admin, done) =>
          listPartitionReassignments(admin, partitions, done),
        ),
      ).topics;
    valueOf(move([2]));
    const ongoing = { replicas: [2, 1], addingReplicas: [2], removingReplicas: [1] };
    const listed = [{ name: 'pay', partitions: [{ partitionIndex: 0, ...ongoing }] }];
    expect(list(null)).toEqual(listed);
    expect(list([partition])).toEqual(listed);
    expect(list([{ topic: 'pay', partition: 1 }])).toEqual([]);
    valueOf(move(null));
    expect(list(null)).toEqual([]);
    const errorCode = ErrorCode.NO_REASSIGNMENT_IN_PROGRESS;
    expect(move(null)).toMatchObject({ ok: false, errorCode });
  });

  test('the cluster is described', () => {
    const cluster = running();
    const described = call<DescribeClusterResponse>(cluster, (admin, done) =>
      describeCluster(admin, done),
    );
    expect(valueOf(described).brokers.map(({ brokerId }) => brokerId)).toEqual([1, 2, 3]);
  });

  test('a call goes to another broker when the first is gone', () => {
    const cluster = running();
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    const described = call<DescribeClusterResponse>(cluster, (admin, done) =>
      describeCluster(admin, done),
    );
    expect(described.ok).toBe(true);
  });

  test('without any broker a call fails at default.api.timeout.ms', () => {
    const cluster = running();
    for (const id of [1, 2, 3]) cluster.inject({ fault: 'crash', host: `broker-${id}` });
    const before = cluster.world.now;
    const described = call<DescribeClusterResponse>(cluster, (admin, done) =>
      describeCluster(admin, done),
    );
    expect(described).toMatchObject({ ok: false, value: null });
    expect(cluster.world.now - before).toBeGreaterThan(55_000_000);
  });
});

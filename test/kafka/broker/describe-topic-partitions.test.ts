/** What a broker answers to DescribeTopicPartitions, and how the admin client asks (KIP-966). */
import { describe, expect, test } from 'vitest';
import { topicDescription } from '#engine/kafka/api/75-describe-topic-partitions.ts';
import type { AdminResult } from '#engine/kafka/client/admin-call.ts';
import {
  type DescribedTopic,
  describeTopicPartitions as described,
} from '#engine/kafka/client/describe-topic-partitions.ts';
import { profileOf } from '#engine/kafka/profiles.ts';
import { ErrorCode } from '#engine/wire/kafka/errors.ts';
import {
  describeTopicPartitions,
  type DescribeTopicPartitionsRequest,
} from '#engine/wire/kafka/messages/describe-topic-partitions.ts';
import { Cluster, type ClusterOptions } from '../cluster.ts';
import { RawClient } from './raw-client.ts';

type Cursor = DescribeTopicPartitionsRequest['cursor'];

function start(options: ClusterOptions = {}): Cluster {
  const cluster = new Cluster({ modules: [topicDescription], ...options });
  cluster.running();
  for (const [name, numPartitions] of [
    ['b', 3],
    ['a', 2],
  ] as const) {
    cluster.createTopic({ name, numPartitions, replicationFactor: 3 });
  }
  return cluster;
}

/** The partitions by topic, and where the next reply would begin. */
function ask(client: RawClient, names: readonly string[], limit: number, cursor: Cursor = null) {
  const topics = names.map((name) => ({ name }));
  const body = { topics, responsePartitionLimit: limit, cursor };
  const answer = client.ask(1, describeTopicPartitions, body);
  const { nextCursor } = answer;
  return {
    topics: answer.topics.map(({ name, errorCode, partitions }) =>
      errorCode === ErrorCode.NONE
        ? `${name ?? ''} ${partitions.map(({ partitionIndex }) => partitionIndex).join(' ')}`
        : `${name ?? ''}: ${errorCode}`,
    ),
    next: nextCursor === null ? null : `${nextCursor.topicName} ${nextCursor.partitionIndex}`,
  };
}

function askAdmin(cluster: Cluster, names: readonly string[], limit: number) {
  const admin = cluster.admin();
  let result: AdminResult<readonly DescribedTopic[]> | null = null;
  cluster.world.command(admin.name, 'describe', () => {
    described(admin.process, names, limit, (told) => (result = told));
  });
  cluster.until('topics are described', () => result !== null);
  return result! as AdminResult<readonly DescribedTopic[]>;
}

describe('kafka: describe topic partitions', () => {
  test('topics come by name, so many partitions at once, and the cursor tells what is left', () => {
    const client = new RawClient(start());
    expect(ask(client, ['b', 'a'], 10)).toEqual({ topics: ['a 0 1', 'b 0 1 2'], next: null });
    expect(ask(client, [], 10)).toEqual({ topics: ['a 0 1', 'b 0 1 2'], next: null });
    expect(ask(client, ['b', 'a'], 3)).toEqual({ topics: ['a 0 1', 'b 0'], next: 'b 1' });
    // Where a topic is told whole and nothing is left for the next, it begins at its partition 0.
    expect(ask(client, ['b', 'a'], 2)).toEqual({ topics: ['a 0 1'], next: 'b 0' });
    const cursor = { topicName: 'b', partitionIndex: 1 };
    expect(ask(client, ['b', 'a'], 1, cursor)).toEqual({ topics: ['b 1'], next: 'b 2' });
    expect(ask(client, ['b', 'a'], 0, cursor)).toEqual({ topics: ['b 1'], next: 'b 2' });
  });

  test('the broker bounds a reply by max.request.partition.size.limit', () => {
    const settings = { 'max.request.partition.size.limit': '1' };
    const client = new RawClient(start({ settings }));
    expect(ask(client, ['a'], 2000)).toEqual({ topics: ['a 0'], next: 'a 1' });
  });

  test('a topic that is not there is told; a cursor beside the topics is refused', () => {
    const client = new RawClient(start());
    const missing = [`a 0 1`, `c: ${ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}`];
    expect(ask(client, ['a', 'c'], 10)).toEqual({ topics: missing, next: null });
    const wrong = [`a b: ${ErrorCode.INVALID_TOPIC_EXCEPTION}`];
    expect(ask(client, ['a b'], 10)).toEqual({ topics: wrong, next: null });
    const refused = { topics: [`a: ${ErrorCode.INVALID_REQUEST}`], next: null };
    expect(ask(client, ['a'], 10, { topicName: 'b', partitionIndex: 0 })).toEqual(refused);
    expect(ask(client, ['a'], 10, { topicName: 'a', partitionIndex: -1 })).toEqual(refused);
  });

  test('the admin client puts partitions of several replies together', () => {
    const result = askAdmin(start(), ['b', 'a'], 2);
    expect(result.ok).toBe(true);
    const partitions = (result.value ?? []).map(({ name, partitions: of }) => [name, of.length]);
    expect(partitions).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
  });

  test('a broker before 3.8 does not know it, and Metadata tells of no ELR', () => {
    const result = askAdmin(start({ profile: profileOf('kafka-3.7') }), ['a'], 2000);
    expect(result.ok).toBe(true);
    const [first] = result.value![0]!.partitions;
    expect(first!.replicaNodes).toHaveLength(3);
    expect(first!.eligibleLeaderReplicas).toBeNull();
  });

  /** A topic of two replicas that must both be in sync, and what is told of its partition. */
  function strictTopic() {
    const cluster = new Cluster({ modules: [topicDescription] });
    cluster.running();
    const configs = { 'min.insync.replicas': '2' };
    const assignments = [[2, 3]];
    cluster.createTopic({
      name: 'pay',
      numPartitions: 1,
      replicationFactor: 2,
      assignments,
      configs,
    });
    const told = () => {
      const { eligibleLeaderReplicas, lastKnownElr, isrNodes } = askAdmin(cluster, ['pay'], 2000)
        .value![0]!.partitions[0]!;
      return { isr: isrNodes, elr: eligibleLeaderReplicas, last: lastKnownElr };
    };
    expect(told()).toEqual({ isr: [2, 3], elr: [], last: [] });
    return { cluster, told };
  }

  test('who stopped cleanly is elected from the ELR when it is back, alone in the ISR', () => {
    const { cluster, told } = strictTopic();
    cluster.inject({ fault: 'stop', host: 'broker-3' });
    cluster.sleep(12);
    expect(told()).toEqual({ isr: [2], elr: [3], last: [] });
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    cluster.sleep(12);
    expect(told()).toEqual({ isr: [], elr: [2, 3], last: [2] });
    cluster.inject({ fault: 'start', host: 'broker-3' });
    cluster.until('3 leads', () => cluster.replica(3)?.role === 'leader');
    expect(told()).toEqual({ isr: [3], elr: [2], last: [] });
  });

  test('who left an ISR at its minimum is eligible until it comes back uncleanly', () => {
    const { cluster, told } = strictTopic();
    cluster.inject({ fault: 'crash', host: 'broker-3' });
    cluster.sleep(12);
    expect(told()).toEqual({ isr: [2], elr: [3], last: [] });
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    cluster.sleep(12);
    expect(told()).toEqual({ isr: [], elr: [2, 3], last: [2] });
    // 3 comes back without having shut down cleanly, so it may lack what it had not synced.
    cluster.inject({ fault: 'start', host: 'broker-3' });
    cluster.sleep(12);
    expect(told()).toEqual({ isr: [], elr: [2], last: [2] });
    // 2 as well: nobody is eligible, but it led last, and has all that it ever synced.
    cluster.inject({ fault: 'start', host: 'broker-2' });
    cluster.until('2 leads', () => cluster.replica(2)?.role === 'leader');
    cluster.sleep(12);
    expect(told()).toEqual({ isr: [2, 3], elr: [], last: [] });
  });
});

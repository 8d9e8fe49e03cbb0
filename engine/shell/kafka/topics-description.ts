/**
 * What `kafka-topics.sh --describe` prints: a line for each topic, a line for each partition.
 *
 * Source: `TopicCommand.TopicDescription`, `TopicCommand.PartitionDescription`. Topics stand in the
 * order of a Java map of their names, and so do the settings of a topic. Since 3.8 the tool asks by
 * DescribeTopicPartitions, and by Metadata where topics are meant by id or no broker knows it.
 */
import { assert } from '../../kernel/assert.ts';
import { compareReleases } from '../../kernel/releases.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import type { AdminCallback } from '../../kafka/client/admin-call.ts';
import {
  describeCluster,
  describeConfigs,
  listPartitionReassignments,
} from '../../kafka/client/administration.ts';
import {
  byMetadata,
  describeTopicPartitions,
  type DescribedTopic,
} from '../../kafka/client/describe-topic-partitions.ts';
import { JavaHashSet, hashOfText } from '../../kafka/client/consumer/assignor/java-hash-set.ts';
import type { DescribeConfigsResponse } from '../../wire/kafka/messages/describe-configs.ts';
import type * as reassignments from '../../wire/kafka/messages/list-partition-reassignments.ts';
import type { Call } from '../program.ts';
import { hasZooKeeper, problemOf, profileOfWorld } from './admin-session.ts';
import type { GivenOptions } from './jopt.ts';

type ListPartitionReassignmentsResponse = reassignments.ListPartitionReassignmentsResponse;
type Partition = DescribedTopic['partitions'][number];
type Reassigned = ListPartitionReassignmentsResponse['topics'][number]['partitions'][number];
type Configs = ReadonlyMap<string, DescribeConfigsResponse['results'][number]['configs']>;

/** `ConfigSource.DEFAULT_CONFIG`. */
const DEFAULT_CONFIG = 5;
/** Settings that a topic of 4.1 has: as many decide how a Java map of them is walked. */
const REAL_SETTINGS = 33;
const NO_REASSIGNMENT_API = 35;
/** The tool has the columns of KIP-966 since then. */
const ELR_SINCE = '3.8';
/** `DescribeTopicsOptions`. */
const PARTITION_LIMIT = 2000;

interface Facts {
  readonly topics: readonly DescribedTopic[];
  readonly configs: Configs;
  readonly live: readonly number[];
  readonly reassigned: ReadonlyMap<string, Reassigned>;
}

/** Asks, prints, and tells: null, or the sentence of what failed. */
export function describeTopics(
  call: Call,
  admin: Admin,
  given: GivenOptions,
  names: readonly string[],
  done: (problem: string | null) => void,
): void {
  assert(names.length > 0, 'topics to describe');
  const take: AdminCallback<readonly DescribedTopic[]> = (topics) => {
    if (topics.ok) describe(call, admin, given, topics.value, done);
    else done(problemOf('describeTopicPartitions', topics));
  };
  const { release } = profileOfWorld(call.world);
  const isNew = compareReleases(release, ELR_SINCE) >= 0 && !hasZooKeeper(call.world);
  if (!isNew || given.has('topic-id')) byMetadata(admin, names, take);
  else {
    const limit = Number(given.value('partition-size-limit-per-response') ?? PARTITION_LIMIT);
    describeTopicPartitions(admin, names, limit, take);
  }
}

function describe(
  call: Call,
  admin: Admin,
  given: GivenOptions,
  topics: readonly DescribedTopic[],
  done: (problem: string | null) => void,
): void {
  const resources = topics.map(({ name }) => ({ type: 'topic' as const, name: name ?? '' }));
  describeConfigs(admin, resources, (configs) => {
    if (!configs.ok) return done(problemOf('describeConfigs', configs));
    describeCluster(admin, (cluster) => {
      if (!cluster.ok) return done(problemOf('describeCluster', cluster));
      listPartitionReassignments(admin, null, (moving) => {
        if (!moving.ok && moving.errorCode !== NO_REASSIGNMENT_API) {
          return done(problemOf('listPartitionReassignments', moving));
        }
        const facts: Facts = {
          topics: new JavaHashSet(({ name }) => hashOfText(name ?? ''), topics).inOrder(),
          configs: new Map(configs.value.map((one) => [one.resourceName, one.configs])),
          live: cluster.value.brokers.map(({ brokerId }) => brokerId),
          reassigned: reassignedOf(moving.ok ? moving.value : null),
        };
        print(call, given, facts);
        done(null);
      });
    });
  });
}

function reassignedOf(
  response: ListPartitionReassignmentsResponse | null,
): ReadonlyMap<string, Reassigned> {
  const all = response?.topics ?? [];
  return new Map(
    all.flatMap(({ name, partitions }) =>
      partitions.map((one): [string, Reassigned] => [`${name}-${one.partitionIndex}`, one]),
    ),
  );
}

function print(call: Call, given: GivenOptions, facts: Facts): void {
  const hasElr = compareReleases(profileOfWorld(call.world).release, ELR_SINCE) >= 0;
  const isFiltered =
    given.has('unavailable-partitions') ||
    given.has('under-replicated-partitions') ||
    given.has('under-min-isr-partitions') ||
    given.has('at-min-isr-partitions');
  const isOverridesOnly = given.has('topics-with-overrides');
  for (const topic of facts.topics) {
    const name = topic.name ?? '';
    const partitions = [...topic.partitions].sort(
      (left, right) => left.partitionIndex - right.partitionIndex,
    );
    if (!isFiltered) {
      const own = ownConfigs(facts.configs.get(name) ?? []);
      if (!isOverridesOnly || own !== '') {
        const first = partitions[0];
        const factor = first === undefined ? 0 : factorOf(name, first, facts);
        call.out(
          `Topic: ${name}${idColumn(call, topic)}\tPartitionCount: ${partitions.length}` +
            `\tReplicationFactor: ${factor}\tConfigs: ${own}`,
        );
      }
    }
    if (isOverridesOnly) continue;
    for (const partition of partitions) {
      if (isFiltered && !isWanted(given, name, partition, facts)) continue;
      call.out(partitionLine(name, partition, facts, hasElr));
    }
  }
}

function ownConfigs(configs: DescribeConfigsResponse['results'][number]['configs']): string {
  const walked = new JavaHashSet<(typeof configs)[number]>(({ name }) => hashOfText(name), configs);
  const fillers = Array.from({ length: Math.max(0, REAL_SETTINGS - configs.length) }, () => {
    return { ...configs[0]!, name: '' };
  });
  if (configs.length > 0) for (const filler of fillers) walked.add(filler);
  return walked
    .inOrder()
    .filter(({ name, configSource }) => name !== '' && configSource !== DEFAULT_CONFIG)
    .map(({ name, value }) => `${name}=${value}`)
    .join(',');
}

/** Replicas that are only on their way do not count. */
function factorOf(
  topic: string,
  { partitionIndex, replicaNodes }: Partition,
  facts: Facts,
): number {
  const moving = facts.reassigned.get(`${topic}-${partitionIndex}`);
  return replicaNodes.length - (moving?.addingReplicas.length ?? 0);
}

function isWanted(given: GivenOptions, topic: string, partition: Partition, facts: Facts): boolean {
  const { isrNodes, leaderId } = partition;
  const { value: minIsrText } = (facts.configs.get(topic) ?? []).find(
    ({ name }) => name === 'min.insync.replicas',
  ) ?? { value: '1' };
  const minIsr = Number(minIsrText);
  const isUnavailable = leaderId < 0 || !facts.live.includes(leaderId);
  return (
    (given.has('under-replicated-partitions') &&
      isrNodes.length < factorOf(topic, partition, facts)) ||
    (given.has('unavailable-partitions') && isUnavailable) ||
    (given.has('under-min-isr-partitions') && isrNodes.length < minIsr) ||
    (given.has('at-min-isr-partitions') && isrNodes.length === minIsr)
  );
}

function partitionLine(topic: string, partition: Partition, facts: Facts, hasElr: boolean): string {
  const { partitionIndex, leaderId, replicaNodes, isrNodes } = partition;
  const moving = facts.reassigned.get(`${topic}-${partitionIndex}`);
  const leader = leaderId < 0 ? 'none' : String(leaderId);
  return [
    `\tTopic: ${topic}\tPartition: ${partitionIndex}\tLeader: ${leader}`,
    `Replicas: ${replicaNodes.join(',')}`,
    `Isr: ${isrNodes.join(',')}`,
    ...(hasElr ? elrColumns(partition) : []),
    ...(moving === undefined
      ? []
      : [
          `Adding Replicas: ${moving.addingReplicas.join(',')}`,
          `Removing Replicas: ${moving.removingReplicas.join(',')}`,
        ]),
  ].join('\t');
}

/** Topics have ids since 2.8 (KIP-516). */
function idColumn(call: Call, { topicId }: DescribedTopic): string {
  const { release } = profileOfWorld(call.world);
  return compareReleases(release, '2.8') >= 0 ? `\tTopicId: ${topicId}` : '';
}

/** Columns of KIP-966. */
function elrColumns({ eligibleLeaderReplicas, lastKnownElr }: Partition): string[] {
  const told = (ids: readonly number[] | null): string => ids?.join(',') ?? 'N/A';
  return [`Elr: ${told(eligibleLeaderReplicas)}`, `LastKnownElr: ${told(lastKnownElr)}`];
}

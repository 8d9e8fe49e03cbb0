/**
 * What a Kafka cluster has, whoever brought it about: configurations of topics, groups, owners,
 * committed offsets. Goals of drills look at it, and completion in a terminal.
 *
 * Read from the processes themselves, not over the wire: it changes nothing. Not here: partitions
 * and replicas (`kafka.ts`).
 */
import type { Broker } from '../kafka/broker.ts';
import type { Controller } from '../kafka/controller/controller.ts';
import type {
  ConsumerGroupView,
  GroupCoordinatorView,
  GroupView,
} from '../kafka/group/group-view.ts';
import { topicConfig } from '../kafka/metadata/image.ts';
import { decodeAssignment } from '../wire/kafka/consumer-protocol.ts';
import type { Lab } from './experiment.ts';
import type { KafkaCluster } from './kafka.ts';

/** The topic's own configurations, as the active controller has them; empty without one. */
export function topicConfigs(
  lab: Lab,
  cluster: KafkaCluster,
  topic: string,
): Readonly<Record<string, string>> {
  const active = cluster.activeController;
  if (active === null) return {};
  const { process } = lab.host(active);
  const deciding = (process as Broker | null)?.controlPlane ?? process;
  return Object.fromEntries(topicConfig((deciding as Controller).image, topic));
}

/** Topics as the controller has them, in the order of their names. */
export function topicNames(cluster: KafkaCluster): readonly string[] {
  const names = new Set((cluster.controller?.partitions ?? []).map(({ topic }) => topic));
  return [...names].sort((left, right) => (left < right ? -1 : 1));
}

/** How many partitions a topic has; 0 where there is none of the name. */
export function partitionCount(cluster: KafkaCluster, topic: string): number {
  return (cluster.controller?.partitions ?? []).filter((one) => one.topic === topic).length;
}

/** Records of a topic that are committed: below the high watermarks of its leaders. */
export function committedCount(cluster: KafkaCluster, topic: string): number {
  let count = 0;
  for (let partition = 0; partition < partitionCount(cluster, topic); partition++) {
    const leader = cluster.leaderOf(topic, partition);
    const replica = leader === null ? null : cluster.replica(leader, topic, partition);
    count += replica === null ? 0 : replica.hw - replica.logStart;
  }
  return count;
}

/** All groups that a coordinator has, classic ones and those of KIP-848. */
export function groupsOf(
  lab: Lab,
  cluster: KafkaCluster,
): readonly (GroupView | ConsumerGroupView)[] {
  return cluster.nodeIds.flatMap((nodeId) => {
    const broker = lab.host(cluster.brokerName(nodeId)).process as Broker | null;
    return (broker?.modules ?? []).flatMap((module) => {
      const view = module.inspect?.() as Partial<GroupCoordinatorView> | undefined;
      if (view?.kind !== 'group-coordinator') return [];
      return [...(view.consumerGroups ?? []), ...(view.groups ?? [])];
    });
  });
}

/** A group as its coordinator sees it; null while no broker coordinates it. */
export function groupNamed(
  lab: Lab,
  cluster: KafkaCluster,
  name: string,
): GroupView | ConsumerGroupView | null {
  return groupsOf(lab, cluster).find(({ groupId }) => groupId === name) ?? null;
}

/** The partitions that a classic group's members were given: `orders-0` each, as often as given. */
export function ownedPartitions(group: GroupView | ConsumerGroupView | null): readonly string[] {
  if (group === null || !('protocol' in group)) return [];
  return group.members.flatMap(({ assignment }) => {
    const topics = decodeAssignment(assignment)?.assignedPartitions ?? [];
    return topics.flatMap(({ topic, partitions }) => partitions.map((one) => `${topic}-${one}`));
  });
}

/** How far a group is behind on a topic: the sum over its partitions; null without a commit. */
export function lagOf(
  lab: Lab,
  cluster: KafkaCluster,
  group: string,
  topic: string,
): number | null {
  const offsets = (groupNamed(lab, cluster, group)?.offsets ?? []).filter(
    (one) => one.topic === topic,
  );
  if (offsets.length < partitionCount(cluster, topic)) return null;
  let lag = 0;
  for (const { partition, offset } of offsets) {
    const leader = cluster.leaderOf(topic, partition);
    const replica = leader === null ? null : cluster.replica(leader, topic, partition);
    if (replica === null) return null;
    lag += replica.hw - offset;
  }
  return lag;
}

/**
 * An image as the records that make it: what a snapshot of the metadata log holds; and what differs
 * between two images, for who takes a snapshot instead of the log's records.
 *
 * Not here: the snapshot's bytes (`raft/snapshot-file.ts`).
 * Source: `org.apache.kafka.image.MetadataImage.write`, `MetadataDelta.finishSnapshot`. Difference:
 * what an image does not keep (a broker's features and log directories) is not in the snapshot.
 */
import { assert } from '../../kernel/assert.ts';
import {
  type MetadataChanges,
  type PartitionChange,
  RESOURCE_TYPE_BROKER,
  RESOURCE_TYPE_GROUP,
  RESOURCE_TYPE_TOPIC,
} from './delta.ts';
import type { MetadataImage, ResourceType, TopicImage } from './image.ts';
import type { PartitionRegistration } from './partition-registration.ts';
import type { MetadataRecord } from './record.ts';

/** Replayed upon the empty image they give this one, but for its offset and epoch. */
export function recordsOfImage(image: MetadataImage): readonly MetadataRecord[] {
  const records: MetadataRecord[] = [];
  for (const [name, featureLevel] of image.features) {
    records.push({ type: 'FeatureLevelRecord', data: { name, featureLevel } });
  }
  for (const broker of image.brokers.values()) {
    const { id: brokerId, epoch: brokerEpoch, endPoints, ...rest } = broker;
    const listeners = endPoints.map((endPoint) => ({ ...endPoint, securityProtocol: 0 }));
    const data = { brokerId, brokerEpoch, endPoints: listeners, ...rest };
    const unknown = { isMigratingZkBroker: false, features: [], logDirs: [] };
    records.push({ type: 'RegisterBrokerRecord', data: { ...data, ...unknown } });
  }
  for (const topic of image.topics.values()) records.push(...recordsOfTopic(topic));
  for (const [key, config] of image.configs) records.push(...recordsOfConfig(key, config));
  if (image.nextProducerId > 0) {
    const data = { brokerId: -1, brokerEpoch: -1, nextProducerId: image.nextProducerId };
    records.push({ type: 'ProducerIdsRecord', data });
  }
  return records;
}

function recordsOfTopic({ name, id: topicId, partitions }: TopicImage): readonly MetadataRecord[] {
  const records: MetadataRecord[] = [{ type: 'TopicRecord', data: { name, topicId } }];
  for (const [partitionId, partition] of partitions.entries()) {
    const { elr, lastKnownElr, ...rest } = partition;
    const data = {
      ...{ partitionId, topicId, directories: [], ...rest },
      eligibleLeaderReplicas: elr.length === 0 ? null : elr,
      lastKnownElr: lastKnownElr.length === 0 ? null : lastKnownElr,
    };
    records.push({ type: 'PartitionRecord', data });
  }
  assert(records.length === partitions.length + 1, 'a record a partition', { name });
  return records;
}

const TYPE_NUMBERS: Readonly<Record<ResourceType, number>> = {
  topic: RESOURCE_TYPE_TOPIC,
  broker: RESOURCE_TYPE_BROKER,
  group: RESOURCE_TYPE_GROUP,
};

function recordsOfConfig(
  key: string,
  config: ReadonlyMap<string, string>,
): readonly MetadataRecord[] {
  const colon = key.indexOf(':');
  assert(colon > 0, 'a resource key', { key });
  const resourceType = TYPE_NUMBERS[key.slice(0, colon) as ResourceType];
  const resourceName = key.slice(colon + 1);
  return [...config].map(([name, value]) => {
    return { type: 'ConfigRecord', data: { resourceType, resourceName, name, value } };
  });
}

/** What differs between two images of one cluster, the second of which is the later one. */
export function imageChanges(before: MetadataImage, after: MetadataImage): MetadataChanges {
  assert(after.offset >= before.offset, 'images go on', { before: before.offset });
  const deletedTopics = [...before.topics.values()].filter(({ id }) => !after.topicNames.has(id));
  const partitions = deletedTopics.flatMap((topic) => partitionChanges(topic, undefined));
  for (const topic of after.topics.values()) {
    const name = before.topicNames.get(topic.id);
    const was = name === undefined ? undefined : before.topics.get(name);
    partitions.push(...partitionChanges(was, topic));
  }
  return {
    partitions,
    deletedTopics,
    brokers: differing(before.brokers, after.brokers),
    configs: differing(before.configs, after.configs),
  };
}

function partitionChanges(
  before: TopicImage | undefined,
  after: TopicImage | undefined,
): readonly PartitionChange[] {
  const topic = (after ?? before)!;
  const count = Math.max(before?.partitions.length ?? 0, after?.partitions.length ?? 0);
  return Array.from({ length: count }, (_, partition) => ({
    ...{ topic: topic.name, topicId: topic.id, partition },
    before: before?.partitions[partition],
    after: after?.partitions[partition],
  })).filter((change) => !isSame(change.before, change.after));
}

function isSame(
  left: PartitionRegistration | undefined,
  right: PartitionRegistration | undefined,
): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function differing<K>(
  before: ReadonlyMap<K, unknown>,
  after: ReadonlyMap<K, unknown>,
): readonly K[] {
  const textOf = (value: unknown) =>
    JSON.stringify(value instanceof Map ? [...(value as Map<unknown, unknown>)] : value);
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => textOf(before.get(key)) !== textOf(after.get(key)));
}

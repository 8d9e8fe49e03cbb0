/**
 * The metadata image: what a prefix of the metadata log says about the cluster. The controller
 * decides on it, brokers act on it, and both get it by replaying the same records.
 *
 * An image is never changed. The next one shares with it all that stayed the same, so two images
 * are compared by reference: a partition whose registration is the same object did not change.
 *
 * Not here: replaying (`delta.ts`), the log (`metadata-log.ts`), and sessions of brokers, which are
 * not in the log but in the controller's memory (`controller/broker-heartbeats.ts`).
 *
 * Differences from `org.apache.kafka.image.MetadataImage`: no ACLs, SCRAM credentials, quotas,
 * delegation tokens; log directories are not tracked (each broker has one).
 */
import { assert } from '../../kernel/assert.ts';
import { NO_LEADER, type PartitionRegistration } from './partition-registration.ts';

interface BrokerEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** A broker as the log knows it. Source: `org.apache.kafka.metadata.BrokerRegistration`. */
export interface BrokerRegistration {
  readonly id: number;
  /** Given at registration: the offset in the metadata log, so it only grows. */
  readonly epoch: number;
  /** Chosen by the broker at each start. */
  readonly incarnationId: string;
  readonly endPoints: readonly BrokerEndpoint[];
  readonly rack: string | null;
  /** A fenced broker is in no ISR, leads nothing, and clients do not hear of it. */
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
}

export interface TopicImage {
  readonly name: string;
  /** A uuid in Kafka's base64url form. */
  readonly id: string;
  /** By partition index, from 0 without a gap. */
  readonly partitions: readonly PartitionRegistration[];
}

export type ResourceType = 'topic' | 'broker' | 'group';

export interface MetadataImage {
  /** The last offset that was replayed, -1 before the first. */
  readonly offset: number;
  /** The controller epoch of the last batch that was replayed, -1 before the first. */
  readonly epoch: number;
  /** By id, in order of id. */
  readonly brokers: ReadonlyMap<number, BrokerRegistration>;
  /** By name, in order of name. */
  readonly topics: ReadonlyMap<string, TopicImage>;
  /** Names by topic id. */
  readonly topicNames: ReadonlyMap<string, string>;
  /** What was set, by `resourceKey`; what was not set has its default in `kafka/config.ts`. */
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The first producer id that no block has yet. */
  readonly nextProducerId: number;
  /** Finalized feature levels by name. */
  readonly features: ReadonlyMap<string, number>;
}

/** The image of an empty log. */
export const emptyImage: MetadataImage = Object.freeze({
  offset: -1,
  epoch: -1,
  brokers: new Map<number, BrokerRegistration>(),
  topics: new Map<string, TopicImage>(),
  topicNames: new Map<string, string>(),
  configs: new Map<string, ReadonlyMap<string, string>>(),
  nextProducerId: 0,
  features: new Map<string, number>(),
});

const NO_CONFIG: ReadonlyMap<string, string> = new Map();

/** The key of a resource in `MetadataImage.configs`. The default of all brokers has the name ''. */
export function resourceKey(type: ResourceType, name: string): string {
  return `${type}:${name}`;
}

/** What was set for a topic; empty for one that is not there. */
export function topicConfig(image: MetadataImage, topic: string): ReadonlyMap<string, string> {
  return image.configs.get(resourceKey('topic', topic)) ?? NO_CONFIG;
}

/** The topic with this id, if there is one. */
export function topicById(image: MetadataImage, id: string): TopicImage | undefined {
  const name = image.topicNames.get(id);
  if (name === undefined) return undefined;
  const topic = image.topics.get(name);
  assert(topic !== undefined, 'a topic id names no topic', { id, name });
  assert(topic.id === id, 'topics by name and by id differ', { id, name, found: topic.id });
  return topic;
}

/** A partition's registration, if topic and index exist. */
export function partitionOf(
  image: MetadataImage,
  topic: string,
  index: number,
): PartitionRegistration | undefined {
  return image.topics.get(topic)?.partitions[index];
}

/**
 * Whether a broker may lead and be in an ISR: registered, not fenced, not shutting down.
 * Source: `ClusterControlManager.isActive`.
 */
export function isActive(image: MetadataImage, brokerId: number): boolean {
  const broker = image.brokers.get(brokerId);
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
}

/** The brokers that clients hear of: registered and not fenced, in order of id. */
export function aliveBrokers(image: MetadataImage): readonly BrokerRegistration[] {
  return [...image.brokers.values()].filter((broker) => !broker.fenced);
}

/** Calls `visit` for each partition, in order of topic name and index. */
export function eachPartition(
  image: MetadataImage,
  visit: (topic: TopicImage, index: number, partition: PartitionRegistration) => void,
): void {
  for (const topic of image.topics.values()) {
    for (const [index, partition] of topic.partitions.entries()) visit(topic, index, partition);
  }
}

/** Whether a broker leads a partition. Source: `BrokersToIsrs.hasLeaderships`. */
export function hasLeaderships(image: MetadataImage, brokerId: number): boolean {
  assert(brokerId !== NO_LEADER, 'a broker id', { brokerId });
  for (const topic of image.topics.values()) {
    if (topic.partitions.some((partition) => partition.leader === brokerId)) return true;
  }
  return false;
}

/**
 * A metadata delta: replays records upon an image and gives the next image, which shares with the
 * old one all that no record touched, and the list of what changed.
 *
 * A map is copied at most once a delta, a topic's partitions at most once a delta and topic, so the
 * price of a batch is that of what it touches, not of what it repeats.
 *
 * Not here: deciding (`controller/`). A record that contradicts the image is a bug and not an
 * error: the log is what the controller itself wrote.
 * Sources: `org.apache.kafka.image.MetadataDelta`, the `replay` methods of the control managers.
 */
import { assert, unreachable } from '../../kernel/assert.ts';
import type { BrokerRegistration, MetadataImage, TopicImage } from './image.ts';
import { resourceKey, type ResourceType } from './image.ts';
import { merge, registrationOf, type PartitionRegistration } from './partition-registration.ts';
import type {
  BrokerRegistrationChangeRecord,
  ConfigRecord,
  MetadataRecord,
  PartitionChangeRecord,
  PartitionRecord,
  ProducerIdsRecord,
  RegisterBrokerRecord,
  TopicRecord,
} from './record.ts';

export interface PartitionChange {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** Undefined if the partition is new. */
  readonly before: PartitionRegistration | undefined;
  /** Undefined if its topic was deleted. */
  readonly after: PartitionRegistration | undefined;
}

export interface MetadataChanges {
  /** In order of topic name, topic id and partition. */
  readonly partitions: readonly PartitionChange[];
  readonly deletedTopics: readonly TopicImage[];
  /** Ids of the brokers that were registered, changed or removed, in order. */
  readonly brokers: readonly number[];
  /** Keys (`resourceKey`) of the resources whose configuration changed, in order. */
  readonly configs: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** ConfigRecord's `resourceType`. Source: `org.apache.kafka.common.config.ConfigResource.Type`. */
export const RESOURCE_TYPE_TOPIC = 2;
export const RESOURCE_TYPE_BROKER = 4;
export const RESOURCE_TYPE_GROUP = 32;
const RESOURCE_TYPES: Readonly<Record<number, ResourceType>> = {
  [RESOURCE_TYPE_TOPIC]: 'topic',
  [RESOURCE_TYPE_BROKER]: 'broker',
  [RESOURCE_TYPE_GROUP]: 'group',
};

/** BrokerRegistrationChangeRecord: +1 sets, -1 clears, 0 leaves. */
export const CHANGE_TRUE = 1;
export const CHANGE_FALSE = -1;
export const NO_CHANGE = 0;

export class MetadataDelta {
  readonly #before: MetadataImage;
  readonly #next: Mutable<MetadataImage>;
  /** Maps and topics that this delta already owns a copy of. */
  readonly #owned = new Set<unknown>();
  readonly #ids = new Set<string>();
  readonly #brokers = new Set<number>();
  readonly #configs = new Set<string>();
  #applied = false;

  constructor(image: MetadataImage) {
    this.#before = image;
    this.#next = { ...image };
  }

  /** Replays one record. Asserts that it fits what was replayed before it. */
  replay(record: MetadataRecord): void {
    assert(!this.#applied, 'a delta is applied once');
    switch (record.type) {
      case 'RegisterBrokerRecord':
        return this.#registerBroker(record.data);
      case 'UnregisterBrokerRecord':
        return this.#unregisterBroker(record.data.brokerId, record.data.brokerEpoch);
      case 'BrokerRegistrationChangeRecord':
        return this.#changeBroker(record.data);
      case 'FenceBrokerRecord':
        return this.#setBroker(record.data.id, record.data.epoch, { fenced: true });
      case 'UnfenceBrokerRecord':
        return this.#setBroker(record.data.id, record.data.epoch, { fenced: false });
      case 'TopicRecord':
        return this.#addTopic(record.data);
      case 'RemoveTopicRecord':
        return this.#removeTopic(record.data.topicId);
      case 'PartitionRecord':
        return this.#addPartition(record.data);
      case 'PartitionChangeRecord':
        return this.#changePartition(record.data);
      case 'ConfigRecord':
        return this.#setConfig(record.data);
      case 'ProducerIdsRecord':
        return this.#producerIds(record.data);
      case 'FeatureLevelRecord':
        this.#own('features').set(record.data.name, record.data.featureLevel);
        return;
      case 'NoOpRecord':
        return;
      default:
        return unreachable('a metadata record that nobody replays', record);
    }
  }

  /** The image after all that was replayed; `offset` and `epoch` are those of the last batch. */
  apply(offset: number, epoch: number): MetadataImage {
    assert(!this.#applied, 'a delta is applied once', { offset });
    assert(offset >= this.#before.offset, 'offsets grow', { offset, before: this.#before.offset });
    assert(epoch >= this.#before.epoch, 'epochs grow', { epoch, before: this.#before.epoch });
    this.#applied = true;
    this.#next.offset = offset;
    this.#next.epoch = epoch;
    return Object.freeze(this.#next);
  }

  /** What differs between the image before and now. */
  changes(): MetadataChanges {
    const partitions: PartitionChange[] = [];
    const deletedTopics: TopicImage[] = [];
    for (const id of this.#ids) {
      const before = topicWithId(this.#before, id);
      const after = topicWithId(this.#next, id);
      if (before !== undefined && after === undefined) deletedTopics.push(before);
      partitions.push(...partitionChanges(before, after));
    }
    partitions.sort(
      (left, right) =>
        compareText(left.topic, right.topic) ||
        compareText(left.topicId, right.topicId) ||
        left.partition - right.partition,
    );
    deletedTopics.sort((left, right) => compareText(left.name, right.name));
    return {
      partitions,
      deletedTopics,
      brokers: [...this.#brokers].sort((left, right) => left - right),
      configs: [...this.#configs].sort(compareText),
    };
  }

  // -------------------------------------------------------------------------------------- brokers

  #registerBroker(record: RegisterBrokerRecord): void {
    const before = this.#next.brokers.get(record.brokerId);
    assert(record.brokerEpoch >= (before?.epoch ?? 0), 'broker epochs grow', { record, before });
    const registration: BrokerRegistration = Object.freeze({
      id: record.brokerId,
      epoch: record.brokerEpoch,
      incarnationId: record.incarnationId,
      endPoints: record.endPoints.map(({ name, host, port }) => ({ name, host, port })),
      rack: record.rack,
      fenced: record.fenced,
      inControlledShutdown: record.inControlledShutdown,
    });
    this.#putBroker(registration);
  }

  #unregisterBroker(id: number, epoch: number): void {
    const broker = this.#broker(id, epoch);
    assert(broker.fenced || epoch === broker.epoch, 'of this registration', { id, epoch });
    this.#own('brokers').delete(id);
    this.#brokers.add(id);
  }

  #changeBroker(record: BrokerRegistrationChangeRecord): void {
    const { fenced, inControlledShutdown } = record;
    assert(inControlledShutdown !== CHANGE_FALSE, 'a shutdown is not taken back', { record });
    this.#setBroker(record.brokerId, record.brokerEpoch, {
      ...(fenced === NO_CHANGE ? {} : { fenced: fenced === CHANGE_TRUE }),
      ...(inControlledShutdown === NO_CHANGE ? {} : { inControlledShutdown: true }),
    });
  }

  #setBroker(id: number, epoch: number, change: Partial<BrokerRegistration>): void {
    this.#putBroker(Object.freeze({ ...this.#broker(id, epoch), ...change }));
  }

  #putBroker(registration: BrokerRegistration): void {
    const { id } = registration;
    const brokers = this.#own('brokers');
    const isNew = !brokers.has(id);
    brokers.set(id, registration);
    if (isNew) inOrder(brokers, (left, right) => left - right);
    this.#brokers.add(id);
  }

  #broker(id: number, epoch: number): BrokerRegistration {
    const broker = this.#next.brokers.get(id);
    assert(broker !== undefined, 'a record names an unknown broker', { id });
    assert(broker.epoch === epoch, 'a record names an old broker epoch', { id, epoch });
    return broker;
  }

  // --------------------------------------------------------------------------------------- topics

  #addTopic({ name, topicId }: TopicRecord): void {
    assert(!this.#next.topics.has(name), 'the topic exists', { name });
    assert(!this.#next.topicNames.has(topicId), 'the topic id exists', { topicId });
    const topics = this.#own('topics');
    topics.set(name, this.#fresh({ name, id: topicId, partitions: [] }));
    inOrder(topics, compareText);
    this.#own('topicNames').set(topicId, name);
    this.#ids.add(topicId);
  }

  #removeTopic(topicId: string): void {
    const topic = this.#topic(topicId);
    this.#own('topics').delete(topic.name);
    this.#own('topicNames').delete(topicId);
    const key = resourceKey('topic', topic.name);
    if (this.#next.configs.has(key)) {
      this.#own('configs').delete(key);
      this.#configs.add(key);
    }
    this.#ids.add(topicId);
  }

  #addPartition(record: PartitionRecord): void {
    const partitions = this.#ownPartitions(record.topicId);
    assert(record.partitionId === partitions.length, 'partitions come in order', {
      partition: record.partitionId,
      count: partitions.length,
    });
    partitions.push(registrationOf(record));
  }

  #changePartition(record: PartitionChangeRecord): void {
    const partitions = this.#ownPartitions(record.topicId);
    const before = partitions[record.partitionId];
    assert(before !== undefined, 'a change of an unknown partition', { record });
    partitions[record.partitionId] = merge(before, record);
  }

  #topic(topicId: string): TopicImage {
    const topic = topicWithId(this.#next, topicId);
    assert(topic !== undefined, 'a record names an unknown topic id', { topicId });
    return topic;
  }

  /** The topic's partitions as an array that this delta may change. */
  #ownPartitions(topicId: string): PartitionRegistration[] {
    let topic = this.#topic(topicId);
    if (!this.#owned.has(topic)) {
      topic = this.#fresh({ ...topic, partitions: [...topic.partitions] });
      this.#own('topics').set(topic.name, topic);
      this.#ids.add(topicId);
    }
    return topic.partitions as PartitionRegistration[];
  }

  // ---------------------------------------------------------------------------------------- others

  #setConfig(record: ConfigRecord): void {
    const type = RESOURCE_TYPES[record.resourceType];
    assert(type !== undefined, 'a config record of an unknown resource type', { record });
    const key = resourceKey(type, record.resourceName);
    const config = new Map(this.#next.configs.get(key) ?? []);
    if (record.value === null) config.delete(record.name);
    else config.set(record.name, record.value);
    inOrder(config, compareText);
    const configs = this.#own('configs');
    if (config.size === 0) configs.delete(key);
    else configs.set(key, config);
    inOrder(configs, compareText);
    this.#configs.add(key);
  }

  #producerIds(record: ProducerIdsRecord): void {
    assert(record.nextProducerId > this.#next.nextProducerId, 'producer ids grow', {
      next: record.nextProducerId,
      before: this.#next.nextProducerId,
    });
    this.#next.nextProducerId = record.nextProducerId;
  }

  /** A map of the image, copied the first time that this delta changes it. */
  #own<K extends 'brokers' | 'topics' | 'topicNames' | 'configs' | 'features'>(
    name: K,
  ): OwnMap<MetadataImage[K]> {
    const map = this.#next[name] as ReadonlyMap<unknown, unknown>;
    if (this.#owned.has(map)) return map as OwnMap<MetadataImage[K]>;
    const copy = new Map(map);
    this.#owned.add(copy);
    (this.#next as Record<string, unknown>)[name] = copy;
    return copy as OwnMap<MetadataImage[K]>;
  }

  #fresh(topic: TopicImage): TopicImage {
    this.#owned.add(topic);
    return topic;
  }
}

type OwnMap<M> = M extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never;

function topicWithId(image: MetadataImage, id: string): TopicImage | undefined {
  const name = image.topicNames.get(id);
  return name === undefined ? undefined : image.topics.get(name);
}

function partitionChanges(
  before: TopicImage | undefined,
  after: TopicImage | undefined,
): PartitionChange[] {
  const topic = after ?? before;
  if (topic === undefined) return [];
  const changes: PartitionChange[] = [];
  const count = Math.max(before?.partitions.length ?? 0, after?.partitions.length ?? 0);
  for (let partition = 0; partition < count; partition += 1) {
    const was = before?.partitions[partition];
    const is = after?.partitions[partition];
    if (was === is) continue;
    changes.push({ topic: topic.name, topicId: topic.id, partition, before: was, after: is });
  }
  return changes;
}

function inOrder<K, V>(map: Map<K, V>, compare: (left: K, right: K) => number): void {
  let previous: K | undefined;
  let sorted = true;
  for (const key of map.keys()) {
    if (previous !== undefined && compare(previous, key) > 0) sorted = false;
    previous = key;
  }
  if (sorted) return;
  const entries = [...map].sort(([left], [right]) => compare(left, right));
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * What the views see of a controller: plain data from what is committed, the same objects where
 * nothing changed.
 */
import { assert } from '../../kernel/assert.ts';
import { eachPartition, type BrokerRegistration, type MetadataImage } from '../metadata/image.ts';
import type { PartitionRegistration } from '../metadata/partition-registration.ts';

interface BrokerView {
  readonly id: number;
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
  readonly epoch: number;
}

interface PartitionView {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly replicas: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
  readonly isr: readonly number[];
  readonly elr: readonly number[];
  readonly lastKnownElr: readonly number[];
}

export interface ControllerView {
  readonly kind: 'kafka-controller';
  readonly state: string;
  readonly epoch: number;
  /** The last committed metadata offset, -1 if there is none. */
  readonly metadataOffset: number;
  readonly brokers: readonly BrokerView[];
  readonly partitions: readonly PartitionView[];
}

// Keyed by what never changes, so a view is made once for each registration and image.
const ofBroker = new WeakMap<BrokerRegistration, BrokerView>();
const ofPartition = new WeakMap<PartitionRegistration, PartitionView>();
const ofImage = new WeakMap<MetadataImage, ControllerView>();

export function inspectController(
  state: string,
  epoch: number,
  image: MetadataImage,
): ControllerView {
  const known = ofImage.get(image);
  if (known !== undefined && known.state === state && known.epoch === epoch) return known;
  assert(epoch >= image.epoch, 'the epoch of the controller', { epoch, image: image.epoch });
  const partitions: PartitionView[] = [];
  eachPartition(image, (topic, index, partition) => {
    partitions.push(inspectPartition(topic.name, index, partition));
  });
  const made: ControllerView = {
    kind: 'kafka-controller',
    state,
    epoch,
    metadataOffset: image.offset,
    brokers: [...image.brokers.values()].map(inspectBroker),
    partitions,
  };
  ofImage.set(image, made);
  return made;
}

function inspectBroker(broker: BrokerRegistration): BrokerView {
  const known = ofBroker.get(broker);
  if (known !== undefined) return known;
  const { id, fenced, inControlledShutdown, epoch } = broker;
  const made = { id, fenced, inControlledShutdown, epoch };
  ofBroker.set(broker, made);
  return made;
}

function inspectPartition(
  topic: string,
  index: number,
  partition: PartitionRegistration,
): PartitionView {
  const known = ofPartition.get(partition);
  if (known !== undefined) return known;
  const { leader, leaderEpoch, partitionEpoch, replicas, isr, elr, lastKnownElr } = partition;
  const { addingReplicas, removingReplicas } = partition;
  const made = {
    ...{ topic, partition: index, leader, leaderEpoch, partitionEpoch },
    ...{ replicas, addingReplicas, removingReplicas, isr, elr, lastKnownElr },
  };
  ofPartition.set(partition, made);
  return made;
}

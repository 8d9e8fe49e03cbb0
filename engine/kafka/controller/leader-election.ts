/**
 * Elections and ISR changes that the controller makes by itself: for a broker that is fenced,
 * unfenced, shuts down or came back uncleanly; and by the clock.
 *
 * Not here: one partition's election (`partition-change-builder.ts`), ElectLeaders
 * (`elect-on-request.ts`), changes that a leader asks for (`alter-partition.ts`).
 * Source: `org.apache.kafka.controller.ReplicationControlManager`. Difference: it keeps indexes of
 * partitions by broker; here the image is searched, since it is small.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { eachPartition, isActive, partitionOf, type TopicImage } from '../metadata/image.ts';
import {
  hasPreferredLeader,
  NO_LEADER,
  type PartitionRegistration,
} from '../metadata/partition-registration.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { apiError, NO_ERROR } from './controller-result.ts';
import type { ApiError, ClusterView } from './controller-result.ts';
import {
  buildPartitionChange,
  type Election,
  type PartitionWish,
} from './partition-change-builder.ts';
import { effectiveMinIsr, uncleanElectionEnabled } from './topic-settings.ts';

/** The most elections of one periodic round. Source: `MAX_ELECTIONS_PER_IMBALANCE`. */
export const electionsPerRoundMax = 1000;

/** What happened to a broker. `NO_LEADER` where nothing of the kind did. */
interface BrokerChange {
  /** Leaves the ISR and may not lead, although the image still has it as active. */
  readonly brokerToRemove: number;
  /** May lead, although the image still has it as fenced. */
  readonly brokerToAdd: number;
  /** Leaves ISR and ELR: it may have lost what it had not synced. */
  readonly brokerWithUncleanShutdown: number;
}

const NO_BROKER_CHANGE: BrokerChange = {
  brokerToRemove: NO_LEADER,
  brokerToAdd: NO_LEADER,
  brokerWithUncleanShutdown: NO_LEADER,
};

/** The broker leaves the ISR of all its partitions, and leads none of them any more. */
export function removeBroker(view: ClusterView, brokerId: number): MetadataRecord[] {
  return leaderAndIsrUpdates(view, { ...NO_BROKER_CHANGE, brokerToRemove: brokerId }, (partition) =>
    partition.isr.includes(brokerId),
  );
}

/** Partitions without a leader are tried again now that the broker may lead. */
export function addBroker(view: ClusterView, brokerId: number): MetadataRecord[] {
  return leaderAndIsrUpdates(
    view,
    { ...NO_BROKER_CHANGE, brokerToAdd: brokerId },
    (partition) => partition.leader === NO_LEADER,
  );
}

/**
 * A new incarnation registered. With KIP-966 after an unclean stop it leaves ISR and ELR, even if
 * it is the last: what it had not synced may be gone. Otherwise it leaves the ISR as a fenced
 * broker does: the last one stays. Source: `handleBrokerShutdown` (4.0).
 */
export function restartBroker(
  view: ClusterView,
  brokerId: number,
  cleanly: boolean,
): MetadataRecord[] {
  if (!view.config.profile.switches.eligibleLeaderReplicas || cleanly) {
    return removeBroker(view, brokerId);
  }
  return leaderAndIsrUpdates(
    view,
    { ...NO_BROKER_CHANGE, brokerWithUncleanShutdown: brokerId },
    ({ isr, elr }) => isr.includes(brokerId) || elr.includes(brokerId),
  );
}

/** The ELR of partitions whose min.insync.replicas changed. */
export function updateElr(
  view: ClusterView,
  concerns: (topic: TopicImage) => boolean,
): MetadataRecord[] {
  if (!view.config.profile.switches.eligibleLeaderReplicas) return [];
  return leaderAndIsrUpdates(view, NO_BROKER_CHANGE, (_partition, topic) => concerns(topic));
}

/** Source: `ReplicationControlManager.generateLeaderAndIsrUpdates`. */
function leaderAndIsrUpdates(
  view: ClusterView,
  change: BrokerChange,
  concerns: (partition: PartitionRegistration, topic: TopicImage) => boolean,
): MetadataRecord[] {
  const { brokerToRemove, brokerToAdd, brokerWithUncleanShutdown } = change;
  const gone = [brokerToRemove, brokerWithUncleanShutdown];
  assert(brokerToAdd === NO_LEADER || !gone.includes(brokerToAdd), 'added or gone', { change });
  const records: MetadataRecord[] = [];
  eachPartition(view.image, (topic, partitionId, partition) => {
    if (!concerns(partition, topic)) return;
    const record = buildPartitionChange({
      ...wishFor(view, topic, partitionId, partition),
      election: uncleanElectionEnabled(view, topic.name) ? 'UNCLEAN' : 'ONLINE',
      targetIsr: partition.isr.filter((id) => !gone.includes(id)),
      uncleanShutdownReplicas: [brokerWithUncleanShutdown],
      isAcceptableLeader: (id) =>
        !gone.includes(id) && (id === brokerToAdd || isActive(view.image, id)),
    });
    if (record !== null) records.push({ type: 'PartitionChangeRecord', data: record });
  });
  return records;
}

/** What every wish for a partition has in common; the election is `ONLINE`. */
export function wishFor(
  view: ClusterView,
  topic: TopicImage,
  partitionId: number,
  partition: PartitionRegistration,
): PartitionWish {
  const { switches } = view.config.profile;
  assert(topic.partitions[partitionId] === partition, 'the present registration', { partitionId });
  return {
    topicId: topic.id,
    partitionId,
    partition,
    isAcceptableLeader: (id) => isActive(view.image, id),
    minIsr: effectiveMinIsr(view, topic),
    election: 'ONLINE',
    elrEnabled: switches.eligibleLeaderReplicas,
    bumpOnIsrShrink: switches.leaderEpochBumpOnIsrShrink,
  };
}

/** A partition whose leader is to be elected. */
interface Candidate {
  readonly topic: string;
  readonly partitionId: number;
  readonly election: Election;
}

/** Adds the record of an election, or tells why there is none. */
export function electLeader(
  view: ClusterView,
  { topic, partitionId, election }: Candidate,
  records: MetadataRecord[],
): ApiError {
  const partition = partitionOf(view.image, topic, partitionId);
  const topicImage = view.image.topics.get(topic);
  if (partition === undefined || topicImage === undefined) {
    const message =
      topicImage === undefined
        ? `No such topic as ${topic}`
        : `No such partition as ${topic}-${partitionId}`;
    return apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message);
  }
  const unneeded =
    election === 'PREFERRED' ? hasPreferredLeader(partition) : partition.leader !== NO_LEADER;
  if (unneeded) return apiError(ErrorCode.ELECTION_NOT_NEEDED, 'Leader election not needed.');
  const wish = wishFor(view, topicImage, partitionId, partition);
  const record = buildPartitionChange({ ...wish, election });
  if (record === null) {
    return election === 'PREFERRED'
      ? apiError(
          ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
          'The preferred leader was not available.',
        )
      : apiError(
          ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
          'Eligible topic partition leaders are not available.',
        );
  }
  records.push({ type: 'PartitionChangeRecord', data: record });
  return NO_ERROR;
}

// ---------------------------------------------------------------------------------- by the clock

/** Unclean elections for partitions without a leader whose topic allows them. */
export function electUncleanLeaders(
  view: ClusterView,
  concerns: (topic: TopicImage) => boolean = () => true,
): MetadataRecord[] {
  const records: MetadataRecord[] = [];
  eachPartition(view.image, (topic, partitionId, partition) => {
    if (records.length >= electionsPerRoundMax || partition.leader !== NO_LEADER) return;
    if (!concerns(topic) || !uncleanElectionEnabled(view, topic.name)) return;
    electLeader(view, { topic: topic.name, partitionId, election: 'UNCLEAN' }, records);
  });
  assert(records.length <= electionsPerRoundMax, 'a bounded round', { count: records.length });
  return records;
}

/**
 * Preferred elections for partitions that another replica leads.
 * Source: `maybeBalancePartitionLeaders`; as there, leader.imbalance.per.broker.percentage plays no
 * part since KRaft.
 */
export function balancePartitionLeaders(view: ClusterView): MetadataRecord[] {
  const records: MetadataRecord[] = [];
  eachPartition(view.image, (topic, partitionId, partition) => {
    if (records.length >= electionsPerRoundMax || hasPreferredLeader(partition)) return;
    const wish = wishFor(view, topic, partitionId, partition);
    const record = buildPartitionChange({ ...wish, election: 'PREFERRED' });
    if (record !== null) records.push({ type: 'PartitionChangeRecord', data: record });
  });
  assert(records.length <= electionsPerRoundMax, 'a bounded round', { count: records.length });
  return records;
}

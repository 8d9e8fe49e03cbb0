/**
 * AlterPartition: a leader asks for a new ISR. The controller grants it only to the leader of the
 * present leader epoch who knows the present partition epoch, and only with replicas that are alive
 * in the incarnation that the leader saw.
 *
 * Not here: the record (`partition-change-builder.ts`), when a leader asks (`kafka/partition`).
 * Sources: `ReplicationControlManager.alterPartition`, KIP-497, KIP-841, KIP-903.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type {
  AlterPartitionRequest,
  AlterPartitionResponse,
} from '../../wire/kafka/messages/alter-partition.ts';
import { topicById, type TopicImage } from '../metadata/image.ts';
import {
  merge,
  NO_LEADER_CHANGE,
  RECOVERED,
  RECOVERING,
  type LeaderRecoveryState,
  type PartitionRegistration,
} from '../metadata/partition-registration.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { brokerEpochError } from './broker-registration.ts';
import type { ControllerResult, ClusterView } from './controller-result.ts';
import { wishFor } from './leader-election.ts';
import { buildPartitionChange } from './partition-change-builder.ts';
import { uncleanElectionEnabled } from './topic-settings.ts';

type PartitionAsked = AlterPartitionRequest['topics'][number]['partitions'][number];
type PartitionAnswer = AlterPartitionResponse['topics'][number]['partitions'][number];

/** A member of the ISR that is asked for; epoch -1 is not checked. */
interface IsrMember {
  readonly brokerId: number;
  readonly brokerEpoch: number;
}

export function alterPartition(
  view: ClusterView,
  request: AlterPartitionRequest,
  version: number,
): ControllerResult<AlterPartitionResponse> {
  assert(version >= 2, 'topics by id (version 2)', { version });
  const errorCode = brokerEpochError(view.image, request.brokerId, request.brokerEpoch);
  if (errorCode !== ErrorCode.NONE) {
    return { records: [], response: { throttleTimeMs: 0, errorCode, topics: [] } };
  }
  const records: MetadataRecord[] = [];
  const topics = request.topics.map(({ topicId, partitions }) => {
    const topic = topicById(view.image, topicId);
    const answers = partitions.map((asked) => {
      if (topic === undefined) return refusal(asked, ErrorCode.UNKNOWN_TOPIC_ID);
      return alterOne(view, { brokerId: request.brokerId, topic, asked, version }, records);
    });
    return { topicId, partitions: answers };
  });
  assert(topics.length === request.topics.length, 'an answer a topic');
  return { records, response: { throttleTimeMs: 0, errorCode, topics } };
}

interface Asked {
  readonly brokerId: number;
  readonly topic: TopicImage;
  readonly asked: PartitionAsked;
  readonly version: number;
}

function alterOne(
  view: ClusterView,
  { brokerId, topic, asked, version }: Asked,
  records: MetadataRecord[],
): PartitionAnswer {
  const partition = topic.partitions[asked.partitionIndex];
  if (partition === undefined) return refusal(asked, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  const newIsr = membersOf(asked, version);
  const errorCode = validate(view, { brokerId, partition, asked, newIsr });
  if (errorCode !== ErrorCode.NONE) return refusal(asked, errorCode);
  const record = buildPartitionChange({
    ...wishFor(view, topic, asked.partitionIndex, partition),
    election: uncleanElectionEnabled(view, topic.name) ? 'UNCLEAN' : 'ONLINE',
    targetIsr: newIsr.map((member) => member.brokerId),
    targetLeaderRecoveryState: asked.leaderRecoveryState as LeaderRecoveryState,
  });
  let after = partition;
  if (record !== null) {
    records.push({ type: 'PartitionChangeRecord', data: record });
    after = merge(partition, record);
    if (record.leader !== NO_LEADER_CHANGE && record.leader !== brokerId) {
      // The change is made, and yet it is an error: the asker must first learn who leads now.
      return refusal(asked, ErrorCode.NEW_LEADER_ELECTED);
    }
  }
  return {
    partitionIndex: asked.partitionIndex,
    errorCode: ErrorCode.NONE,
    leaderId: after.leader,
    leaderEpoch: after.leaderEpoch,
    isr: after.isr,
    leaderRecoveryState: after.leaderRecoveryState,
    partitionEpoch: after.partitionEpoch,
  };
}

interface Validated {
  readonly brokerId: number;
  readonly partition: PartitionRegistration;
  readonly asked: PartitionAsked;
  readonly newIsr: readonly IsrMember[];
}

/** The order of the checks is the source's: it decides which of several errors is answered. */
function validate(view: ClusterView, of: Validated): number {
  const { brokerId, partition, asked, newIsr } = of;
  // A leader that knows more than the controller talks to one that is no longer active.
  if (asked.leaderEpoch > partition.leaderEpoch) return ErrorCode.NOT_CONTROLLER;
  if (asked.partitionEpoch > partition.partitionEpoch) return ErrorCode.NOT_CONTROLLER;
  if (asked.leaderEpoch < partition.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
  if (brokerId !== partition.leader) return ErrorCode.INVALID_REQUEST;
  if (asked.partitionEpoch < partition.partitionEpoch) return ErrorCode.INVALID_UPDATE_VERSION;
  const ids = newIsr.map((member) => member.brokerId);
  if (!ids.every((id) => partition.replicas.includes(id))) return ErrorCode.INVALID_REQUEST;
  if (new Set(ids).size !== ids.length) return ErrorCode.INVALID_REQUEST;
  if (!ids.includes(partition.leader)) return ErrorCode.INVALID_REQUEST;
  const state = asked.leaderRecoveryState;
  if (state !== RECOVERED && state !== RECOVERING) return ErrorCode.INVALID_REQUEST;
  if (state === RECOVERING && ids.length > 1) return ErrorCode.INVALID_REQUEST;
  if (state === RECOVERING && partition.leaderRecoveryState === RECOVERED) {
    return ErrorCode.INVALID_REQUEST;
  }
  const ineligible = newIsr.some((member) => !isEligible(view, member));
  return ineligible ? ErrorCode.INELIGIBLE_REPLICA : ErrorCode.NONE;
}

/** Invariant K9: a replica whose broker restarted since the leader judged it may not join. */
function isEligible(view: ClusterView, { brokerId, brokerEpoch }: IsrMember): boolean {
  const registration = view.image.brokers.get(brokerId);
  if (registration === undefined) return false;
  if (registration.fenced || registration.inControlledShutdown) return false;
  if (!view.config.profile.switches.brokerEpochInIsrChange) return true;
  return brokerEpoch === -1 || brokerEpoch === registration.epoch;
}

/** Before version 3 the ISR came as ids, without the epochs of the brokers. */
function membersOf(asked: PartitionAsked, version: number): readonly IsrMember[] {
  if (version >= 3) return asked.newIsrWithEpochs;
  return asked.newIsr.map((brokerId) => ({ brokerId, brokerEpoch: -1 }));
}

function refusal(asked: PartitionAsked, errorCode: number): PartitionAnswer {
  assert(errorCode !== ErrorCode.NONE, 'a refusal has a reason');
  return {
    partitionIndex: asked.partitionIndex,
    errorCode,
    leaderId: 0,
    leaderEpoch: 0,
    isr: [],
    leaderRecoveryState: RECOVERED,
    partitionEpoch: 0,
  };
}

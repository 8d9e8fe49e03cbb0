/**
 * The records that a group of the consumer protocol is made of (KIP-848): what the coordinator
 * writes when its epoch, a member, the target assignment or a member's assignment changes.
 *
 * Not here: their bytes (`wire/kafka/consumer-group-records.ts`). Source:
 * `GroupCoordinatorRecordHelpers`.
 */
import { assert } from '../../../kernel/assert.ts';
import { consumerGroupRecordTypes } from '../../../wire/kafka/consumer-group-records.ts';
import {
  type CoordinatorRecord,
  coordinatorRecords,
} from '../../../wire/kafka/coordinator-record.ts';
import {
  type ConsumerGroupMember,
  MEMBER_STATE_VALUES,
  type MemberState,
} from './consumer-group-member.ts';
import { partitionsData, type TopicPartitions } from './topic-partitions.ts';

export type ConsumerGroupRecord = CoordinatorRecord<typeof consumerGroupRecordTypes>;

/** All values have one version only. */
const VERSION = 0;

const codec = coordinatorRecords(consumerGroupRecordTypes);

export const consumerGroupRecordCodec = {
  encode: (record: ConsumerGroupRecord) => codec.encode(record, VERSION),
  decode: (key: Uint8Array, value: Uint8Array | null) => codec.decode(key, value),
};

export function epochRecord(
  groupId: string,
  epoch: number,
  metadataHash: number,
): ConsumerGroupRecord {
  assert(epoch > 0, 'an epoch', { groupId, epoch });
  return { type: 'ConsumerGroupMetadata', key: { groupId }, value: { epoch, metadataHash } };
}

export function memberRecord(groupId: string, member: ConsumerGroupMember): ConsumerGroupRecord {
  const { memberId, instanceId, rackId, clientId, clientHost } = member;
  const { subscribedTopicNames, serverAssignor, rebalanceTimeoutMs } = member;
  return {
    type: 'ConsumerGroupMemberMetadata',
    key: { groupId, memberId },
    value: {
      ...{ instanceId, rackId, clientId, clientHost, subscribedTopicNames, serverAssignor },
      ...{ rebalanceTimeoutMs, subscribedTopicRegex: null, classicMemberMetadata: null },
    },
  };
}

export function targetEpochRecord(groupId: string, assignmentEpoch: number): ConsumerGroupRecord {
  const type = 'ConsumerGroupTargetAssignmentMetadata';
  return { type, key: { groupId }, value: { assignmentEpoch } };
}

export function targetRecord(
  groupId: string,
  memberId: string,
  partitions: TopicPartitions,
): ConsumerGroupRecord {
  return {
    type: 'ConsumerGroupTargetAssignmentMember',
    key: { groupId, memberId },
    value: { topicPartitions: partitionsData(partitions) },
  };
}

export function currentRecord(groupId: string, member: ConsumerGroupMember): ConsumerGroupRecord {
  const { memberId, memberEpoch, previousMemberEpoch } = member;
  return {
    type: 'ConsumerGroupCurrentMemberAssignment',
    key: { groupId, memberId },
    value: {
      memberEpoch,
      previousMemberEpoch,
      state: MEMBER_STATE_VALUES[member.state],
      assignedPartitions: partitionsData(member.assigned),
      partitionsPendingRevocation: partitionsData(member.pendingRevocation),
    },
  };
}

/** A member is gone: its assignment, its target and itself, in this order. */
export function memberTombstones(groupId: string, memberId: string): ConsumerGroupRecord[] {
  const key = { groupId, memberId };
  return [
    { type: 'ConsumerGroupCurrentMemberAssignment', key, value: null },
    { type: 'ConsumerGroupTargetAssignmentMember', key, value: null },
    { type: 'ConsumerGroupMemberMetadata', key, value: null },
  ];
}

export function groupTombstones(groupId: string): ConsumerGroupRecord[] {
  const key = { groupId };
  return [
    { type: 'ConsumerGroupTargetAssignmentMetadata', key, value: null },
    { type: 'ConsumerGroupMetadata', key, value: null },
  ];
}

/** The state that a record's number stands for; STABLE for one that is not known. */
export function memberStateOf(value: number): MemberState {
  const names = Object.keys(MEMBER_STATE_VALUES) as MemberState[];
  return names.find((name) => MEMBER_STATE_VALUES[name] === value) ?? 'STABLE';
}

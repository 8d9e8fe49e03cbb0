/**
 * The records that a share group is made of (KIP-932): what the coordinator writes when its epoch,
 * a member, the target assignment, a member's assignment, or the share-partitions that have a state
 * change.
 *
 * Not here: their bytes (`wire/kafka/share-group-records.ts`). Source:
 * `GroupCoordinatorRecordHelpers`.
 */
import { assert } from '../../../kernel/assert.ts';
import {
  type CoordinatorRecord,
  coordinatorRecords,
} from '../../../wire/kafka/coordinator-record.ts';
import { shareGroupRecordTypes } from '../../../wire/kafka/share-group-records.ts';
import { partitionsData, type TopicPartitions } from '../consumer/topic-partitions.ts';
import type { ShareGroupMember } from './share-group.ts';

export type ShareGroupRecord = CoordinatorRecord<typeof shareGroupRecordTypes>;

/** All values have one version only. */
const VERSION = 0;
/** `MemberState.STABLE`: members of share groups have no other. */
const STABLE = 1;

const codec = coordinatorRecords(shareGroupRecordTypes);

export const shareGroupRecordCodec = {
  encode: (record: ShareGroupRecord) => codec.encode(record, VERSION),
  decode: (key: Uint8Array, value: Uint8Array | null) => codec.decode(key, value),
};

export function epochRecord(groupId: string, epoch: number, metadataHash: number) {
  assert(epoch > 0, 'an epoch', { groupId, epoch });
  const value = { epoch, metadataHash };
  return { type: 'ShareGroupMetadata', key: { groupId }, value } satisfies ShareGroupRecord;
}

export function memberRecord(groupId: string, member: ShareGroupMember) {
  const { memberId, rackId, clientId, clientHost, subscribedTopicNames } = member;
  return {
    type: 'ShareGroupMemberMetadata',
    key: { groupId, memberId },
    value: { rackId, clientId, clientHost, subscribedTopicNames },
  } satisfies ShareGroupRecord;
}

export function targetEpochRecord(groupId: string, assignmentEpoch: number) {
  const type = 'ShareGroupTargetAssignmentMetadata';
  return { type, key: { groupId }, value: { assignmentEpoch } } satisfies ShareGroupRecord;
}

export function targetRecord(groupId: string, memberId: string, partitions: TopicPartitions) {
  return {
    type: 'ShareGroupTargetAssignmentMember',
    key: { groupId, memberId },
    value: { topicPartitions: partitionsData(partitions) },
  } satisfies ShareGroupRecord;
}

export function currentRecord(groupId: string, member: ShareGroupMember) {
  const { memberId, memberEpoch, previousMemberEpoch, assigned } = member;
  const assignedPartitions = partitionsData(assigned);
  return {
    type: 'ShareGroupCurrentMemberAssignment',
    key: { groupId, memberId },
    value: { memberEpoch, previousMemberEpoch, state: STABLE, assignedPartitions },
  } satisfies ShareGroupRecord;
}

/** A member is gone: its assignment, its target and itself, in this order. */
export function memberTombstones(groupId: string, memberId: string): ShareGroupRecord[] {
  const key = { groupId, memberId };
  return [
    { type: 'ShareGroupCurrentMemberAssignment', key, value: null },
    { type: 'ShareGroupTargetAssignmentMember', key, value: null },
    { type: 'ShareGroupMemberMetadata', key, value: null },
  ];
}

/** Which share-partitions have a state, and which are about to have one. */
export function statePartitionsRecord(
  groupId: string,
  initializing: TopicPartitions,
  initialized: TopicPartitions,
  names: ReadonlyMap<string, string>,
) {
  const named = (partitions: TopicPartitions) =>
    partitionsData(partitions).map((one) => {
      return { ...one, topicName: names.get(one.topicId) ?? '' };
    });
  return {
    type: 'ShareGroupStatePartitionMetadata',
    key: { groupId },
    value: {
      initializingTopics: named(initializing),
      initializedTopics: named(initialized),
      deletingTopics: [],
    },
  } satisfies ShareGroupRecord;
}

export function groupTombstones(groupId: string): ShareGroupRecord[] {
  const key = { groupId };
  return [
    { type: 'ShareGroupTargetAssignmentMetadata', key, value: null },
    { type: 'ShareGroupStatePartitionMetadata', key, value: null },
    { type: 'ShareGroupMetadata', key, value: null },
  ];
}

/**
 * The records of share groups (KIP-932). In `__consumer_offsets`: a group's epoch, its members,
 * what is aimed at and what each has, and which share-partitions have a state. In
 * `__share_group_state`: that state, as snapshots and what changed since.
 *
 * The frame: `coordinator-record.ts`. Names, versions and numbers are those of apache/kafka,
 * `group-coordinator` and `share-coordinator`, `src/main/resources/common/message/`. A delivery
 * state is 0 available, 2 acknowledged, 4 archived.
 */
import { array, int16, int32, int64, int8, string, struct, uuid } from './schema.ts';

const groupKey = (name: string) => struct(name, { groupId: string() });
const memberKey = (name: string) => struct(name, { groupId: string(), memberId: string() });
const stateKey = (name: string) =>
  struct(name, { groupId: string(), topicId: uuid(), partition: int32() });

const topicPartitions = { topicId: uuid(), partitions: array(int32()) };
const namedPartitions = { topicId: uuid(), topicName: string(), partitions: array(int32()) };

const FIRST_VERSION = { versionMax: 0, flexible: 0 } as const;

/** Of `__consumer_offsets`. */
export const shareGroupRecordTypes = {
  ShareGroupMemberMetadata: {
    number: 10,
    ...FIRST_VERSION,
    key: memberKey('ShareGroupMemberMetadataKey'),
    value: struct('ShareGroupMemberMetadataValue', {
      rackId: string({ nullable: true }),
      clientId: string(),
      clientHost: string(),
      subscribedTopicNames: array(string()),
    }),
  },
  ShareGroupMetadata: {
    number: 11,
    ...FIRST_VERSION,
    key: groupKey('ShareGroupMetadataKey'),
    value: struct('ShareGroupMetadataValue', {
      epoch: int32(),
      metadataHash: int64({ about: 'Of all topics to which the group is subscribed.' }),
    }),
  },
  ShareGroupTargetAssignmentMetadata: {
    number: 12,
    ...FIRST_VERSION,
    key: groupKey('ShareGroupTargetAssignmentMetadataKey'),
    value: struct('ShareGroupTargetAssignmentMetadataValue', { assignmentEpoch: int32() }),
  },
  ShareGroupTargetAssignmentMember: {
    number: 13,
    ...FIRST_VERSION,
    key: memberKey('ShareGroupTargetAssignmentMemberKey'),
    value: struct('ShareGroupTargetAssignmentMemberValue', {
      topicPartitions: array(topicPartitions),
    }),
  },
  ShareGroupCurrentMemberAssignment: {
    number: 14,
    ...FIRST_VERSION,
    key: memberKey('ShareGroupCurrentMemberAssignmentKey'),
    value: struct('ShareGroupCurrentMemberAssignmentValue', {
      memberEpoch: int32(),
      previousMemberEpoch: int32({ about: 'Also accepted: the answer may have been lost.' }),
      state: int8(),
      assignedPartitions: array(topicPartitions),
    }),
  },
  ShareGroupStatePartitionMetadata: {
    number: 15,
    ...FIRST_VERSION,
    key: groupKey('ShareGroupStatePartitionMetadataKey'),
    value: struct('ShareGroupStatePartitionMetadataValue', {
      initializingTopics: array(namedPartitions),
      initializedTopics: array(namedPartitions),
      deletingTopics: array({ topicId: uuid(), topicName: string() }),
    }),
  },
} as const;

const stateBatches = () =>
  array({
    firstOffset: int64(),
    lastOffset: int64(),
    deliveryState: int8(),
    deliveryCount: int16(),
  });

/** Of `__share_group_state`. */
export const shareStateRecordTypes = {
  ShareSnapshot: {
    number: 0,
    ...FIRST_VERSION,
    key: stateKey('ShareSnapshotKey'),
    value: struct('ShareSnapshotValue', {
      snapshotEpoch: int32(),
      stateEpoch: int32(),
      leaderEpoch: int32(),
      startOffset: int64(),
      createTimestamp: int64(),
      writeTimestamp: int64(),
      stateBatches: stateBatches(),
    }),
  },
  ShareUpdate: {
    number: 1,
    ...FIRST_VERSION,
    key: stateKey('ShareUpdateKey'),
    value: struct('ShareUpdateValue', {
      snapshotEpoch: int32(),
      leaderEpoch: int32(),
      startOffset: int64({ about: '-1: as before.' }),
      stateBatches: stateBatches(),
    }),
  },
} as const;

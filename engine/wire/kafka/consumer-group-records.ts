/**
 * The records of `__consumer_offsets` for groups of the consumer protocol (KIP-848): a group's
 * epoch, its members, the assignment that is aimed at and the one that each member has.
 *
 * Committed offsets and the classic protocol: `group-records.ts`. The frame:
 * `coordinator-record.ts`.
 *
 * Names, versions and numbers are those of apache/kafka,
 * `group-coordinator/src/main/resources/common/message/`. An epoch of -1 cannot stand in them; a
 * member's state is a number of `MemberState`: 1 Stable, 2 UnrevokedPartitions,
 * 3 UnreleasedPartitions, 127 Unknown.
 */
import { array, bytes, int32, int64, int8, object, string, struct, uuid } from './schema.ts';

const groupKey = (name: string) => struct(name, { groupId: string() });
const memberKey = (name: string) => struct(name, { groupId: string(), memberId: string() });

const topicPartitions = { topicId: uuid(), partitions: array(int32()) };

const consumerGroupMetadataValue = struct('ConsumerGroupMetadataValue', {
  epoch: int32(),
  metadataHash: int64({ tag: 0, about: 'Of all topics to which the group is subscribed.' }),
});

const consumerGroupPartitionMetadataValue = struct('ConsumerGroupPartitionMetadataValue', {
  topics: array({
    topicId: uuid(),
    topicName: string(),
    numPartitions: int32(),
    partitionMetadata: array({ partition: int32(), racks: array(string()) }),
  }),
});

const consumerGroupMemberMetadataValue = struct('ConsumerGroupMemberMetadataValue', {
  instanceId: string({ nullable: true }),
  rackId: string({ nullable: true }),
  clientId: string(),
  clientHost: string(),
  subscribedTopicNames: array(string()),
  subscribedTopicRegex: string({ nullable: true }),
  rebalanceTimeoutMs: int32({ default: -1 }),
  serverAssignor: string({ nullable: true }),
  classicMemberMetadata: object(
    'ClassicMemberMetadata',
    {
      sessionTimeoutMs: int32(),
      supportedProtocols: array({ name: string(), metadata: bytes() }),
    },
    {
      tag: 0,
      nullable: true,
      default: null,
      about: 'Only of a member that speaks the classic protocol.',
    },
  ),
});

const consumerGroupTargetAssignmentMetadataValue = struct(
  'ConsumerGroupTargetAssignmentMetadataValue',
  { assignmentEpoch: int32() },
);

const consumerGroupTargetAssignmentMemberValue = struct(
  'ConsumerGroupTargetAssignmentMemberValue',
  { topicPartitions: array(topicPartitions) },
);

const consumerGroupCurrentMemberAssignmentValue = struct(
  'ConsumerGroupCurrentMemberAssignmentValue',
  {
    memberEpoch: int32({ about: 'The epoch that the next heartbeat must have.' }),
    previousMemberEpoch: int32({ about: 'Also accepted: the answer may have been lost.' }),
    state: int8(),
    assignedPartitions: array(topicPartitions),
    partitionsPendingRevocation: array(topicPartitions),
  },
);

const consumerGroupRegularExpressionKey = struct('ConsumerGroupRegularExpressionKey', {
  groupId: string(),
  regularExpression: string(),
});

const consumerGroupRegularExpressionValue = struct('ConsumerGroupRegularExpressionValue', {
  topics: array(string()),
  version: int64({ about: 'Of the metadata by which the topics were found.' }),
  timestamp: int64(),
});

/** Flexible from the first version on. */
export const consumerGroupRecordTypes = {
  ConsumerGroupMetadata: {
    number: 3,
    versionMax: 0,
    flexible: 0,
    key: groupKey('ConsumerGroupMetadataKey'),
    value: consumerGroupMetadataValue,
  },
  ConsumerGroupPartitionMetadata: {
    number: 4,
    versionMax: 0,
    flexible: 0,
    key: groupKey('ConsumerGroupPartitionMetadataKey'),
    value: consumerGroupPartitionMetadataValue,
  },
  ConsumerGroupMemberMetadata: {
    number: 5,
    versionMax: 0,
    flexible: 0,
    key: memberKey('ConsumerGroupMemberMetadataKey'),
    value: consumerGroupMemberMetadataValue,
  },
  ConsumerGroupTargetAssignmentMetadata: {
    number: 6,
    versionMax: 0,
    flexible: 0,
    key: groupKey('ConsumerGroupTargetAssignmentMetadataKey'),
    value: consumerGroupTargetAssignmentMetadataValue,
  },
  ConsumerGroupTargetAssignmentMember: {
    number: 7,
    versionMax: 0,
    flexible: 0,
    key: memberKey('ConsumerGroupTargetAssignmentMemberKey'),
    value: consumerGroupTargetAssignmentMemberValue,
  },
  ConsumerGroupCurrentMemberAssignment: {
    number: 8,
    versionMax: 0,
    flexible: 0,
    key: memberKey('ConsumerGroupCurrentMemberAssignmentKey'),
    value: consumerGroupCurrentMemberAssignmentValue,
  },
  ConsumerGroupRegularExpression: {
    number: 16,
    versionMax: 0,
    flexible: 0,
    key: consumerGroupRegularExpressionKey,
    value: consumerGroupRegularExpressionValue,
  },
} as const;

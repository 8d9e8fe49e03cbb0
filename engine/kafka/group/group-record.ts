/**
 * The records that the group coordinator writes: committed offsets, and what a group is when it has
 * become stable or empty.
 *
 * Not here: their bytes (`wire/kafka/group-records.ts`). Source: `GroupCoordinatorRecordHelpers`.
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { assert, present } from '../../kernel/assert.ts';
import type { CoordinatorRecord } from '../../wire/kafka/coordinator-record.ts';
import { groupRecords, type groupRecordTypes } from '../../wire/kafka/group-records.ts';
import type { CoordinatorRecordCodec } from '../coordinator/coordinator-shard.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { ConsumerGroupRecord } from './consumer/consumer-group-record.ts';
import type { ShareGroupRecord } from './share/share-group-record.ts';
import type { OffsetAndMetadata } from './offset-metadata.ts';

type ClassicGroupRecord = CoordinatorRecord<typeof groupRecordTypes>;
export type GroupRecord = ClassicGroupRecord | ConsumerGroupRecord | ShareGroupRecord;

/**
 * Versions of the values that Kafka 4.0 writes; 1 only for an offset with its own expiry. 4.1
 * writes version 4 of an offset, which could name its topic by id.
 */
const OFFSET_COMMIT_VERSION = 3;
const EXPIRING_OFFSET_COMMIT_VERSION = 1;
const GROUP_METADATA_VERSION = 3;
const NO_EXPIRY = -1;

export const groupRecordCodec: CoordinatorRecordCodec<GroupRecord> = {
  encode(record) {
    if (record.type === 'GroupMetadata') return groupRecords.encode(record, GROUP_METADATA_VERSION);
    assert(record.type === 'OffsetCommit', 'a type that is written', { type: record.type });
    const expires = (record.value?.expireTimestamp ?? NO_EXPIRY) !== NO_EXPIRY;
    const version = expires ? EXPIRING_OFFSET_COMMIT_VERSION : OFFSET_COMMIT_VERSION;
    return groupRecords.encode(record, version);
  },
  decode: (key, value) => groupRecords.decode(key, value),
};

/** The codec of a coordinator that has groups of the consumer protocol or share groups, too. */
export function groupRecordCodecWith(
  consumer: CoordinatorRecordCodec<ConsumerGroupRecord> | null,
  share: CoordinatorRecordCodec<ShareGroupRecord> | null,
): CoordinatorRecordCodec<GroupRecord> {
  return {
    encode(record) {
      if (isConsumerRecord(record))
        return present(consumer, 'the consumer protocol').encode(record);
      if (isShareRecord(record)) return present(share, 'share groups').encode(record);
      return groupRecordCodec.encode(record);
    },
    decode: (key, value) =>
      groupRecordCodec.decode(key, value) ??
      consumer?.decode(key, value) ??
      share?.decode(key, value) ??
      null,
  };
}

/** Whether a record is of a share group (KIP-932). */
export function isShareRecord(record: GroupRecord): record is ShareGroupRecord {
  return record.type.startsWith('ShareGroup');
}

/** Whether a record is of a group of the consumer protocol (KIP-848). */
export function isConsumerRecord(record: GroupRecord): record is ConsumerGroupRecord {
  return record.type.startsWith('ConsumerGroup');
}

/** A group with its members and what the leader assigned to each. */
export function groupMetadataRecord(
  group: ClassicGroup,
  assignment: ReadonlyMap<string, Uint8Array>,
): GroupRecord {
  const { protocolName } = group;
  const members = [...group.members.values()].map((member) => {
    const assigned = assignment.get(member.memberId);
    assert(protocolName !== null && assigned !== undefined, 'members have an assignment', {
      group: group.groupId,
      member: member.memberId,
    });
    return {
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.metadata(protocolName),
      assignment: assigned,
    };
  });
  return {
    type: 'GroupMetadata',
    key: { group: group.groupId },
    value: {
      protocolType: group.protocolType ?? '',
      generation: group.generationId,
      protocol: protocolName,
      leader: group.leaderId,
      currentStateTimestamp: group.currentStateTimestampMs,
      members,
    },
  };
}

/** A group that has come into being and has no member yet. */
export function emptyGroupMetadataRecord(group: ClassicGroup): GroupRecord {
  return {
    type: 'GroupMetadata',
    key: { group: group.groupId },
    value: {
      protocolType: '',
      generation: 0,
      protocol: null,
      leader: null,
      currentStateTimestamp: group.currentStateTimestampMs,
      members: [],
    },
  };
}

export function groupMetadataTombstone(groupId: string): GroupRecord {
  return { type: 'GroupMetadata', key: { group: groupId }, value: null };
}

export function offsetCommitRecord(groupId: string, offset: OffsetAndMetadata): GroupRecord {
  const { topic, partition } = offset;
  assert(offset.committedOffset >= -1, 'an offset', { groupId, topic, partition });
  return {
    type: 'OffsetCommit',
    key: { group: groupId, topic, partition },
    value: {
      offset: offset.committedOffset,
      leaderEpoch: offset.leaderEpoch,
      metadata: offset.metadata,
      commitTimestamp: offset.commitTimestampMs,
      expireTimestamp: offset.expireTimestampMs,
      topicId: ZERO_UUID,
    },
  };
}

export function offsetCommitTombstone(
  group: string,
  topic: string,
  partition: number,
): GroupRecord {
  return { type: 'OffsetCommit', key: { group, topic, partition }, value: null };
}

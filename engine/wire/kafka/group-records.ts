/**
 * The records of `__consumer_offsets` for groups of the classic protocol: committed offsets, and
 * what a group was when it became stable.
 *
 * What KIP-848 added: `consumer-group-records.ts`. The frame: `coordinator-record.ts`.
 *
 * Names, versions and numbers are those of apache/kafka,
 * `group-coordinator/src/main/resources/common/message/`.
 */
import { coordinatorRecords } from './coordinator-record.ts';
import { array, bytes, int32, int64, string, struct, uuid, type DataOf } from './schema.ts';

const offsetCommitKey = struct('OffsetCommitKey', {
  group: string(),
  topic: string(),
  partition: int32(),
});

const legacyOffsetCommitValue = struct('LegacyOffsetCommitValue', {
  offset: int64(),
  metadata: string(),
  commitTimestamp: int64(),
});

const offsetCommitValue = struct('OffsetCommitValue', {
  offset: int64(),
  leaderEpoch: int32({ since: 3, default: -1 }),
  metadata: string(),
  commitTimestamp: int64(),
  expireTimestamp: int64({
    since: 1,
    until: 1,
    default: -1,
    about: 'Only where a client of old asked for a retention time of its own.',
  }),
  topicId: uuid({ since: 4, tag: 0 }),
});
export type OffsetCommitValue = DataOf<typeof offsetCommitValue>;

const groupMetadataKey = struct('GroupMetadataKey', { group: string() });

const groupMetadataValue = struct('GroupMetadataValue', {
  protocolType: string(),
  generation: int32(),
  protocol: string({ nullable: true }),
  leader: string({ nullable: true }),
  currentStateTimestamp: int64({ since: 2, default: -1 }),
  members: array({
    memberId: string(),
    groupInstanceId: string({ since: 3, nullable: true, default: null }),
    clientId: string(),
    clientHost: string(),
    rebalanceTimeout: int32({ since: 1, default: -1, about: 'In milliseconds, as is the next.' }),
    sessionTimeout: int32(),
    subscription: bytes({ about: 'What the member told in JoinGroup for the chosen assignor.' }),
    assignment: bytes(),
  }),
});
export type GroupMetadataValue = DataOf<typeof groupMetadataValue>;

/** Flexible since version 4 of both values; Kafka 4.1 writes it of an offset, not of a group. */
export const groupRecordTypes = {
  LegacyOffsetCommit: {
    number: 0,
    versionMax: 0,
    flexible: Infinity,
    key: offsetCommitKey,
    value: legacyOffsetCommitValue,
  },
  OffsetCommit: {
    number: 1,
    versionMax: 4,
    flexible: 4,
    key: offsetCommitKey,
    value: offsetCommitValue,
  },
  GroupMetadata: {
    number: 2,
    versionMax: 4,
    flexible: 4,
    key: groupMetadataKey,
    value: groupMetadataValue,
  },
} as const;

/** For a coordinator that has groups of the classic protocol only. */
export const groupRecords = coordinatorRecords(groupRecordTypes);

/**
 * OffsetCommit (key 8): a group's positions, to be written to `__consumer_offsets`.
 *
 * Versions: 0 wrote to ZooKeeper, 1 had a timestamp for each partition (both are gone since Kafka
 * 4.0), 2 a retention time until 5 dropped it (KIP-211), 6 the leader epoch of the last record read
 * (KIP-320), 7 static members (KIP-345), 9 the member epoch of KIP-848 in place of a generation, 10
 * topic ids in place of names.
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, string, uuid, struct, type DataOf } from '../schema.ts';

export const offsetCommitRequest = struct('OffsetCommitRequest', {
  groupId: string(),
  generationIdOrMemberEpoch: int32({
    since: 1,
    default: -1,
    about: '-1 with an empty member id: the group has no members.',
  }),
  memberId: string({ since: 1 }),
  groupInstanceId: string({ since: 7, nullable: true, default: null }),
  retentionTimeMs: int64({
    since: 2,
    until: 4,
    default: -1,
    about: "-1: the broker's offsets.retention.minutes.",
  }),
  topics: array({
    name: string({ until: 9 }),
    topicId: uuid({ since: 10, about: 'The zero id before version 10.' }),
    partitions: array({
      partitionIndex: int32(),
      committedOffset: int64(),
      committedLeaderEpoch: int32({
        since: 6,
        default: -1,
        about: 'The epoch of the last record read; -1 if unknown.',
      }),
      commitTimestamp: int64({ since: 1, until: 1, default: -1 }),
      committedMetadata: string({ nullable: true }),
    }),
  }),
});
export type OffsetCommitRequest = DataOf<typeof offsetCommitRequest>;

export const offsetCommitResponse = struct('OffsetCommitResponse', {
  throttleTimeMs: int32({ since: 3 }),
  topics: array({
    name: string({ until: 9 }),
    topicId: uuid({ since: 10 }),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
    }),
  }),
});
export type OffsetCommitResponse = DataOf<typeof offsetCommitResponse>;

export const offsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: [0, 10],
  flexible: 8,
  request: offsetCommitRequest,
  response: offsetCommitResponse,
});

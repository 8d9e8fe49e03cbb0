/**
 * OffsetFetch (key 9): the committed positions of a group, or from version 8 on of several
 * (KIP-709).
 *
 * Null topics mean all that the group committed (from version 2 on). Versions: 0 read from
 * ZooKeeper (gone since Kafka 4.0), 2 has an error for the whole group, 5 leader epochs (KIP-320),
 * 7 lets the client refuse offsets of a transaction that is not over (KIP-447), 9 the member and
 * its epoch (KIP-848), 10 topic ids in place of names.
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int64, string, uuid, struct, type DataOf } from '../schema.ts';

export const offsetFetchRequest = struct('OffsetFetchRequest', {
  groupId: string({ until: 7 }),
  topics: array(
    {
      name: string({ until: 7 }),
      partitionIndexes: array(int32(), { until: 7 }),
    },
    { until: 7, nullable: 2 },
  ),
  groups: array(
    {
      groupId: string({ since: 8 }),
      memberId: string({ since: 9, nullable: true, default: null }),
      memberEpoch: int32({ since: 9, default: -1 }),
      topics: array(
        {
          name: string({ since: 8, until: 9 }),
          topicId: uuid({ since: 10 }),
          partitionIndexes: array(int32(), { since: 8 }),
        },
        { since: 8, nullable: true },
      ),
    },
    { since: 8 },
  ),
  requireStable: bool({
    since: 7,
    about: 'With an open transaction: UNSTABLE_OFFSET_COMMIT in place of the offset.',
  }),
});
export type OffsetFetchRequest = DataOf<typeof offsetFetchRequest>;

export const offsetFetchResponse = struct('OffsetFetchResponse', {
  throttleTimeMs: int32({ since: 3 }),
  topics: array(
    {
      name: string({ until: 7 }),
      partitions: array(
        {
          partitionIndex: int32({ until: 7 }),
          committedOffset: int64({ until: 7, about: '-1: the group committed none.' }),
          committedLeaderEpoch: int32({ since: 5, until: 7, default: -1 }),
          metadata: string({ until: 7, nullable: true }),
          errorCode: int16({ until: 7 }),
        },
        { until: 7 },
      ),
    },
    { until: 7 },
  ),
  errorCode: int16({ since: 2, until: 7 }),
  groups: array(
    {
      groupId: string({ since: 8 }),
      topics: array(
        {
          name: string({ since: 8, until: 9 }),
          topicId: uuid({ since: 10 }),
          partitions: array(
            {
              partitionIndex: int32({ since: 8 }),
              committedOffset: int64({ since: 8 }),
              committedLeaderEpoch: int32({ since: 8, default: -1 }),
              metadata: string({ since: 8, nullable: true }),
              errorCode: int16({ since: 8 }),
            },
            { since: 8 },
          ),
        },
        { since: 8 },
      ),
      errorCode: int16({ since: 8 }),
    },
    { since: 8 },
  ),
});
export type OffsetFetchResponse = DataOf<typeof offsetFetchResponse>;

export const offsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [0, 10],
  flexible: 6,
  request: offsetFetchRequest,
  response: offsetFetchResponse,
});

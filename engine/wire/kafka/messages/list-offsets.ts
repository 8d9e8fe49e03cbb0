/**
 * ListOffsets (key 2): the offset for a timestamp, or for one of the special timestamps: -1 latest,
 * -2 earliest, -3 of the largest timestamp (KIP-734), -4 earliest local, -5 latest tiered.
 *
 * Version 2 has the isolation level, 4 the leader epoch (KIP-320), 7 to 9 allow -3, -4 and -5, 10
 * has a timeout (KIP-1075). Version 0, which gave many offsets, went with Kafka 4.0 (KIP-896).
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, int8, string, struct, type DataOf } from '../schema.ts';

export const listOffsetsRequest = struct('ListOffsetsRequest', {
  replicaId: int32({ about: '-1 for a consumer, -2 for debugging; else the follower that asks.' }),
  isolationLevel: int8({ since: 2 }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      currentLeaderEpoch: int32({ since: 4, default: -1 }),
      timestamp: int64({
        about: 'Milliseconds since 1970, or one of the special values from -1 to -5.',
      }),
    }),
  }),
  timeoutMs: int32({ since: 10, about: 'How long remote storage may be asked.' }),
});
export type ListOffsetsRequest = DataOf<typeof listOffsetsRequest>;

export const listOffsetsResponse = struct('ListOffsetsResponse', {
  throttleTimeMs: int32({ since: 2 }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      timestamp: int64({ default: -1 }),
      offset: int64({ default: -1 }),
      leaderEpoch: int32({ since: 4, default: -1 }),
    }),
  }),
});
export type ListOffsetsResponse = DataOf<typeof listOffsetsResponse>;

export const listOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 10],
  flexible: 6,
  request: listOffsetsRequest,
  response: listOffsetsResponse,
});

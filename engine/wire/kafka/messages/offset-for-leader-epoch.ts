/**
 * OffsetForLeaderEpoch (key 23): where a leader epoch ends in the leader's log. A follower, or a
 * consumer after a leader change, truncates to it (KIP-101, KIP-279, KIP-320).
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const offsetForLeaderEpochRequest = struct('OffsetForLeaderEpochRequest', {
  replicaId: int32({
    since: 3,
    default: -2,
    about: '-2: a debugging consumer, which may see beyond the high watermark.',
  }),
  topics: array({
    topic: string(),
    partitions: array({
      partition: int32(),
      currentLeaderEpoch: int32({ default: -1 }),
      leaderEpoch: int32(),
    }),
  }),
});
export type OffsetForLeaderEpochRequest = DataOf<typeof offsetForLeaderEpochRequest>;

export const offsetForLeaderEpochResponse = struct('OffsetForLeaderEpochResponse', {
  throttleTimeMs: int32(),
  topics: array({
    topic: string(),
    partitions: array({
      errorCode: int16(),
      partition: int32(),
      leaderEpoch: int32({
        default: -1,
        about: 'The largest epoch at or below the asked one; -1 if none is known.',
      }),
      endOffset: int64({
        default: -1,
        about: 'The first offset after that epoch; -1 if none is known.',
      }),
    }),
  }),
});
export type OffsetForLeaderEpochResponse = DataOf<typeof offsetForLeaderEpochResponse>;

export const offsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [2, 4],
  flexible: 4,
  request: offsetForLeaderEpochRequest,
  response: offsetForLeaderEpochResponse,
});

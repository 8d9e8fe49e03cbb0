/**
 * OffsetDelete (key 47): a group's committed offsets of topics to which it is not subscribed
 * (KIP-496). It never became flexible.
 */
import { api } from '../api.ts';
import { array, int16, int32, string, struct, type DataOf } from '../schema.ts';

export const offsetDeleteRequest = struct('OffsetDeleteRequest', {
  groupId: string(),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
    }),
  }),
});
export type OffsetDeleteRequest = DataOf<typeof offsetDeleteRequest>;

export const offsetDeleteResponse = struct('OffsetDeleteResponse', {
  errorCode: int16(),
  throttleTimeMs: int32(),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
    }),
  }),
});
export type OffsetDeleteResponse = DataOf<typeof offsetDeleteResponse>;

export const offsetDelete = api({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  flexible: Infinity,
  request: offsetDeleteRequest,
  response: offsetDeleteResponse,
});

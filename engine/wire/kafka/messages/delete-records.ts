/**
 * DeleteRecords (key 21): forgets a partition's records below an offset (KIP-107). Offset -1 stands
 * for the high watermark.
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const deleteRecordsRequest = struct('DeleteRecordsRequest', {
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      offset: int64(),
    }),
  }),
  timeoutMs: int32(),
});
export type DeleteRecordsRequest = DataOf<typeof deleteRecordsRequest>;

export const deleteRecordsResponse = struct('DeleteRecordsResponse', {
  throttleTimeMs: int32(),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      lowWatermark: int64(),
      errorCode: int16(),
    }),
  }),
});
export type DeleteRecordsResponse = DataOf<typeof deleteRecordsResponse>;

export const deleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexible: 2,
  request: deleteRecordsRequest,
  response: deleteRecordsResponse,
});

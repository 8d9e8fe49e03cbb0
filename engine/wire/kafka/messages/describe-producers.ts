/**
 * DescribeProducers (key 61): the producers that the leader of a partition knows, with where their
 * ongoing transaction begins (KIP-664).
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const describeProducersRequest = struct('DescribeProducersRequest', {
  topics: array({ name: string(), partitionIndexes: array(int32()) }),
});
export type DescribeProducersRequest = DataOf<typeof describeProducersRequest>;

export const describeProducersResponse = struct('DescribeProducersResponse', {
  throttleTimeMs: int32(),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
      activeProducers: array({
        producerId: int64(),
        producerEpoch: int32(),
        lastSequence: int32({ default: -1 }),
        lastTimestamp: int64({ default: -1 }),
        coordinatorEpoch: int32(),
        currentTxnStartOffset: int64({ default: -1, about: '-1: no transaction is open here.' }),
      }),
    }),
  }),
});
export type DescribeProducersResponse = DataOf<typeof describeProducersResponse>;

export const describeProducers = api({
  key: 61,
  name: 'DescribeProducers',
  versions: [0, 0],
  flexible: 0,
  request: describeProducersRequest,
  response: describeProducersResponse,
});

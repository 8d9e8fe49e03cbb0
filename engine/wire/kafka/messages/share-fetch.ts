/**
 * ShareFetch (key 78): acquires records of share-partitions for a member, and takes its
 * acknowledgements of earlier ones along (KIP-932).
 *
 * Versions: 0 was the early access of Kafka 4.0 and is gone; 1 since Kafka 4.1: limits in records,
 * and the duration of the acquisition lock in the answer.
 */
import { api } from '../api.ts';
import {
  array,
  int16,
  int32,
  int64,
  int8,
  object,
  records,
  string,
  struct,
  uuid,
  type DataOf,
} from '../schema.ts';

/** In ShareFetch and in ShareAcknowledge alike. */
export const acknowledgementBatches = () =>
  array({
    firstOffset: int64(),
    lastOffset: int64({ about: 'Included.' }),
    acknowledgeTypes: array(int8(), {
      about: 'One for each offset, or one for all. 0: gap; 1: accept; 2: release; 3: reject.',
    }),
  });

/** Where a partition is led, with an error that says: not here. */
export const shareCurrentLeader = () =>
  object('LeaderIdAndEpoch', { leaderId: int32(), leaderEpoch: int32() });

export const shareNodeEndpoints = () =>
  array({
    nodeId: int32(),
    host: string(),
    port: int32(),
    rack: string({ nullable: true, default: null }),
  });

const shareFetchRequest = struct('ShareFetchRequest', {
  groupId: string({ nullable: true, default: null }),
  memberId: string({ nullable: true }),
  shareSessionEpoch: int32({ about: '0: open a share session; -1: close it; else the next one.' }),
  maxWaitMs: int32(),
  minBytes: int32(),
  maxBytes: int32({ default: 0x7fffffff }),
  maxRecords: int32({ about: 'May be exceeded: batches of the log are not split.' }),
  batchSize: int32({ about: 'Records of one batch that is acquired.' }),
  topics: array({
    topicId: uuid(),
    partitions: array({
      partitionIndex: int32(),
      acknowledgementBatches: acknowledgementBatches(),
    }),
  }),
  forgottenTopicsData: array({
    topicId: uuid(),
    partitions: array(int32()),
  }),
});
export type ShareFetchRequest = DataOf<typeof shareFetchRequest>;

export const shareFetchResponse = struct('ShareFetchResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
  acquisitionLockTimeoutMs: int32(),
  responses: array({
    topicId: uuid(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
      acknowledgeErrorCode: int16(),
      acknowledgeErrorMessage: string({ nullable: true, default: null }),
      currentLeader: shareCurrentLeader(),
      records: records({ nullable: true }),
      acquiredRecords: array({
        firstOffset: int64(),
        lastOffset: int64({ about: 'Included.' }),
        deliveryCount: int16(),
      }),
    }),
  }),
  nodeEndpoints: shareNodeEndpoints(),
});
export type ShareFetchResponse = DataOf<typeof shareFetchResponse>;

export const shareFetch = api({
  key: 78,
  name: 'ShareFetch',
  versions: [1, 1],
  flexible: 0,
  request: shareFetchRequest,
  response: shareFetchResponse,
});

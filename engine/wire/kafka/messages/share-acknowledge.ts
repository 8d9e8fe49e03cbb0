/**
 * ShareAcknowledge (key 79): what a member has done with records that it acquired, without
 * acquiring more (KIP-932).
 *
 * Versions: 0 was the early access of Kafka 4.0 and is gone; 1 since Kafka 4.1.
 */
import { api } from '../api.ts';
import { array, int16, int32, string, struct, uuid, type DataOf } from '../schema.ts';
import { acknowledgementBatches, shareCurrentLeader, shareNodeEndpoints } from './share-fetch.ts';

const shareAcknowledgeRequest = struct('ShareAcknowledgeRequest', {
  groupId: string({ nullable: true, default: null }),
  memberId: string({ nullable: true }),
  shareSessionEpoch: int32({ about: '-1: close the session; else the next epoch; never 0.' }),
  topics: array({
    topicId: uuid(),
    partitions: array({
      partitionIndex: int32(),
      acknowledgementBatches: acknowledgementBatches(),
    }),
  }),
});
export type ShareAcknowledgeRequest = DataOf<typeof shareAcknowledgeRequest>;

export const shareAcknowledgeResponse = struct('ShareAcknowledgeResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
  responses: array({
    topicId: uuid(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
      currentLeader: shareCurrentLeader(),
    }),
  }),
  nodeEndpoints: shareNodeEndpoints(),
});
export type ShareAcknowledgeResponse = DataOf<typeof shareAcknowledgeResponse>;

export const shareAcknowledge = api({
  key: 79,
  name: 'ShareAcknowledge',
  versions: [1, 1],
  flexible: 0,
  request: shareAcknowledgeRequest,
  response: shareAcknowledgeResponse,
});

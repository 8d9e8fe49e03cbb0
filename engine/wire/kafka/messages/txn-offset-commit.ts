/**
 * TxnOffsetCommit (key 28): commits a group's offsets as a part of a transaction: they count when
 * it commits.
 *
 * From version 3 on the request says which member of which generation consumed, so that a zombie is
 * fenced (KIP-447); version 5 lets the group's coordinator take its partition up into the
 * transaction (KIP-890).
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const txnOffsetCommitRequest = struct('TxnOffsetCommitRequest', {
  transactionalId: string(),
  groupId: string(),
  producerId: int64(),
  producerEpoch: int16(),
  generationId: int32({ since: 3, default: -1 }),
  memberId: string({ since: 3 }),
  groupInstanceId: string({ since: 3, nullable: true, default: null }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      committedOffset: int64(),
      committedLeaderEpoch: int32({ since: 2, default: -1 }),
      committedMetadata: string({ nullable: true }),
    }),
  }),
});
export type TxnOffsetCommitRequest = DataOf<typeof txnOffsetCommitRequest>;

export const txnOffsetCommitResponse = struct('TxnOffsetCommitResponse', {
  throttleTimeMs: int32(),
  topics: array({
    name: string(),
    partitions: array({ partitionIndex: int32(), errorCode: int16() }),
  }),
});
export type TxnOffsetCommitResponse = DataOf<typeof txnOffsetCommitResponse>;

export const txnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 5],
  flexible: 3,
  request: txnOffsetCommitRequest,
  response: txnOffsetCommitResponse,
});

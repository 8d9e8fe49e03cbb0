/**
 * AddOffsetsToTxn (key 25): takes the partition of a group's offsets up into a transaction, before
 * TxnOffsetCommit writes there (KIP-98). With transactions of version 2 the group's coordinator
 * does it for the producer (KIP-890).
 */
import { api } from '../api.ts';
import { int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const addOffsetsToTxnRequest = struct('AddOffsetsToTxnRequest', {
  transactionalId: string(),
  producerId: int64(),
  producerEpoch: int16(),
  groupId: string(),
});
export type AddOffsetsToTxnRequest = DataOf<typeof addOffsetsToTxnRequest>;

export const addOffsetsToTxnResponse = struct('AddOffsetsToTxnResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
});
export type AddOffsetsToTxnResponse = DataOf<typeof addOffsetsToTxnResponse>;

export const addOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 4],
  flexible: 3,
  request: addOffsetsToTxnRequest,
  response: addOffsetsToTxnResponse,
});

/**
 * EndTxn (key 26): commits or aborts the ongoing transaction (KIP-98). From version 5 on the answer
 * tells the id and epoch for the next one, since each end raises the epoch (KIP-890).
 */
import { api } from '../api.ts';
import { bool, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const endTxnRequest = struct('EndTxnRequest', {
  transactionalId: string(),
  producerId: int64(),
  producerEpoch: int16(),
  committed: bool({ about: 'True to commit, false to abort.' }),
});
export type EndTxnRequest = DataOf<typeof endTxnRequest>;

export const endTxnResponse = struct('EndTxnResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  producerId: int64({ since: 5, default: -1 }),
  producerEpoch: int16({ since: 5, default: -1 }),
});
export type EndTxnResponse = DataOf<typeof endTxnResponse>;

export const endTxn = api({
  key: 26,
  name: 'EndTxn',
  versions: [0, 5],
  flexible: 3,
  request: endTxnRequest,
  response: endTxnResponse,
});

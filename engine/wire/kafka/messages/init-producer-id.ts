/**
 * InitProducerId (key 22): gives an idempotent producer its id and epoch; with a transactional id
 * it also fences earlier producers of that id and ends their open transaction (KIP-98).
 *
 * From version 3 on a producer may name the id and epoch it has, to have the epoch raised
 * (KIP-360).
 */
import { api } from '../api.ts';
import { int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const initProducerIdRequest = struct('InitProducerIdRequest', {
  transactionalId: string({ nullable: true }),
  transactionTimeoutMs: int32({ about: 'After it the coordinator aborts an open transaction.' }),
  producerId: int64({ since: 3, default: -1 }),
  producerEpoch: int16({ since: 3, default: -1 }),
});
export type InitProducerIdRequest = DataOf<typeof initProducerIdRequest>;

export const initProducerIdResponse = struct('InitProducerIdResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  producerId: int64({ default: -1 }),
  producerEpoch: int16(),
});
export type InitProducerIdResponse = DataOf<typeof initProducerIdResponse>;

export const initProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  flexible: 2,
  request: initProducerIdRequest,
  response: initProducerIdResponse,
});

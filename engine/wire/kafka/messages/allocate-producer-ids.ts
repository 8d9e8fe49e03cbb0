/**
 * AllocateProducerIds (key 67): a broker takes a block of producer ids from the controller
 * (KIP-730).
 */
import { api } from '../api.ts';
import { int16, int32, int64, struct, type DataOf } from '../schema.ts';

export const allocateProducerIdsRequest = struct('AllocateProducerIdsRequest', {
  brokerId: int32(),
  brokerEpoch: int64({ default: -1 }),
});
export type AllocateProducerIdsRequest = DataOf<typeof allocateProducerIdsRequest>;

export const allocateProducerIdsResponse = struct('AllocateProducerIdsResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  producerIdStart: int64({ about: 'The first id of the block.' }),
  producerIdLen: int32({ about: 'How many ids the block has.' }),
});
export type AllocateProducerIdsResponse = DataOf<typeof allocateProducerIdsResponse>;

export const allocateProducerIds = api({
  key: 67,
  name: 'AllocateProducerIds',
  versions: [0, 0],
  flexible: 0,
  request: allocateProducerIdsRequest,
  response: allocateProducerIdsResponse,
});

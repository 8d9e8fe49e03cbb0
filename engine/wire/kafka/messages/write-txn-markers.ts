/**
 * WriteTxnMarkers (key 27): a transaction coordinator has the leaders of a transaction's partitions
 * append its end (KIP-98). Between brokers only.
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const writeTxnMarkersRequest = struct('WriteTxnMarkersRequest', {
  markers: array({
    producerId: int64(),
    producerEpoch: int16(),
    transactionResult: bool({ about: 'True: COMMIT; false: ABORT.' }),
    topics: array({ name: string(), partitionIndexes: array(int32()) }),
    coordinatorEpoch: int32({
      about: "The leader epoch of the coordinator's partition of __transaction_state.",
    }),
  }),
});
export type WriteTxnMarkersRequest = DataOf<typeof writeTxnMarkersRequest>;

export const writeTxnMarkersResponse = struct('WriteTxnMarkersResponse', {
  markers: array({
    producerId: int64(),
    topics: array({
      name: string(),
      partitions: array({ partitionIndex: int32(), errorCode: int16() }),
    }),
  }),
});
export type WriteTxnMarkersResponse = DataOf<typeof writeTxnMarkersResponse>;

export const writeTxnMarkers = api({
  key: 27,
  name: 'WriteTxnMarkers',
  versions: [0, 1],
  flexible: 1,
  request: writeTxnMarkersRequest,
  response: writeTxnMarkersResponse,
});

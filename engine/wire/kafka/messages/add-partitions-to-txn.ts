/**
 * AddPartitionsToTxn (key 24): takes partitions up into an ongoing transaction, or asks whether
 * they are in it.
 *
 * Up to version 3 a producer asks for one transaction. From version 4 on brokers ask, for many at
 * once and with `verifyOnly`, before they append to a log (KIP-890); version 5 may be answered
 * with TRANSACTION_ABORTABLE.
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const addPartitionsToTxnRequest = struct('AddPartitionsToTxnRequest', {
  transactions: array(
    {
      transactionalId: string(),
      producerId: int64(),
      producerEpoch: int16(),
      verifyOnly: bool({ about: 'Changes nothing: only tells whether the partitions are in it.' }),
      topics: array({ name: string(), partitions: array(int32()) }),
    },
    { since: 4 },
  ),
  v3AndBelowTransactionalId: string({ until: 3 }),
  v3AndBelowProducerId: int64({ until: 3 }),
  v3AndBelowProducerEpoch: int16({ until: 3 }),
  v3AndBelowTopics: array({ name: string(), partitions: array(int32()) }, { until: 3 }),
});
export type AddPartitionsToTxnRequest = DataOf<typeof addPartitionsToTxnRequest>;

const topicResult = {
  name: string(),
  resultsByPartition: array({ partitionIndex: int32(), partitionErrorCode: int16() }),
};

export const addPartitionsToTxnResponse = struct('AddPartitionsToTxnResponse', {
  throttleTimeMs: int32(),
  errorCode: int16({ since: 4 }),
  resultsByTransaction: array(
    { transactionalId: string(), topicResults: array(topicResult) },
    { since: 4 },
  ),
  resultsByTopicV3AndBelow: array(topicResult, { until: 3 }),
});
export type AddPartitionsToTxnResponse = DataOf<typeof addPartitionsToTxnResponse>;

export const addPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 5],
  flexible: 3,
  request: addPartitionsToTxnRequest,
  response: addPartitionsToTxnResponse,
});

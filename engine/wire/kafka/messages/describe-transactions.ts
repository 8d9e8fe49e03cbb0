/**
 * DescribeTransactions (key 65): what the coordinator knows of some transactional ids (KIP-664).
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const describeTransactionsRequest = struct('DescribeTransactionsRequest', {
  transactionalIds: array(string()),
});
export type DescribeTransactionsRequest = DataOf<typeof describeTransactionsRequest>;

export const describeTransactionsResponse = struct('DescribeTransactionsResponse', {
  throttleTimeMs: int32(),
  transactionStates: array({
    errorCode: int16(),
    transactionalId: string(),
    transactionState: string({ about: 'As in `PrepareCommit`.' }),
    transactionTimeoutMs: int32(),
    transactionStartTimeMs: int64(),
    producerId: int64(),
    producerEpoch: int16(),
    topics: array({ topic: string(), partitions: array(int32()) }),
  }),
});
export type DescribeTransactionsResponse = DataOf<typeof describeTransactionsResponse>;

export const describeTransactions = api({
  key: 65,
  name: 'DescribeTransactions',
  versions: [0, 0],
  flexible: 0,
  request: describeTransactionsRequest,
  response: describeTransactionsResponse,
});

/**
 * DescribeTransactions: the state of some transactional ids at their coordinator (KIP-664). An id
 * that it does not know is TRANSACTIONAL_ID_NOT_FOUND.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type DescribeTransactionsRequest,
  type DescribeTransactionsResponse,
  describeTransactions,
} from '../../wire/kafka/messages/describe-transactions.ts';
import type { TransactionCoordinator } from '../transaction/transaction-coordinator.ts';
import { type ApiHandler, apiHandler } from './api-handler.ts';

type TransactionState = DescribeTransactionsResponse['transactionStates'][number];

export function describeTransactionsHandler(coordinator: TransactionCoordinator): ApiHandler {
  return apiHandler<DescribeTransactionsRequest>(describeTransactions, (_broker, request) => {
    const transactionStates = request.body.transactionalIds.map((id) => describe(coordinator, id));
    request.respond({ throttleTimeMs: 0, transactionStates });
  });
}

function describe(coordinator: TransactionCoordinator, transactionalId: string): TransactionState {
  const failed = (errorCode: number): TransactionState => ({
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  });
  if (transactionalId === '') return failed(ErrorCode.INVALID_REQUEST);
  const errorCode = coordinator.coordinatorError(transactionalId);
  if (errorCode !== ErrorCode.NONE) return failed(errorCode);
  const metadata = coordinator.metadataOf(transactionalId);
  if (metadata === undefined || metadata.state === 'Dead') {
    return failed(ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
  }
  assert(metadata.transactionalId === transactionalId, 'the one asked for', { transactionalId });
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of metadata.partitions.values()) {
    topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  }
  return {
    errorCode,
    transactionalId,
    transactionState: metadata.state,
    transactionTimeoutMs: metadata.timeoutMs,
    transactionStartTimeMs: metadata.startMs,
    producerId: metadata.producerId,
    producerEpoch: metadata.producerEpoch,
    topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
  };
}

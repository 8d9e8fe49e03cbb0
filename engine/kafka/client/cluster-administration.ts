/**
 * What tools ask single brokers and the quorum by an `Admin`: log directories, the metadata
 * quorum, transactions and the producers behind them. They stand apart from `administration.ts`,
 * so that a page without tools does not carry them.
 *
 * Not here: how a call is tried again (`admin-call.ts`). Source: `KafkaAdminClient`.
 */
import { assert } from '../../kernel/assert.ts';
import {
  describeLogDirs as describeLogDirsApi,
  type DescribeLogDirsRequest,
  type DescribeLogDirsResponse,
} from '../../wire/kafka/messages/describe-log-dirs.ts';
import {
  describeProducers as describeProducersApi,
  type DescribeProducersRequest,
  type DescribeProducersResponse,
} from '../../wire/kafka/messages/describe-producers.ts';
import {
  describeQuorum as describeQuorumApi,
  type DescribeQuorumRequest,
  type DescribeQuorumResponse,
} from '../../wire/kafka/messages/describe-quorum.ts';
import {
  describeTransactions as describeTransactionsApi,
  type DescribeTransactionsRequest,
  type DescribeTransactionsResponse,
} from '../../wire/kafka/messages/describe-transactions.ts';
import {
  listTransactions as listTransactionsApi,
  type ListTransactionsRequest,
  type ListTransactionsResponse,
} from '../../wire/kafka/messages/list-transactions.ts';
import {
  findCoordinator as findCoordinatorApi,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
} from '../../wire/kafka/messages/find-coordinator.ts';
import {
  writeTxnMarkers as writeTxnMarkersApi,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from '../../wire/kafka/messages/write-txn-markers.ts';
import type { Administered } from './administration.ts';
import type { AdminCallback } from './admin-call.ts';
import type { TopicPartition } from './consumer/subscription-state.ts';

const TRANSACTION = 1;

/** The log directories of a broker with all that they hold. */
export function describeLogDirs(
  admin: Administered,
  brokerId: number,
  done: AdminCallback<DescribeLogDirsResponse>,
): void {
  const body: DescribeLogDirsRequest = { topics: null };
  admin.calls.broker<DescribeLogDirsResponse>(describeLogDirsApi, body, brokerId, done, (one) => [
    { errorCode: one.errorCode, errorMessage: null },
  ]);
}

/** The quorum of the metadata log, as its leader sees it. */
export function describeQuorum(
  admin: { readonly calls: Pick<Administered['calls'], 'broker'> },
  done: AdminCallback<DescribeQuorumResponse>,
): void {
  const body: DescribeQuorumRequest = {
    topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
  };
  admin.calls.broker<DescribeQuorumResponse>(describeQuorumApi, body, null, done, (one) => [
    one,
    ...one.topics.flatMap(({ partitions }) => partitions),
  ]);
}

/** The broker that coordinates the transactions of an id. */
export function transactionCoordinatorOf(
  admin: Administered,
  transactionalId: string,
  done: AdminCallback<number>,
): void {
  assert(transactionalId.length > 0, 'a transactional id');
  const body: FindCoordinatorRequest = {
    ...{ key: transactionalId, keyType: TRANSACTION, coordinatorKeys: [transactionalId] },
  };
  type Response = FindCoordinatorResponse;
  const take = (response: Response): number => response.coordinators[0]?.nodeId ?? response.nodeId;
  admin.calls.broker<Response>(
    findCoordinatorApi,
    body,
    null,
    (result) => {
      if (result.ok) done({ ok: true, value: take(result.value) });
      else done({ ...result, value: result.value === null ? null : take(result.value) });
    },
    (response) => [response, ...response.coordinators],
  );
}

/** The transactions that a broker coordinates. */
export function listTransactions(
  admin: Administered,
  brokerId: number,
  filters: { readonly durationMs?: number; readonly pattern?: string },
  done: AdminCallback<ListTransactionsResponse>,
): void {
  const body: ListTransactionsRequest = {
    stateFilters: [],
    producerIdFilters: [],
    durationFilter: filters.durationMs ?? -1,
    transactionalIdPattern: filters.pattern ?? null,
  };
  admin.calls.broker<ListTransactionsResponse>(listTransactionsApi, body, brokerId, done, (one) => [
    { errorCode: one.errorCode, errorMessage: null },
  ]);
}

/** Transactions by their ids, asked of who coordinates them. */
export function describeTransactions(
  admin: Administered,
  brokerId: number,
  transactionalIds: readonly string[],
  done: AdminCallback<DescribeTransactionsResponse['transactionStates']>,
): void {
  const body: DescribeTransactionsRequest = { transactionalIds };
  const take = (
    response: DescribeTransactionsResponse,
  ): DescribeTransactionsResponse['transactionStates'] => response.transactionStates;
  admin.calls.parts(describeTransactionsApi, body, brokerId, done, take);
}

/** The producers that a replica knows. */
export function describeProducers(
  admin: Administered,
  brokerId: number,
  { topic, partition }: TopicPartition,
  done: AdminCallback<DescribeProducersResponse['topics'][number]['partitions']>,
): void {
  const body: DescribeProducersRequest = {
    topics: [{ name: topic, partitionIndexes: [partition] }],
  };
  type Partitions = DescribeProducersResponse['topics'][number]['partitions'];
  const take = (response: DescribeProducersResponse): Partitions =>
    response.topics.flatMap(({ partitions }) => partitions);
  admin.calls.parts(describeProducersApi, body, brokerId, done, take);
}

/** A transaction of which one partition is ended, past its coordinator. */
interface AbortedHere extends TopicPartition {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
}

/** Writes an abort marker into a partition. */
export function abortTransaction(
  admin: Administered,
  leaderId: number,
  { topic, partition, ...producer }: AbortedHere,
  done: AdminCallback<readonly { readonly errorCode: number }[]>,
): void {
  const body: WriteTxnMarkersRequest = {
    markers: [
      {
        ...producer,
        transactionResult: false,
        topics: [{ name: topic, partitionIndexes: [partition] }],
      },
    ],
  };
  type Response = WriteTxnMarkersResponse;
  const take = (response: Response): readonly { readonly errorCode: number }[] =>
    response.markers.flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions));
  admin.calls.parts(writeTxnMarkersApi, body, leaderId, done, take);
}

/**
 * AddPartitionsToTxn: takes partitions up into a transaction.
 *
 * Behaviour: up to version 3 all partitions of the request are taken up or none: if one does not
 * exist the others get OPERATION_NOT_ATTEMPTED. Brokers ask with version 4 and above for several
 * transactions at once, with `verifyOnly` to change nothing.
 * Versions: 2 PRODUCER_FENCED (before: INVALID_PRODUCER_EPOCH); 4 batches (KIP-890).
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
  addPartitionsToTxn,
} from '../../wire/kafka/messages/add-partitions-to-txn.ts';
import type { TransactionCoordinator } from '../transaction/transaction-coordinator.ts';
import type { TopicPartition } from '../transaction/transaction-metadata.ts';
import { type ApiHandler, type BrokerParts, apiHandler } from './api-handler.ts';

const BATCHED_SINCE = 4;
export const PRODUCER_FENCED_SINCE = 2;

type Transaction = AddPartitionsToTxnRequest['transactions'][number];
type Topics = Transaction['topics'];
type TopicResults = AddPartitionsToTxnResponse['resultsByTopicV3AndBelow'];

export function addPartitionsToTxnHandler(coordinator: TransactionCoordinator): ApiHandler {
  return apiHandler<AddPartitionsToTxnRequest>(addPartitionsToTxn, (broker, request) => {
    const { body, apiVersion } = request;
    const asked: readonly Transaction[] =
      apiVersion >= BATCHED_SINCE ? body.transactions : [singleOf(body)];
    const results: { transactionalId: string; topicResults: TopicResults }[] = [];
    let left = asked.length;
    const answered = (transactionalId: string, topicResults: TopicResults): void => {
      results.push({ transactionalId, topicResults });
      left -= 1;
      assert(left >= 0, 'answered once', { transactionalId });
      if (left > 0) return;
      const batched = apiVersion >= BATCHED_SINCE;
      request.respond({
        throttleTimeMs: 0,
        errorCode: ErrorCode.NONE,
        resultsByTransaction: batched ? results : [],
        resultsByTopicV3AndBelow: batched ? [] : topicResults,
      } satisfies AddPartitionsToTxnResponse);
    };
    if (left === 0) {
      const errorCode = ErrorCode.INVALID_REQUEST;
      request.respond({
        throttleTimeMs: 0,
        errorCode,
        resultsByTransaction: [],
        resultsByTopicV3AndBelow: [],
      });
    }
    for (const one of asked) {
      answer(broker, coordinator, one, apiVersion, (errorOf) =>
        answered(one.transactionalId, resultsOf(one.topics, errorOf)),
      );
    }
  });
}

function singleOf(body: AddPartitionsToTxnRequest): Transaction {
  return {
    transactionalId: body.v3AndBelowTransactionalId,
    producerId: body.v3AndBelowProducerId,
    producerEpoch: body.v3AndBelowProducerEpoch,
    verifyOnly: false,
    topics: body.v3AndBelowTopics,
  };
}

function answer(
  broker: BrokerParts,
  coordinator: TransactionCoordinator,
  of: Transaction,
  apiVersion: number,
  done: (errorOf: (name: string) => number) => void,
): void {
  const { transactionalId, producerId, producerEpoch, topics } = of;
  const partitions = new Map<string, TopicPartition>();
  const unknown = new Set<string>();
  for (const { name: topic, partitions: indexes } of topics) {
    for (const partition of indexes) {
      partitions.set(`${topic}-${partition}`, { topic, partition });
      const isKnown = broker.image().topics.get(topic)?.partitions[partition] !== undefined;
      if (!isKnown) unknown.add(`${topic}-${partition}`);
    }
  }
  if (transactionalId === '') {
    done(() => ErrorCode.INVALID_REQUEST);
    return;
  }
  if (unknown.size > 0) {
    done((name) =>
      unknown.has(name) ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.OPERATION_NOT_ATTEMPTED,
    );
    return;
  }
  const producer = { producerId, producerEpoch };
  if (of.verifyOnly) {
    const verdicts = coordinator.verifyPartitions(transactionalId, producer, partitions);
    done((name) => verdicts.get(name) ?? ErrorCode.NONE);
    return;
  }
  const clientVersion = apiVersion >= BATCHED_SINCE ? 2 : 0;
  coordinator.addPartitions(transactionalId, producer, partitions, clientVersion, (errorCode) => {
    const told = fencedCode(errorCode, apiVersion);
    done(() => told);
  });
}

/** Clients before KIP-588 know INVALID_PRODUCER_EPOCH only. */
export function fencedCode(errorCode: number, apiVersion: number): number {
  const old = apiVersion < PRODUCER_FENCED_SINCE && errorCode === ErrorCode.PRODUCER_FENCED;
  return old ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode;
}

function resultsOf(topics: Topics, errorOf: (name: string) => number): TopicResults {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: errorOf(`${name}-${partitionIndex}`),
    })),
  }));
}

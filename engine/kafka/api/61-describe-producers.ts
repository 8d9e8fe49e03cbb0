/**
 * DescribeProducers: the producers that this replica knows, and where what they have open begins.
 * With ListTransactions it finds transactions that hang (KIP-664).
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type DescribeProducersRequest,
  type DescribeProducersResponse,
  describeProducers,
} from '../../wire/kafka/messages/describe-producers.ts';
import { type BrokerParts, apiHandler } from './api-handler.ts';

type PartitionResponse = DescribeProducersResponse['topics'][number]['partitions'][number];

export const describeProducersHandler = apiHandler<DescribeProducersRequest>(
  describeProducers,
  (broker, request) => {
    const topics = request.body.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((index) => describe(broker, name, index)),
    }));
    request.respond({ throttleTimeMs: 0, topics } satisfies DescribeProducersResponse);
  },
);

function describe(broker: BrokerParts, topic: string, partitionIndex: number): PartitionResponse {
  const partition = broker.replicas.get(topic, partitionIndex);
  // Any replica tells, not the leader alone.
  const errorCode =
    partition === undefined ? broker.replicas.missingError(topic, partitionIndex) : ErrorCode.NONE;
  const of = { partitionIndex, errorCode, errorMessage: null };
  if (partition === undefined) return { ...of, activeProducers: [] };
  assert(partition.index === partitionIndex, 'the replica that was asked for', { topic });
  const activeProducers = [...partition.log.producers.entries.values()].map((entry) => ({
    producerId: entry.producerId,
    producerEpoch: entry.producerEpoch,
    lastSequence: entry.batches[entry.batches.length - 1]?.lastSequence ?? -1,
    lastTimestamp: entry.lastTimestamp,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTxnStartOffset: entry.currentTxnFirstOffset,
  }));
  return { ...of, activeProducers };
}

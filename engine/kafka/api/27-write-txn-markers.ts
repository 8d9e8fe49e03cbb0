/**
 * WriteTxnMarkers: the leader of a partition appends the end of a transaction, and answers when all
 * in-sync replicas have it.
 *
 * Behaviour: an epoch below the one that the log knows is INVALID_PRODUCER_EPOCH, an older
 * coordinator TRANSACTION_COORDINATOR_FENCED. Modules that keep their state in the partition hear
 * of the end (`BrokerModule.transactionEnded`), since offsets may be pending there.
 * Source: `KafkaApis.handleWriteTxnMarkersRequest`. Invariant K25.
 */
import { assert } from '../../kernel/assert.ts';
import { encodeMarker } from '../../wire/kafka/control-record.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import {
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
  writeTxnMarkers,
} from '../../wire/kafka/messages/write-txn-markers.ts';
import { encodeBatch, isBatchProblem, readBatchHeader } from '../../wire/kafka/record-batch.ts';
import { type BrokerParts, apiHandler } from './api-handler.ts';
import type { BrokerModule } from '../broker/broker-module.ts';
import { DelayedProduce, type ProduceStatus } from '../broker/delayed-produce.ts';
import type { Partition } from '../partition/partition.ts';
import { transactionMarkerKind } from '../transaction/transaction-trace.ts';

type Marker = WriteTxnMarkersRequest['markers'][number];

/** One partition's marker: written and waiting for replicas, or refused. */
interface Written {
  readonly marker: Marker;
  readonly topic: string;
  readonly index: number;
  errorCode: number;
  readonly status: ProduceStatus | null;
}

export const writeTxnMarkersHandler = apiHandler<WriteTxnMarkersRequest>(
  writeTxnMarkers,
  (broker, request) => {
    const written: Written[] = [];
    for (const marker of request.body.markers) {
      for (const { name, partitionIndexes } of marker.topics) {
        for (const index of partitionIndexes) written.push(write(broker, marker, name, index));
      }
    }
    const statuses = written.flatMap(({ status }) => (status === null ? [] : [status]));
    const answer = (): void => {
      for (const one of written) if (one.status !== null) one.errorCode = one.status.errorCode;
      request.respond(responseOf(request.body, written));
    };
    if (statuses.length === 0) {
      answer();
      return;
    }
    const keys = statuses.map(({ partition }) => partition.name);
    const timeoutMs = broker.config.values['request.timeout.ms'];
    const operation = new DelayedProduce(statuses, answer);
    broker.replicas.producePurgatory.tryCompleteElseWatch(operation, keys, timeoutMs);
  },
);

function write(broker: BrokerParts, marker: Marker, topic: string, index: number): Written {
  const partition = broker.replicas.get(topic, index);
  const refused = (errorCode: number): Written => {
    assert(errorCode !== ErrorCode.NONE, 'an error', { topic, index });
    record(broker, marker, `${topic}-${index}`, { offset: -1, errorCode });
    return { marker, topic, index, errorCode, status: null };
  };
  if (partition === undefined) return refused(broker.replicas.missingError(topic, index));
  const allowed = partition.checkProduce(-1);
  if (allowed !== ErrorCode.NONE) return refused(allowed);
  for (const module of modulesOf(broker, topic)) {
    const errorCode = module.transactionEnding?.(partition) ?? ErrorCode.NONE;
    if (errorCode !== ErrorCode.NONE) return refused(errorCode);
  }
  const { producerId, producerEpoch, coordinatorEpoch, transactionResult } = marker;
  const type = transactionResult ? 'commit' : 'abort';
  const records = [encodeMarker({ type, coordinatorEpoch }, broker.ports.clock.wall())];
  const of = { producerId, producerEpoch, isTransactional: true, isControl: true };
  const bytes = encodeBatch({ records, ...of });
  const header = readBatchHeader(bytes);
  assert(!isBatchProblem(header), 'a batch of ours', { header });
  const info = partition.appendAsLeader(bytes, header);
  if (info.errorCode !== ErrorCode.NONE) return refused(info.errorCode);
  record(broker, marker, partition.name, { offset: info.firstOffset, errorCode: 0 });
  tellModules(broker, marker, partition, info.firstOffset);
  const status = { partition, requiredOffset: info.lastOffset + 1, errorCode: 0 };
  return { marker, topic, index, errorCode: 0, status: { ...status, acksPending: false } };
}

function tellModules(
  broker: BrokerParts,
  marker: Marker,
  partition: Partition,
  offset: number,
): void {
  const { producerId, producerEpoch, transactionResult: commits } = marker;
  for (const module of modulesOf(broker, partition.topic)) {
    module.transactionEnded?.(partition, { producerId, producerEpoch, commits, offset });
  }
}

/** Those that keep their state in the topic. */
function modulesOf(broker: BrokerParts, topic: string): readonly BrokerModule[] {
  return broker.modules.filter(({ topics }) => topics.includes(topic));
}

function record(
  broker: BrokerParts,
  { producerId, producerEpoch, transactionResult }: Marker,
  partition: string,
  of: { readonly offset: number; readonly errorCode: number },
): void {
  if (!broker.ports.trace.on) return;
  const result = transactionResult ? 'COMMIT' : 'ABORT';
  const { offset } = of;
  const error = errorName(of.errorCode);
  const data = { partition, producerId, producerEpoch, result, offset, error };
  broker.ports.trace.record(transactionMarkerKind, data);
}

function responseOf(
  request: WriteTxnMarkersRequest,
  written: readonly Written[],
): WriteTxnMarkersResponse {
  const markers = request.markers.map((marker) => ({
    producerId: marker.producerId,
    topics: marker.topics.map(({ name }) => ({
      name,
      partitions: written
        .filter((one) => one.marker === marker && one.topic === name)
        .map(({ index: partitionIndex, errorCode }) => ({ partitionIndex, errorCode })),
    })),
  }));
  assert(markers.length === request.markers.length, 'an answer a marker');
  return { markers };
}

/**
 * Produce.
 *
 * Behaviour: each partition's one batch is validated and appended by the leader. acks=1 is answered
 * when it is appended (and synced, where `flush.messages` says so), acks=-1 when the high watermark
 * has passed it, acks=0 never: an error then closes the connection.
 * A transactional producer's first batch is appended only when the coordinator knows of it
 * (KIP-890). Without the transaction module transactions are refused (INVALID_TXN_STATE).
 * Differences: quotas never throttle; a transaction without its transactional id is
 * TRANSACTIONAL_ID_AUTHORIZATION_FAILED of that partition, there of the whole request.
 * Versions: 7 zstd; 8 record errors (KIP-467); 10 the current leader (KIP-951); 12 transactions v2.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import {
  type ProduceRequest,
  type ProduceResponse,
  produce,
} from '../../wire/kafka/messages/produce.ts';
import type { BatchHeader } from '../../wire/kafka/record-batch.ts';
import { delayedProduceKind, produceReplyKind } from '../broker/broker-trace.ts';
import { NOTHING_TO_VERIFY, type VerifiedProduce } from '../broker/broker-transactions.ts';
import { DelayedProduce, type ProduceStatus } from '../broker/delayed-produce.ts';
import { type RecordError, validateClientBatch } from '../partition/batch-validation.ts';
import type { Partition } from '../partition/partition.ts';
import type { AppendInfo } from '../partition/unified-log.ts';
import { type BrokerParts, type RequestContext, apiHandler } from './api-handler.ts';

const ZSTD_SINCE = 7;
/** What a log says of a producer's epoch or sequence; the answer then tells where it begins. */
const TELLS_LOG_START: ReadonlySet<number> = new Set([
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.INVALID_PRODUCER_EPOCH,
]);

/** What became of one partition of the request. */
interface Outcome {
  readonly topic: string;
  readonly index: number;
  readonly partition: Partition | null;
  errorCode: number;
  readonly message: string | null;
  readonly recordErrors: readonly RecordError[];
  readonly info: AppendInfo | null;
  /** Where the log begins, where a refusal tells it; else -1. */
  readonly logStartOffset: number;
}

const UNTOLD = -1;

export const produceHandler = apiHandler<ProduceRequest>(produce, (broker, request) => {
  const { acks, transactionalId } = request.body;
  if (acks !== -1 && acks !== 0 && acks !== 1) {
    request.respond(invalidAcks(request.body));
    return;
  }
  const append = (verified: VerifiedProduce): void => {
    const outcomes = appendAll(broker, request, verified);
    afterFlushes(outcomes, () => acknowledge(broker, request, outcomes));
  };
  const { transactions } = broker.replicas;
  if (transactions === null || transactionalId === null) append(NOTHING_TO_VERIFY);
  else transactions.verifyProduce(request, append);
});

function appendAll(
  broker: BrokerParts,
  request: RequestContext<ProduceRequest>,
  verified: VerifiedProduce,
): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const { name, partitionData } of request.body.topicData) {
    for (const { index, records } of partitionData) {
      outcomes.push(appendOne(broker, request, { topic: name, index, records }, verified));
    }
  }
  return outcomes;
}

function appendOne(
  broker: BrokerParts,
  request: RequestContext<ProduceRequest>,
  of: { readonly topic: string; readonly index: number; readonly records: Uint8Array | null },
  verified: VerifiedProduce,
): Outcome {
  const { topic, index, records } = of;
  const failed = (
    errorCode: number,
    message: string | null = null,
    recordErrors: readonly RecordError[] = [],
    logStartOffset = UNTOLD,
  ): Outcome => {
    const info = null;
    return { topic, index, partition, errorCode, message, recordErrors, info, logStartOffset };
  };
  const partition = broker.replicas.get(topic, index) ?? null;
  if (partition === null) return failed(broker.replicas.missingError(topic, index));
  const allowed = partition.checkProduce(request.body.acks);
  if (allowed !== ErrorCode.NONE) return failed(allowed);
  const verdict = validateClientBatch(broker.ports, records, partition.log.config);
  if (!('header' in verdict)) {
    const from = verdict.atLog ? partition.log.logStartOffset : UNTOLD;
    return failed(verdict.errorCode, verdict.message, verdict.recordErrors, from);
  }
  const { header } = verdict;
  if (header.codec === 'zstd' && request.apiVersion < ZSTD_SINCE) {
    return failed(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE);
  }
  if (header.isTransactional) {
    const errorCode = transactionalError(request.body, header, verified.errors.get(partition.name));
    if (errorCode !== ErrorCode.NONE) return failed(errorCode);
  }
  assert(records !== null && records.length === header.sizeBytes, 'one batch', { topic, index });
  const guard = verified.guards.get(partition.name) ?? null;
  const info = partition.appendAsLeader(records, header, guard);
  if (info.errorCode !== ErrorCode.NONE) {
    const from = TELLS_LOG_START.has(info.errorCode) ? info.logStartOffset : UNTOLD;
    return failed(info.errorCode, null, [], from);
  }
  const logStartOffset = info.logStartOffset;
  const fine = { errorCode: ErrorCode.NONE, message: null, recordErrors: [] };
  return { topic, index, partition, ...fine, info, logStartOffset };
}

/** Why a transactional batch is not even tried. */
function transactionalError(
  { transactionalId }: ProduceRequest,
  { producerId }: BatchHeader,
  refusal: number = ErrorCode.NONE,
): number {
  if (transactionalId === null) return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  return producerId < 0 ? ErrorCode.INVALID_PRODUCER_ID_MAPPING : refusal;
}

/** The real broker syncs within the append; here that is a later event. */
function afterFlushes(outcomes: readonly Outcome[], next: () => void): void {
  let pending = 1;
  const done = (): void => {
    pending -= 1;
    if (pending === 0) next();
  };
  for (const outcome of outcomes) {
    if (outcome.info === null || outcome.partition === null) continue;
    pending += 1;
    outcome.partition.log.afterPolicyFlush((result) => {
      if (result !== 'ok') outcome.errorCode = ErrorCode.KAFKA_STORAGE_ERROR;
      done();
    });
  }
  done();
}

function acknowledge(
  broker: BrokerParts,
  request: RequestContext<ProduceRequest>,
  outcomes: readonly Outcome[],
): void {
  const { acks, timeoutMs } = request.body;
  if (acks === 0) {
    const failed = outcomes.some(({ errorCode }) => errorCode !== ErrorCode.NONE);
    if (failed) request.closeConnection();
    else request.respondNothing();
    return;
  }
  const waiting = acks === -1 ? outcomes.filter(({ errorCode }) => errorCode === 0) : [];
  if (waiting.length === 0) {
    respond(broker, request, outcomes);
    return;
  }
  const statuses = waiting.map(statusOf);
  const operation = new DelayedProduce(statuses, () => {
    for (const [index, outcome] of waiting.entries()) {
      outcome.errorCode = statuses[index]!.errorCode;
    }
    respond(broker, request, outcomes);
  });
  const keys = statuses.map(({ partition }) => partition.name);
  recordWaits(broker, statuses);
  broker.replicas.producePurgatory.tryCompleteElseWatch(operation, keys, Math.max(0, timeoutMs));
}

function statusOf(outcome: Outcome): ProduceStatus {
  const { partition, info } = outcome;
  assert(partition !== null && info !== null, 'what was appended', { topic: outcome.topic });
  const requiredOffset = info.lastOffset + 1;
  return { partition, requiredOffset, errorCode: ErrorCode.NONE, acksPending: false };
}

function recordWaits(broker: BrokerParts, statuses: readonly ProduceStatus[]): void {
  const { trace } = broker.ports;
  if (!trace.on) return;
  for (const { partition, requiredOffset } of statuses) {
    if (partition.log.highWatermark >= requiredOffset) continue;
    trace.record(delayedProduceKind, { partition: partition.name, required: requiredOffset });
  }
}

type TopicResponse = ProduceResponse['responses'][number];
type PartitionResponse = TopicResponse['partitionResponses'][number];

function respond(
  broker: BrokerParts,
  request: RequestContext<ProduceRequest>,
  outcomes: readonly Outcome[],
): void {
  const responses: { name: string; partitionResponses: PartitionResponse[] }[] = [];
  const leaders = new Set<number>();
  for (const outcome of outcomes) {
    let last = responses[responses.length - 1];
    if (last?.name !== outcome.topic) {
      last = { name: outcome.topic, partitionResponses: [] };
      responses.push(last);
    }
    const response = partitionResponse(outcome);
    if (response.currentLeader.leaderId >= 0) leaders.add(response.currentLeader.leaderId);
    last.partitionResponses.push(response);
    recordReply(broker, request.body.acks, response, outcome);
  }
  request.respond({ responses, throttleTimeMs: 0, nodeEndpoints: endpoints(broker, leaders) });
}

function partitionResponse(outcome: Outcome): PartitionResponse {
  const { index, errorCode, info, message, partition } = outcome;
  const acked = errorCode === ErrorCode.NONE && info !== null;
  const tellsLeader = errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER && partition !== null;
  return {
    index,
    errorCode,
    baseOffset: acked ? info.firstOffset : -1,
    logAppendTimeMs: acked ? info.logAppendTimeMs : -1,
    logStartOffset: acked || info === null ? outcome.logStartOffset : UNTOLD,
    recordErrors: outcome.recordErrors.map(({ batchIndex, message: text }) => ({
      batchIndex,
      batchIndexErrorMessage: text,
    })),
    errorMessage: message,
    currentLeader: tellsLeader
      ? { leaderId: partition.leaderId, leaderEpoch: partition.leaderEpoch }
      : { leaderId: -1, leaderEpoch: -1 },
  };
}

/** Where the leaders that are named in the response can be reached (KIP-951). */
function endpoints(
  broker: BrokerParts,
  leaders: ReadonlySet<number>,
): ProduceResponse['nodeEndpoints'] {
  const found: ProduceResponse['nodeEndpoints'][number][] = [];
  for (const nodeId of leaders) {
    const registration = broker.image().brokers.get(nodeId);
    const endPoint = registration?.endPoints[0];
    if (registration === undefined || endPoint === undefined) continue;
    found.push({ nodeId, host: endPoint.host, port: endPoint.port, rack: registration.rack });
  }
  return found;
}

function recordReply(
  broker: BrokerParts,
  acks: number,
  response: PartitionResponse,
  outcome: Outcome,
): void {
  if (!broker.ports.trace.on) return;
  broker.ports.trace.record(produceReplyKind, {
    partition: `${outcome.topic}-${outcome.index}`,
    acks,
    baseOffset: response.baseOffset,
    error: errorName(response.errorCode),
  });
}

function invalidAcks(body: ProduceRequest): ProduceResponse {
  const responses = body.topicData.map(({ name, partitionData }) => ({
    name,
    partitionResponses: partitionData.map(({ index }) =>
      partitionResponse({
        topic: name,
        index,
        partition: null,
        errorCode: ErrorCode.INVALID_REQUIRED_ACKS,
        message: null,
        recordErrors: [],
        info: null,
        logStartOffset: UNTOLD,
      }),
    ),
  }));
  return { responses, throttleTimeMs: 0, nodeEndpoints: [] };
}

/**
 * TxnOffsetCommit: a group's offsets as a part of a transaction. They are written at once, and
 * count when the marker of a commit follows.
 *
 * Behaviour: as OffsetCommit, but the partition of `__consumer_offsets` must be in the transaction
 * (version 5 takes it up, KIP-890). With the member's id and generation a zombie is fenced
 * (version 3, KIP-447); without them it is not.
 * Not here: the offsets (`group/offset-requests.ts`). Without a group coordinator in this broker:
 * COORDINATOR_NOT_AVAILABLE. Source: `KafkaApis.handleTxnOffsetCommitRequest`.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
  txnOffsetCommit,
} from '../../wire/kafka/messages/txn-offset-commit.ts';
import type { GroupCoordinator } from '../group/group-coordinator.ts';
import type { Commit, CommitResponse } from '../group/offset-requests.ts';
import type { VerificationGuard } from '../partition/log-transactions.ts';
import { type BrokerParts, type RequestContext, apiHandler } from './api-handler.ts';

const GROUP_METADATA_TOPIC = '__consumer_offsets';
const ADDS_PARTITION_SINCE = 5;
const NEVER_EXPIRES = -1;

type Topics = TxnOffsetCommitRequest['topics'];

export const txnOffsetCommitHandler = apiHandler<TxnOffsetCommitRequest>(
  txnOffsetCommit,
  (broker, request) => {
    const { body, apiVersion } = request;
    const { transactionalId, groupId, producerId, producerEpoch } = body;
    const fail = (errorCode: number): void => request.respond(responseOf(body.topics, errorCode));
    const groups = broker.modules.find(({ topics }) => topics.includes(GROUP_METADATA_TOPIC));
    const { transactions } = broker.replicas;
    if (groups === undefined || transactions === null) {
      fail(ErrorCode.COORDINATOR_NOT_AVAILABLE);
      return;
    }
    if (groupId === '' || transactionalId === '') {
      fail(groupId === '' ? ErrorCode.INVALID_GROUP_ID : ErrorCode.INVALID_REQUEST);
      return;
    }
    const { runtime } = groups as GroupCoordinator;
    const index = runtime.partitionFor(groupId);
    const partition = broker.replicas.get(GROUP_METADATA_TOPIC, index);
    if (partition?.isLeader !== true) {
      fail(ErrorCode.NOT_COORDINATOR);
      return;
    }
    const addsPartition = apiVersion >= ADDS_PARTITION_SINCE;
    const write = { transactionalId, producerId, producerEpoch, partition, addsPartition };
    transactions.verifyOffsets(write, (errorCode, guard) => {
      if (errorCode === ErrorCode.NONE) commit(broker, request, runtime, guard);
      else fail(offsetError(errorCode));
    });
  },
);

function commit(
  broker: BrokerParts,
  request: RequestContext<TxnOffsetCommitRequest>,
  runtime: GroupCoordinator['runtime'],
  guard: VerificationGuard | null,
): void {
  const { body, apiVersion } = request;
  const { groupId, memberId, groupInstanceId, generationId, producerId, producerEpoch } = body;
  const { topics } = broker.image();
  const known = body.topics.filter(({ name }) => topics.has(name));
  const of: Commit = {
    ...{ groupId, memberId, groupInstanceId, generationId, apiVersion },
    retentionTimeMs: NEVER_EXPIRES,
    topics: known,
    transaction: { producerId, producerEpoch, guard },
  };
  runtime.write(
    runtime.partitionFor(groupId),
    (shard) => shard.offsetRequests.commit(of),
    ({ errorCode, response }) => {
      const answer = errorCode === ErrorCode.NONE ? (response ?? []) : offsetError(errorCode);
      const missing = new Set(body.topics.filter((one) => !known.includes(one)));
      request.respond(responseOf(body.topics, answer, missing));
    },
  );
}

/** One error for all, or the outcome of each partition. */
function responseOf(
  asked: Topics,
  answer: CommitResponse,
  missing: ReadonlySet<Topics[number]> = new Set(),
): TxnOffsetCommitResponse {
  const codeOf = (topic: string, partition: number): number => {
    if (typeof answer === 'number') return answer;
    const found = answer.find((one) => one.topic === topic && one.partition === partition);
    return found?.errorCode ?? ErrorCode.NONE;
  };
  const topics = asked.map((topic) => ({
    name: topic.name,
    partitions: topic.partitions.map(({ partitionIndex }) => ({
      partitionIndex,
      errorCode: missing.has(topic)
        ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        : codeOf(topic.name, partitionIndex),
    })),
  }));
  assert(topics.length === asked.length, 'each topic is answered');
  return { throttleTimeMs: 0, topics };
}

/** What a producer is told (`CoordinatorPartitionWriter`, `handleTxnOffsetCommit`). */
function offsetError(errorCode: number): number {
  return errorCode === ErrorCode.NETWORK_EXCEPTION
    ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    : errorCode;
}

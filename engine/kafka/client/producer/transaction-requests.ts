/**
 * The requests of a transactional producer: what is asked of which coordinator, in which order, and
 * what an error means. One is under way at a time; the end of a transaction waits for all records.
 *
 * Not here: when they are sent and what follows (`producer-transactions.ts`).
 * Source: `TransactionManager.TxnRequestHandler` and its subclasses.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Api } from '../../../wire/kafka/api.ts';
import { ErrorCode, isRetriable } from '../../../wire/kafka/errors.ts';
import {
  type AddOffsetsToTxnRequest,
  addOffsetsToTxn,
} from '../../../wire/kafka/messages/add-offsets-to-txn.ts';
import {
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
  addPartitionsToTxn,
} from '../../../wire/kafka/messages/add-partitions-to-txn.ts';
import { type EndTxnRequest, endTxn } from '../../../wire/kafka/messages/end-txn.ts';
import {
  type InitProducerIdRequest,
  initProducerId,
} from '../../../wire/kafka/messages/init-producer-id.ts';
import {
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
  txnOffsetCommit,
} from '../../../wire/kafka/messages/txn-offset-commit.ts';
import type { ProducerIdAndEpoch } from './producer-batch.ts';

/** A member of a consumer group, as the consumer tells it (KIP-447). */
export interface ConsumerGroupMetadata {
  readonly groupId: string;
  /** -1 and '': the group is not told whose offsets they are, so a zombie is not fenced. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface TransactionalOffset {
  readonly topic: string;
  readonly partition: number;
  /** The next record to be consumed. */
  readonly offset: number;
  readonly leaderEpoch?: number;
  readonly metadata?: string;
}

export type RequestKind =
  'InitProducerId' | 'AddPartitionsToTxn' | 'AddOffsetsToTxn' | 'TxnOffsetCommit' | 'EndTxn';

export interface TransactionRequest {
  readonly kind: RequestKind;
  readonly api: Api;
  readonly version: number;
  readonly body: unknown;
  /** Whose coordinator it goes to: 0 the group's, 1 the transactional id's. */
  readonly keyType: 0 | 1;
  readonly key: string;
  /** The order in the queue: the lowest first. */
  readonly priority: number;
  /** NONE, or why it failed for good. */
  readonly done: (errorCode: number, body: unknown) => void;
  attempts: number;
}

const PRIORITY: Readonly<Record<RequestKind, number>> = {
  InitProducerId: 1,
  AddPartitionsToTxn: 2,
  AddOffsetsToTxn: 2,
  TxnOffsetCommit: 2,
  EndTxn: 3,
};
/** An epoch that is asked for after an abort goes behind it. */
const EPOCH_BUMP_PRIORITY = 4;
/** The versions of transactions of version 1; of version 2 the newest ones. */
const CLIENT_VERSIONS_1 = { endTxn: 4, txnOffsetCommit: 4, addPartitions: 3 };

type Done = TransactionRequest['done'];

function request(
  kind: RequestKind,
  api: Api,
  of: { version: number; body: unknown; key: string; keyType?: 0 | 1; priority?: number },
  done: Done,
): TransactionRequest {
  const { version, body, key, keyType = 1, priority = PRIORITY[kind] } = of;
  assert(key !== '', 'a coordinator’s key', { kind });
  return { kind, api, version, body, keyType, key, priority, done, attempts: 0 };
}

export function initProducerIdOf(
  transactionalId: string,
  timeoutMs: number,
  producer: ProducerIdAndEpoch,
  done: Done,
): TransactionRequest {
  const body: InitProducerIdRequest = {
    transactionalId,
    transactionTimeoutMs: timeoutMs,
    producerId: producer.producerId,
    producerEpoch: producer.epoch,
  };
  const { versionMax: version } = initProducerId;
  const priority = producer.producerId < 0 ? PRIORITY.InitProducerId : EPOCH_BUMP_PRIORITY;
  const of = { version, body, key: transactionalId, priority };
  return request('InitProducerId', initProducerId as Api, of, done);
}

export function addPartitionsOf(
  transactionalId: string,
  { producerId, epoch }: ProducerIdAndEpoch,
  names: Iterable<string>,
  done: Done,
): TransactionRequest {
  const topics = new Map<string, number[]>();
  for (const name of names) {
    const dash = name.lastIndexOf('-');
    const topic = name.slice(0, dash);
    topics.set(topic, [...(topics.get(topic) ?? []), Number(name.slice(dash + 1))]);
  }
  const body: AddPartitionsToTxnRequest = {
    transactions: [],
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: epoch,
    v3AndBelowTopics: [...topics].map(([name, partitions]) => ({ name, partitions })),
  };
  const of = { version: CLIENT_VERSIONS_1.addPartitions, body, key: transactionalId };
  return request('AddPartitionsToTxn', addPartitionsToTxn as Api, of, done);
}

export function addOffsetsOf(
  transactionalId: string,
  { producerId, epoch }: ProducerIdAndEpoch,
  groupId: string,
  done: Done,
): TransactionRequest {
  const body: AddOffsetsToTxnRequest = {
    transactionalId,
    producerId,
    producerEpoch: epoch,
    groupId,
  };
  const of = { version: addOffsetsToTxn.versionMax, body, key: transactionalId };
  return request('AddOffsetsToTxn', addOffsetsToTxn as Api, of, done);
}

export function txnOffsetCommitOf(
  transactionalId: string,
  { producerId, epoch }: ProducerIdAndEpoch,
  of: {
    readonly offsets: readonly TransactionalOffset[];
    readonly group: ConsumerGroupMetadata;
    readonly isVersion2: boolean;
  },
  done: Done,
): TransactionRequest {
  const topics = new Map<
    string,
    TxnOffsetCommitRequest['topics'][number]['partitions'][number][]
  >();
  for (const { topic, partition, offset, leaderEpoch = -1, metadata = '' } of of.offsets) {
    const partitions = topics.get(topic) ?? [];
    partitions.push({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: metadata,
    });
    topics.set(topic, partitions);
  }
  const body: TxnOffsetCommitRequest = {
    transactionalId,
    producerId,
    producerEpoch: epoch,
    ...of.group,
    topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
  };
  const version = of.isVersion2 ? txnOffsetCommit.versionMax : CLIENT_VERSIONS_1.txnOffsetCommit;
  const { groupId: key } = of.group;
  return request(
    'TxnOffsetCommit',
    txnOffsetCommit as Api,
    { version, body, key, keyType: 0 },
    done,
  );
}

export function endTxnOf(
  transactionalId: string,
  { producerId, epoch }: ProducerIdAndEpoch,
  of: { readonly committed: boolean; readonly isVersion2: boolean },
  done: Done,
): TransactionRequest {
  const { committed } = of;
  const body: EndTxnRequest = { transactionalId, producerId, producerEpoch: epoch, committed };
  const version = of.isVersion2 ? endTxn.versionMax : CLIENT_VERSIONS_1.endTxn;
  return request('EndTxn', endTxn as Api, { version, body, key: transactionalId }, done);
}

/** What becomes of a request that was answered with an error. */
export type Verdict = 'again' | 'look-up' | 'abortable' | 'fatal';

const LOOK_UP: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
]);
const ABORTABLE: ReadonlySet<number> = new Set([
  ErrorCode.TRANSACTION_ABORTABLE,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
]);
/** The group's coordinator says that the consumer is a zombie (KIP-447). */
const GROUP_MISMATCH: ReadonlySet<number> = new Set([
  ErrorCode.FENCED_INSTANCE_ID,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.STALE_MEMBER_EPOCH,
]);

export function verdictOf(kind: RequestKind, errorCode: number): Verdict {
  assert(errorCode !== ErrorCode.NONE, 'an error', { kind });
  if (LOOK_UP.has(errorCode)) return 'look-up';
  if (kind === 'TxnOffsetCommit') {
    if (errorCode === ErrorCode.REQUEST_TIMED_OUT) return 'look-up';
    if (GROUP_MISMATCH.has(errorCode)) return 'abortable';
  }
  if (isRetriable(errorCode)) return 'again';
  if (ABORTABLE.has(errorCode)) return 'abortable';
  const refuses = kind === 'AddPartitionsToTxn' && errorCode === ErrorCode.OPERATION_NOT_ATTEMPTED;
  return refuses ? 'abortable' : 'fatal';
}

/** The error of a response: of several partitions the first that is one. */
export function errorOf(kind: RequestKind, body: unknown): number {
  switch (kind) {
    case 'AddPartitionsToTxn': {
      const { resultsByTopicV3AndBelow: topics } = body as AddPartitionsToTxnResponse;
      const codes = topics.flatMap(({ resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
      );
      const told = codes.find((code) => code !== 0 && code !== ErrorCode.OPERATION_NOT_ATTEMPTED);
      return told ?? codes.find((code) => code !== 0) ?? ErrorCode.NONE;
    }
    case 'TxnOffsetCommit': {
      const { topics } = body as TxnOffsetCommitResponse;
      const codes = topics.flatMap(({ partitions }) => partitions.map((one) => one.errorCode));
      return codes.find((code) => code !== 0) ?? ErrorCode.NONE;
    }
    default:
      return (body as { errorCode: number }).errorCode;
  }
}

/**
 * Transactions as a part of a broker: the coordinator, the APIs, what follows transactions in each
 * log, and the check of first writes at the coordinator (KIP-890).
 *
 *     new KafkaCluster(lab, { modules: [transactionCoordinator] })
 *
 * Not here: each part. Source: `BrokerServer`, `ReplicaManager.handleProduceAppend`.
 */
import { assert } from '../../kernel/assert.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import type { InitProducerIdRequest } from '../../wire/kafka/messages/init-producer-id.ts';
import type { ProduceRequest } from '../../wire/kafka/messages/produce.ts';
import { isBatchProblem, readBatchHeader } from '../../wire/kafka/record-batch.ts';
import { addPartitionsToTxnHandler } from '../api/24-add-partitions-to-txn.ts';
import { addOffsetsToTxnHandler } from '../api/25-add-offsets-to-txn.ts';
import { endTxnHandler } from '../api/26-end-txn.ts';
import { writeTxnMarkersHandler } from '../api/27-write-txn-markers.ts';
import { txnOffsetCommitHandler } from '../api/28-txn-offset-commit.ts';
import { describeProducersHandler } from '../api/61-describe-producers.ts';
import { describeTransactionsHandler } from '../api/65-describe-transactions.ts';
import { listTransactionsHandler } from '../api/66-list-transactions.ts';
import type { BrokerParts, RequestContext } from '../api/api-handler.ts';
import type { BrokerModule, BrokerModuleFactory } from '../broker/broker-module.ts';
import {
  type BrokerTransactions,
  NOTHING_TO_VERIFY,
  type TransactionalWrite,
  type VerifiedProduce,
} from '../broker/broker-transactions.ts';
import { findCoordinatorHandler } from '../coordinator/find-coordinator.ts';
import type { VerificationGuard } from '../partition/log-transactions.ts';
import { OngoingTransactions } from '../partition/ongoing-transactions.ts';
import { AddPartitionsChannel, type Question, type Verdicts } from './add-partitions-channel.ts';
import { type TransactionSettings, transactionSettings } from './transaction-config.ts';
import { TRANSACTION_STATE_TOPIC, TransactionCoordinator } from './transaction-coordinator.ts';
import type { TopicPartition } from './transaction-metadata.ts';
import { transactionVerifiedKind } from './transaction-trace.ts';

const TRANSACTION_KEYS = 1;
/** Since then a Produce takes its partitions up into the transaction by itself. */
const ADDS_PARTITIONS_SINCE = 12;
/** Clients before do not know TRANSACTION_ABORTABLE. */
const ABORTABLE_SINCE = 11;

/** What a page or a test sees of the module. */
export interface TransactionModuleView {
  readonly kind: 'transaction-coordinator';
  readonly transactions: readonly {
    readonly transactionalId: string;
    readonly state: string;
    readonly pendingState: string | null;
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly partitions: readonly string[];
  }[];
}

export const transactionCoordinator: BrokerModuleFactory<typeof transactionSettings> = {
  settings: transactionSettings,
  create: (broker, settings) => new TransactionModule(broker, settings),
};

export class TransactionModule implements BrokerModule, BrokerTransactions {
  readonly handlers;
  readonly topics = [TRANSACTION_STATE_TOPIC];
  readonly coordinated;
  readonly coordinator: TransactionCoordinator;
  readonly #broker: BrokerParts;
  readonly #settings: TransactionSettings;
  readonly #channel: AddPartitionsChannel;
  readonly makeLogTransactions: BrokerTransactions['makeLogTransactions'];

  constructor(broker: BrokerParts, settings: TransactionSettings) {
    this.#broker = broker;
    this.#settings = settings;
    assert(broker.replicas.transactions === null, 'one transaction module a broker');
    broker.replicas.transactions = this;
    const coordinator = new TransactionCoordinator(broker, settings);
    this.coordinator = coordinator;
    this.#channel = new AddPartitionsChannel(broker, (id) => coordinator.partitionFor(id));
    const partitionForKey = (key: string): number | null =>
      key === '' ? null : coordinator.partitionFor(key);
    this.coordinated = [
      { keyType: TRANSACTION_KEYS, topic: TRANSACTION_STATE_TOPIC, partitionFor: partitionForKey },
    ];
    this.handlers = [
      findCoordinatorHandler,
      addPartitionsToTxnHandler(coordinator),
      addOffsetsToTxnHandler(coordinator),
      endTxnHandler(coordinator),
      writeTxnMarkersHandler,
      txnOffsetCommitHandler,
      describeProducersHandler,
      describeTransactionsHandler(coordinator),
      listTransactionsHandler(coordinator),
    ];
    const rules = {
      verification: this.#verifies,
      markerRenewsProducer: broker.profile.switches.markerRenewsProducer,
    };
    this.makeLogTransactions = (ports, parts) => new OngoingTransactions(ports, parts, rules);
    broker.autoTopicCreation.internalTopic(internalTopic(settings));
  }

  get #verifies(): boolean {
    const asks = this.#settings['transaction.partition.verification.enable'];
    return asks && this.#broker.profile.switches.verifiesFirstWrite;
  }

  elected(partition: Parameters<BrokerModule['elected']>[0]): void {
    this.coordinator.elected(partition);
  }

  resigned(_topic: string, index: number): void {
    this.coordinator.resigned(index);
  }

  metadataChanged(): void {
    this.coordinator.metadataChanged();
  }

  close(): void {
    this.coordinator.close();
    this.#channel.close();
  }

  inspect(): TransactionModuleView {
    const transactions = [...this.coordinator.transactions()].map((metadata) => ({
      transactionalId: metadata.transactionalId,
      state: metadata.state,
      pendingState: metadata.pendingState,
      producerId: metadata.producerId,
      producerEpoch: metadata.producerEpoch,
      partitions: [...metadata.partitions.keys()],
    }));
    return { kind: 'transaction-coordinator', transactions };
  }

  // ------------------------------------------------------------------------------------- requests

  initProducerId(request: RequestContext<InitProducerIdRequest>): void {
    const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request.body;
    assert(transactionalId !== null && transactionalId !== '', 'a transactional id');
    const expected = producerId < 0 ? null : { producerId, producerEpoch };
    this.coordinator.initProducerId(
      transactionalId,
      transactionTimeoutMs,
      expected,
      (errorCode, producer) => {
        const old = request.apiVersion < 4 && errorCode === ErrorCode.PRODUCER_FENCED;
        const told = old ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode;
        request.respond({ throttleTimeMs: 0, errorCode: told, ...producer });
      },
    );
  }

  verifyProduce(
    request: RequestContext<ProduceRequest>,
    next: (verified: VerifiedProduce) => void,
    waitedMs = 0,
  ): void {
    const { apiVersion, body } = request;
    const adds = apiVersion >= ADDS_PARTITIONS_SINCE;
    const guards = new Map<string, VerificationGuard>();
    const partitions = new Map<string, TopicPartition>();
    let producer: { producerId: number; producerEpoch: number } | null = null;
    for (const { name: topic, partitionData } of body.topicData) {
      for (const { index: partition, records } of partitionData) {
        const log = this.#broker.replicas.get(topic, partition)?.log;
        const header = records === null ? 'incomplete' : readBatchHeader(records);
        if (isBatchProblem(header) || !header.isTransactional || header.producerId < 0) continue;
        const guard = log?.transactions?.startVerification(header) ?? null;
        if (guard === null) continue;
        const { producerId, producerEpoch } = header;
        producer = { producerId, producerEpoch };
        guards.set(`${topic}-${partition}`, guard);
        partitions.set(`${topic}-${partition}`, { topic, partition });
      }
    }
    const { transactionalId } = body;
    if (producer === null || transactionalId === null || !(adds || this.#verifies)) {
      next(NOTHING_TO_VERIFY);
      return;
    }
    const question = { transactionalId, ...producer, partitions, verifyOnly: !adds };
    this.#ask(question, waitedMs, {
      // The markers that it waited for have made the guards void.
      again: (ms) => this.verifyProduce(request, next, ms),
      answered: (verdicts) => {
        const errors = new Map<string, number>();
        for (const [name, code] of verdicts) errors.set(name, produceError(code, apiVersion));
        next({ errors, guards });
      },
    });
  }

  verifyOffsets(
    write: TransactionalWrite,
    next: (errorCode: number, guard: VerificationGuard | null) => void,
    waitedMs = 0,
  ): void {
    const { transactionalId, producerId, producerEpoch, partition, addsPartition } = write;
    const { topic, index, name } = partition;
    const first = { producerId, producerEpoch, baseSequence: -1 };
    const guard = partition.log.transactions?.startVerification(first) ?? null;
    if (guard === null || !(addsPartition || this.#verifies)) {
      next(ErrorCode.NONE, guard);
      return;
    }
    const partitions = new Map([[name, { topic, partition: index }]]);
    const producer = { producerId, producerEpoch };
    const question = { transactionalId, ...producer, partitions, verifyOnly: !addsPartition };
    this.#ask(question, waitedMs, {
      again: (ms) => this.verifyOffsets(write, next, ms),
      answered: (verdicts) => {
        const code = verdicts.get(name) ?? ErrorCode.NONE;
        const isOld = code === ErrorCode.TRANSACTION_ABORTABLE && !addsPartition;
        next(isOld ? ErrorCode.INVALID_TXN_STATE : code, guard);
      },
    });
  }

  /**
   * Asks, and with version 2 asks again while the transaction before is being completed: its
   * producer was told of its end before the markers were written.
   */
  #ask(
    question: Question,
    waitedMs: number,
    then: {
      readonly again: (waitedMs: number) => void;
      readonly answered: (verdicts: Verdicts) => void;
    },
  ): void {
    this.#channel.ask(question, (verdicts) => {
      const waitMs = this.#settings['add.partitions.to.txn.retry.backoff.ms'];
      const waitMsMax = this.#settings['add.partitions.to.txn.retry.backoff.max.ms'];
      const concurrent = [...verdicts.values()].includes(ErrorCode.CONCURRENT_TRANSACTIONS);
      if (concurrent && !question.verifyOnly && waitedMs + waitMs <= waitMsMax) {
        this.#broker.ports.clock.after(microsOfMillis(waitMs), 'add-partitions-retry', () =>
          then.again(waitedMs + waitMs),
        );
        return;
      }
      this.#record(question, verdicts);
      then.answered(verdicts);
    });
  }

  #record({ partitions, producerId }: Question, verdicts: Verdicts): void {
    const { trace } = this.#broker.ports;
    if (!trace.on) return;
    for (const partition of partitions.keys()) {
      const error = errorName(verdicts.get(partition) ?? ErrorCode.NONE);
      trace.record(transactionVerifiedKind, { partition, producerId, error });
    }
  }
}

/** What a producer is told of a verdict (`ReplicaManager.handleProduceAppend`). */
function produceError(errorCode: number, apiVersion: number): number {
  switch (errorCode) {
    case ErrorCode.PRODUCER_FENCED:
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    case ErrorCode.TRANSACTION_ABORTABLE:
      return apiVersion >= ABORTABLE_SINCE ? errorCode : ErrorCode.INVALID_TXN_STATE;
    case ErrorCode.CONCURRENT_TRANSACTIONS:
      return apiVersion >= ADDS_PARTITIONS_SINCE ? errorCode : ErrorCode.NOT_ENOUGH_REPLICAS;
    // The producer does not look for coordinators because of a Produce: it shall only try again.
    case ErrorCode.NETWORK_EXCEPTION:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.NOT_COORDINATOR:
      return ErrorCode.NOT_ENOUGH_REPLICAS;
    default:
      return errorCode;
  }
}

function internalTopic(settings: TransactionSettings) {
  const configs = [
    { name: 'cleanup.policy', value: 'compact' },
    { name: 'compression.type', value: 'producer' },
    { name: 'min.insync.replicas', value: String(settings['transaction.state.log.min.isr']) },
    { name: 'segment.bytes', value: String(settings['transaction.state.log.segment.bytes']) },
    { name: 'unclean.leader.election.enable', value: 'false' },
  ];
  return {
    name: TRANSACTION_STATE_TOPIC,
    numPartitions: settings['transaction.state.log.num.partitions'],
    replicationFactor: settings['transaction.state.log.replication.factor'],
    assignments: [],
    configs,
  };
}

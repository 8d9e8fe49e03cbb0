/**
 * Asks transaction coordinators about first writes: whether a partition is in the transaction
 * (`verifyOnly`), or, with transactions of version 2, to take it up. Questions to one coordinator
 * go together in one request, one request at a time.
 *
 * Not here: the guard that an answer opens (`partition/ongoing-transactions.ts`).
 * Source: `AddPartitionsToTxnManager` (KIP-890).
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
  addPartitionsToTxn,
} from '../../wire/kafka/messages/add-partitions-to-txn.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import type { BrokerParts } from '../api/api-handler.ts';
import { NetworkClient, networkClientOptions } from '../network-client.ts';
import { TRANSACTION_STATE_TOPIC } from './transaction-coordinator.ts';
import type { TopicPartitions } from './transaction-metadata.ts';

export interface Question {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly partitions: TopicPartitions;
  readonly verifyOnly: boolean;
}

/** The error of each partition by name; NONE is left out. */
export type Verdicts = ReadonlyMap<string, number>;

interface Asked {
  readonly question: Question;
  readonly answer: (verdicts: Verdicts) => void;
}

export class AddPartitionsChannel {
  readonly #broker: BrokerParts;
  readonly #network: NetworkClient;
  readonly #partitionFor: (transactionalId: string) => number;
  /** By coordinator, then by transactional id: one question of each at a time. */
  readonly #waiting = new Map<number, Map<string, Asked>>();
  readonly #inFlight = new Set<number>();
  #closed = false;

  constructor(broker: BrokerParts, partitionForId: (transactionalId: string) => number) {
    assert(broker.nodeId >= 0, 'a broker', { nodeId: broker.nodeId });
    this.#broker = broker;
    this.#partitionFor = partitionForId;
    const requestTimeoutMs = broker.config.values['request.timeout.ms'];
    const clientId = `broker-${broker.nodeId}-add-partitions-to-txn`;
    const options = networkClientOptions(clientId, { requestTimeoutMs, versions: 'fixed' });
    this.#network = new NetworkClient(broker.ports, options);
  }

  close(): void {
    this.#closed = true;
    this.#network.close();
  }

  ask(question: Question, answer: (verdicts: Verdicts) => void): void {
    const coordinator = this.#coordinatorOf(question.transactionalId);
    if (coordinator === null) {
      answer(allOf(question, ErrorCode.COORDINATOR_NOT_AVAILABLE));
      return;
    }
    const waiting = this.#waiting.get(coordinator) ?? new Map<string, Asked>();
    this.#waiting.set(coordinator, waiting);
    const before = waiting.get(question.transactionalId);
    if (before !== undefined) {
      if (before.question.producerEpoch > question.producerEpoch) {
        answer(allOf(question, ErrorCode.INVALID_PRODUCER_EPOCH));
        return;
      }
      // The same producer asks again: it has given the first request up.
      const same = before.question.producerEpoch === question.producerEpoch;
      const code = same ? ErrorCode.NETWORK_EXCEPTION : ErrorCode.INVALID_PRODUCER_EPOCH;
      before.answer(allOf(before.question, code));
    }
    waiting.set(question.transactionalId, { question, answer });
    this.#send(coordinator);
  }

  #coordinatorOf(transactionalId: string): number | null {
    const image = this.#broker.image();
    const topic = image.topics.get(TRANSACTION_STATE_TOPIC);
    const leader = topic?.partitions[this.#partitionFor(transactionalId)]?.leader ?? -1;
    const broker = image.brokers.get(leader);
    return broker === undefined || broker.fenced ? null : leader;
  }

  #send(coordinator: number): void {
    const waiting = this.#waiting.get(coordinator);
    if (waiting === undefined || this.#inFlight.has(coordinator) || this.#closed) return;
    const endPoint = this.#broker.image().brokers.get(coordinator)?.endPoints[0];
    this.#waiting.delete(coordinator);
    const asked = [...waiting.values()];
    if (endPoint === undefined) {
      for (const one of asked) {
        one.answer(allOf(one.question, ErrorCode.COORDINATOR_NOT_AVAILABLE));
      }
      return;
    }
    this.#inFlight.add(coordinator);
    const { host, port } = endPoint;
    const { key, versionMax } = addPartitionsToTxn;
    const channel = this.#network.connectionTo({ host, port });
    channel.send(key, versionMax, requestOf(asked), (reply) => {
      if (this.#closed) return;
      this.#inFlight.delete(coordinator);
      const response = reply.ok ? (reply.body as AddPartitionsToTxnResponse) : null;
      for (const one of asked) one.answer(verdictsOf(one.question, response));
      this.#send(coordinator);
    });
  }
}

function allOf(question: Question, errorCode: number): Verdicts {
  assert(errorCode !== ErrorCode.NONE, 'an error', { id: question.transactionalId });
  return new Map([...question.partitions.keys()].map((name) => [name, errorCode]));
}

function requestOf(asked: readonly Asked[]): AddPartitionsToTxnRequest {
  const transactions = asked.map(({ question }) => {
    const topics = new Map<string, number[]>();
    for (const { topic, partition } of question.partitions.values()) {
      topics.set(topic, [...(topics.get(topic) ?? []), partition]);
    }
    return {
      transactionalId: question.transactionalId,
      producerId: question.producerId,
      producerEpoch: question.producerEpoch,
      verifyOnly: question.verifyOnly,
      topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
    };
  });
  return { ...defaults(addPartitionsToTxn.request), transactions } as AddPartitionsToTxnRequest;
}

function verdictsOf(question: Question, response: AddPartitionsToTxnResponse | null): Verdicts {
  if (response === null) return allOf(question, ErrorCode.NETWORK_EXCEPTION);
  if (response.errorCode !== ErrorCode.NONE) return allOf(question, response.errorCode);
  const verdicts = new Map<string, number>();
  for (const { transactionalId, topicResults } of response.resultsByTransaction) {
    if (transactionalId !== question.transactionalId) continue;
    for (const { name, resultsByPartition } of topicResults) {
      for (const { partitionIndex, partitionErrorCode } of resultsByPartition) {
        if (partitionErrorCode === ErrorCode.NONE) continue;
        verdicts.set(`${name}-${partitionIndex}`, partitionErrorCode);
      }
    }
  }
  return verdicts;
}

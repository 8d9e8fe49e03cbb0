/** A cluster with transactions and a client that speaks their APIs by hand, for tests. */
import { transactionCoordinator } from '../../../engine/kafka/transaction/transaction-module.ts';
import type {
  TransactionModule,
  TransactionModuleView,
} from '../../../engine/kafka/transaction/transaction-module.ts';
import { microsOfMillis } from '../../../engine/kernel/units.ts';
import { decodeUtf8, encodeUtf8 } from '../../../engine/bytes/utf8.ts';
import { addPartitionsToTxn } from '../../../engine/wire/kafka/messages/add-partitions-to-txn.ts';
import { endTxn } from '../../../engine/wire/kafka/messages/end-txn.ts';
import { fetch, fetchRequest } from '../../../engine/wire/kafka/messages/fetch.ts';
import {
  findCoordinator,
  findCoordinatorRequest,
} from '../../../engine/wire/kafka/messages/find-coordinator.ts';
import {
  initProducerId,
  initProducerIdRequest,
} from '../../../engine/wire/kafka/messages/init-producer-id.ts';
import { produce } from '../../../engine/wire/kafka/messages/produce.ts';
import {
  encodeBatch,
  isBatchProblem,
  readRecords,
  scanBatches,
} from '../../../engine/wire/kafka/record-batch.ts';
import { defaults } from '../../../engine/wire/kafka/schema.ts';
import { RawClient } from '../broker/raw-client.ts';
import { Cluster, type ClusterOptions } from '../cluster.ts';

export interface ProducerOf {
  producerId: number;
  producerEpoch: number;
}

const MODULES = [transactionCoordinator];
const SETTINGS = { 'transaction.state.log.num.partitions': '1' };

/** What every broker is told; the controller knows none of it. */
export function onEveryBroker(settings: Readonly<Record<string, string>>) {
  return { 1: settings, 2: settings, 3: settings };
}

export class RawTransactions {
  readonly cluster: Cluster;
  readonly client: RawClient;
  readonly #sequences = new Map<string, number>();

  constructor(settings: Readonly<Record<string, string>> = {}, options: ClusterOptions = {}) {
    const brokerSettings = onEveryBroker({ ...SETTINGS, ...settings });
    this.cluster = new Cluster({ modules: MODULES, brokerSettings, ...options });
    this.cluster.running();
    const assignments = [[1, 2, 3]];
    this.cluster.createTopic({ name: 'pay', numPartitions: 1, replicationFactor: 3, assignments });
    const other = { name: 'out', numPartitions: 1, replicationFactor: 3 };
    this.cluster.createTopic({ ...other, assignments: [[2, 3, 1]] });
    this.client = new RawClient(this.cluster);
  }

  /** The node that coordinates a transactional id. */
  coordinator(id = 'tx'): number {
    for (let attempt = 0; attempt < 50; attempt++) {
      const body = { ...defaults(findCoordinatorRequest), keyType: 1, coordinatorKeys: [id] };
      const up = this.cluster.brokerIds.find((broker) => this.cluster.isUp(broker))!;
      const { coordinators } = this.client.ask(up, findCoordinator, body, 4);
      if (coordinators[0]!.errorCode === 0) return coordinators[0]!.nodeId;
      this.cluster.sleep(0.2);
    }
    throw new Error('no coordinator');
  }

  /** InitProducerId, again while the answer is to try again. */
  init(id = 'tx', expected: ProducerOf = NEW, timeoutMs = 60_000): ProducerOf {
    for (let attempt = 0; attempt < 100; attempt++) {
      const answer = this.initOnce(id, expected, timeoutMs);
      if (answer.errorCode === 0) {
        const { producerId, producerEpoch } = answer;
        for (const key of this.#sequences.keys()) this.#sequences.delete(key);
        return { producerId, producerEpoch };
      }
      if (![14, 15, 16, 51].includes(answer.errorCode)) throw new Error(`${answer.errorCode}`);
      this.cluster.sleep(0.05);
    }
    throw new Error('no producer id');
  }

  initOnce(id = 'tx', expected: ProducerOf = NEW, timeoutMs = 60_000) {
    const of = { transactionalId: id, transactionTimeoutMs: timeoutMs, ...expected };
    const body = { ...defaults(initProducerIdRequest), ...of };
    return this.client.ask(this.coordinator(id), initProducerId, body);
  }

  add(producer: ProducerOf, topics: readonly string[] = ['pay'], id = 'tx'): number {
    const body = {
      ...defaults(addPartitionsToTxn.request),
      v3AndBelowTransactionalId: id,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: topics.map((name) => ({ name, partitions: [0] })),
    };
    const answer = this.client.ask(this.coordinator(id), addPartitionsToTxn, body, 3);
    return answer.resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode;
  }

  /** A transactional Produce of version 11, or 12 for transactions of version 2. */
  produce(producer: ProducerOf, value: string, of: { topic?: string; version?: number } = {}) {
    const { topic = 'pay', version = 11 } = of;
    const key = `${producer.producerId}-${producer.producerEpoch}-${topic}`;
    const baseSequence = this.#sequences.get(key) ?? 0;
    const body = {
      transactionalId: 'tx',
      acks: -1,
      timeoutMs: 5_000,
      topicData: [
        {
          name: topic,
          partitionData: [{ index: 0, records: this.batch(producer, value, baseSequence) }],
        },
      ],
    };
    const response = this.client.ask(topic === 'pay' ? 1 : 2, produce, body, version);
    const partition = response.responses[0]!.partitionResponses[0]!;
    if (partition.errorCode === 0) this.#sequences.set(key, baseSequence + 1);
    return partition;
  }

  batch(producer: ProducerOf, value: string, baseSequence: number): Uint8Array {
    const timestamp = WALL_MS + Math.floor(this.cluster.world.now / 1_000);
    const records = [{ timestamp, key: null, value: encodeUtf8(value) }];
    return encodeBatch({ records, ...producer, baseSequence, isTransactional: true });
  }

  end(producer: ProducerOf, committed: boolean, version = 4, id = 'tx') {
    const body = { transactionalId: id, ...producer, committed };
    return this.client.ask(this.coordinator(id), endTxn, body, version);
  }

  /** The end of a transaction, and its markers everywhere. */
  endAndComplete(producer: ProducerOf, committed: boolean, version = 4): ProducerOf {
    const { errorCode, producerId, producerEpoch } = this.end(producer, committed, version);
    if (errorCode !== 0) throw new Error(`EndTxn: ${errorCode}`);
    this.cluster.until('the transaction is complete', () =>
      (this.view('tx')?.state ?? '').startsWith('Complete'),
    );
    return version >= 5 ? { producerId, producerEpoch } : producer;
  }

  /** Raises the epoch of `tx` at its coordinator to a given one, as if it had lived so long. */
  wearOut({ producerEpoch }: ProducerOf): void {
    const module = this.cluster.broker(this.coordinator())!.modules[0] as TransactionModule;
    module.coordinator.metadataOf('tx')!.producerEpoch = producerEpoch;
  }

  view(id = 'tx'): TransactionModuleView['transactions'][number] | null {
    for (const broker of this.cluster.brokerIds) {
      for (const module of this.cluster.broker(broker)?.modules ?? []) {
        const view = module.inspect?.() as TransactionModuleView | undefined;
        if (view?.kind !== 'transaction-coordinator') continue;
        const found = view.transactions.find(({ transactionalId }) => transactionalId === id);
        if (found !== undefined) return found;
      }
    }
    return null;
  }

  /** What a consumer with this isolation level is given, aborted records left out as it does. */
  read(isolationLevel: 0 | 1, topic = 'pay', broker = topic === 'pay' ? 1 : 2): string[] {
    const values: string[] = [];
    let fetchOffset = 0;
    for (;;) {
      const partition = { ...PARTITION, partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 };
      const topics = [{ topic, topicId: ZERO, partitions: [partition] }];
      const body = { ...defaults(fetchRequest), maxWaitMs: 0, minBytes: 0, isolationLevel, topics };
      const answer = this.client.ask(broker, fetch, body as never, 12);
      const found = answer.responses[0]!.partitions[0]!;
      if (found.errorCode !== 0) throw new Error(`Fetch: ${found.errorCode}`);
      const aborted = [...(found.abortedTransactions ?? [])];
      const skipped = new Set<number>();
      const bytes = found.records!;
      for (const header of scanBatches(bytes).batches) {
        while ((aborted[0]?.firstOffset ?? Infinity) <= header.lastOffset) {
          skipped.add(aborted.shift()!.producerId);
        }
        fetchOffset = header.lastOffset + 1;
        const records = readRecords(bytes, header, 1_000_000);
        if (isBatchProblem(records)) throw new Error(records);
        if (header.isControl) {
          skipped.delete(header.producerId);
          continue;
        }
        if (isolationLevel === 1 && header.isTransactional && skipped.has(header.producerId))
          continue;
        for (const { value } of records) values.push(decodeUtf8(value!));
      }
      if (bytes.length === 0) return values;
    }
  }

  sleep(ms: number): void {
    this.cluster.sleep(microsOfMillis(ms) / 1_000_000);
  }
}

/** Within what a broker's clock allows: the world begins at this time. */
const WALL_MS = 1_767_225_600_000;
const NEW: ProducerOf = { producerId: -1, producerEpoch: -1 };
const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA';
const PARTITION = {
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
  logStartOffset: -1,
  replicaDirectoryId: ZERO,
};

/** A cluster with groups and transactions, and transactional producers in it, for tests. */
import { createProducer, type Producer } from '../../../engine/kafka/client/producer/producer.ts';
import {
  type ConsumerGroupMetadata,
  producerTransactions,
  transactionsOf,
} from '../../../engine/kafka/client/producer/producer-transactions.ts';
import { groupCoordinator } from '../../../engine/kafka/group/group-coordinator.ts';
import type { ProduceResult } from '../../../engine/kafka/client/producer/produce-result.ts';
import { transactionCoordinator } from '../../../engine/kafka/transaction/transaction-module.ts';
import {
  offsetFetch,
  offsetFetchRequest,
} from '../../../engine/wire/kafka/messages/offset-fetch.ts';
import { defaults } from '../../../engine/wire/kafka/schema.ts';
import { createConsumer } from '../../../engine/kafka/client/consumer/consumer.ts';
import { RawClient } from '../broker/raw-client.ts';
import { Cluster, type ClusterOptions, valuesOf } from '../cluster.ts';
import { onEveryBroker } from './raw-transactions.ts';

export const ANONYMOUS: ConsumerGroupMetadata = {
  groupId: 'g',
  generationId: -1,
  memberId: '',
  groupInstanceId: null,
};

const SETTINGS = {
  'transaction.state.log.num.partitions': '1',
  'offsets.topic.num.partitions': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '100',
};

export class TransactionalCluster {
  readonly cluster: Cluster;
  readonly client: RawClient;
  #producers = 0;
  #consumers = 0;

  constructor(settings: Readonly<Record<string, string>> = {}, options: ClusterOptions = {}) {
    const brokerSettings = onEveryBroker({ ...SETTINGS, ...settings });
    const modules = [groupCoordinator(), transactionCoordinator];
    this.cluster = new Cluster({ modules, brokerSettings, ...options });
    this.cluster.running();
    for (const [place, name] of ['pay', 'out'].entries()) {
      const assignments = [place === 0 ? [1, 2, 3] : [2, 3, 1]];
      this.cluster.createTopic({ name, numPartitions: 1, replicationFactor: 3, assignments });
    }
    this.client = new RawClient(this.cluster);
  }

  producer(transactionalId = 'tx', settings: Readonly<Record<string, string>> = {}) {
    return new TransactionalProducer(this, `tx-producer-${++this.#producers}`, {
      'transactional.id': transactionalId,
      ...settings,
    });
  }

  /** What a consumer is given in so many seconds. */
  read(isolation: 'read_committed' | 'read_uncommitted', topic = 'pay', seconds = 5): string[] {
    const values: string[] = [];
    const { bootstrap, profile, world } = this.cluster;
    const settings = { 'auto.offset.reset': 'earliest', 'isolation.level': isolation };
    const assignment = [{ topic, partition: 0 }];
    const onRecords = (records: Parameters<typeof valuesOf>[0]): void => {
      values.push(...valuesOf(records));
    };
    const name = `tx-reader-${++this.#consumers}`;
    const options = { bootstrap, profile, settings, assignment, onRecords };
    world.addHost(name, createConsumer(options)).start();
    this.cluster.sleep(seconds);
    return values;
  }

  /** The committed offset of group g, or the error; -1 for none. */
  committed(topic = 'pay', requireStable = true): number | string {
    const partition = { name: topic, topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitionIndexes: [0] };
    const groups = [{ groupId: 'g', memberId: null, memberEpoch: -1, topics: [partition] }];
    const body = { ...defaults(offsetFetchRequest), groups, requireStable };
    const { cluster } = this;
    for (const broker of cluster.brokerIds) {
      if (!cluster.isUp(broker)) continue;
      const answer = this.client.ask(broker, offsetFetch, body as never, 9);
      const group = answer.groups[0]!;
      if (group.errorCode !== 0) continue;
      const found = group.topics[0]!.partitions[0]!;
      return found.errorCode === 0 ? found.committedOffset : `error ${found.errorCode}`;
    }
    return 'no coordinator';
  }
}

export class TransactionalProducer {
  readonly name: string;
  readonly results: ProduceResult[] = [];
  readonly process: Producer;
  readonly #cluster: Cluster;

  constructor(of: TransactionalCluster, name: string, settings: Readonly<Record<string, string>>) {
    this.#cluster = of.cluster;
    this.name = name;
    const { bootstrap, profile, world } = of.cluster;
    const options = { bootstrap, profile, settings, transactions: producerTransactions };
    const host = world.addHost(name, createProducer(options));
    host.start();
    of.cluster.until(`${name} starts`, () => host.process !== null);
    this.process = host.process as Producer;
  }

  get transactions() {
    return transactionsOf(this.process);
  }

  get state(): string {
    return this.process.inspect().state;
  }

  act(label: string, what: () => void): void {
    this.#cluster.world.command(this.name, label, what);
  }

  /** Runs a call that calls back, and returns its error. */
  call(label: string, what: (done: (errorCode: number) => void) => void): number {
    let outcome: number | null = null;
    this.act(label, () => what((errorCode) => (outcome = errorCode)));
    this.#cluster.until(label, () => outcome !== null, 120);
    return outcome!;
  }

  init(): number {
    return this.call('initTransactions', (done) => this.transactions.initTransactions(done));
  }

  begin(): void {
    this.act('beginTransaction', () => {
      const errorCode = this.transactions.beginTransaction();
      if (errorCode !== 0) throw new Error(`beginTransaction: ${errorCode}`);
    });
  }

  send(value: string, topic = 'pay'): void {
    this.act('send', () => {
      this.process.send({ topic, partition: 0, value }, (result) => this.results.push(result));
    });
  }

  sendOffsets(offset: number, group: ConsumerGroupMetadata = ANONYMOUS): number {
    const offsets = [{ topic: 'pay', partition: 0, offset }];
    return this.call('sendOffsets', (done) =>
      this.transactions.sendOffsetsToTransaction(offsets, group, done),
    );
  }

  commit(): number {
    return this.call('commitTransaction', (done) => this.transactions.commitTransaction(done));
  }

  abort(): number {
    return this.call('abortTransaction', (done) => this.transactions.abortTransaction(done));
  }
}

/**
 * The lab's handle on transactions: `transactionCoordination` goes into a cluster's `modules`,
 * `Transactions` adds transactional producers and readers, notes which record belonged to which
 * transaction and what its producer was told, and registers the invariants K22 to K26.
 *
 *     const cluster = new KafkaCluster(lab, { brokers: 3, modules: transactionCoordination });
 *     const transactions = new Transactions(lab, cluster);
 *     transactions.addProducer('teller-1', 'transfers');
 *     transactions.init('teller-1');
 *
 * Not here: the coordinator (`kafka/transaction`), the producer's part (`kafka/client/producer`).
 */
import { assert } from '../kernel/assert.ts';
import { microsOfMillis } from '../kernel/units.ts';
import { Broker } from '../kafka/broker.ts';
import type { BrokerModuleFactory } from '../kafka/broker/broker-module.ts';
import {
  type ConsumerGroupMetadata,
  type ProducerTransactions,
  type TransactionalOffset,
  producerTransactions,
  transactionsOf,
} from '../kafka/client/producer/producer-transactions.ts';
import {
  type Producer,
  type ProducerView,
  createProducer,
} from '../kafka/client/producer/producer.ts';
import { coordinatorNarration } from '../kafka/coordinator/coordinator-trace.ts';
import type { TransactionMetadata } from '../kafka/transaction/transaction-metadata.ts';
import {
  TransactionModule,
  type TransactionModuleView,
  transactionCoordinator,
} from '../kafka/transaction/transaction-module.ts';
import { transactionNarration } from '../kafka/transaction/transaction-trace.ts';
import { errorName } from '../wire/kafka/errors.ts';
import { TransactionChecks } from './check/kafka/transaction-checks.ts';
import type { Lab } from './experiment.ts';
import type { KafkaCluster, Key } from './kafka.ts';

/** A transaction coordinator on every broker. */
export const transactionCoordination: readonly BrokerModuleFactory[] = [transactionCoordinator];

type Settings = Readonly<Record<string, string>>;
type Call = 'initTransactions' | 'commitTransaction' | 'abortTransaction' | 'sendOffsets';

/** A call of a transactional producer; `error` is null while it is not answered. */
export interface TransactionCall {
  readonly producer: string;
  readonly call: Call;
  error: string | null;
}

/** One transaction as its producer has it. */
export interface TransactionHistory {
  readonly producer: string;
  readonly ids: readonly string[];
  /** `unknown`: the producer was not told, or told of an error, at its commit. */
  readonly outcome: 'open' | 'committed' | 'aborted' | 'unknown';
}

interface Open {
  readonly producer: string;
  /** Of this producer's records: the first of the transaction, and the one behind the last. */
  readonly from: number;
  to: number | null;
  outcome: TransactionHistory['outcome'];
}

const INVARIANTS = ['K22', 'K24', 'K25', 'K26'] as const;

export class Transactions {
  readonly calls: TransactionCall[] = [];
  readonly #lab: Lab;
  readonly #cluster: KafkaCluster;
  readonly #transactions: Open[] = [];
  readonly #readers = new Set<string>();
  readonly #checks: TransactionChecks;

  constructor(lab: Lab, cluster: KafkaCluster) {
    this.#lab = lab;
    this.#cluster = cluster;
    lab.narrateWith(transactionNarration);
    lab.narrateWith(coordinatorNarration);
    this.#checks = new TransactionChecks(() => this.#brokers());
    for (const id of INVARIANTS) {
      lab.invariant(id, 'promise', (host) =>
        host === null ? null : this.#checks.finding(id, lab, lab.host(host)),
      );
    }
    lab.invariant('K23', 'promise', (host) => {
      // What is torn may still become whole, until everything is read at the end.
      if (lab.history.final !== null) return this.#dirtyRead() ?? this.#halfRead();
      return host === null || !this.#readers.has(host) ? null : this.#dirtyRead();
    });
  }

  *#brokers(): Generator<Broker | null> {
    for (const nodeId of this.#cluster.nodeIds) {
      const { process } = this.#lab.host(this.#cluster.brokerName(nodeId));
      yield process instanceof Broker ? process : null;
    }
  }

  // --------------------------------------------------------------------------------- applications

  addProducer(name: string, transactionalId: string, settings: Settings = {}): void {
    assert(transactionalId !== '', 'transactional.id', { name });
    const given = { 'client.id': name, 'transactional.id': transactionalId, ...settings };
    this.#cluster.addApplication(name, (clients) =>
      createProducer({ ...clients, settings: given, transactions: producerTransactions }),
    );
  }

  /** A consumer of a partition from its start, which leaves out what is not committed. */
  addReader(name: string, topic: string, settings: Settings = {}, partition = 0): void {
    const isolation = { 'isolation.level': 'read_committed', ...settings };
    if (isolation['isolation.level'] === 'read_committed') this.#readers.add(name);
    this.#cluster.addConsumer(name, topic, isolation, partition);
  }

  // -------------------------------------------------------------------------------------- commands

  init(producer: string): void {
    this.#call(producer, 'initTransactions', (transactions, done) =>
      transactions.initTransactions((errorCode) => {
        const { producerId, epoch } = transactions.producer;
        if (errorCode === 0) this.#checks.granted(producerId, epoch);
        done(errorCode);
      }),
    );
  }

  /**
   * Raises the epoch of a transactional id at its coordinator, as if its producers had ended so
   * many transactions more. The next one that is initialized gets the epoch after it.
   */
  wearOut(transactionalId: string, producerEpoch: number): void {
    for (const nodeId of this.#cluster.nodeIds) {
      const name = this.#cluster.brokerName(nodeId);
      const metadata = coordinatedBy(this.#lab.host(name).process, transactionalId);
      if (metadata === undefined) continue;
      const label = `${transactionalId} comes to epoch ${producerEpoch}`;
      this.#lab.command<Broker>(name, label, (process) => {
        const worn = coordinatedBy(process, transactionalId);
        assert(worn !== undefined && worn.producerEpoch < producerEpoch, 'only up', { label });
        assert(worn.state !== 'Ongoing', 'between two transactions', { label });
        worn.producerEpoch = producerEpoch;
      });
    }
  }

  begin(producer: string): void {
    this.#lab.command<Producer>(producer, 'beginTransaction', (process) => {
      const errorCode = transactionsOf(process).beginTransaction();
      if (errorCode !== 0) return;
      const from = this.#sentBy(producer).length;
      this.#transactions.push({ producer, from, to: null, outcome: 'open' });
    });
  }

  /** Sends so many records, or one for each key, each with an id of its own, in the transaction. */
  send(producer: string, topic: string, what: number | readonly Key[] = 1, partition = 0): void {
    this.#cluster.send(producer, topic, what, { partition });
  }

  sendOffsets(
    producer: string,
    offsets: readonly TransactionalOffset[],
    group: ConsumerGroupMetadata,
  ): void {
    this.#call(producer, 'sendOffsets', (transactions, done) =>
      transactions.sendOffsetsToTransaction(offsets, group, done),
    );
  }

  commit(producer: string): void {
    this.#end(producer, 'commitTransaction', 'committed', (transactions, done) =>
      transactions.commitTransaction(done),
    );
  }

  abort(producer: string): void {
    this.#end(producer, 'abortTransaction', 'aborted', (transactions, done) =>
      transactions.abortTransaction(done),
    );
  }

  #end(
    producer: string,
    call: Call,
    outcome: 'committed' | 'aborted',
    run: (transactions: ProducerTransactions, done: (errorCode: number) => void) => void,
  ): void {
    this.#call(producer, call, (transactions, done) => {
      const open = this.#transactions.findLast((one) => one.producer === producer);
      if (open?.outcome === 'open') {
        open.to = this.#sentBy(producer).length;
        open.outcome = 'unknown';
      }
      run(transactions, (errorCode) => {
        if (errorCode === 0 && open !== undefined) open.outcome = outcome;
        done(errorCode);
      });
    });
  }

  #call(
    producer: string,
    call: Call,
    run: (transactions: ProducerTransactions, done: (errorCode: number) => void) => void,
  ): void {
    this.#lab.command<Producer>(producer, call, (process) => {
      const entry: TransactionCall = { producer, call, error: null };
      this.calls.push(entry);
      run(transactionsOf(process), (errorCode) => (entry.error = errorName(errorCode)));
    });
  }

  /** Leaves the old producer as it is, cut off for so long, while another takes its place. */
  pause(producer: string, millis: number): void {
    assert(millis > 0, 'for some time', { producer, millis });
    this.#lab.inject({ fault: 'pause', host: producer });
    const until = this.#lab.now + microsOfMillis(millis);
    this.#lab.when(
      () => this.#lab.now >= until,
      () => this.#lab.inject({ fault: 'resume', host: producer }),
    );
  }

  // ------------------------------------------------------------------------------------- the state

  /** The error that a producer's last call of a kind was answered with; null: none is answered. */
  answer(producer: string, call: Call): string | null {
    const of = this.calls.findLast((one) => one.producer === producer && one.call === call);
    return of?.error ?? null;
  }

  /** Whether no call of a producer is unanswered. */
  isIdle(producer: string): boolean {
    return this.calls.every((one) => one.producer !== producer || one.error !== null);
  }

  /** A producer as it sees itself; null while it is down. */
  producer(name: string): ProducerView | null {
    return (this.#lab.host(name).process as Producer | null)?.inspect() ?? null;
  }

  /** A transactional id as its coordinator has it; null where nobody knows it. */
  transaction(transactionalId: string): TransactionModuleView['transactions'][number] | null {
    for (const broker of this.#brokers()) {
      for (const module of broker?.modules ?? []) {
        if (!(module instanceof TransactionModule)) continue;
        const { transactions } = module.inspect();
        const found = transactions.find((one) => one.transactionalId === transactionalId);
        if (found !== undefined) return found;
      }
    }
    return null;
  }

  /** By how much read_committed consumers are held back: high watermark less last stable offset. */
  stableLag(topic: string, partition = 0): number {
    const leader = this.#cluster.leaderOf(topic, partition);
    const replica = leader === null ? null : this.#cluster.replica(leader, topic, partition);
    return replica === null ? 0 : replica.hw - replica.lso;
  }

  /** Every transaction that was begun, in order, with the ids of its records. */
  get history(): readonly TransactionHistory[] {
    return this.#transactions.map(({ producer, from, to, outcome }) => {
      const sent = this.#sentBy(producer);
      const ids = sent.slice(from, to ?? sent.length);
      return { producer, ids, outcome };
    });
  }

  /** Transactions of which a read_committed reader was given some records and not others. */
  get torn(): readonly TransactionHistory[] {
    const seen = this.#seen();
    return this.history.filter(({ ids }) => {
      const count = ids.filter((id) => seen.has(id)).length;
      return count > 0 && count < ids.length;
    });
  }

  /** Committed transactions of which a reader was given nothing, though it was given later ones. */
  get lost(): readonly TransactionHistory[] {
    const seen = this.#seen();
    return this.history.filter(
      ({ ids, outcome }) =>
        outcome === 'committed' && ids.length > 0 && !ids.some((id) => seen.has(id)),
    );
  }

  #halfRead(): string | null {
    const [half] = this.torn;
    return half === undefined ? null : `of ${half.ids.join(', ')} only some were read as committed`;
  }

  #sentBy(producer: string): string[] {
    return this.#lab.history.sent.filter((one) => one.producer === producer).map(({ id }) => id);
  }

  #seen(): ReadonlySet<string> {
    const { delivered } = this.#lab.history;
    return new Set(delivered.filter((one) => this.#readers.has(one.consumer)).map(({ id }) => id));
  }

  /** Invariant K23: nobody who reads committed records is given one that was aborted. */
  #dirtyRead(): string | null {
    const aborted = this.history.filter(({ outcome }) => outcome === 'aborted');
    if (aborted.length === 0) return null;
    const seen = this.#seen();
    for (const { producer, ids } of aborted) {
      const id = ids.find((one) => seen.has(one));
      if (id !== undefined) return `${id} of ${producer} was aborted, and was read`;
    }
    return null;
  }
}

function coordinatedBy(process: unknown, transactionalId: string): TransactionMetadata | undefined {
  if (!(process instanceof Broker)) return undefined;
  const module = process.modules.find((one) => one instanceof TransactionModule);
  return module?.coordinator.metadataOf(transactionalId);
}

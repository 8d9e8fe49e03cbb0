/**
 * The lab's handle on consume-transform-produce: applications that are members of a group and
 * transactional producers at once. What a poll returned is written to another topic in one
 * transaction, which also commits the group's offsets. `transformation` goes into a cluster's
 * `modules`, beside `new Transactions(lab, cluster)`, which watches the transactions.
 *
 *     const spec = { group: 'till', from: 'orders', to: 'pay' };
 *     const transforms = new Transforms(lab, cluster, spec);
 *     transforms.add('teller-1', 'till-1');
 *
 * A record keeps its value, and with it its id: a reader who is given an id twice was given the
 * effect of one record twice. Not here: consumer and producer (`kafka/client`).
 */
import { assert } from '../kernel/assert.ts';
import type { Ports, Process, ProcessFactory } from '../kernel/ports.ts';
import { microsOfMillis } from '../kernel/units.ts';
import type { BrokerModuleFactory } from '../kafka/broker/broker-module.ts';
import type { ConsumerRecord } from '../kafka/client/consumer/completed-fetch.ts';
import {
  createGroupConsumer,
  type GroupConsumer,
} from '../kafka/client/consumer/group/group-consumer.ts';
import { groupConsumerNarration } from '../kafka/client/consumer/group/group-consumer-narration.ts';
import type { GroupConsumerView } from '../kafka/client/consumer/group/member-view.ts';
import {
  type TransactionalOffset,
  producerTransactions,
  transactionsOf,
} from '../kafka/client/producer/producer-transactions.ts';
import { type Producer, createProducer } from '../kafka/client/producer/producer.ts';
import { groupCoordinator } from '../kafka/group/group-coordinator.ts';
import { groupNarration } from '../kafka/group/group-trace.ts';
import { transactionCoordinator } from '../kafka/transaction/transaction-module.ts';
import { errorName } from '../wire/kafka/errors.ts';
import { watchGroups } from './check/kafka/group-watch.ts';
import { OwnershipCheck } from './check/kafka/ownership-check.ts';
import type { Lab } from './experiment.ts';
import type { ClientOptions, KafkaCluster } from './kafka.ts';

/** A group coordinator and a transaction coordinator on every broker. */
export const transformation: readonly BrokerModuleFactory[] = [
  groupCoordinator(),
  transactionCoordinator,
];

type Settings = Readonly<Record<string, string>>;

export interface TransformSpec {
  readonly group: string;
  readonly from: string;
  readonly to: string;
  /** Of every consumer, over what a transformation needs. */
  readonly consumer?: Settings;
  /** Virtual milliseconds from the write of a poll's records to the commit of their offsets. */
  readonly workMs?: number;
}

export class Transforms {
  readonly #lab: Lab;
  readonly #cluster: KafkaCluster;
  readonly #spec: TransformSpec;
  readonly #names: string[] = [];

  constructor(lab: Lab, cluster: KafkaCluster, spec: TransformSpec) {
    assert(spec.from !== spec.to, 'another topic', { ...spec });
    this.#lab = lab;
    this.#cluster = cluster;
    this.#spec = spec;
    lab.narrateWith(groupNarration);
    lab.narrateWith(groupConsumerNarration);
    watchGroups(lab, cluster);
    const check = new OwnershipCheck();
    lab.invariant('K31', 'always', (host) =>
      host === null || !this.#names.includes(host) ? null : check.defect(this.#members()),
    );
  }

  /** Adds an application, which starts at once. */
  add(name: string, transactionalId: string): void {
    assert(!this.#names.includes(name), 'an application is added once', { name });
    this.#names.push(name);
    const spec = this.#spec;
    this.#cluster.addApplication(name, (clients) =>
      createTransform(clients, { ...spec, name, transactionalId }),
    );
  }

  /** Transactions that an application has committed, as far as it was told. */
  committed(name: string): number {
    return this.#process(name)?.committed ?? 0;
  }

  /** The error that ended an application; empty while it works. */
  failure(name: string): string {
    return this.#process(name)?.failure ?? '';
  }

  /** Whether the application of this name is a member and has this many partitions. */
  owns(name: string, partitions: number): boolean {
    const view = this.#process(name)?.inspect();
    return view?.memberState === 'STABLE' && view.partitions.length === partitions;
  }

  #process(name: string): Transform | null {
    return this.#lab.host(name).process as Transform | null;
  }

  #members(): ReadonlyMap<string, GroupConsumerView> {
    return new Map(
      this.#names.flatMap((name) => {
        const view = this.#process(name)?.inspect();
        return view === undefined ? [] : [[name, view] as const];
      }),
    );
  }
}

interface Application extends TransformSpec {
  readonly name: string;
  readonly transactionalId: string;
}

function createTransform(clients: ClientOptions, of: Application): ProcessFactory<Transform> {
  return (ports) => new Transform(ports, clients, of);
}

/** How long it waits for its producer id before it looks again. */
const LOOK_MS = 50;

class Transform implements Process {
  committed = 0;
  failure = '';
  readonly #ports: Ports;
  readonly #of: Application;
  readonly #consumer: GroupConsumer;
  readonly #producer: Producer;
  #isReady = false;

  constructor(ports: Ports, clients: ClientOptions, of: Application) {
    this.#ports = ports;
    this.#of = of;
    const common = { 'client.id': of.name };
    this.#producer = createProducer({
      ...clients,
      transactions: producerTransactions,
      settings: {
        ...common,
        'transactional.id': of.transactionalId,
        // What a transactional producer has in any case: old releases begin with acks=1.
        ...{ acks: 'all', 'enable.idempotence': 'true', 'linger.ms': '0' },
      },
    })(ports);
    this.#consumer = createGroupConsumer({
      ...clients,
      topics: [of.from],
      commit: 'manual',
      processing: (records, pollAgain) => this.#process(records, pollAgain),
      settings: {
        ...common,
        ...{ 'group.id': of.group, 'auto.offset.reset': 'earliest' },
        ...{ 'isolation.level': 'read_committed', 'enable.auto.commit': 'false' },
        ...of.consumer,
      },
    })(ports);
  }

  start(): void {
    this.#producer.start();
    this.#consumer.start();
    transactionsOf(this.#producer).initTransactions((errorCode) => {
      if (errorCode === 0) this.#isReady = true;
      else this.#fail(errorCode);
    });
  }

  stop(): void {
    this.#consumer.close(() => this.#producer.close(() => this.#ports.halt('closed')));
  }

  inspect(): GroupConsumerView {
    return this.#consumer.inspect();
  }

  /** One transaction for what one poll returned. */
  #process(records: readonly ConsumerRecord[], pollAgain: () => void): void {
    if (!this.#isReady) {
      this.#after(LOOK_MS, () => this.#process(records, pollAgain));
      return;
    }
    const transactions = transactionsOf(this.#producer);
    // Whose records these are is said by the consumer that polled them.
    const group = this.#consumer.groupMetadata();
    const error = transactions.beginTransaction();
    assert(error === 0, 'a producer that is ready', { error });
    for (const { value } of records) {
      this.#producer.send({ topic: this.#of.to, partition: 0, value });
    }
    this.#after(this.#of.workMs ?? 0, () =>
      transactions.sendOffsetsToTransaction(offsetsOf(records), group, (sent) => {
        if (sent !== 0) this.#fail(sent);
        else {
          transactions.commitTransaction((ended) => {
            if (ended !== 0) {
              this.#fail(ended);
              return;
            }
            this.committed++;
            pollAgain();
          });
        }
      }),
    );
  }

  #after(millis: number, act: () => void): void {
    this.#ports.clock.after(microsOfMillis(millis), 'application', act);
  }

  /** What it wrote does not count, and it works no more. */
  #fail(errorCode: number): void {
    this.failure = errorName(errorCode);
    this.#after(0, () => transactionsOf(this.#producer).abortTransaction(() => this.stop()));
  }
}

/** The offset of the next record of each partition. */
function offsetsOf(records: readonly ConsumerRecord[]): readonly TransactionalOffset[] {
  const next = new Map<string, TransactionalOffset>();
  for (const { topic, partition, offset } of records) {
    next.set(`${topic}-${partition}`, { topic, partition, offset: offset + 1 });
  }
  return [...next.values()];
}

/**
 * A whole cluster in the simulated world, for tests: one controller, brokers, and clients that are
 * added as a test wants them.
 */
import { administration } from '../../engine/kafka/api/administration.ts';
import { type Broker, createBroker } from '../../engine/kafka/broker.ts';
import {
  type BrokerModuleFactory,
  decisionsOf,
  settingsWithoutModules,
} from '../../engine/kafka/broker/broker-module.ts';
import type { PartitionView } from '../../engine/kafka/broker/broker-view.ts';
import { type Admin, type NewTopic, createAdmin } from '../../engine/kafka/client/admin.ts';
import type { ConsumerRecord } from '../../engine/kafka/client/consumer/completed-fetch.ts';
import { createConsumer } from '../../engine/kafka/client/consumer/consumer.ts';
import type { ProduceResult } from '../../engine/kafka/client/producer/produce-result.ts';
import { type Producer, createProducer } from '../../engine/kafka/client/producer/producer.ts';
import { createController } from '../../engine/kafka/controller/controller.ts';
import { type Profile, profileOf } from '../../engine/kafka/profiles.ts';
import type { Process, ProcessFactory } from '../../engine/kernel/ports.ts';
import type { Fault } from '../../engine/sim/faults.ts';
import { inject } from '../../engine/sim/faults.ts';
import { World } from '../../engine/sim/world.ts';
import { decodeUtf8 } from '../../engine/bytes/utf8.ts';

export interface ClusterOptions {
  readonly brokers?: number;
  readonly seed?: number;
  readonly trace?: boolean;
  readonly profile?: Profile;
  readonly settings?: Readonly<Record<string, string>>;
  /** Over `settings`, by node id. */
  readonly brokerSettings?: Readonly<Record<number, Readonly<Record<string, string>>>>;
  readonly paranoid?: boolean;
  /** What every broker can do besides logs, replicas and administration. */
  readonly modules?: readonly BrokerModuleFactory[];
}

export interface Outcome {
  readonly value: string;
  readonly result: ProduceResult;
}

const SECOND = 1_000_000;

export class Cluster {
  readonly world: World;
  readonly profile: Profile;
  readonly brokerIds: readonly number[];
  #clients = 0;

  constructor(options: ClusterOptions = {}) {
    const { seed = 1, trace = true, settings = {}, paranoid = true } = options;
    this.profile = options.profile ?? profileOf('kafka-4.1');
    this.world = new World({ seed, trace, paranoidWire: paranoid, freeze: paranoid });
    const { profile } = this;
    const controllers = [{ host: 'controller-1', port: 9093 }];
    const modules = [...(options.modules ?? []), administration];
    const shared = settingsWithoutModules(settings, modules);
    const decisions = decisionsOf(modules);
    this.world
      .addHost(
        'controller-1',
        createController({ nodeId: 100, profile, settings: shared, decisions }),
      )
      .start();
    this.brokerIds = Array.from({ length: options.brokers ?? 3 }, (_, index) => index + 1);
    for (const nodeId of this.brokerIds) {
      const own = { ...settings, ...options.brokerSettings?.[nodeId] };
      const factory = createBroker({ nodeId, controllers, profile, settings: own, modules });
      this.world.addHost(`broker-${nodeId}`, factory).start();
    }
  }

  get bootstrap(): { host: string; port: number }[] {
    return this.brokerIds.map((id) => ({ host: `broker-${id}`, port: 9092 }));
  }

  broker(id: number): Broker | null {
    return this.world.hostNamed(`broker-${id}`)!.process as Broker | null;
  }

  isUp(id: number): boolean {
    return this.world.hostNamed(`broker-${id}`)!.state === 'running';
  }

  /** What a broker holds of a partition; undefined if nothing. */
  replica(id: number, topic = 'pay', partition = 0): PartitionView | undefined {
    return this.broker(id)
      ?.inspect()
      .partitions.find((view) => view.topic === topic && view.partition === partition);
  }

  /** Runs until the condition holds; throws the run's bug, or the time that it took in vain. */
  until(what: string, condition: () => boolean, seconds = 60): void {
    const end = this.world.run(condition, { micros: seconds * SECOND, events: 2_000_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
    if (end !== 'done') throw new Error(`${what}: not within ${seconds} s (${end})`);
  }

  sleep(seconds: number): void {
    this.world.run(() => false, { micros: Math.round(seconds * SECOND), events: 2_000_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
  }

  inject(fault: Fault): void {
    inject(this.world, fault);
    if (this.world.failure !== null) throw this.world.failure.error;
  }

  running(): void {
    this.until('brokers run', () =>
      this.brokerIds.every((id) => !this.isUp(id) || this.broker(id)?.state === 'RUNNING'),
    );
  }

  // --------------------------------------------------------------------------------- clients

  #client<P extends Process>(
    kind: string,
    factory: ProcessFactory<P>,
  ): { name: string; process: P } {
    const name = `${kind}-${++this.#clients}`;
    const host = this.world.addHost(name, factory);
    host.start();
    this.until(`${name} starts`, () => host.process !== null);
    return { name, process: host.process as P };
  }

  admin(): { name: string; process: Admin } {
    const { bootstrap, profile } = this;
    return this.#client('admin', createAdmin({ bootstrap, profile, settings: {} }));
  }

  createTopic(topic: NewTopic): void {
    const admin = this.admin();
    let done = false;
    this.world.command(admin.name, 'create-topics', () => {
      admin.process.createTopics([topic], (result) => {
        if (!result.ok) throw new Error(`createTopics: ${result.message}`);
        done = true;
      });
    });
    this.until('topic is created', () => done);
    this.until('topic is known', () =>
      (topic.assignments ?? [this.brokerIds])
        .flat()
        .every((id) => !this.isUp(id) || this.replica(id, topic.name) !== undefined),
    );
  }

  producer(settings: Readonly<Record<string, string>> = {}): SendingProducer {
    const { bootstrap, profile } = this;
    const made = this.#client('producer', createProducer({ bootstrap, profile, settings }));
    return new SendingProducer(this, made.name, made.process);
  }

  /** Reads a partition from its start to its high watermark. */
  readAll(topic = 'pay', partition = 0, seconds = 20): ConsumerRecord[] {
    const { bootstrap, profile } = this;
    const records: ConsumerRecord[] = [];
    this.#client(
      'consumer',
      createConsumer({
        bootstrap,
        profile,
        settings: { 'auto.offset.reset': 'earliest' },
        assignment: [{ topic, partition }],
        onRecords: (batch) => {
          records.push(...batch);
        },
      }),
    );
    this.sleep(seconds);
    return records;
  }
}

export class SendingProducer {
  readonly name: string;
  readonly outcomes: Outcome[] = [];
  readonly #cluster: Cluster;
  readonly #producer: Producer;

  constructor(cluster: Cluster, name: string, producer: Producer) {
    this.#cluster = cluster;
    this.name = name;
    this.#producer = producer;
  }

  send(value: string | null, topic = 'pay', partition = 0, key: string | null = null): void {
    this.#cluster.world.command(this.name, 'send', () => {
      this.#producer.send({ topic, partition, key, value }, (result) => {
        this.outcomes.push({ value: value ?? '', result });
      });
    });
  }

  get acked(): string[] {
    return this.outcomes.filter(({ result }) => result.ok).map(({ value }) => value);
  }
}

export function valuesOf(records: readonly ConsumerRecord[]): string[] {
  return records.map(({ value }) => (value === null ? '' : decodeUtf8(value)));
}

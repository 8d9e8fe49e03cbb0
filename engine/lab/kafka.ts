/**
 * The lab's handle on Kafka: a cluster on simulated hosts, its clients, and what an experiment may
 * ask of them. Everything goes over the wire: a client here is a client.
 *
 * Records are sent with their history id as value, so that the history knows them again.
 * Not here: brokers and clients (`kafka/`), invariants over a cluster (`check/kafka.ts`).
 */
import { assert } from '../kernel/assert.ts';
import { decodeUtf8 } from '../bytes/utf8.ts';
import type { ProcessFactory } from '../kernel/ports.ts';
import type { Broker } from '../kafka/broker.ts';
import { decisionsOf, settingsWithoutModules } from '../kafka/broker/broker-module.ts';
import type { BrokerView, PartitionView } from '../kafka/broker/broker-view.ts';
import type { Admin } from '../kafka/client/admin.ts';
import type { Consumer } from '../kafka/client/consumer/consumer.ts';
import type { ConsumerRecord } from '../kafka/client/consumer/completed-fetch.ts';
import type { TopicPartition } from '../kafka/client/consumer/subscription-state.ts';
import type { Producer } from '../kafka/client/producer/producer.ts';
import type { ProduceResult } from '../kafka/client/producer/produce-result.ts';
import type { Controller } from '../kafka/controller/controller.ts';
import type { ControllerView } from '../kafka/controller/controller-view.ts';
import { kafkaNarration } from '../kafka/narration.ts';
import { newestProfile, profileOf } from '../kafka/profiles.ts';
import type { Profile } from '../kafka/profiles.ts';
import { ErrorCode, errorName } from '../wire/kafka/errors.ts';
import { watchKafka } from './check/kafka.ts';
import type { Lab, Step } from './experiment.ts';
import { kafkaParts } from './kafka-parts.ts';
import type { KafkaParts } from './kafka-parts.ts';
import type { Found } from './history.ts';
import type {
  Acknowledged,
  ClientOptions,
  ControllerNode,
  KafkaOptions,
  Key,
  SendOptions,
  TopicOptions,
} from './kafka-options.ts';

export { profileNames } from '../kafka/profiles.ts';
export type {
  Acknowledged,
  ClientOptions,
  ControllerQuorum,
  Key,
  KafkaOptions,
  SharedByControllers,
} from './kafka-options.ts';

type Settings = Readonly<Record<string, string>>;

const ALONE: ControllerNode = { nodeId: 100, host: 'controller-1', port: 9093 };
const BROKER_PORT = 9092;
/** The reader of the end of a run. Not one of the story's persons. */
const AUDITOR = 'auditor';

export class KafkaCluster {
  readonly profile: Profile;
  readonly #lab: Lab;
  readonly #parts: KafkaParts;
  #brokers: number;
  #nodeIds: readonly number[];
  /** Adds a broker's host, made as the others were. */
  readonly #startBroker: (nodeId: number, settings: Settings) => void;
  readonly #controllers: readonly ControllerNode[];
  readonly #topics = new Map<string, TopicOptions>();
  readonly #byAll = new Map<string, boolean>();
  #sentCount = 0;
  #audit: Found[] | null = null;
  readonly #onAcknowledged: ((acknowledged: Acknowledged) => void)[] = [];

  /** Adds a controller (or the quorum's) and brokers, and starts them. */
  constructor(lab: Lab, options: KafkaOptions) {
    assert(options.brokers >= 1, 'a cluster has a broker', { brokers: options.brokers });
    this.#lab = lab;
    this.#parts = kafkaParts(lab);
    this.#brokers = options.brokers;
    this.#nodeIds = Array.from({ length: options.brokers }, (_, place) => place + 1);
    this.profile = profileOf(options.profile ?? newestProfile, options.quirks ?? {});
    const { profile } = this;
    const settings = options.settings ?? {};
    lab.narrateWith(kafkaNarration);
    const modules = options.modules ?? [];
    const shared = {
      profile,
      settings: settingsWithoutModules(settings, modules),
      decisions: decisionsOf(modules),
    };
    // A cluster outside has its own controllers.
    const quorum = lab.standIns === undefined ? options.quorum : undefined;
    this.#controllers = quorum?.controllers ?? [ALONE];
    for (const { host, nodeId } of this.#controllers) {
      const one = quorum?.controller(nodeId, shared);
      if (one !== null) lab.addHost(host, one ?? this.#parts.controller({ nodeId, ...shared }));
    }
    const controllers = this.#controllers.map(({ host, port }) => ({ host, port }));
    const hearing = quorum?.forBrokers(shared) ?? {};
    this.#startBroker = (nodeId, own) => {
      const made = { nodeId, controllers, profile, modules, ...hearing };
      const broker = this.#parts.broker({ ...made, settings: { ...settings, ...own } });
      lab.addHost(this.brokerName(nodeId), broker);
    };
    for (const nodeId of this.nodeIds) {
      this.#startBroker(nodeId, options.brokerSettings?.[nodeId] ?? {});
    }
    // Invariants are about replicas' logs, which nobody sees of a cluster outside.
    if (lab.standIns === undefined) watchKafka(lab, this);
    quorum?.joined(lab);
  }

  brokerName(nodeId: number): string {
    return `broker-${nodeId}`;
  }

  /**
   * A broker more joins: its settings are the cluster's, and its own over them. It has no replicas
   * until a topic is created or partitions are reassigned to it.
   */
  addBroker(settings: Settings = {}): string {
    const nodeId = this.#brokers + 1;
    this.#startBroker(nodeId, settings);
    this.#brokers = nodeId;
    this.#nodeIds = [...this.#nodeIds, nodeId];
    return this.brokerName(nodeId);
  }

  /** Node ids, from 1. */
  get nodeIds(): readonly number[] {
    return this.#nodeIds;
  }

  /** What a client of this cluster is made with. */
  get clientOptions(): ClientOptions {
    return { bootstrap: this.#bootstrap, profile: this.profile };
  }

  get #bootstrap() {
    return this.nodeIds.map((nodeId) => ({ host: this.brokerName(nodeId), port: BROKER_PORT }));
  }

  // ---------------------------------------------------------------------------------- the state

  /** Hosts of controllers. */
  get controllerNames(): readonly string[] {
    return this.#controllers.map(({ host }) => host);
  }

  /** The host of the active controller, by the newest epoch; null if there is none. */
  get activeController(): string | null {
    const views = this.controllerNames.map((host) => ({ host, view: this.#viewOf(host) }));
    const active = views.filter(({ view }) => view?.state === 'ACTIVE');
    active.sort((left, right) => right.view!.epoch - left.view!.epoch);
    return active[0]?.host ?? null;
  }

  /**
   * What the active controller believes; without one, who has replayed most; null while all are
   * down.
   */
  get controller(): ControllerView | null {
    const active = this.activeController;
    if (active !== null) return this.#viewOf(active);
    const views = this.controllerNames.map((host) => this.#viewOf(host));
    const known = views.filter((view) => view !== null);
    known.sort((left, right) => right.metadataOffset - left.metadataOffset);
    return known[0] ?? null;
  }

  #viewOf(controller: string): ControllerView | null {
    const { process } = this.#lab.host(controller);
    const deciding = (process as Broker | null)?.controlPlane ?? process;
    return (deciding as Controller | null)?.inspect() ?? null;
  }

  /** What a broker shows of itself, or null while it is down. */
  broker(nodeId: number): BrokerView | null {
    return (this.#lab.host(this.brokerName(nodeId)).process as Broker | null)?.inspect() ?? null;
  }

  /** A replica as its broker sees it, or null while the broker is down or has none. */
  replica(nodeId: number, topic: string, partition: number): PartitionView | null {
    const partitions = this.broker(nodeId)?.partitions ?? [];
    return partitions.find((one) => one.topic === topic && one.partition === partition) ?? null;
  }

  /** The leader's node id as the controller has it, or null where there is none. */
  leaderOf(topic: string, partition: number): number | null {
    const leader = this.#registration(topic, partition)?.leader ?? -1;
    return leader < 0 ? null : leader;
  }

  /** The ISR as the controller has it. */
  isrOf(topic: string, partition: number): readonly number[] {
    return this.#registration(topic, partition)?.isr ?? [];
  }

  /** The replicas as the controller has them; while they change, those that come and go too. */
  replicasOf(topic: string, partition: number): readonly number[] {
    return this.#registration(topic, partition)?.replicas ?? [];
  }

  /** Whether a partition is on its way to other replicas. */
  isReassigning(topic: string, partition: number): boolean {
    const registration = this.#registration(topic, partition);
    if (registration === undefined) return false;
    const { addingReplicas, removingReplicas } = registration;
    return addingReplicas.length > 0 || removingReplicas.length > 0;
  }

  /** Every broker is registered and unfenced. */
  get allRegistered(): boolean {
    const brokers = this.controller?.brokers ?? [];
    return brokers.filter((broker) => !broker.fenced).length === this.#brokers;
  }

  /** Every partition has a leader that knows it, and (with `all`) every replica is in sync. */
  partitionsReady(all: boolean): boolean {
    for (const [topic, options] of this.#topics) {
      for (let partition = 0; partition < options.partitions; partition++) {
        const leader = this.leaderOf(topic, partition);
        if (leader === null) return false;
        if (this.replica(leader, topic, partition)?.role !== 'leader') return false;
        const isr = this.isrOf(topic, partition).length;
        if (all && isr < this.replicasOf(topic, partition).length) return false;
      }
    }
    return true;
  }

  #registration(topic: string, partition: number) {
    const partitions = this.controller?.partitions ?? [];
    return partitions.find((one) => one.topic === topic && one.partition === partition);
  }

  // ------------------------------------------------------------------------------------ clients

  /** Creates a topic through an admin client on a host of its own. */
  createTopic(name: string, options: TopicOptions): void {
    this.#topics.set(name, options);
    const admin = `admin-${name}`;
    const factory = this.#parts.admin({
      bootstrap: this.#bootstrap,
      profile: this.profile,
      settings: {},
    });
    this.#lab.addHost(admin, factory);
    const { partitions, replicationFactor, configs } = options;
    const assignments = Array.from({ length: partitions }, (_, partition) =>
      this.nodeIds.map((_id, place) => this.#nodeAt(partition + place)).slice(0, replicationFactor),
    );
    this.#lab.command<Admin>(admin, `create topic ${name}`, (process) => {
      const topic = { name, numPartitions: partitions, replicationFactor, assignments };
      process.createTopics([{ ...topic, configs: configs ?? {} }], (result) => {
        // An admin that repeats a request whose answer was lost hears that the topic is there.
        const there = result.ok || result.errorCode === ErrorCode.TOPIC_ALREADY_EXISTS;
        assert(there, 'the topic is created', { name, result });
      });
    });
  }

  /** A topic is about to have so many partitions: `partitionsReady` looks at them all. */
  expectPartitions(topic: string, count: number): void {
    const known = this.#topics.get(topic);
    assert(known !== undefined && count > known.partitions, 'more', { topic, count });
    this.#topics.set(topic, { ...known, partitions: count });
  }

  /** Replicas are dealt out in turn, so that partition 0 of a story is led by broker-1. */
  #nodeAt(place: number): number {
    return this.nodeIds[place % this.#brokers]!;
  }

  /** Adds a producer. */
  addProducer(name: string, settings: Settings): void {
    const { profile } = this;
    const client = { 'client.id': name, ...settings };
    const acks = settings['acks'] ?? profile.defaults.acks;
    this.#byAll.set(name, acks === 'all' || acks === '-1');
    this.#lab.addHost(
      name,
      this.#parts.producer({ bootstrap: this.#bootstrap, profile, settings: client }),
    );
  }

  /**
   * Sends records, each its own `send`, in one event; their ids are their values. They are so many
   * without a key, or one for each business key: the same key twice is the same business event.
   */
  send(
    producer: string,
    topic: string,
    what: number | readonly Key[],
    { partition = 0, delayMs = 0, paddingBytes = 0 }: SendOptions = {},
  ): void {
    const { history } = this.#lab;
    const isCount = typeof what === 'number';
    const keys = isCount ? new Array<null>(what).fill(null) : what;
    const padding = { key: 'padding', value: new Uint8Array(paddingBytes) };
    const headers = paddingBytes > 0 ? [padding] : [];
    const label = `send ${isCount ? `${what} records` : what.join(', ')} to ${topic}`;
    this.#lab.command<Producer>(
      producer,
      label,
      (process) => {
        for (const key of keys) {
          const id = `r${++this.#sentCount}`;
          history.send(producer, id, this.#lab.event);
          const where = partition === null ? { topic } : { topic, partition };
          process.send({ ...where, key, value: id, headers }, (result) =>
            this.#told(producer, id, topic, result),
          );
        }
      },
      delayMs,
    );
  }

  /** Tells the history that an application was given a record. */
  noteDelivery(consumer: string, record: ConsumerRecord): void {
    this.#lab.history.deliver({ ...foundOf(record), consumer, event: this.#lab.event });
  }

  /** Adds an application of the story that needs clients of this cluster. */
  addApplication(name: string, make: (clients: ClientOptions) => ProcessFactory): void {
    this.#lab.addHost(name, make(this.clientOptions));
  }

  /** Looks at the cluster whenever a producer is told that a record is written. */
  whenAcknowledged(look: (acknowledged: Acknowledged) => void): void {
    this.#onAcknowledged.push(look);
  }

  /** Adds a consumer that reads a partition from the start and tells the history. */
  addConsumer(name: string, topic: string, settings: Settings, partition = 0): void {
    const { history } = this.#lab;
    const deliver = (records: readonly ConsumerRecord[]) => {
      for (const record of records) {
        history.deliver({ ...foundOf(record), consumer: name, event: this.#lab.event });
      }
    };
    this.#addReader(name, [{ topic, partition }], settings, deliver);
  }

  /** Reads a partition from the start once more. */
  rewind(consumer: string, topic: string, partition = 0): void {
    this.#lab.command<Consumer>(consumer, `seek to the beginning of ${topic}`, (process) => {
      process.seekToBeginning({ topic, partition });
    });
  }

  #addReader(
    name: string,
    assignment: readonly TopicPartition[],
    settings: Settings,
    onRecords: (records: readonly ConsumerRecord[]) => void,
  ): void {
    const given = { 'client.id': name, 'auto.offset.reset': 'earliest', ...settings };
    const { profile } = this;
    const bootstrap = this.#bootstrap;
    const options = { bootstrap, profile, settings: given, assignment, onRecords };
    this.#lab.addHost(name, this.#parts.consumer(options));
  }

  #told(producer: string, id: string, topic: string, result: ProduceResult): void {
    const { history, event } = this.#lab;
    if (result.ok && result.offset < 0) {
      history.tell(id, event, 'unasked');
    } else if (result.ok) {
      const place = `${topic}-${result.partition}@${result.offset}`;
      history.tell(id, event, 'acknowledged', { place });
      const { partition, offset } = result;
      for (const look of this.#onAcknowledged) {
        look({ topic, partition, offset, byAll: this.#byAll.get(producer) ?? false });
      }
    } else {
      const outcome = result.indeterminate ? 'indeterminate' : 'refused';
      history.tell(id, event, outcome, { error: errorName(result.errorCode) });
    }
  }

  // ----------------------------------------------------------------------------------- settling

  /**
   * The steps at the end of every experiment: heal, restart all, read everything from the start.
   */
  static settle<W extends { readonly cluster: KafkaCluster }>(): readonly Step<W>[] {
    return [
      {
        id: 'heal',
        title: { en: 'Everything is healed and restarted', zh: '恢复网络，重启所有进程' },
        do: ({ cluster }) => cluster.#heal(),
        until: ({ cluster }) => cluster.#healed(),
        timeLimitMs: 120_000,
      },
      {
        id: 'read-back',
        title: { en: 'Everything is read from the start', zh: '从头读回全部数据' },
        do: ({ cluster }) => cluster.#startAudit(),
        until: ({ cluster }) => cluster.#audited(),
        timeLimitMs: 60_000,
      },
    ];
  }

  #heal(): void {
    this.#lab.inject({ fault: 'heal' });
    for (const host of this.#lab.hosts()) {
      if (host.state !== 'running') this.#lab.inject({ fault: 'start', host: host.name });
      else if (host.paused) this.#lab.inject({ fault: 'resume', host: host.name });
    }
  }

  /** All is there again and committed, and every record that was sent has an outcome. */
  #healed(): boolean {
    const waiting = this.#lab.history.sent.some((sent) => sent.outcome === 'pending');
    if (waiting || !this.allRegistered || !this.partitionsReady(true)) return false;
    return this.#allPartitions().every(({ topic, partition }) => {
      // A new leader learns only from its followers' next fetches how much is committed. Until
      // then records that are there cannot be read.
      const leader = this.replica(this.leaderOf(topic, partition)!, topic, partition);
      return leader !== null && leader.hw === leader.leo;
    });
  }

  #startAudit(): void {
    const audit: Found[] = [];
    this.#audit = audit;
    this.#addReader(AUDITOR, this.#allPartitions(), {}, (records) => {
      audit.push(...records.map(foundOf));
    });
  }

  /** The auditor has reached the high watermark of every partition. */
  #audited(): boolean {
    const consumer = this.#lab.host(AUDITOR).process as Consumer | null;
    if (consumer === null || this.#audit === null) return false;
    for (const { topic, partition } of this.#allPartitions()) {
      const leader = this.leaderOf(topic, partition);
      if (leader === null) return false;
      const replica = this.replica(leader, topic, partition);
      const position = consumer.position({ topic, partition });
      if (replica === null || position === null || position < replica.hw) return false;
    }
    if (this.#lab.history.final === null) this.#lab.history.finish(this.#audit);
    return true;
  }

  #allPartitions(): TopicPartition[] {
    return [...this.#topics].flatMap(([topic, options]) =>
      Array.from({ length: options.partitions }, (_, partition) => ({ topic, partition })),
    );
  }
}

function foundOf(record: ConsumerRecord): Found {
  const { topic, partition, offset, value } = record;
  const id = value === null ? '' : decodeUtf8(value);
  return { id, partition: `${topic}-${partition}`, offset };
}

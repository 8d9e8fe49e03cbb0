/**
 * A simulated controller and hosts that talk to it as brokers do, request by request: nothing of a
 * broker is imitated but what a test makes it say.
 */
import { administrationDecisions } from '#engine/kafka/controller/administration.ts';
import { createController, type Controller } from '../../../engine/kafka/controller/controller.ts';
import { replayFetched } from '../../../engine/kafka/metadata/metadata-log.ts';
import { CLUSTER_ID, METADATA_TOPIC_ID } from '../../../engine/kafka/metadata/metadata-log.ts';
import { emptyImage, type MetadataImage } from '../../../engine/kafka/metadata/image.ts';
import { newestProfile, profileOf, type Profile } from '../../../engine/kafka/profiles.ts';
import { assert, present } from '../../../engine/kernel/assert.ts';
import type { Connection, Ports, Process } from '../../../engine/kernel/ports.ts';
import { inject, type Fault } from '../../../engine/sim/faults.ts';
import { World } from '../../../engine/sim/world.ts';
import type { Api } from '../../../engine/wire/kafka/api.ts';
import type { KafkaResponse } from '../../../engine/wire/kafka/frame.ts';
import { alterPartition } from '../../../engine/wire/kafka/messages/alter-partition.ts';
import { brokerHeartbeat } from '../../../engine/wire/kafka/messages/broker-heartbeat.ts';
import { brokerRegistration } from '../../../engine/wire/kafka/messages/broker-registration.ts';
import { createTopics } from '../../../engine/wire/kafka/messages/create-topics.ts';
import { electLeaders } from '../../../engine/wire/kafka/messages/elect-leaders.ts';
import { fetch } from '../../../engine/wire/kafka/messages/fetch.ts';
import { incrementalAlterConfigs } from '#engine/wire/kafka/messages/incremental-alter-configs.ts';
import { kafkaProtocol } from '../../../engine/wire/kafka/protocol.ts';
import { defaults, type DataOf, type Struct } from '../../../engine/wire/kafka/schema.ts';

const CONTROLLER = 'controller-1';
const ADDRESS = { host: CONTROLLER, port: 9093 };

/** Asks one thing at a time on a connection that is opened when it is needed. */
class Asker implements Process {
  readonly #ports: Ports;
  #connection: Connection | null = null;
  #asked = 0;
  answer: KafkaResponse | 'closed' | null = null;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  start(): void {
    assert(this.#connection === null, 'connects when it asks');
  }

  ask(apiKey: number, apiVersion: number, body: unknown): void {
    this.answer = null;
    this.#connection ??= this.#ports.network.connect(ADDRESS, kafkaProtocol, {
      received: (message) => (this.answer = message as KafkaResponse),
      closed: () => {
        this.#connection = null;
        this.answer ??= 'closed';
      },
    });
    const correlationId = this.#asked++;
    this.#connection.send({
      kind: 'request',
      apiKey,
      apiVersion,
      correlationId,
      clientId: this.#ports.host,
      body,
    });
  }
}

export interface RigOptions {
  readonly settings?: Readonly<Record<string, string>>;
  readonly profile?: Profile;
  readonly seed?: number;
}

export class Rig {
  readonly world: World;
  readonly #epochs = new Map<number, number>();
  readonly #incarnations = new Map<number, string>();

  constructor({ settings = {}, profile = profileOf(newestProfile), seed = 1 }: RigOptions = {}) {
    this.world = new World({ seed, trace: true, paranoidWire: true, freeze: true });
    const controller = createController({
      ...{ nodeId: 100, profile, settings },
      decisions: administrationDecisions,
    });
    this.world.addHost(CONTROLLER, controller).start();
    for (const id of [1, 2, 3]) {
      this.world.addHost(`broker-${id}`, (ports) => new Asker(ports)).start();
    }
    this.until(() => this.isActive);
  }

  get controller(): Controller | null {
    return present(this.world.hostNamed(CONTROLLER), 'host').process as Controller | null;
  }

  get isActive(): boolean {
    return this.controller?.state === 'ACTIVE';
  }

  get image(): MetadataImage {
    return present(this.controller, 'the controller runs').image;
  }

  /** Runs until the condition holds; throws if it does not within ten virtual minutes. */
  until(condition: () => boolean): void {
    const end = this.world.run(condition, { micros: 600_000_000, events: 100_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
    assert(end === 'done', 'it came about', { end });
  }

  pass(millis: number): void {
    this.world.run(() => false, { micros: millis * 1000 });
    if (this.world.failure !== null) throw this.world.failure.error;
  }

  inject(fault: Fault): void {
    inject(this.world, fault);
  }

  /** The controller's process ends (its page cache kept, or with the power) and starts again. */
  restart(how: 'crash' | 'power'): void {
    this.inject({ fault: how, host: CONTROLLER });
    this.inject({ fault: 'start', host: CONTROLLER });
    this.until(() => this.isActive);
  }

  /** How many entries of that kind the trace has. */
  traced(kind: string): number {
    return [...this.world.trace.entries()].filter((entry) => entry.kind === kind).length;
  }

  // --------------------------------------------------------------------------------------- asking

  start<Q extends Struct, R extends Struct>(
    id: number,
    api: Api<Q, R>,
    body: DataOf<Q>,
    version: number = api.versionMax,
  ): void {
    const host = `broker-${id}`;
    this.world.command(host, api.name, () => this.#asker(id).ask(api.key, version, body));
    this.world.run(() => this.#asker(id).answer === null, { events: 1 });
    this.world.step();
  }

  /** The answer that broker's host has, or null while it waits. */
  answered<R>(id: number): R | null {
    const { answer } = this.#asker(id);
    return answer === null || answer === 'closed' ? null : (answer.body as R);
  }

  ask<Q extends Struct, R extends Struct>(
    id: number,
    api: Api<Q, R>,
    body: DataOf<Q>,
    version: number = api.versionMax,
  ): DataOf<R> {
    this.start(id, api, body, version);
    this.until(() => this.#asker(id).answer !== null);
    // The connection was to a controller that is no more, which one hears only when one asks.
    if (this.#asker(id).answer === 'closed') this.start(id, api, body, version);
    this.until(() => this.#asker(id).answer !== null);
    return present(this.answered<DataOf<R>>(id), `an answer to ${api.name}`);
  }

  #asker(id: number): Asker {
    return present(this.world.hostNamed(`broker-${id}`), 'host').process as unknown as Asker;
  }

  // -------------------------------------------------------------------------------------- brokers

  epochOf(id: number): number {
    return present(this.#epochs.get(id), 'registered');
  }

  register(
    id: number,
    over: Partial<DataOf<typeof brokerRegistration.request>> = {},
  ): DataOf<typeof brokerRegistration.response> {
    const incarnationId = over.incarnationId ?? this.#incarnationOf(id);
    const response = this.ask(id, brokerRegistration, {
      ...defaults(brokerRegistration.request),
      brokerId: id,
      clusterId: CLUSTER_ID,
      listeners: [{ name: 'PLAINTEXT', host: `broker-${id}`, port: 9092, securityProtocol: 0 }],
      previousBrokerEpoch: -1,
      ...over,
      incarnationId,
    });
    if (response.errorCode === 0) this.#epochs.set(id, response.brokerEpoch);
    return response;
  }

  heartbeat(
    id: number,
    over: Partial<DataOf<typeof brokerHeartbeat.request>> = {},
  ): DataOf<typeof brokerHeartbeat.response> {
    return this.ask(id, brokerHeartbeat, {
      ...defaults(brokerHeartbeat.request),
      brokerId: id,
      brokerEpoch: this.epochOf(id),
      currentMetadataOffset: this.image.offset,
      wantFence: false,
      ...over,
    });
  }

  /** A new start of that broker: another incarnation id. */
  restartBroker(id: number, previousBrokerEpoch = -1): number {
    const count = Number(this.#incarnationOf(id).slice(2, 3)) + 1;
    this.#incarnations.set(id, `I${id}${count}AAAAAAAAAAAAAAAAAAA`);
    return this.register(id, { previousBrokerEpoch }).errorCode;
  }

  /** Registers and unfences brokers 1 to 3. */
  cluster(): this {
    for (const id of [1, 2, 3]) {
      this.register(id);
      this.heartbeat(id);
    }
    return this;
  }

  /** Lets all but the named brokers send heartbeats until the session of those is over. */
  expire(...gone: readonly number[]): void {
    for (let round = 0; round < 6; round++) {
      this.pass(2_000);
      for (const id of [1, 2, 3]) if (!gone.includes(id)) this.heartbeat(id);
    }
  }

  #incarnationOf(id: number): string {
    const known = this.#incarnations.get(id) ?? `I${id}0AAAAAAAAAAAAAAAAAAA`;
    this.#incarnations.set(id, known);
    return known;
  }

  // --------------------------------------------------------------------------------------- topics

  /** Creates topic `pay` with one partition on brokers 1, 2, 3; broker 1 leads. */
  pay(configs: Readonly<Record<string, string>> = {}): this {
    const response = this.createTopic({
      assignments: [{ partitionIndex: 0, brokerIds: [1, 2, 3] }],
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    });
    assert(response.errorCode === 0, 'created', { ...response });
    return this;
  }

  createTopic(
    over: Partial<DataOf<typeof createTopics.request>['topics'][number]>,
    validateOnly = false,
  ): DataOf<typeof createTopics.response>['topics'][number] {
    const topic = {
      name: 'pay',
      numPartitions: -1,
      replicationFactor: -1,
      assignments: [],
      configs: [],
      ...over,
    };
    const body = { topics: [topic], timeoutMs: 1_000, validateOnly };
    return present(this.ask(1, createTopics, body).topics[0], 'a topic');
  }

  get partition() {
    return present(this.image.topics.get('pay')?.partitions[0], 'pay-0');
  }

  alterPartition(
    leader: number,
    isr: readonly (number | readonly [number, number])[],
    over: { leaderEpoch?: number; partitionEpoch?: number; topicId?: string } = {},
    version = 3,
  ): DataOf<typeof alterPartition.response>['topics'][number]['partitions'][number] {
    const members = isr.map((one) =>
      typeof one === 'number'
        ? { brokerId: one, brokerEpoch: this.epochOf(one) }
        : { brokerId: one[0], brokerEpoch: one[1] },
    );
    const asked = {
      partitionIndex: 0,
      leaderEpoch: over.leaderEpoch ?? this.partition.leaderEpoch,
      newIsr: version < 3 ? members.map((one) => one.brokerId) : [],
      newIsrWithEpochs: version < 3 ? [] : members,
      leaderRecoveryState: 0,
      partitionEpoch: over.partitionEpoch ?? this.partition.partitionEpoch,
    };
    const topicId = over.topicId ?? present(this.image.topics.get('pay'), 'pay').id;
    const brokerEpoch = this.epochOf(leader);
    const topics = [{ topicId, partitions: [asked] }];
    const body = { brokerId: leader, brokerEpoch, topics };
    const response = this.ask(leader, alterPartition, body, version);
    assert(response.errorCode === 0, 'the broker is known', { ...response });
    return present(response.topics[0]?.partitions[0], 'an answer');
  }

  electLeader(electionType: 0 | 1): number {
    const topicPartitions = [{ topic: 'pay', partitions: [0] }];
    const body = { electionType, topicPartitions, timeoutMs: 1_000 };
    const response = this.ask(1, electLeaders, body);
    return present(response.replicaElectionResults[0]?.partitionResult[0], 'a result').errorCode;
  }

  setConfig(name: string, value: string): number {
    const configs = [{ name, configOperation: 0, value }];
    const resources = [{ resourceType: 2, resourceName: 'pay', configs }];
    const response = this.ask(1, incrementalAlterConfigs, { resources, validateOnly: false });
    return present(response.responses[0], 'a response').errorCode;
  }

  // ------------------------------------------------------------------------------------- metadata

  fetchBody(fetchOffset: number, maxWaitMs: number): DataOf<typeof fetch.request> {
    const partition = {
      partition: 0,
      currentLeaderEpoch: -1,
      fetchOffset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 1 << 20,
      replicaDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
    };
    const topics = [{ topic: '', topicId: METADATA_TOPIC_ID, partitions: [partition] }];
    return { ...defaults(fetch.request), maxWaitMs, topics };
  }

  /** The image that a broker has after reading the whole log by Fetch. */
  fetchedImage(id: number): MetadataImage {
    const response = this.ask(id, fetch, this.fetchBody(0, 0));
    const { records } = present(response.responses[0]?.partitions[0], 'the metadata partition');
    const replayed = replayFetched(emptyImage, present(records, 'records'));
    assert(replayed !== 'corrupt', 'it can be read');
    return replayed.image;
  }
}

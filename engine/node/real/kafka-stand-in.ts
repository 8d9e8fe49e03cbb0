/**
 * A real Kafka cluster in the place of the simulated one (`lab/kafka-parts.ts`): its topics are
 * made and deleted through kafkajs' admin client, and what a client may know of it (who leads, who
 * is in sync, how far the high watermark is) is what its controller and brokers show.
 *
 * A log's end, what is on disk, a follower's state: no client sees that. Where an experiment asks,
 * it gets what is sure (a member of the ISR has all below the high watermark), and `unseen` says
 * that it asked. Brokers are numbered from 1 in the order of their ids.
 */
import { assert } from '../../kernel/assert.ts';
import type { Process } from '../../kernel/ports.ts';
import type { BrokerView, PartitionView } from '../../kafka/broker/broker-view.ts';
import type { ControllerView } from '../../kafka/controller/controller-view.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import type { Administered } from '../../kafka/client/administration.ts';
import type { Consumer } from '../../kafka/client/consumer/consumer.ts';
import { producerConfig } from '../../kafka/client/config.ts';
import { profileOf } from '../../kafka/profiles.ts';
import type { Profile } from '../../kafka/profiles.ts';
import type { Api } from '../../wire/kafka/api.ts';
import {
  createPartitions,
  type CreatePartitionsRequest,
} from '../../wire/kafka/messages/create-partitions.ts';
import type { KafkaParts } from '../../lab/kafka-parts.ts';
import type { Client } from './kafkajs-client.ts';
import { RealConsumer, RealProducer } from './real-clients.ts';
import { NotOnReal } from './real-lab.ts';

type KafkajsAdmin = ReturnType<Client['kafka']['admin']>;

interface RealPartition {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly high: number;
}

/** Settings that make no difference to one record at a time. */
const CLIENT_SETTINGS = new Set([
  'client.id',
  'acks',
  'enable.idempotence',
  'retries',
  'linger.ms',
]);
/** As the admin client's own; kafkajs has another. */
const REQUEST_TIMEOUT_MS = 30_000;
const READER_SETTINGS = new Set(['client.id', 'auto.offset.reset']);

export class KafkaStandIn {
  readonly parts: KafkaParts;
  /** What was asked for that no client can see. */
  readonly unseen = new Set<string>();
  readonly #admin: KafkajsAdmin;
  readonly #suffix: string;
  readonly #topics = new Set<string>();
  readonly #closing: (() => Promise<void>)[] = [];
  #brokerIds: readonly number[] = [];
  #partitions: readonly RealPartition[] = [];
  #failure: Error | null = null;

  constructor(client: Client, suffix: string) {
    this.#suffix = suffix;
    this.#admin = client.kafka.admin();
    this.parts = {
      controller: ({ profile, settings }) => {
        checkSettings('a broker', settings, new Set());
        checkQuirks(profile);
        return () => this.#controller();
      },
      broker: ({ nodeId, settings }) => {
        checkSettings(`broker ${nodeId}`, settings, new Set());
        this.#checkBroker(nodeId);
        return () => this.#broker(nodeId);
      },
      admin: () => () => this.#topicMaker(),
      producer: ({ profile, settings }) => {
        checkSettings('a producer', settings, CLIENT_SETTINGS);
        const config = producerConfig(profile, settings);
        return () => this.#closed(new RealProducer(client, config, this.#nameOf));
      },
      consumer: ({ assignment, settings, onRecords }) => {
        checkSettings('a consumer', settings, READER_SETTINGS);
        if (assignment === undefined) throw new NotOnReal('a consumer is in a group');
        const make = () =>
          new RealConsumer(client, assignment, this.#nameOf, (records, reader) =>
            onRecords(records, reader as unknown as Consumer),
          );
        return () => this.#closed(make());
      },
    };
  }

  /** How many brokers there are. */
  get brokers(): number {
    return this.#brokerIds.length;
  }

  async connect(): Promise<void> {
    try {
      await this.#admin.connect();
      await this.refresh();
    } catch (error) {
      throw new NotOnReal(`no Kafka answers there: ${messageOf(error)}`);
    }
  }

  /** Looks at the cluster again. Throws what went wrong behind the experiment's back. */
  async refresh(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const { brokers } = await this.#admin.describeCluster();
    this.#brokerIds = brokers.map(({ nodeId }) => nodeId).sort((left, right) => left - right);
    const found: RealPartition[] = [];
    for (const topic of this.#topics) found.push(...(await this.#describe(topic)));
    this.#partitions = found;
  }

  /** Stops clients and deletes the topics. */
  async clear(): Promise<void> {
    for (const close of this.#closing) await close().catch(() => undefined);
    const topics = [...this.#topics].map(this.#nameOf);
    if (topics.length > 0) await this.#admin.deleteTopics({ topics }).catch(() => undefined);
    await this.#admin.disconnect();
  }

  readonly #nameOf = (topic: string): string => `${topic}-${this.#suffix}`;

  /** A topic's partitions; none while it is not known everywhere. */
  async #describe(topic: string): Promise<RealPartition[]> {
    const name = this.#nameOf(topic);
    try {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [name] });
      const offsets = await this.#admin.fetchTopicOffsets(name);
      return topics[0]!.partitions.map(({ partitionId, leader, replicas, isr }) => ({
        topic,
        partition: partitionId,
        leader: leader < 0 ? -1 : this.#placeOf(leader),
        replicas: replicas.map((id) => this.#placeOf(id)),
        isr: isr.map((id) => this.#placeOf(id)),
        high: Number(offsets.find((one) => one.partition === partitionId)?.high ?? 0),
      }));
    } catch {
      return [];
    }
  }

  #placeOf(id: number): number {
    return this.#brokerIds.indexOf(id) + 1;
  }

  #checkBroker(nodeId: number): void {
    assert(nodeId >= 1, 'brokers are numbered from 1', { nodeId });
    if (nodeId <= this.brokers) return;
    const there = `${this.brokers} broker${this.brokers === 1 ? '' : 's'}`;
    throw new NotOnReal(`the experiment has a broker ${nodeId}, the cluster has ${there}`);
  }

  #closed<P extends Process & { close(): Promise<void> }>(process: P): P {
    this.#closing.push(() => process.close());
    return process;
  }

  // ------------------------------------------------------------------- what stands in for a node

  #controller(): Process {
    const partitions = (): ControllerView['partitions'] =>
      this.#partitions.map((partition) => ({
        ...partition,
        ...{ leaderEpoch: -1, partitionEpoch: -1, elr: [], lastKnownElr: [] },
        ...{ addingReplicas: [], removingReplicas: [] },
      }));
    const brokers = (): ControllerView['brokers'] =>
      this.#brokerIds.map((_, place) => {
        return { id: place + 1, fenced: false, inControlledShutdown: false, epoch: -1 };
      });
    return {
      start: () => undefined,
      inspect: (): ControllerView => ({
        ...{ kind: 'kafka-controller', state: 'outside', epoch: -1, metadataOffset: -1 },
        ...{ brokers: brokers(), partitions: partitions() },
      }),
    };
  }

  #broker(id: number): Process {
    const here = () => this.#partitions.filter(({ replicas }) => replicas.includes(id));
    return {
      start: () => undefined,
      inspect: (): BrokerView => ({
        ...{ kind: 'kafka-broker', id, state: 'outside' },
        partitions: here().map((partition) => this.#view(id, partition)),
      }),
    };
  }

  /** A replica's view, whose unseen fields say that they were asked for. */
  #view(id: number, of: RealPartition): PartitionView {
    const { topic, partition, leader, isr, high } = of;
    const sure = isr.includes(id) ? high : 0;
    const isLeader = leader === id;
    const seen = { topic, partition, leader, isr, role: isLeader ? 'leader' : 'follower' };
    const unseen: Record<string, unknown> = {
      ...{ roleState: '', leaderEpoch: -1, maximalIsr: isr, isrState: '', logStart: 0 },
      ...{ lso: sure, leo: sure, synced: 0, records: [], epochs: [] },
    };
    if (!isLeader) unseen['hw'] = 0;
    const view: Record<string, unknown> = isLeader ? { ...seen, hw: high } : { ...seen };
    for (const [name, value] of Object.entries(unseen)) {
      const get = (): unknown => {
        this.unseen.add(name);
        return value;
      };
      Object.defineProperty(view, name, { get, enumerable: true });
    }
    return view as unknown as PartitionView;
  }

  #topicMaker(): Process & Pick<Admin, 'createTopics'> & Administered {
    return {
      start: () => undefined,
      createTopics: (topics) => {
        for (const { name, assignments, configs } of topics) {
          this.#topics.add(name);
          const replicaAssignment = (assignments ?? []).map((replicas, partition) => ({
            partition,
            replicas: replicas.map((place) => this.#brokerIds[place - 1]!),
          }));
          const configEntries = Object.entries(configs ?? {}).map(([key, value]) => ({
            name: key,
            value,
          }));
          const topic = { topic: this.#nameOf(name), replicaAssignment, configEntries };
          this.#admin.createTopics({ topics: [topic], waitForLeaders: false }).catch((error) => {
            this.#failure = new NotOnReal(`the topic cannot be made: ${messageOf(error)}`);
          });
        }
      },
      calls: {
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        anyBroker: (api, body) => this.#administer(api, body),
        parts: (api, body) => this.#administer(api, body),
        broker: (api, body) => this.#administer(api, body),
      },
    };
  }

  /** Of what administrators ask for, new partitions. */
  #administer(api: Api, body: unknown): void {
    if (api.key !== createPartitions.key) {
      throw new NotOnReal(`${api.name} is asked for, which kafkajs cannot do as the lab does`);
    }
    const { topics } = body as CreatePartitionsRequest;
    const topicPartitions = topics.map(({ name, count }) => ({ topic: this.#nameOf(name), count }));
    this.#admin.createPartitions({ topicPartitions }).catch((error) => {
      this.#failure = new NotOnReal(`partitions cannot be added: ${messageOf(error)}`);
    });
  }
}

function checkSettings(
  whose: string,
  settings: Readonly<Record<string, string>>,
  known: ReadonlySet<string>,
): void {
  const [unknown] = Object.entries(settings).filter(([name]) => !known.has(name));
  if (unknown === undefined) return;
  throw new NotOnReal(`${whose} is to have ${unknown.join('=')}, which cannot be set from outside`);
}

function checkQuirks(profile: Profile): void {
  const plain = profileOf(profile.name).switches;
  const names = Object.keys(plain) as (keyof typeof plain)[];
  const quirk = names.find((name) => plain[name] !== profile.switches[name]);
  if (quirk === undefined) return;
  throw new NotOnReal(`the quirk '${quirk}' is set, which only the simulator has`);
}

function messageOf(error: unknown): string {
  const causes = (error as { errors?: readonly Error[] } | null)?.errors ?? [];
  const first = causes[0] ?? error;
  return first instanceof Error ? first.message : String(first);
}

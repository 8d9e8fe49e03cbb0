/**
 * The admin client: new topics, and what is there, by callbacks.
 *
 * Source: `KafkaAdminClient`. Not here: how a call is tried again (`admin-call.ts`), what else is
 * asked of a cluster (`administration.ts`, `list-offsets.ts`, `delete-records.ts`). Difference: a
 * call fails as a whole with the first error of its parts; the parts' own errors are in the value.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports, Process, ProcessFactory } from '../../kernel/ports.ts';
import { createTopics, type CreateTopicsRequest } from '../../wire/kafka/messages/create-topics.ts';
import type { CreateTopicsResponse } from '../../wire/kafka/messages/create-topics.ts';
import {
  metadata as metadataApi,
  type MetadataRequest,
  type MetadataResponse,
} from '../../wire/kafka/messages/metadata.ts';
import { NetworkClient } from '../network-client.ts';
import type { Profile } from '../profiles.ts';
import { AdminCalls, type AdminCallback } from './admin-call.ts';
import { adminConfig, type AdminConfig, networkOptionsOf } from './config.ts';
import { ClientMetadata, NO_TOPIC_ID } from './metadata.ts';

export interface AdminOptions {
  readonly bootstrap: readonly Address[];
  readonly profile: Profile;
  readonly settings: Readonly<Record<string, string>>;
}

export interface NewTopic {
  readonly name: string;
  /** -1: the broker's default, or given by `assignments`. */
  readonly numPartitions: number;
  readonly replicationFactor: number;
  /** The replicas of each partition, the preferred leader first. */
  readonly assignments?: readonly (readonly number[])[];
  readonly configs?: Readonly<Record<string, string>>;
}

/** What is asked of several brokers at once, until all have answered (`list-offsets.ts`). */
export interface AdminPart {
  turn(): void;
}

export type AdminPartFactory<P extends AdminPart = AdminPart> = (
  ports: Ports,
  metadata: ClientMetadata,
  config: AdminConfig,
) => P;

/** Makes an admin client; throws `ConfigError` on settings that cannot be. */
export function createAdmin(options: AdminOptions): ProcessFactory<Admin> {
  const config = adminConfig(options.profile, options.settings);
  assert(options.bootstrap.length > 0, 'bootstrap servers', { settings: options.settings });
  return (ports) => new Admin(ports, options, config);
}

export class Admin implements Process {
  readonly #ports: Ports;
  readonly #config: AdminConfig;
  readonly #network: NetworkClient;
  readonly #metadata: ClientMetadata;
  /** Calls that stand in files of their own are made by it. */
  readonly calls: AdminCalls;
  readonly #parts = new Map<AdminPartFactory, AdminPart>();

  constructor(ports: Ports, options: AdminOptions, config: AdminConfig) {
    this.#ports = ports;
    this.#config = config;
    this.#network = new NetworkClient(ports, networkOptionsOf(config, ports.host));
    this.#metadata = new ClientMetadata(ports, this.#network, {
      bootstrap: options.bootstrap,
      maxAgeMs: config['metadata.max.age.ms'],
      retryBackoffMs: config['retry.backoff.ms'],
      retryBackoffMsMax: config['retry.backoff.max.ms'],
      allowAutoTopicCreation: false,
      leaderEpochs: options.profile.switches.epochFencing,
    });
    this.calls = new AdminCalls(ports, config, this.#metadata);
  }

  start(): void {
    this.#metadata.watch(() => this.#turn());
    this.#network.listen({ ready: () => this.#turn() });
    this.#metadata.requestUpdate();
  }

  stop(): void {
    this.close();
    this.#ports.halt('closed');
  }

  close(): void {
    this.calls.close();
    this.#metadata.stop();
    this.#network.close();
  }

  // ------------------------------------------------------------------------------------- topics

  createTopics(
    topics: readonly NewTopic[],
    done: AdminCallback<CreateTopicsResponse['topics']>,
  ): void {
    const body: CreateTopicsRequest = {
      topics: topics.map(({ name, numPartitions, replicationFactor, assignments, configs }) => ({
        name,
        numPartitions: assignments === undefined ? numPartitions : -1,
        replicationFactor: assignments === undefined ? replicationFactor : -1,
        assignments: (assignments ?? []).map((brokerIds, partitionIndex) => {
          return { partitionIndex, brokerIds };
        }),
        configs: Object.entries(configs ?? {}).map(([key, value]) => ({ name: key, value })),
      })),
      timeoutMs: this.#config['request.timeout.ms'],
      validateOnly: false,
    };
    this.calls.anyBroker(
      createTopics,
      body,
      done,
      (response: CreateTopicsResponse) => response.topics,
    );
  }

  /** Partitions, leaders, replicas and ISRs of topics; null: of all. */
  describeTopics(
    names: readonly string[] | null,
    done: AdminCallback<MetadataResponse['topics']>,
  ): void {
    const body: MetadataRequest = {
      topics: names?.map((name) => ({ topicId: NO_TOPIC_ID, name })) ?? null,
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    this.calls.anyBroker(metadataApi, body, done, (response: MetadataResponse) => response.topics);
  }

  /**
   * A part of this client that stands in a file of its own: made when it is first asked for, and
   * told whenever a broker may be reached that could not be.
   */
  part<P extends AdminPart>(make: AdminPartFactory<P>): P {
    const made = this.#parts.get(make) ?? make(this.#ports, this.#metadata, this.#config);
    this.#parts.set(make, made);
    return made as P;
  }

  #turn(): void {
    for (const part of this.#parts.values()) part.turn();
  }
}

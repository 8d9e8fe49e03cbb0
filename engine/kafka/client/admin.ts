/**
 * The admin client: topics, offsets, configurations, elections, by callbacks.
 *
 * Each call is tried again until `default.api.timeout.ms` where trying again may help: when the
 * connection was lost, when the controller or a leader moved. Source: `KafkaAdminClient`. Not here:
 * what the commands print (`shell/`). Difference: a call fails as a whole with the first error of
 * its parts; the parts' own errors are in the value.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports, Process, ProcessFactory } from '../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../kernel/units.ts';
import type { Api } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  alterPartitionReassignments,
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponse,
} from '../../wire/kafka/messages/alter-partition-reassignments.ts';
import { createTopics, type CreateTopicsRequest } from '../../wire/kafka/messages/create-topics.ts';
import type { CreateTopicsResponse } from '../../wire/kafka/messages/create-topics.ts';
import { deleteTopics, type DeleteTopicsRequest } from '../../wire/kafka/messages/delete-topics.ts';
import type { DeleteTopicsResponse } from '../../wire/kafka/messages/delete-topics.ts';
import {
  describeCluster,
  type DescribeClusterRequest,
  type DescribeClusterResponse,
} from '../../wire/kafka/messages/describe-cluster.ts';
import {
  describeConfigs,
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
} from '../../wire/kafka/messages/describe-configs.ts';
import { electLeaders, type ElectLeadersRequest } from '../../wire/kafka/messages/elect-leaders.ts';
import type { ElectLeadersResponse } from '../../wire/kafka/messages/elect-leaders.ts';
import {
  incrementalAlterConfigs,
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
} from '../../wire/kafka/messages/incremental-alter-configs.ts';
import {
  listPartitionReassignments,
  type ListPartitionReassignmentsRequest,
  type ListPartitionReassignmentsResponse,
} from '../../wire/kafka/messages/list-partition-reassignments.ts';
import {
  metadata as metadataApi,
  type MetadataRequest,
  type MetadataResponse,
} from '../../wire/kafka/messages/metadata.ts';
import { NetworkClient, type RequestChannel } from '../network-client.ts';
import type { Profile } from '../profiles.ts';
import { adminConfig, type AdminConfig, networkOptionsOf } from './config.ts';
import type { TopicPartition } from './consumer/subscription-state.ts';
import { ExponentialBackoff } from './exponential-backoff.ts';
import { isInvalidMetadata } from './invalid-metadata.ts';
import { type OffsetQuery, OffsetsByLeader, type OffsetsListed } from './list-offsets.ts';
import { ClientMetadata, NO_TOPIC_ID } from './metadata.ts';

export interface AdminOptions {
  readonly bootstrap: readonly Address[];
  readonly profile: Profile;
  readonly settings: Readonly<Record<string, string>>;
}

/** How a call ended. With an error `value` holds what the broker said, null if it said nothing. */
export type AdminResult<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly errorCode: number;
      readonly message: string;
      readonly value: T | null;
    };
export type AdminCallback<T> = (result: AdminResult<T>) => void;

export interface NewTopic {
  readonly name: string;
  /** -1: the broker's default, or given by `assignments`. */
  readonly numPartitions: number;
  readonly replicationFactor: number;
  /** The replicas of each partition, the preferred leader first. */
  readonly assignments?: readonly (readonly number[])[];
  readonly configs?: Readonly<Record<string, string>>;
}

/** Where a partition shall stand. */
export interface NewReassignment extends TopicPartition {
  /** Node ids, the preferred leader first; null takes back what is going on. */
  readonly replicas: readonly number[] | null;
}

/** A topic's, or a broker's, configurations. */
export interface ConfigResource {
  readonly type: 'topic' | 'broker';
  /** The topic, or the broker's node id as text; empty: the default of all brokers. */
  readonly name: string;
}

const RESOURCE_TYPES = { topic: 2, broker: 4 } as const;
const ELECTION_TYPES = { preferred: 0, unclean: 1 } as const;
const CONFIG_OPERATIONS = { set: 0, delete: 1 } as const;

/** The first error of a reply's parts, if there is one. */
interface PartError {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

interface Call<T> {
  readonly api: Api;
  readonly body: unknown;
  /** Who is asked; null while that is unknown. */
  readonly channel: () => RequestChannel | null;
  readonly partsOf: (value: T) => readonly PartError[];
  readonly done: AdminCallback<T>;
  readonly deadline: Micros;
  attempts: number;
}

/** Makes an admin client; throws `ConfigError` on settings that cannot be. */
export function createAdmin(options: AdminOptions): ProcessFactory<Admin> {
  const config = adminConfig(options.profile, options.settings);
  assert(options.bootstrap.length > 0, 'bootstrap servers', { settings: options.settings });
  return (ports) => new Admin(ports, options, config);
}

export class Admin implements Process {
  private readonly ports: Ports;
  private readonly config: AdminConfig;
  private readonly network: NetworkClient;
  private readonly metadata: ClientMetadata;
  private readonly backoff: ExponentialBackoff;
  private readonly offsets: OffsetsByLeader;
  private closed = false;

  constructor(ports: Ports, options: AdminOptions, config: AdminConfig) {
    this.ports = ports;
    this.config = config;
    this.network = new NetworkClient(ports, networkOptionsOf(config, ports.host));
    this.metadata = new ClientMetadata(ports, this.network, {
      bootstrap: options.bootstrap,
      maxAgeMs: config['metadata.max.age.ms'],
      retryBackoffMs: config['retry.backoff.ms'],
      retryBackoffMsMax: config['retry.backoff.max.ms'],
      allowAutoTopicCreation: false,
      leaderEpochs: options.profile.switches.epochFencing,
    });
    this.backoff = new ExponentialBackoff(ports.random('admin'), {
      initialMs: config['retry.backoff.ms'],
      maxMs: config['retry.backoff.max.ms'],
    });
    this.offsets = new OffsetsByLeader(ports, this.metadata, config['retry.backoff.ms']);
  }

  start(): void {
    this.metadata.watch(() => this.offsets.turn());
    this.network.listen({ ready: () => this.offsets.turn() });
    this.metadata.requestUpdate();
  }

  stop(): void {
    this.close();
    this.ports.halt('closed');
  }

  close(): void {
    this.closed = true;
    this.metadata.stop();
    this.network.close();
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
      timeoutMs: this.config['request.timeout.ms'],
      validateOnly: false,
    };
    this.callAny(createTopics, body, done, (response: CreateTopicsResponse) => response.topics);
  }

  deleteTopics(
    names: readonly string[],
    done: AdminCallback<DeleteTopicsResponse['responses']>,
  ): void {
    const body: DeleteTopicsRequest = {
      topics: names.map((name) => ({ name, topicId: NO_TOPIC_ID })),
      topicNames: names,
      timeoutMs: this.config['request.timeout.ms'],
    };
    this.callAny(deleteTopics, body, done, (response: DeleteTopicsResponse) => response.responses);
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
    this.callAny(metadataApi, body, done, (response: MetadataResponse) => response.topics);
  }

  /** Offsets by time, each from its partition's leader. */
  listOffsets(queries: readonly OffsetQuery[], done: AdminCallback<OffsetsListed>): void {
    const deadline = this.deadline();
    this.offsets.list(queries, deadline, (listed) => {
      const failed = listed.find(({ errorCode }) => errorCode !== ErrorCode.NONE);
      if (failed === undefined) done({ ok: true, value: listed });
      else done({ ok: false, errorCode: failed.errorCode, message: '', value: listed });
    });
  }

  // ------------------------------------------------------------------------------ configurations

  describeConfigs(
    resources: readonly ConfigResource[],
    done: AdminCallback<DescribeConfigsResponse['results']>,
  ): void {
    const body: DescribeConfigsRequest = {
      resources: resources.map(({ type, name }) => ({
        resourceType: RESOURCE_TYPES[type],
        resourceName: name,
        configurationKeys: null,
      })),
      includeSynonyms: false,
      includeDocumentation: false,
    };
    const take = (response: DescribeConfigsResponse): DescribeConfigsResponse['results'] =>
      response.results;
    this.callBroker(describeConfigs, body, done, take, brokerOf(resources));
  }

  /** Sets values, or with null deletes them, so that the default holds again. */
  incrementalAlterConfigs(
    resource: ConfigResource,
    values: Readonly<Record<string, string | null>>,
    done: AdminCallback<IncrementalAlterConfigsResponse['responses']>,
  ): void {
    const configs = Object.entries(values).map(([name, value]) => ({
      name,
      configOperation: value === null ? CONFIG_OPERATIONS.delete : CONFIG_OPERATIONS.set,
      value,
    }));
    const resourceType = RESOURCE_TYPES[resource.type];
    const body: IncrementalAlterConfigsRequest = {
      resources: [{ resourceType, resourceName: resource.name, configs }],
      validateOnly: false,
    };
    const take = (
      response: IncrementalAlterConfigsResponse,
    ): IncrementalAlterConfigsResponse['responses'] => response.responses;
    this.callBroker(incrementalAlterConfigs, body, done, take, brokerOf([resource]));
  }

  // ------------------------------------------------------------------------------------- cluster

  /** Elects leaders of partitions; null: of all. */
  electLeaders(
    type: 'preferred' | 'unclean',
    partitions: readonly TopicPartition[] | null,
    done: AdminCallback<ElectLeadersResponse['replicaElectionResults']>,
  ): void {
    const body: ElectLeadersRequest = {
      electionType: ELECTION_TYPES[type],
      topicPartitions:
        partitions === null
          ? null
          : byTopic(partitions).map(([topic, ofTopic]) => ({
              topic,
              partitions: ofTopic.map(({ partition }) => partition),
            })),
      timeoutMs: this.config['request.timeout.ms'],
    };
    type Results = ElectLeadersResponse['replicaElectionResults'];
    this.call<ElectLeadersResponse>(
      electLeaders,
      body,
      null,
      (result) => {
        if (result.ok) done({ ok: true, value: result.value.replicaElectionResults });
        else done({ ...result, value: result.value?.replicaElectionResults ?? null });
      },
      (response) => [
        { errorCode: response.errorCode, errorMessage: null },
        ...response.replicaElectionResults.flatMap((one: Results[number]) => one.partitionResult),
      ],
    );
  }

  /** Begins to move partitions to other replicas, or takes that back (KIP-455). */
  alterPartitionReassignments(
    reassignments: readonly NewReassignment[],
    done: AdminCallback<AlterPartitionReassignmentsResponse>,
  ): void {
    const body: AlterPartitionReassignmentsRequest = {
      timeoutMs: this.config['request.timeout.ms'],
      topics: byTopic(reassignments).map(([name, ofTopic]) => ({
        name,
        partitions: ofTopic.map(({ partition, replicas }) => {
          return { partitionIndex: partition, replicas };
        }),
      })),
    };
    type Response = AlterPartitionReassignmentsResponse;
    const parts = (response: Response): readonly PartError[] => [
      response,
      ...response.responses.flatMap(({ partitions }) => partitions),
    ];
    this.call<Response>(alterPartitionReassignments, body, null, done, parts);
  }

  /** The partitions that are on their way to other replicas; null: of all. */
  listPartitionReassignments(
    partitions: readonly TopicPartition[] | null,
    done: AdminCallback<ListPartitionReassignmentsResponse>,
  ): void {
    const body: ListPartitionReassignmentsRequest = {
      timeoutMs: this.config['request.timeout.ms'],
      topics:
        partitions === null
          ? null
          : byTopic(partitions).map(([name, ofTopic]) => ({
              name,
              partitionIndexes: ofTopic.map(({ partition }) => partition),
            })),
    };
    type Response = ListPartitionReassignmentsResponse;
    this.call<Response>(listPartitionReassignments, body, null, done, (response) => [response]);
  }

  describeCluster(done: AdminCallback<DescribeClusterResponse>): void {
    const body: DescribeClusterRequest = {
      includeClusterAuthorizedOperations: false,
      endpointType: 1,
      includeFencedBrokers: true,
    };
    this.call<DescribeClusterResponse>(describeCluster, body, null, done, (one) => [one]);
  }

  // --------------------------------------------------------------------------------------- calls

  private callAny<R, P extends { readonly errorCode: number }>(
    api: Api,
    body: unknown,
    done: AdminCallback<readonly P[]>,
    take: (response: R) => readonly P[],
  ): void {
    this.callBroker(api, body, done, take, null);
  }

  private callBroker<R, P extends { readonly errorCode: number }>(
    api: Api,
    body: unknown,
    done: AdminCallback<readonly P[]>,
    take: (response: R) => readonly P[],
    brokerId: number | null,
  ): void {
    this.call<R>(
      api,
      body,
      brokerId,
      (result) => {
        if (result.ok) done({ ok: true, value: take(result.value) });
        else done({ ...result, value: result.value === null ? null : take(result.value) });
      },
      (response) => take(response).map(partError),
    );
  }

  private call<T>(
    api: Api,
    body: unknown,
    brokerId: number | null,
    done: AdminCallback<T>,
    partsOf: (value: T) => readonly PartError[],
  ): void {
    assert(!this.closed, 'a closed admin client');
    const channel = (): RequestChannel | null =>
      brokerId === null ? this.metadata.leastLoadedChannel() : this.metadata.channelTo(brokerId);
    this.attempt({ api, body, channel, partsOf, done, deadline: this.deadline(), attempts: 0 });
  }

  private deadline(): Micros {
    const timeout = microsOfMillis(this.config['default.api.timeout.ms']);
    return micros(this.ports.clock.now() + timeout);
  }

  private attempt<T>(call: Call<T>): void {
    if (this.closed) return;
    const channel = call.channel();
    if (channel === null) {
      this.again(call, ErrorCode.BROKER_NOT_AVAILABLE, 'no broker can be reached', null);
      return;
    }
    channel.send(call.api.key, call.api.versionMax, call.body, (reply) => {
      if (!reply.ok) {
        const errorCode = FAILURE_CODES[reply.reason];
        this.again(call, errorCode, reply.reason, null);
        return;
      }
      const value = reply.body as T;
      const failed = call.partsOf(value).find((part) => part.errorCode !== ErrorCode.NONE);
      if (failed === undefined) {
        call.done({ ok: true, value });
        return;
      }
      this.again(call, failed.errorCode, failed.errorMessage ?? '', value);
    });
  }

  /** Tries again if that may help and there is time; else tells. */
  private again<T>(call: Call<T>, errorCode: number, message: string, value: T | null): void {
    assert(errorCode !== ErrorCode.NONE, 'a reason', { errorCode });
    const wait = microsOfMillis(this.backoff.backoffMs(call.attempts));
    const late = this.ports.clock.now() + wait >= call.deadline;
    const mayHelp = value === null ? errorCode !== ErrorCode.UNSUPPORTED_VERSION : moved(errorCode);
    if (late || !mayHelp || this.closed) {
      call.done({ ok: false, errorCode, message, value });
      return;
    }
    call.attempts++;
    this.ports.clock.after(wait, 'retry.backoff.ms', () => this.attempt(call));
  }
}

/** Partitions by topic, topics in the order in which they were first named. */
function byTopic<P extends TopicPartition>(partitions: readonly P[]): [string, P[]][] {
  const topics = new Map<string, P[]>();
  for (const one of partitions) topics.set(one.topic, [...(topics.get(one.topic) ?? []), one]);
  return [...topics];
}

const FAILURE_CODES = {
  disconnected: ErrorCode.NETWORK_EXCEPTION,
  timeout: ErrorCode.REQUEST_TIMED_OUT,
  'unsupported-version': ErrorCode.UNSUPPORTED_VERSION,
} as const;

function moved(errorCode: number): boolean {
  if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return false;
  return errorCode === ErrorCode.NOT_CONTROLLER || isInvalidMetadata(errorCode);
}

function partError(part: { readonly errorCode: number }): PartError {
  const { errorMessage } = part as { errorMessage?: string | null };
  return { errorCode: part.errorCode, errorMessage: errorMessage ?? null };
}

/** A named broker's configurations are asked of that broker; all else of any. */
function brokerOf(resources: readonly ConfigResource[]): number | null {
  const broker = resources.find(({ type, name }) => type === 'broker' && name !== '');
  if (broker === undefined) return null;
  const id = Number(broker.name);
  assert(Number.isInteger(id), 'a broker is named by its node id', { name: broker.name });
  return id;
}

/**
 * The admin client: topics, offsets, configurations, elections, by callbacks.
 *
 * Source: `KafkaAdminClient`. Not here: how a call is tried again (`admin-call.ts`). Difference: a
 * call fails as a whole with the first error of its parts; the parts' own errors are in the value.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports, Process, ProcessFactory } from '../../kernel/ports.ts';
import type { Api } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  alterPartitionReassignments,
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponse,
} from '../../wire/kafka/messages/alter-partition-reassignments.ts';
import {
  createPartitions,
  type CreatePartitionsRequest,
  type CreatePartitionsResponse,
} from '../../wire/kafka/messages/create-partitions.ts';
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
import { NetworkClient } from '../network-client.ts';
import type { Profile } from '../profiles.ts';
import { AdminCalls, partError, type AdminCallback, type PartError } from './admin-call.ts';
import { adminConfig, type AdminConfig, networkOptionsOf } from './config.ts';
import type { TopicPartition } from './consumer/subscription-state.ts';
import { type OffsetQuery, OffsetsByLeader, type OffsetsListed } from './list-offsets.ts';
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
  /** Calls that stand in files of their own are made by it. */
  readonly calls: AdminCalls;
  private readonly offsets: OffsetsByLeader;

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
    this.calls = new AdminCalls(ports, config, this.metadata);
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
    this.calls.close();
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

  /** Raises the number of a topic's partitions to `count`; the controller places the new ones. */
  createPartitions(
    topic: string,
    count: number,
    done: AdminCallback<CreatePartitionsResponse['results']>,
  ): void {
    const body: CreatePartitionsRequest = {
      topics: [{ name: topic, count, assignments: null }],
      timeoutMs: this.config['request.timeout.ms'],
      validateOnly: false,
    };
    this.callAny(createPartitions, body, done, (one: CreatePartitionsResponse) => one.results);
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
    const deadline = this.calls.deadline();
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
    this.calls.broker<ElectLeadersResponse>(
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
    this.calls.broker<Response>(alterPartitionReassignments, body, null, done, parts);
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
    this.calls.broker<Response>(listPartitionReassignments, body, null, done, (response) => [
      response,
    ]);
  }

  describeCluster(done: AdminCallback<DescribeClusterResponse>): void {
    const body: DescribeClusterRequest = {
      includeClusterAuthorizedOperations: false,
      endpointType: 1,
      includeFencedBrokers: true,
    };
    this.calls.broker<DescribeClusterResponse>(describeCluster, body, null, done, (one) => [one]);
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
    this.calls.broker<R>(
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
}

/** Partitions by topic, topics in the order in which they were first named. */
function byTopic<P extends TopicPartition>(partitions: readonly P[]): [string, P[]][] {
  const topics = new Map<string, P[]>();
  for (const one of partitions) topics.set(one.topic, [...(topics.get(one.topic) ?? []), one]);
  return [...topics];
}

/** A named broker's configurations are asked of that broker; all else of any. */
function brokerOf(resources: readonly ConfigResource[]): number | null {
  const broker = resources.find(({ type, name }) => type === 'broker' && name !== '');
  if (broker === undefined) return null;
  const id = Number(broker.name);
  assert(Number.isInteger(id), 'a broker is named by its node id', { name: broker.name });
  return id;
}

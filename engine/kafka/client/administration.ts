/**
 * What the admin client asks of a cluster besides new topics: topics grow and go, configurations
 * are told and changed, leaders are elected, partitions move. Each is a call of an `Admin`. They
 * stand apart from `admin.ts`, so that a page without them does not carry them.
 *
 * Not here: how a call is tried again (`admin-call.ts`). Source: `KafkaAdminClient`.
 */
import { assert } from '../../kernel/assert.ts';
import {
  alterPartitionReassignments as alterPartitionReassignmentsApi,
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponse,
} from '../../wire/kafka/messages/alter-partition-reassignments.ts';
import {
  createPartitions as createPartitionsApi,
  type CreatePartitionsRequest,
  type CreatePartitionsResponse,
} from '../../wire/kafka/messages/create-partitions.ts';
import {
  deleteTopics as deleteTopicsApi,
  type DeleteTopicsRequest,
} from '../../wire/kafka/messages/delete-topics.ts';
import type { DeleteTopicsResponse } from '../../wire/kafka/messages/delete-topics.ts';
import {
  describeCluster as describeClusterApi,
  type DescribeClusterRequest,
  type DescribeClusterResponse,
} from '../../wire/kafka/messages/describe-cluster.ts';
import {
  describeConfigs as describeConfigsApi,
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
} from '../../wire/kafka/messages/describe-configs.ts';
import {
  electLeaders as electLeadersApi,
  type ElectLeadersRequest,
} from '../../wire/kafka/messages/elect-leaders.ts';
import type { ElectLeadersResponse } from '../../wire/kafka/messages/elect-leaders.ts';
import {
  incrementalAlterConfigs as incrementalAlterConfigsApi,
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
} from '../../wire/kafka/messages/incremental-alter-configs.ts';
import {
  listPartitionReassignments as listPartitionReassignmentsApi,
  type ListPartitionReassignmentsRequest,
  type ListPartitionReassignmentsResponse,
} from '../../wire/kafka/messages/list-partition-reassignments.ts';
import type { AdminCalls, AdminCallback, PartError } from './admin-call.ts';
import type { TopicPartition } from './consumer/subscription-state.ts';
import { NO_TOPIC_ID } from './metadata.ts';

/** What these calls need of an admin client. */
export interface Administered {
  readonly calls: Pick<AdminCalls, 'requestTimeoutMs' | 'anyBroker' | 'parts' | 'broker'>;
}

/** Where a partition shall stand. */
export interface NewReassignment extends TopicPartition {
  /** Node ids, the preferred leader first; null takes back what is going on. */
  readonly replicas: readonly number[] | null;
}

/** The configurations of a topic, a broker or a group. */
export interface ConfigResource {
  readonly type: 'topic' | 'broker' | 'group';
  /** The topic, the group, or the broker's node id as text; empty: the default of all brokers. */
  readonly name: string;
}

const RESOURCE_TYPES = { topic: 2, broker: 4, group: 32 } as const;
const ELECTION_TYPES = { preferred: 0, unclean: 1 } as const;
const CONFIG_OPERATIONS = { set: 0, delete: 1 } as const;

export function deleteTopics(
  admin: Administered,
  names: readonly string[],
  done: AdminCallback<DeleteTopicsResponse['responses']>,
): void {
  const body: DeleteTopicsRequest = {
    topics: names.map((name) => ({ name, topicId: NO_TOPIC_ID })),
    topicNames: names,
    timeoutMs: admin.calls.requestTimeoutMs,
  };
  admin.calls.anyBroker(
    deleteTopicsApi,
    body,
    done,
    (response: DeleteTopicsResponse) => response.responses,
  );
}

/**
 * Raises the number of a topic's partitions to `count`. The controller places the new ones, unless
 * their replicas are given.
 */
export function createPartitions(
  admin: Administered,
  topic: string,
  count: number,
  done: AdminCallback<CreatePartitionsResponse['results']>,
  replicas: readonly (readonly number[])[] | null = null,
): void {
  const assignments = replicas?.map((brokerIds) => ({ brokerIds })) ?? null;
  const body: CreatePartitionsRequest = {
    topics: [{ name: topic, count, assignments }],
    timeoutMs: admin.calls.requestTimeoutMs,
    validateOnly: false,
  };
  admin.calls.anyBroker(
    createPartitionsApi,
    body,
    done,
    (one: CreatePartitionsResponse) => one.results,
  );
}

export function describeConfigs(
  admin: Administered,
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
  admin.calls.parts(describeConfigsApi, body, brokerOf(resources), done, take);
}

/** Sets values, or with null deletes them, so that the default holds again. */
export function incrementalAlterConfigs(
  admin: Administered,
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
  admin.calls.parts(incrementalAlterConfigsApi, body, brokerOf([resource]), done, take);
}

/** Elects leaders of partitions; null: of all. */
export function electLeaders(
  admin: Administered,
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
    timeoutMs: admin.calls.requestTimeoutMs,
  };
  type Results = ElectLeadersResponse['replicaElectionResults'];
  admin.calls.broker<ElectLeadersResponse>(
    electLeadersApi,
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

/**
 * Begins to move partitions to other replicas, or takes that back (KIP-455); another number of
 * replicas may be refused (KIP-860).
 */
export function alterPartitionReassignments(
  admin: Administered,
  reassignments: readonly NewReassignment[],
  done: AdminCallback<AlterPartitionReassignmentsResponse>,
  allowReplicationFactorChange = true,
): void {
  const body: AlterPartitionReassignmentsRequest = {
    timeoutMs: admin.calls.requestTimeoutMs,
    allowReplicationFactorChange,
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
  admin.calls.broker<Response>(alterPartitionReassignmentsApi, body, null, done, parts);
}

/** The partitions that are on their way to other replicas; null: of all. */
export function listPartitionReassignments(
  admin: Administered,
  partitions: readonly TopicPartition[] | null,
  done: AdminCallback<ListPartitionReassignmentsResponse>,
): void {
  const body: ListPartitionReassignmentsRequest = {
    timeoutMs: admin.calls.requestTimeoutMs,
    topics:
      partitions === null
        ? null
        : byTopic(partitions).map(([name, ofTopic]) => ({
            name,
            partitionIndexes: ofTopic.map(({ partition }) => partition),
          })),
  };
  type Response = ListPartitionReassignmentsResponse;
  admin.calls.broker<Response>(listPartitionReassignmentsApi, body, null, done, (response) => [
    response,
  ]);
}

export function describeCluster(
  admin: Administered,
  done: AdminCallback<DescribeClusterResponse>,
): void {
  const body: DescribeClusterRequest = {
    includeClusterAuthorizedOperations: false,
    endpointType: 1,
    includeFencedBrokers: true,
  };
  admin.calls.broker<DescribeClusterResponse>(describeClusterApi, body, null, done, (one) => [one]);
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

/**
 * The APIs that the controller answers, by key. Source: `kafka.server.ControllerApis`.
 *
 * Not here: the decisions themselves (`alter-partition.ts`, `create-topics.ts` ...).
 */
import { assert } from '../../kernel/assert.ts';
import type { Api } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  allocateProducerIds,
  type AllocateProducerIdsRequest,
} from '../../wire/kafka/messages/allocate-producer-ids.ts';
import {
  alterPartitionReassignments,
  type AlterPartitionReassignmentsRequest,
} from '../../wire/kafka/messages/alter-partition-reassignments.ts';
import { alterPartition } from '../../wire/kafka/messages/alter-partition.ts';
import { apiVersions, apiVersionsResponse } from '../../wire/kafka/messages/api-versions.ts';
import { brokerHeartbeat } from '../../wire/kafka/messages/broker-heartbeat.ts';
import { brokerRegistration } from '../../wire/kafka/messages/broker-registration.ts';
import {
  createPartitions,
  type CreatePartitionsRequest,
} from '../../wire/kafka/messages/create-partitions.ts';
import { createTopics } from '../../wire/kafka/messages/create-topics.ts';
import { deleteTopics, type DeleteTopicsRequest } from '../../wire/kafka/messages/delete-topics.ts';
import { electLeaders, type ElectLeadersRequest } from '../../wire/kafka/messages/elect-leaders.ts';
import { fetch } from '../../wire/kafka/messages/fetch.ts';
import {
  incrementalAlterConfigs,
  type IncrementalAlterConfigsRequest,
} from '../../wire/kafka/messages/incremental-alter-configs.ts';
import {
  listPartitionReassignments,
  type ListPartitionReassignmentsRequest,
} from '../../wire/kafka/messages/list-partition-reassignments.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import type { ControllerRequest } from './controller-connection.ts';
import { createPartitions as addPartitions } from './create-partitions.ts';
import { removeTopics } from './delete-topics.ts';
import { alterConfigs } from './incremental-alter-configs.ts';
import { electOnRequest } from './leader-election.ts';
import type { MetadataFetches } from './metadata-fetch.ts';
import { allocateBlock } from './producer-ids.ts';
import type { QuorumController } from './quorum-controller.ts';
import { alterReassignments, listReassignments } from './reassignment.ts';

interface ControllerParts {
  readonly active: QuorumController;
  readonly fetches: MetadataFetches;
}

type Answer = (parts: ControllerParts, request: ControllerRequest) => void;

/** Who decides, whatever keeps the metadata: the active controller, as these answers need it. */
export type Decider = Pick<
  QuorumController,
  'view' | 'placement' | 'decide' | 'createTopics' | 'alterPartition'
>;

/** What clients and leaders ask of a controller, by key: the same with and without a quorum. */
export const decisionApis: ReadonlyMap<
  number,
  (active: Decider, request: ControllerRequest) => void
> = new Map<number, (active: Decider, request: ControllerRequest) => void>([
  [createTopics.key, (active, request) => active.createTopics(request)],
  [
    createPartitions.key,
    (active, request) => {
      const body = request.body as CreatePartitionsRequest;
      active.decide(request, addPartitions(active.view, body, active.placement));
    },
  ],
  [
    deleteTopics.key,
    (active, request) => {
      const body = request.body as DeleteTopicsRequest;
      active.decide(request, removeTopics(active.view, body, request.apiVersion));
    },
  ],
  [
    electLeaders.key,
    (active, request) => {
      active.decide(request, electOnRequest(active.view, request.body as ElectLeadersRequest));
    },
  ],
  [
    incrementalAlterConfigs.key,
    (active, request) => {
      const body = request.body as IncrementalAlterConfigsRequest;
      active.decide(request, alterConfigs(active.view, body));
    },
  ],
  [
    alterPartitionReassignments.key,
    (active, request) => {
      const body = request.body as AlterPartitionReassignmentsRequest;
      active.decide(request, alterReassignments(active.view, body));
    },
  ],
  [
    listPartitionReassignments.key,
    (active, request) => {
      const body = request.body as ListPartitionReassignmentsRequest;
      active.decide(request, listReassignments(active.view, body));
    },
  ],
  [alterPartition.key, (active, request) => active.alterPartition(request)],
  [
    allocateProducerIds.key,
    (active, request) => {
      const body = request.body as AllocateProducerIdsRequest;
      active.decide(request, allocateBlock(active.view, body));
    },
  ],
]);

const decides: Answer = ({ active }, request) => decisionApis.get(request.apiKey)!(active, request);

const table: readonly (readonly [Api, Answer])[] = [
  [fetch as Api, ({ fetches }, request) => fetches.fetch(request)],
  [apiVersions as Api, (_parts, request) => answerApiVersions(request)],
  [createTopics as Api, decides],
  [createPartitions as Api, decides],
  [deleteTopics as Api, decides],
  [electLeaders as Api, decides],
  [incrementalAlterConfigs as Api, decides],
  [alterPartitionReassignments as Api, decides],
  [listPartitionReassignments as Api, decides],
  [alterPartition as Api, decides],
  [brokerRegistration as Api, ({ active }, request) => active.registerBroker(request)],
  [brokerHeartbeat as Api, ({ active }, request) => active.heartbeat(request)],
  [allocateProducerIds as Api, decides],
];

export const controllerApis: ReadonlyMap<number, Answer> = new Map(
  table.map(([api, answer]) => [api.key, answer]),
);

/**
 * KIP-511: an unknown version is answered in version 0, so that the client can try again. `more`:
 * what this controller speaks besides, as one of a quorum does.
 */
export function answerApiVersions(request: ControllerRequest, more: readonly Api[] = []): void {
  const known = request.apiVersion <= apiVersions.versionMax;
  const apiKeys = [...table.map(([api]) => api), ...more].map((api) => ({
    apiKey: api.key,
    minVersion: api.versionMin,
    maxVersion: api.versionMax,
  }));
  assert(apiKeys.length === controllerApis.size + more.length, 'one answer an API');
  const errorCode = known ? ErrorCode.NONE : ErrorCode.UNSUPPORTED_VERSION;
  const body = { ...defaults(apiVersionsResponse), errorCode, apiKeys };
  request.respond(body, known ? request.apiVersion : 0);
}

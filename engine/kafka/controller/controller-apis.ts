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

const table: readonly (readonly [Api, Answer])[] = [
  [fetch as Api, ({ fetches }, request) => fetches.fetch(request)],
  [apiVersions as Api, (_parts, request) => answerApiVersions(request)],
  [createTopics as Api, ({ active }, request) => active.createTopics(request)],
  [
    deleteTopics as Api,
    ({ active }, request) => {
      const body = request.body as DeleteTopicsRequest;
      active.decide(request, removeTopics(active.view, body, request.apiVersion));
    },
  ],
  [
    electLeaders as Api,
    ({ active }, request) => {
      active.decide(request, electOnRequest(active.view, request.body as ElectLeadersRequest));
    },
  ],
  [
    incrementalAlterConfigs as Api,
    ({ active }, request) => {
      const body = request.body as IncrementalAlterConfigsRequest;
      active.decide(request, alterConfigs(active.view, body));
    },
  ],
  [
    alterPartitionReassignments as Api,
    ({ active }, request) => {
      const body = request.body as AlterPartitionReassignmentsRequest;
      active.decide(request, alterReassignments(active.view, body));
    },
  ],
  [
    listPartitionReassignments as Api,
    ({ active }, request) => {
      const body = request.body as ListPartitionReassignmentsRequest;
      active.decide(request, listReassignments(active.view, body));
    },
  ],
  [alterPartition as Api, ({ active }, request) => active.alterPartition(request)],
  [brokerRegistration as Api, ({ active }, request) => active.registerBroker(request)],
  [brokerHeartbeat as Api, ({ active }, request) => active.heartbeat(request)],
  [
    allocateProducerIds as Api,
    ({ active }, request) => {
      const body = request.body as AllocateProducerIdsRequest;
      active.decide(request, allocateBlock(active.view, body));
    },
  ],
];

export const controllerApis: ReadonlyMap<number, Answer> = new Map(
  table.map(([api, answer]) => [api.key, answer]),
);

/** KIP-511: an unknown version is answered in version 0, so that the client can try again. */
function answerApiVersions(request: ControllerRequest): void {
  const known = request.apiVersion <= apiVersions.versionMax;
  const apiKeys = table.map(([api]) => ({
    apiKey: api.key,
    minVersion: api.versionMin,
    maxVersion: api.versionMax,
  }));
  assert(apiKeys.length === controllerApis.size, 'one answer an API');
  const errorCode = known ? ErrorCode.NONE : ErrorCode.UNSUPPORTED_VERSION;
  const body = { ...defaults(apiVersionsResponse), errorCode, apiKeys };
  request.respond(body, known ? request.apiVersion : 0);
}

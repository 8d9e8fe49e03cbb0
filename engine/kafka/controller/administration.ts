/**
 * The decisions of a controller that only administrators ask for: topics grow and go, partitions
 * move, leaders are elected on request, configurations change. They are handed in, with the
 * brokers' side of them (`api/administration.ts`).
 *
 * Not here: each decision. Source: `kafka.server.ControllerApis`.
 */
import type { Api } from '../../wire/kafka/api.ts';
import {
  alterPartitionReassignments,
  type AlterPartitionReassignmentsRequest,
} from '../../wire/kafka/messages/alter-partition-reassignments.ts';
import {
  createPartitions,
  type CreatePartitionsRequest,
} from '../../wire/kafka/messages/create-partitions.ts';
import { deleteTopics, type DeleteTopicsRequest } from '../../wire/kafka/messages/delete-topics.ts';
import { electLeaders, type ElectLeadersRequest } from '../../wire/kafka/messages/elect-leaders.ts';
import {
  incrementalAlterConfigs,
  type IncrementalAlterConfigsRequest,
} from '../../wire/kafka/messages/incremental-alter-configs.ts';
import {
  listPartitionReassignments,
  type ListPartitionReassignmentsRequest,
} from '../../wire/kafka/messages/list-partition-reassignments.ts';
import type { Decider, Decision } from './controller-apis.ts';
import type { ControllerResult } from './controller-result.ts';
import { createPartitions as addPartitions } from './create-partitions.ts';
import { removeTopics } from './delete-topics.ts';
import { electOnRequest } from './elect-on-request.ts';
import { alterConfigs } from './incremental-alter-configs.ts';
import { alterReassignments, listReassignments } from './reassignment.ts';

export function decision<Q, R>(
  api: Api,
  of: (active: Decider, body: Q, apiVersion: number) => ControllerResult<R>,
): Decision {
  return {
    api,
    decide: (active, request) =>
      active.decide(request, of(active, request.body as Q, request.apiVersion)),
  };
}

export const administrationDecisions: readonly Decision[] = [
  decision(createPartitions as Api, ({ view, placement }, body: CreatePartitionsRequest) =>
    addPartitions(view, body, placement),
  ),
  decision(deleteTopics as Api, ({ view }, body: DeleteTopicsRequest, version) =>
    removeTopics(view, body, version),
  ),
  decision(electLeaders as Api, ({ view }, body: ElectLeadersRequest) =>
    electOnRequest(view, body),
  ),
  decision(incrementalAlterConfigs as Api, ({ view }, body: IncrementalAlterConfigsRequest) =>
    alterConfigs(view, body),
  ),
  decision(
    alterPartitionReassignments as Api,
    ({ view }, body: AlterPartitionReassignmentsRequest) => alterReassignments(view, body),
  ),
  decision(listPartitionReassignments as Api, ({ view }, body: ListPartitionReassignmentsRequest) =>
    listReassignments(view, body),
  ),
];

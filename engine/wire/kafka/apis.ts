/**
 * The table of the APIs that the engine speaks, by key. What it does not have, a broker does not
 * advertise in ApiVersions, and a frame that asks for it is a violation (`protocol.ts`).
 */
import type { Api } from './api.ts';
import { allocateProducerIds } from './messages/allocate-producer-ids.ts';
import { alterPartition } from './messages/alter-partition.ts';
import { alterPartitionReassignments } from './messages/alter-partition-reassignments.ts';
import { apiVersions } from './messages/api-versions.ts';
import { brokerHeartbeat } from './messages/broker-heartbeat.ts';
import { brokerRegistration } from './messages/broker-registration.ts';
import { createTopics } from './messages/create-topics.ts';
import { deleteTopics } from './messages/delete-topics.ts';
import { describeCluster } from './messages/describe-cluster.ts';
import { describeConfigs } from './messages/describe-configs.ts';
import { electLeaders } from './messages/elect-leaders.ts';
import { fetch } from './messages/fetch.ts';
import { findCoordinator } from './messages/find-coordinator.ts';
import { incrementalAlterConfigs } from './messages/incremental-alter-configs.ts';
import { initProducerId } from './messages/init-producer-id.ts';
import { listOffsets } from './messages/list-offsets.ts';
import { listPartitionReassignments } from './messages/list-partition-reassignments.ts';
import { metadata } from './messages/metadata.ts';
import { offsetForLeaderEpoch } from './messages/offset-for-leader-epoch.ts';
import { produce } from './messages/produce.ts';

/** All APIs, by ascending key. */
export const apis: readonly Api[] = Object.freeze([
  produce,
  fetch,
  listOffsets,
  metadata,
  findCoordinator,
  apiVersions,
  createTopics,
  deleteTopics,
  initProducerId,
  offsetForLeaderEpoch,
  describeConfigs,
  electLeaders,
  incrementalAlterConfigs,
  alterPartitionReassignments,
  listPartitionReassignments,
  alterPartition,
  describeCluster,
  brokerRegistration,
  brokerHeartbeat,
  allocateProducerIds,
]);

const byKey: readonly (Api | undefined)[] = Array.from({ length: 128 }, (_, key) =>
  apis.find((of) => of.key === key),
);

/** The API with this key, if the engine has it. */
export function apiOf(key: number): Api | undefined {
  return byKey[key];
}

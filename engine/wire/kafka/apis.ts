/**
 * All APIs that the engine can speak, for what must know them all. A broker or a client does not
 * import this file but the messages that it uses: an API enters the table in which codecs look
 * (`apiOf` in `api.ts`) when its module is loaded, so that a page without groups or transactions
 * does not carry their grammar.
 */
import type { Api } from './api.ts';
import { allocateProducerIds } from './messages/allocate-producer-ids.ts';
import { alterPartitionReassignments } from './messages/alter-partition-reassignments.ts';
import { alterPartition } from './messages/alter-partition.ts';
import { apiVersions } from './messages/api-versions.ts';
import { brokerHeartbeat } from './messages/broker-heartbeat.ts';
import { brokerRegistration } from './messages/broker-registration.ts';
import { consumerGroupDescribe } from './messages/consumer-group-describe.ts';
import { consumerGroupHeartbeat } from './messages/consumer-group-heartbeat.ts';
import { createPartitions } from './messages/create-partitions.ts';
import { createTopics } from './messages/create-topics.ts';
import { deleteGroups } from './messages/delete-groups.ts';
import { deleteRecords } from './messages/delete-records.ts';
import { deleteTopics } from './messages/delete-topics.ts';
import { describeCluster } from './messages/describe-cluster.ts';
import { describeConfigs } from './messages/describe-configs.ts';
import { describeGroups } from './messages/describe-groups.ts';
import { describeLogDirs } from './messages/describe-log-dirs.ts';
import { describeTopicPartitions } from './messages/describe-topic-partitions.ts';
import { electLeaders } from './messages/elect-leaders.ts';
import { fetch } from './messages/fetch.ts';
import { findCoordinator } from './messages/find-coordinator.ts';
import { heartbeat } from './messages/heartbeat.ts';
import { incrementalAlterConfigs } from './messages/incremental-alter-configs.ts';
import { initProducerId } from './messages/init-producer-id.ts';
import { joinGroup } from './messages/join-group.ts';
import { leaveGroup } from './messages/leave-group.ts';
import { listGroups } from './messages/list-groups.ts';
import { listOffsets } from './messages/list-offsets.ts';
import { listPartitionReassignments } from './messages/list-partition-reassignments.ts';
import { metadata } from './messages/metadata.ts';
import { offsetCommit } from './messages/offset-commit.ts';
import { offsetDelete } from './messages/offset-delete.ts';
import { offsetFetch } from './messages/offset-fetch.ts';
import { offsetForLeaderEpoch } from './messages/offset-for-leader-epoch.ts';
import { produce } from './messages/produce.ts';
import { syncGroup } from './messages/sync-group.ts';
import { quorumApis } from './quorum-apis.ts';
import { shareApis } from './share-apis.ts';
import { transactionApis } from './transaction-apis.ts';
import { zooKeeperApis } from './zookeeper-apis.ts';

const all: readonly Api[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  apiVersions,
  createTopics,
  deleteRecords,
  deleteTopics,
  initProducerId,
  offsetForLeaderEpoch,
  describeConfigs,
  describeLogDirs,
  createPartitions,
  deleteGroups,
  electLeaders,
  incrementalAlterConfigs,
  alterPartitionReassignments,
  listPartitionReassignments,
  offsetDelete,
  alterPartition,
  describeCluster,
  brokerRegistration,
  brokerHeartbeat,
  allocateProducerIds,
  consumerGroupHeartbeat,
  consumerGroupDescribe,
  describeTopicPartitions,
  ...quorumApis,
  ...shareApis,
  ...transactionApis,
  ...zooKeeperApis,
];

/** By ascending key. */
export const apis: readonly Api[] = Object.freeze(all.toSorted((a, b) => a.key - b.key));

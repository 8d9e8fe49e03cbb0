/**
 * AlterPartitionReassignments and ListPartitionReassignments: begins to move a partition to other
 * replicas, takes that back, and tells what is going on. What ends a reassignment is a later change
 * of the ISR (`partition-change-builder.ts`).
 *
 * Not here: the stages (`partition-reassignment.ts`); what brokers do with their replicas
 * (`broker/replicas.ts`).
 * Sources: KIP-455, KIP-860; `ReplicationControlManager.alterPartitionReassignments`. Difference: a
 * partition that is named twice in one request is refused.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '../../wire/kafka/messages/alter-partition-reassignments.ts';
import type {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../../wire/kafka/messages/list-partition-reassignments.ts';
import type { TopicImage } from '../metadata/image.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { apiError, NO_ERROR } from './controller-result.ts';
import type { ApiError, ControllerResult, ClusterView } from './controller-result.ts';
import { wishFor } from './leader-election.ts';
import { buildPartitionChange, type PartitionWish } from './partition-change-builder.ts';
import { isReassigning, reassignmentTo, reverted } from './partition-reassignment.ts';
import { replicaAssignmentProblem } from './replica-assignment.ts';
import { uncleanElectionEnabled } from './topic-settings.ts';

type Ongoing = ListPartitionReassignmentsResponse['topics'][number];

/** A wish for one partition, or why there is none. */
type Wished = PartitionWish | ApiError;

export function alterReassignments(
  view: ClusterView,
  request: AlterPartitionReassignmentsRequest,
): ControllerResult<AlterPartitionReassignmentsResponse> {
  const records: MetadataRecord[] = [];
  const seen = new Set<string>();
  const { allowReplicationFactorChange } = request;
  const responses = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, replicas }) => {
      const key = `${name}-${partitionIndex}`;
      const wished = seen.has(key)
        ? apiError(ErrorCode.INVALID_REQUEST, `${key} is named twice.`)
        : wishOf(view, name, { partitionIndex, replicas, allowReplicationFactorChange });
      seen.add(key);
      if ('errorCode' in wished) return { partitionIndex, ...wished };
      const record = buildPartitionChange(wished);
      if (record !== null) records.push({ type: 'PartitionChangeRecord', data: record });
      return { partitionIndex, ...NO_ERROR };
    }),
  }));
  assert(records.length <= seen.size, 'a record a partition', { records: records.length });
  const told = { throttleTimeMs: 0, allowReplicationFactorChange, ...NO_ERROR, responses };
  return { records, response: told };
}

interface Asked {
  readonly partitionIndex: number;
  readonly allowReplicationFactorChange: boolean;
  readonly replicas: readonly number[] | null;
}

function wishOf(view: ClusterView, name: string, asked: Asked): Wished {
  const { partitionIndex, replicas, allowReplicationFactorChange } = asked;
  const topic = view.image.topics.get(name);
  if (topic === undefined) {
    const message = `Unable to find a topic named ${name}.`;
    return apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message);
  }
  const partition = topic.partitions[partitionIndex];
  if (partition === undefined) {
    const message = `Unable to find partition ${name}:${partitionIndex}.`;
    return apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message);
  }
  if (replicas === null) return cancellation(view, topic, partitionIndex);
  const problem = replicaAssignmentProblem(view.image, replicas);
  if (problem !== null) return apiError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, problem);
  const factor = partition.replicas.length - partition.removingReplicas.length;
  if (!allowReplicationFactorChange && factor !== replicas.length) {
    const message = `The replication factor is changed from ${factor} to ${replicas.length}`;
    return apiError(ErrorCode.INVALID_REPLICATION_FACTOR, message);
  }
  // A target upon one that is not reached yet replaces it: what is there already counts as present.
  const change = reassignmentTo(partition.replicas, replicas);
  // Of a reassignment that is named again, what comes and goes is known already.
  const adding = change.addingReplicas;
  const removing = change.removingReplicas;
  const targetReplicas = {
    replicas: change.replicas,
    addingReplicas: adding.length > 0 ? adding : partition.addingReplicas,
    removingReplicas: removing.length > 0 ? removing : partition.removingReplicas,
  };
  return { ...wishFor(view, topic, partitionIndex, partition), targetReplicas };
}

/** Source: `cancelPartitionReassignment`. */
function cancellation(view: ClusterView, topic: TopicImage, partitionIndex: number): Wished {
  const partition = topic.partitions[partitionIndex];
  assert(partition !== undefined, 'a partition that exists', { partitionIndex });
  if (!isReassigning(partition)) {
    return apiError(
      ErrorCode.NO_REASSIGNMENT_IN_PROGRESS,
      'No partition reassignment is in progress.',
    );
  }
  const { isr: targetIsr, unclean, ...targetReplicas } = reverted(partition, partition.isr);
  const uncleanEnabled = uncleanElectionEnabled(view, topic.name);
  if (unclean && !uncleanEnabled) {
    const message =
      `Unable to revert partition assignment for ${topic.name}:${partitionIndex} because it ` +
      'would require an unclean leader election.';
    return apiError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  }
  const election = uncleanEnabled ? 'UNCLEAN' : 'ONLINE';
  const wish = wishFor(view, topic, partitionIndex, partition);
  return { ...wish, election, targetIsr, targetReplicas };
}

/** What is going on in the partitions that are asked for; without any, in all. */
export function listReassignments(
  view: ClusterView,
  request: ListPartitionReassignmentsRequest,
): ControllerResult<ListPartitionReassignmentsResponse> {
  const topics: Ongoing[] = [];
  const asked = request.topics ?? everyPartition(view);
  for (const { name, partitionIndexes } of asked) {
    const partitions = partitionIndexes.flatMap((partitionIndex) => {
      const partition = view.image.topics.get(name)?.partitions[partitionIndex];
      if (partition === undefined || !isReassigning(partition)) return [];
      const { replicas, addingReplicas, removingReplicas } = partition;
      return [{ partitionIndex, replicas, addingReplicas, removingReplicas }];
    });
    if (partitions.length > 0) topics.push({ name, partitions });
  }
  assert(topics.length <= asked.length, 'only what is asked for', { topics: topics.length });
  return { records: [], response: { throttleTimeMs: 0, ...NO_ERROR, topics } };
}

function everyPartition(view: ClusterView): { name: string; partitionIndexes: number[] }[] {
  return [...view.image.topics.values()].map(({ name, partitions }) => ({
    name,
    partitionIndexes: [...partitions.keys()],
  }));
}

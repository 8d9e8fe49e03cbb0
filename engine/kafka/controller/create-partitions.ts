/**
 * CreatePartitions: more partitions for topics that are there. Records stay where they are, so a
 * key that hashes to another partition from now on has its history in two.
 *
 * Not here: where replicas stand (`replica-placement.ts`), their first ISR (`create-topics.ts`).
 * Source: `ReplicationControlManager.createPartitions`, KIP-195.
 */
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../../wire/kafka/messages/create-partitions.ts';
import { isActive } from '../metadata/image.ts';
import type { TopicImage } from '../metadata/image.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { apiError, NO_ERROR, type ApiError } from './controller-result.ts';
import type { ControllerResult, ClusterView } from './controller-result.ts';
import { newPartitionRecord } from './create-topics.ts';
import { replicaAssignmentProblem } from './replica-assignment.ts';
import { placeReplicas } from './replica-placement.ts';

type Asked = CreatePartitionsRequest['topics'][number];

export function createPartitions(
  view: ClusterView,
  request: CreatePartitionsRequest,
  random: Random,
): ControllerResult<CreatePartitionsResponse> {
  const names = request.topics.map(({ name }) => name);
  const records: MetadataRecord[] = [];
  const results = [...new Set(names)].map((name) => {
    if (names.indexOf(name) !== names.lastIndexOf(name)) {
      return { name, ...apiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.') };
    }
    const asked = request.topics.find((topic) => topic.name === name);
    assert(asked !== undefined, 'a topic that was asked for', { name });
    const made = more(view, asked, random);
    if (!Array.isArray(made)) return { name, ...(made as ApiError) };
    records.push(...(made as readonly MetadataRecord[]));
    return { name, ...NO_ERROR };
  });
  const response = { throttleTimeMs: 0, results };
  return { records: request.validateOnly ? [] : records, response };
}

function more(view: ClusterView, asked: Asked, random: Random): MetadataRecord[] | ApiError {
  const topic = view.image.topics.get(asked.name);
  if (topic === undefined) {
    return apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${asked.name}`);
  }
  const present = topic.partitions.length;
  if (asked.count === present) {
    const message = `Topic already has ${present} partition(s).`;
    return apiError(ErrorCode.INVALID_PARTITIONS, message);
  }
  if (asked.count < present) {
    const message =
      `The topic ${asked.name} currently has ${present} partition(s); ${asked.count} would not ` +
      'be an increase.';
    return apiError(ErrorCode.INVALID_PARTITIONS, message);
  }
  const assignment = assign(view, topic, asked, random);
  if ('errorCode' in assignment) return assignment;
  assert(assignment.length === asked.count - present, 'each new partition has a place', {
    assigned: assignment.length,
  });
  return assignment.map((replicas, index) =>
    newPartitionRecord(view, topic.id, { partitionId: present + index, replicas }),
  );
}

function assign(
  view: ClusterView,
  topic: TopicImage,
  { count, assignments }: Asked,
  random: Random,
): readonly (readonly number[])[] | ApiError {
  const additional = count - topic.partitions.length;
  const replicationFactor = topic.partitions[0]!.replicas.length;
  if (assignments === null) {
    const spec = { partitions: additional, replicationFactor };
    const placed = placeReplicas(view.image, spec, random);
    if (typeof placed !== 'string') return placed;
    const prefix = `Unable to replicate the partition ${replicationFactor} time(s): `;
    return apiError(ErrorCode.INVALID_REPLICATION_FACTOR, prefix + placed);
  }
  const invalid = (message: string): ApiError =>
    apiError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  if (assignments.length !== additional) {
    return invalid(
      `Attempted to add ${additional} additional partition(s), but only ` +
        `${assignments.length} assignment(s) were specified.`,
    );
  }
  for (const { brokerIds } of assignments) {
    const problem = replicaAssignmentProblem(view.image, brokerIds);
    if (problem !== null) return invalid(problem);
    if (brokerIds.length !== replicationFactor) {
      return invalid(
        `Each new partition must have ${replicationFactor} replica(s), as the others.`,
      );
    }
    if (!brokerIds.some((id) => isActive(view.image, id))) {
      return invalid('All brokers specified in the manual partition assignment are fenced.');
    }
  }
  return assignments.map(({ brokerIds }) => brokerIds);
}

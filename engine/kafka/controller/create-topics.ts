/**
 * CreateTopics: validation, placement, and the records of a new topic: first the topic, then its
 * settings, then its partitions.
 *
 * Not here: where replicas stand (`replica-placement.ts`), topic settings' names and values
 * (`partition/topic-config.ts`).
 * Source: `ReplicationControlManager.createTopics`, `Topic.validate`. Differences: no policies, no
 * quotas; the reply's configs are the topic's whole configuration without its sources.
 */
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type {
  CreateTopicsRequest,
  CreateTopicsResponse,
} from '../../wire/kafka/messages/create-topics.ts';
import { isActive } from '../metadata/image.ts';
import { METADATA_TOPIC } from '../metadata/metadata-log.ts';
import { RECOVERED } from '../metadata/partition-registration.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { apiError, type ApiError } from './controller-result.ts';
import type { ControllerResult, ClusterView } from './controller-result.ts';
import { replicaAssignmentProblem } from './replica-assignment.ts';
import { placeReplicas } from './replica-placement.ts';
import { topicNameProblem } from './topic-name.ts';
import { topicConfigOf, topicConfigRecord } from './topic-settings.ts';
import type { TopicConfig } from '../partition/topic-config.ts';

type CreatableTopic = CreateTopicsRequest['topics'][number];
type CreatedTopic = CreateTopicsResponse['topics'][number];

/** Why the configurations of a created topic are told by default: DEFAULT_CONFIG, or set for it. */
const SOURCE_TOPIC = 1;
const SOURCE_DEFAULT = 5;

/** As the real controller has it, for the partitions of a request. */
const partitionsMax = 10_000;

/** What a new topic is made of besides what was asked for. */
interface TopicMaking {
  /** Draws the first broker of the placement. */
  readonly random: Random;
  readonly newTopicId: () => string;
}

export function createTopics(
  view: ClusterView,
  request: CreateTopicsRequest,
  making: TopicMaking,
): ControllerResult<CreateTopicsResponse> {
  const records: MetadataRecord[] = [];
  const names = request.topics.map((topic) => topic.name);
  // A name that is there twice is answered once.
  const asked = request.topics.filter(({ name }, index) => names.indexOf(name) === index);
  if (asked.some(isExcessive)) {
    const error = apiError(ErrorCode.POLICY_VIOLATION, 'Too many partitions in one request.');
    const refusals = asked.map((topic) => refused(topic, error));
    return { records, response: { throttleTimeMs: 0, topics: refusals } };
  }
  const topics = asked.map((topic) => {
    if (names.indexOf(topic.name) !== names.lastIndexOf(topic.name)) {
      return refused(topic, apiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.'));
    }
    if (topic.name === METADATA_TOPIC) {
      const message = `${METADATA_TOPIC} is the log of the controllers.`;
      return refused(topic, apiError(ErrorCode.INVALID_REQUEST, message));
    }
    return createTopic(view, topic, making, records);
  });
  const response = { throttleTimeMs: 0, topics };
  return { records: request.validateOnly ? [] : records, response };
}

const isExcessive = (topic: CreatableTopic): boolean => topic.numPartitions > partitionsMax;

function createTopic(
  view: ClusterView,
  topic: CreatableTopic,
  making: TopicMaking,
  records: MetadataRecord[],
): CreatedTopic {
  const nameProblem = topicNameProblem(topic.name, [...view.image.topics.keys()]);
  if (nameProblem !== null) {
    return refused(topic, apiError(ErrorCode.INVALID_TOPIC_EXCEPTION, nameProblem));
  }
  if (view.image.topics.has(topic.name)) {
    const message = `Topic '${topic.name}' already exists.`;
    return refused(topic, apiError(ErrorCode.TOPIC_ALREADY_EXISTS, message));
  }
  const own = ownConfig(topic);
  const config = typeof own === 'string' ? own : topicConfigOf(view.config, own);
  if (typeof own === 'string' || typeof config === 'string') {
    return refused(topic, apiError(ErrorCode.INVALID_CONFIG, String(config)));
  }
  const assignment = assign(view, topic, making.random);
  if ('errorCode' in assignment) return refused(topic, assignment);
  const topicId = making.newTopicId();
  records.push({ type: 'TopicRecord', data: { name: topic.name, topicId } });
  for (const [name, value] of own) records.push(topicConfigRecord(topic.name, name, value));
  for (const [partitionId, replicas] of assignment.entries()) {
    records.push(newPartitionRecord(view, topicId, { partitionId, replicas }));
  }
  return {
    name: topic.name,
    topicId,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    topicConfigErrorCode: ErrorCode.NONE,
    numPartitions: assignment.length,
    replicationFactor: assignment[0]!.length,
    configs: toldConfigs(config, own),
  };
}

/** The settings that came with the topic, or what is wrong with them. */
function ownConfig(topic: CreatableTopic): ReadonlyMap<string, string> | string {
  const own = new Map<string, string>();
  for (const { name, value } of topic.configs) {
    if (value === null) return `Null value not supported for topic configs: ${name}`;
    own.set(name, value);
  }
  return own;
}

// ----------------------------------------------------------------------------------- assignment

type Assignment = readonly (readonly number[])[];

/** The replicas of each partition, active brokers among them. */
function assign(view: ClusterView, topic: CreatableTopic, random: Random): Assignment | ApiError {
  if (topic.assignments.length > 0) return manualAssignment(view, topic);
  const { replicationFactor: factor, numPartitions: partitions } = topic;
  if (factor < -1 || factor === 0) {
    const message = 'Replication factor must be larger than 0, or -1 to use the default value.';
    return apiError(ErrorCode.INVALID_REPLICATION_FACTOR, message);
  }
  if (partitions < -1 || partitions === 0) {
    const message = 'Number of partitions was set to an invalid non-positive value.';
    return apiError(ErrorCode.INVALID_PARTITIONS, message);
  }
  const { values } = view.config;
  const spec = {
    partitions: partitions === -1 ? values['num.partitions'] : partitions,
    replicationFactor: factor === -1 ? values['default.replication.factor'] : factor,
  };
  const placed = placeReplicas(view.image, spec, random);
  const prefix = `Unable to replicate the partition ${spec.replicationFactor} time(s): `;
  if (typeof placed === 'string') {
    return apiError(ErrorCode.INVALID_REPLICATION_FACTOR, prefix + placed);
  }
  if (!placed.every((replicas) => replicas.some((id) => isActive(view.image, id)))) {
    const message = `${prefix}All brokers are currently fenced or in controlled shutdown.`;
    return apiError(ErrorCode.INVALID_REPLICATION_FACTOR, message);
  }
  return placed;
}

function manualAssignment(view: ClusterView, topic: CreatableTopic): Assignment | ApiError {
  const invalid = (message: string): ApiError =>
    apiError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  if (topic.replicationFactor !== -1 || topic.numPartitions !== -1) {
    const message =
      'A manual partition assignment was specified, but numPartitions or replication factor ' +
      'was not set to -1.';
    return apiError(ErrorCode.INVALID_REQUEST, message);
  }
  const replicasOf = new Map<number, readonly number[]>();
  const factor = topic.assignments[0]!.brokerIds.length;
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    if (replicasOf.has(partitionIndex)) {
      return invalid(`Found multiple manual assignments for partition ${partitionIndex}`);
    }
    const problem = replicaAssignmentProblem(view.image, brokerIds);
    if (problem !== null) return invalid(problem);
    if (brokerIds.length !== factor) return invalid('Partitions differ in their replica count.');
    if (!brokerIds.some((id) => isActive(view.image, id))) {
      return invalid(`All brokers of partition ${partitionIndex} are fenced or shutting down.`);
    }
    replicasOf.set(partitionIndex, brokerIds);
  }
  const assignment: (readonly number[])[] = [];
  for (let index = 0; index < replicasOf.size; index += 1) {
    const replicas = replicasOf.get(index);
    if (replicas === undefined) return invalid('Partitions must be numbered from 0 without a gap.');
    assignment.push(replicas);
  }
  assert(assignment.length > 0, 'an assignment has a partition');
  return assignment;
}

interface NewPartition {
  readonly partitionId: number;
  readonly replicas: readonly number[];
}

/** The first ISR is who is active; its first member leads, in epoch 0. */
export function newPartitionRecord(
  view: ClusterView,
  topicId: string,
  { partitionId, replicas }: NewPartition,
): MetadataRecord {
  const isr = replicas.filter((id) => isActive(view.image, id));
  const leader = isr[0];
  assert(leader !== undefined, 'a new partition has an active replica', { replicas });
  return {
    type: 'PartitionRecord',
    data: {
      partitionId,
      topicId,
      replicas,
      isr,
      removingReplicas: [],
      addingReplicas: [],
      leader,
      leaderRecoveryState: RECOVERED,
      leaderEpoch: 0,
      partitionEpoch: 0,
      directories: [],
      eligibleLeaderReplicas: null,
      lastKnownElr: null,
    },
  };
}

// ----------------------------------------------------------------------------------------- reply

function toldConfigs(
  config: TopicConfig,
  own: ReadonlyMap<string, string>,
): NonNullable<CreatedTopic['configs']> {
  return Object.entries(config)
    .map(([name, value]) => ({
      name,
      value: own.get(name) ?? String(value),
      readOnly: false,
      configSource: own.has(name) ? SOURCE_TOPIC : SOURCE_DEFAULT,
      isSensitive: false,
    }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

function refused(topic: CreatableTopic, error: ApiError): CreatedTopic {
  assert(error.errorCode !== ErrorCode.NONE, 'a refusal has a reason', { topic: topic.name });
  return {
    name: topic.name,
    topicId: ZERO_UUID,
    ...error,
    topicConfigErrorCode: ErrorCode.NONE,
    numPartitions: -1,
    replicationFactor: -1,
    configs: [],
  };
}

/**
 * Metadata: the brokers that are alive, and of each topic who leads its partitions.
 *
 * Behaviour: what this broker has heard so far. A topic that is not there may be made
 * (`auto.create.topics.enable`, if the client allows it), and the client tries again meanwhile.
 * Differences: the controller id is this broker's own, where Kafka names a random broker that is
 * alive: either passes requests on to the controller. Authorized operations are not told.
 * Versions: 0 an empty list is all topics, later null is; 10 topic ids (KIP-516), but 12 is the
 * first in which a client may ask by one.
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type MetadataRequest,
  type MetadataResponse,
  metadata,
  metadataResponse,
} from '../../wire/kafka/messages/metadata.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import { assert } from '../../kernel/assert.ts';
import { topicNameProblem } from '../controller/topic-name.ts';
import { type MetadataImage, type TopicImage, aliveBrokers } from '../metadata/image.ts';
import type { PartitionRegistration } from '../metadata/partition-registration.ts';
import { type BrokerParts, type RequestContext, apiHandler } from './api-handler.ts';

const NOT_ASKED_FOR = -2_147_483_648;
const BY_ID_SINCE = 12;
const INTERNAL_TOPICS: readonly string[] = ['__consumer_offsets', '__transaction_state'];

type TopicResponse = MetadataResponse['topics'][number];
type PartitionResponse = TopicResponse['partitions'][number];

export const metadataHandler = apiHandler<MetadataRequest>(metadata, (broker, request) => {
  const image = broker.image();
  const asked = request.body.topics;
  if (request.apiVersion < BY_ID_SINCE && asked?.some(isById) === true) {
    request.respond(refusal(asked));
    return;
  }
  const all = asked === null || (request.apiVersion === 0 && asked.length === 0);
  const topics = all
    ? [...image.topics.values()].map((topic) => topicResponse(image, topic, request.apiVersion))
    : askedTopics(broker, request, image);
  request.respond({
    throttleTimeMs: 0,
    brokers: aliveBrokers(image).map(({ id, endPoints, rack }) => ({
      nodeId: id,
      host: endPoints[0]?.host ?? '',
      port: endPoints[0]?.port ?? -1,
      rack,
    })),
    clusterId: broker.clusterId,
    controllerId: broker.nodeId,
    topics,
    clusterAuthorizedOperations: NOT_ASKED_FOR,
    errorCode: ErrorCode.NONE,
  } satisfies MetadataResponse);
});

type AskedTopic = NonNullable<MetadataRequest['topics']>[number];

const isById = ({ name, topicId }: AskedTopic): boolean => name === null || topicId !== ZERO_UUID;

/** The request as a whole makes no sense: no brokers are told, and each topic gets the error. */
function refusal(asked: readonly AskedTopic[]): MetadataResponse {
  const topics = asked.map(({ name, topicId }) =>
    missingTopic(name ?? '', topicId, ErrorCode.INVALID_REQUEST),
  );
  return { ...defaults(metadataResponse), topics };
}

function askedTopics(
  broker: BrokerParts,
  request: RequestContext<MetadataRequest>,
  image: MetadataImage,
): TopicResponse[] {
  const { topics, allowAutoTopicCreation } = request.body;
  assert(topics !== null, 'topics by name or id');
  const creates = allowAutoTopicCreation && broker.config.values['auto.create.topics.enable'];
  const missing: string[] = [];
  // A topic that is asked for twice is told once.
  const first = new Map(topics.map((topic) => [`${topic.name} ${topic.topicId}`, topic]));
  const responses = [...first.values()].map(({ name, topicId }) => {
    const byId = name === null || (name === '' && topicId !== ZERO_UUID);
    const known = byId ? image.topicNames.get(topicId) : name;
    const topic = known === undefined ? undefined : image.topics.get(known);
    if (topic !== undefined) return topicResponse(image, topic, request.apiVersion);
    if (byId) return missingTopic(name, topicId, ErrorCode.UNKNOWN_TOPIC_ID);
    if (topicNameProblem(name, []) !== null) {
      return missingTopic(name, topicId, ErrorCode.INVALID_TOPIC_EXCEPTION);
    }
    if (creates) missing.push(name);
    return missingTopic(name, topicId, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
  if (missing.length > 0) broker.autoTopicCreation.create(missing);
  return responses;
}

function missingTopic(name: string | null, topicId: string, errorCode: number): TopicResponse {
  return {
    errorCode,
    name,
    topicId,
    isInternal: false,
    partitions: [],
    topicAuthorizedOperations: NOT_ASKED_FOR,
  };
}

function topicResponse(image: MetadataImage, topic: TopicImage, version: number): TopicResponse {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: INTERNAL_TOPICS.includes(topic.name),
    partitions: topic.partitions.map((partition, index) =>
      partitionResponse(image, partition, index, version),
    ),
    topicAuthorizedOperations: NOT_ASKED_FOR,
  };
}

function partitionResponse(
  image: MetadataImage,
  partition: PartitionRegistration,
  partitionIndex: number,
  version: number,
): PartitionResponse {
  const isAlive = (id: number): boolean => {
    const broker = image.brokers.get(id);
    return broker !== undefined && !broker.fenced;
  };
  const { leader, leaderEpoch, replicas, isr } = partition;
  // Old clients cannot stand a replica that they were not told the address of.
  const shown = (ids: readonly number[]) => (version === 0 ? ids.filter(isAlive) : ids);
  return {
    errorCode: isAlive(leader) ? ErrorCode.NONE : ErrorCode.LEADER_NOT_AVAILABLE,
    partitionIndex,
    leaderId: isAlive(leader) ? leader : -1,
    leaderEpoch,
    replicaNodes: shown(replicas),
    isrNodes: shown(isr),
    offlineReplicas: replicas.filter((id) => !isAlive(id)),
  };
}

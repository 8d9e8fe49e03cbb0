/**
 * DescribeTopicPartitions, as a module: topics and their partitions with ISR, ELR and the last
 * known leader (KIP-966), in the order of their names; so many partitions at once, and a cursor
 * where more follow.
 *
 * Behaviour: what this broker has heard so far, as in Metadata; a topic that is not there is not
 * made. Brokers answer it since 3.8. Source: `DescribeTopicPartitionsRequestHandler`,
 * `KRaftMetadataCache.getTopicMetadataForDescribeTopicResponse`.
 * Differences: brokers of a ZooKeeper cluster answer it here; authorized operations are not told.
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { assert } from '../../kernel/assert.ts';
import { compareReleases } from '../../kernel/releases.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  describeTopicPartitions,
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
} from '../../wire/kafka/messages/describe-topic-partitions.ts';
import type { BrokerModule, BrokerModuleFactory } from '../broker/broker-module.ts';
import { int } from '../config.ts';
import { topicNameProblem } from '../controller/topic-name.ts';
import type { MetadataImage, TopicImage } from '../metadata/image.ts';
import type { PartitionRegistration } from '../metadata/partition-registration.ts';
import { apiHandler } from './api-handler.ts';

const NOT_ASKED_FOR = -2_147_483_648;
const SINCE = '3.8';
const INTERNAL_TOPICS: readonly string[] = [
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
];

type Cursor = DescribeTopicPartitionsResponse['nextCursor'];
type TopicResponse = DescribeTopicPartitionsResponse['topics'][number];
type PartitionResponse = TopicResponse['partitions'][number];

const settings = {
  'max.request.partition.size.limit': int(2000, 'Partitions in a reply at most.', { min: 1 }),
};

/** Lets a broker answer DescribeTopicPartitions. */
export const topicDescription: BrokerModuleFactory<typeof settings> = {
  settings,
  create: ({ profile }, config): BrokerModule => ({
    handlers:
      compareReleases(profile.release, SINCE) < 0
        ? []
        : [handler(config['max.request.partition.size.limit'])],
    topics: [],
    elected: () => undefined,
    resigned: () => undefined,
    metadataChanged: () => undefined,
    close: () => undefined,
  }),
};

function handler(limit: number) {
  return apiHandler<DescribeTopicPartitionsRequest>(
    describeTopicPartitions,
    (broker, { body, respond }) => {
      respond(answer(broker.image(), body, Math.min(limit, body.responsePartitionLimit)));
    },
  );
}

function answer(
  image: MetadataImage,
  { topics: asked, cursor }: DescribeTopicPartitionsRequest,
  limit: number,
): DescribeTopicPartitionsResponse {
  const isAll = asked.length === 0;
  const first = cursor?.topicName ?? '';
  const names = isAll ? [...image.topics.keys()] : asked.map(({ name }) => name);
  const wanted = [...new Set(names)].filter((name) => name >= first);
  wanted.sort((left, right) => (left < right ? -1 : 1));
  // A cursor names one of the topics that are asked for, and a partition that there can be.
  const isLost = cursor !== null && !isAll && !wanted.includes(first);
  if (isLost || (cursor !== null && cursor.partitionIndex < 0)) {
    const topics = asked.map(({ name }) => withError(name, ErrorCode.INVALID_REQUEST));
    return { throttleTimeMs: 0, topics, nextCursor: null };
  }
  const topics: TopicResponse[] = [];
  let left = Math.max(1, limit);
  let nextCursor: Cursor = null;
  for (const name of wanted) {
    if (left === 0) nextCursor = { topicName: name, partitionIndex: 0 };
    if (nextCursor !== null) break;
    const topic = image.topics.get(name);
    if (topic === undefined) {
      if (!isAll) topics.push(withError(name, missingCode(name)));
      continue;
    }
    const start = name === first ? (cursor?.partitionIndex ?? 0) : 0;
    const partitions = partitionsOf(image, topic, start, left);
    const end = start + partitions.length;
    left -= partitions.length;
    assert(left >= 0, 'no more partitions than the limit', { name, left });
    if (end < topic.partitions.length) nextCursor = { topicName: name, partitionIndex: end };
    topics.push({ ...withError(name, ErrorCode.NONE), topicId: topic.id, partitions });
  }
  return { throttleTimeMs: 0, topics, nextCursor };
}

function partitionsOf(
  image: MetadataImage,
  { partitions }: TopicImage,
  start: number,
  count: number,
): PartitionResponse[] {
  assert(start >= 0 && count > 0, 'a range of partitions', { start, count });
  return partitions
    .slice(start, start + count)
    .map((partition, place) => partitionResponse(image, partition, start + place));
}

function partitionResponse(
  image: MetadataImage,
  partition: PartitionRegistration,
  partitionIndex: number,
): PartitionResponse {
  const isAlive = (id: number): boolean => image.brokers.get(id)?.fenced === false;
  const { leader, leaderEpoch, replicas, isr, elr, lastKnownElr } = partition;
  return {
    errorCode: ErrorCode.NONE,
    partitionIndex,
    leaderId: isAlive(leader) ? leader : -1,
    leaderEpoch,
    replicaNodes: replicas,
    isrNodes: isr,
    eligibleLeaderReplicas: elr,
    lastKnownElr,
    offlineReplicas: replicas.filter((id) => !isAlive(id)),
  };
}

function missingCode(name: string): number {
  return topicNameProblem(name, []) === null
    ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    : ErrorCode.INVALID_TOPIC_EXCEPTION;
}

function withError(name: string, errorCode: number): TopicResponse {
  return {
    errorCode,
    name,
    topicId: ZERO_UUID,
    isInternal: INTERNAL_TOPICS.includes(name),
    partitions: [],
    topicAuthorizedOperations: NOT_ASKED_FOR,
  };
}

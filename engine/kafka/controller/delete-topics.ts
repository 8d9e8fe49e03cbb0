/**
 * DeleteTopics: by name or by id. Source: `ControllerApis.deleteTopics`,
 * `ReplicationControlManager.deleteTopics`.
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type {
  DeleteTopicsRequest,
  DeleteTopicsResponse,
} from '../../wire/kafka/messages/delete-topics.ts';
import { topicById, type TopicImage } from '../metadata/image.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { apiError, NO_ERROR, type ApiError } from './controller-result.ts';
import type { ControllerResult, ClusterView } from './controller-result.ts';

interface Named {
  readonly name: string | null;
  readonly topicId: string;
}

export function removeTopics(
  view: ClusterView,
  request: DeleteTopicsRequest,
  version: number,
): ControllerResult<DeleteTopicsResponse> {
  const asked: readonly Named[] =
    version >= 6
      ? request.topics
      : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
  const records: MetadataRecord[] = [];
  const deleted = new Set<string>();
  const twice = askedTwice(view, asked);
  const found = asked.map((named) => ({ named, topic: find(view, named) }));
  const single = found.filter(({ topic }) => topic === undefined || !twice.has(topic));
  const responses = single.map(({ named, topic }) => {
    const error = check(named, topic);
    if (error === NO_ERROR && topic !== undefined) {
      deleted.add(topic.id);
      records.push({ type: 'RemoveTopicRecord', data: { topicId: topic.id } });
    }
    return {
      name: topic?.name ?? named.name,
      topicId: topic?.id ?? named.topicId,
      ...error,
    };
  });
  for (const { name } of twice) {
    const error = apiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic.');
    responses.push({ name, topicId: ZERO_UUID, ...error });
  }
  assert(records.length === deleted.size, 'a record a topic', { records: records.length });
  return { records, response: { throttleTimeMs: 0, responses } };
}

/** The topics that are named more than once: they stay, and are answered once. */
function askedTwice(view: ClusterView, asked: readonly Named[]): ReadonlySet<TopicImage> {
  const once = new Set<TopicImage>();
  const twice = new Set<TopicImage>();
  for (const named of asked) {
    const topic = find(view, named);
    if (topic !== undefined) (once.has(topic) ? twice : once).add(topic);
  }
  assert(twice.size <= once.size, 'a topic asked twice was asked once', { twice: twice.size });
  return twice;
}

function find(view: ClusterView, { name, topicId }: Named): TopicImage | undefined {
  return name === null ? topicById(view.image, topicId) : view.image.topics.get(name);
}

function check({ name, topicId }: Named, topic: TopicImage | undefined): ApiError {
  if (name === null && topicId === ZERO_UUID) {
    return apiError(ErrorCode.INVALID_REQUEST, 'Neither a topic name nor a topic id is given.');
  }
  if (name !== null && topicId !== ZERO_UUID) {
    return apiError(
      ErrorCode.INVALID_REQUEST,
      'Topic name and topic id can not both be specified.',
    );
  }
  if (topic !== undefined) return NO_ERROR;
  return name === null
    ? apiError(ErrorCode.UNKNOWN_TOPIC_ID, 'This server does not host this topic ID.')
    : apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${name}`);
}

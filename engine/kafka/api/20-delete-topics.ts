/**
 * DeleteTopics: passed on to the controller.
 *
 * Differences: see `broker/forwarding.ts`. Versions: 6 topics by name or id; before, names only.
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type DeleteTopicsRequest,
  type DeleteTopicsResponse,
  deleteTopics,
} from '../../wire/kafka/messages/delete-topics.ts';
import { apiHandler } from './api-handler.ts';

/** From here on `topics` name them; before, `topicNames`. */
const TOPIC_IDS_SINCE = 6;

const isNotController = ({ responses }: DeleteTopicsResponse): boolean =>
  responses.some(({ errorCode }) => errorCode === ErrorCode.NOT_CONTROLLER);

export const deleteTopicsHandler = apiHandler<DeleteTopicsRequest>(
  deleteTopics,
  (broker, { apiVersion, body, respond }) => {
    const named = body.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
    const topics = apiVersion >= TOPIC_IDS_SINCE ? body.topics : named;
    const asked: DeleteTopicsRequest = { ...body, topics, topicNames: [] };
    broker.forwarding.forward<DeleteTopicsResponse>(deleteTopics, asked, isNotController, (reply) =>
      respond(reply ?? timedOut(topics)),
    );
  },
);

function timedOut(topics: DeleteTopicsRequest['topics']): DeleteTopicsResponse {
  const responses = topics.map(({ name, topicId }) => ({
    name,
    topicId,
    errorCode: ErrorCode.REQUEST_TIMED_OUT,
    errorMessage: null,
  }));
  return { throttleTimeMs: 0, responses };
}

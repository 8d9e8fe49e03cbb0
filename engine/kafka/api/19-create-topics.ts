/**
 * CreateTopics: passed on to the controller.
 *
 * Behaviour: the answer is the controller's; this broker itself hears of the topic a little later,
 * through the metadata log. Differences: see `broker/forwarding.ts`.
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type CreateTopicsRequest,
  type CreateTopicsResponse,
  createTopics,
} from '../../wire/kafka/messages/create-topics.ts';
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { apiHandler } from './api-handler.ts';

const isNotController = ({ topics }: CreateTopicsResponse): boolean =>
  topics.some(({ errorCode }) => errorCode === ErrorCode.NOT_CONTROLLER);

export const createTopicsHandler = apiHandler<CreateTopicsRequest>(
  createTopics,
  (broker, { body, respond }) => {
    broker.forwarding.forward<CreateTopicsResponse>(createTopics, body, isNotController, (reply) =>
      respond(reply ?? timedOut(body)),
    );
  },
);

function timedOut(body: CreateTopicsRequest): CreateTopicsResponse {
  const topics = body.topics.map(({ name }) => ({
    name,
    topicId: ZERO_UUID,
    errorCode: ErrorCode.REQUEST_TIMED_OUT,
    errorMessage: null,
    topicConfigErrorCode: ErrorCode.NONE,
    numPartitions: -1,
    replicationFactor: -1,
    configs: null,
  }));
  return { throttleTimeMs: 0, topics };
}

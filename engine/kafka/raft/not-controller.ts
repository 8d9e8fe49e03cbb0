/**
 * What a controller that is not the active one answers, whatever was asked: NOT_CONTROLLER, where
 * the API has a place for it. Who asked finds the active one and asks again.
 *
 * Source: `ControllerApis.handleError`, `AbstractRequest.getErrorResponse`.
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { assert } from '../../kernel/assert.ts';
import { apiOf } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { createTopics, type CreateTopicsRequest } from '../../wire/kafka/messages/create-topics.ts';
import { deleteTopics, type DeleteTopicsRequest } from '../../wire/kafka/messages/delete-topics.ts';
import {
  incrementalAlterConfigs,
  type IncrementalAlterConfigsRequest,
} from '../../wire/kafka/messages/incremental-alter-configs.ts';
import { defaults } from '../../wire/kafka/schema.ts';

const errorCode = ErrorCode.NOT_CONTROLLER;
const errorMessage = 'This node is not the active controller.';
const noTopic = { topicConfigErrorCode: 0, numPartitions: -1, replicationFactor: -1, configs: [] };

/** The body of the response. */
export function notController(apiKey: number, body: unknown): unknown {
  const api = apiOf(apiKey);
  assert(api !== undefined, 'an API that we speak', { apiKey });
  switch (apiKey) {
    case createTopics.key: {
      const topics = (body as CreateTopicsRequest).topics.map(({ name }) => {
        return { name, topicId: ZERO_UUID, errorCode, errorMessage, ...noTopic };
      });
      return { ...defaults(createTopics.response), topics };
    }
    case deleteTopics.key: {
      const { topics, topicNames } = body as DeleteTopicsRequest;
      const named = topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
      const responses = [...topics, ...named].map((one) => ({ ...one, errorCode, errorMessage }));
      return { ...defaults(deleteTopics.response), responses };
    }
    case incrementalAlterConfigs.key: {
      const { resources } = body as IncrementalAlterConfigsRequest;
      const responses = resources.map(({ resourceType, resourceName }) => {
        return { errorCode, errorMessage, resourceType, resourceName };
      });
      return { ...defaults(incrementalAlterConfigs.response), responses };
    }
    default:
      assert('errorCode' in api.response.fields, 'a place for the error', { api: api.name });
      return { ...defaults(api.response), errorCode };
  }
}

/**
 * IncrementalAlterConfigs: passed on to the controller (KIP-339).
 *
 * Differences: see `broker/forwarding.ts`.
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
  incrementalAlterConfigs,
} from '../../wire/kafka/messages/incremental-alter-configs.ts';
import { apiHandler } from './api-handler.ts';

const isNotController = ({ responses }: IncrementalAlterConfigsResponse): boolean =>
  responses.some(({ errorCode }) => errorCode === ErrorCode.NOT_CONTROLLER);

export const incrementalAlterConfigsHandler = apiHandler<IncrementalAlterConfigsRequest>(
  incrementalAlterConfigs,
  (broker, { body, respond }) => {
    broker.forwarding.forward<IncrementalAlterConfigsResponse>(
      incrementalAlterConfigs,
      body,
      isNotController,
      (reply) => respond(reply ?? timedOut(body)),
    );
  },
);

function timedOut(body: IncrementalAlterConfigsRequest): IncrementalAlterConfigsResponse {
  const responses = body.resources.map(({ resourceType, resourceName }) => ({
    errorCode: ErrorCode.REQUEST_TIMED_OUT,
    errorMessage: null,
    resourceType,
    resourceName,
  }));
  return { throttleTimeMs: 0, responses };
}

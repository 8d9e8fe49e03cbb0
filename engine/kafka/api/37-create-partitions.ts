/**
 * CreatePartitions: passed on to the controller.
 *
 * Differences: see `broker/forwarding.ts`.
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type CreatePartitionsRequest,
  type CreatePartitionsResponse,
  createPartitions,
} from '../../wire/kafka/messages/create-partitions.ts';
import { apiHandler } from './api-handler.ts';

const isNotController = ({ results }: CreatePartitionsResponse): boolean =>
  results.some(({ errorCode }) => errorCode === ErrorCode.NOT_CONTROLLER);

export const createPartitionsHandler = apiHandler<CreatePartitionsRequest>(
  createPartitions,
  (broker, { body, respond }) => {
    broker.forwarding.forward<CreatePartitionsResponse>(
      createPartitions,
      body,
      isNotController,
      (reply) => respond(reply ?? timedOut(body)),
    );
  },
);

function timedOut({ topics }: CreatePartitionsRequest): CreatePartitionsResponse {
  const errorCode = ErrorCode.REQUEST_TIMED_OUT;
  const results = topics.map(({ name }) => ({ name, errorCode, errorMessage: null }));
  return { throttleTimeMs: 0, results };
}

/**
 * AlterPartitionReassignments: passed on to the controller (KIP-455).
 *
 * Behaviour: answered once the controller has begun, long before the new replicas have caught up.
 * Differences: see `broker/forwarding.ts`.
 * Versions: 1 the number of replicas can be kept (KIP-860).
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponse,
  alterPartitionReassignments,
} from '../../wire/kafka/messages/alter-partition-reassignments.ts';
import { apiHandler } from './api-handler.ts';

const isNotController = ({ errorCode }: AlterPartitionReassignmentsResponse): boolean =>
  errorCode === ErrorCode.NOT_CONTROLLER;

export const alterPartitionReassignmentsHandler = apiHandler<AlterPartitionReassignmentsRequest>(
  alterPartitionReassignments,
  (broker, { body, respond }) => {
    broker.forwarding.forward<AlterPartitionReassignmentsResponse>(
      alterPartitionReassignments,
      body,
      isNotController,
      (reply) => respond(reply ?? timedOut),
    );
  },
);

const timedOut: AlterPartitionReassignmentsResponse = Object.freeze({
  throttleTimeMs: 0,
  allowReplicationFactorChange: true,
  errorCode: ErrorCode.REQUEST_TIMED_OUT,
  errorMessage: null,
  responses: [],
});

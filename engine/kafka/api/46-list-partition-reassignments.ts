/**
 * ListPartitionReassignments: passed on to the controller (KIP-455).
 *
 * Behaviour: lists what the controller has decided and not finished; a partition that stands still
 * is left out, and so is one that does not exist. Differences: see `broker/forwarding.ts`.
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type ListPartitionReassignmentsRequest,
  type ListPartitionReassignmentsResponse,
  listPartitionReassignments,
} from '../../wire/kafka/messages/list-partition-reassignments.ts';
import { apiHandler } from './api-handler.ts';

const isNotController = ({ errorCode }: ListPartitionReassignmentsResponse): boolean =>
  errorCode === ErrorCode.NOT_CONTROLLER;

export const listPartitionReassignmentsHandler = apiHandler<ListPartitionReassignmentsRequest>(
  listPartitionReassignments,
  (broker, { body, respond }) => {
    broker.forwarding.forward<ListPartitionReassignmentsResponse>(
      listPartitionReassignments,
      body,
      isNotController,
      (reply) => respond(reply ?? timedOut),
    );
  },
);

const timedOut: ListPartitionReassignmentsResponse = Object.freeze({
  throttleTimeMs: 0,
  errorCode: ErrorCode.REQUEST_TIMED_OUT,
  errorMessage: null,
  topics: [],
});

/**
 * ElectLeaders: passed on to the controller.
 *
 * Behaviour: electionType 0 asks for the preferred leader, 1 for any replica that is alive, even
 * one outside of the ISR (unclean, KIP-460). Differences: see `broker/forwarding.ts`.
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type ElectLeadersRequest,
  type ElectLeadersResponse,
  electLeaders,
} from '../../wire/kafka/messages/elect-leaders.ts';
import { apiHandler } from './api-handler.ts';

const isNotController = ({ errorCode }: ElectLeadersResponse): boolean =>
  errorCode === ErrorCode.NOT_CONTROLLER;

export const electLeadersHandler = apiHandler<ElectLeadersRequest>(
  electLeaders,
  (broker, { body, respond }) => {
    broker.forwarding.forward<ElectLeadersResponse>(electLeaders, body, isNotController, (reply) =>
      respond(reply ?? timedOut),
    );
  },
);

const timedOut: ElectLeadersResponse = Object.freeze({
  throttleTimeMs: 0,
  errorCode: ErrorCode.REQUEST_TIMED_OUT,
  replicaElectionResults: [],
});

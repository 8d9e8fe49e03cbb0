/**
 * FindCoordinator.
 *
 * Behaviour: answers COORDINATOR_NOT_AVAILABLE, as a broker does whose `__consumer_offsets` or
 * `__transaction_state` has no leader; clients try again.
 * Not here: brokers that have coordinators (`coordinator/find-coordinator.ts`); this one has none,
 * so that is the answer for ever.
 * Versions: 4 several keys at once (KIP-699).
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type FindCoordinatorRequest,
  findCoordinator,
} from '../../wire/kafka/messages/find-coordinator.ts';
import { apiHandler } from './api-handler.ts';

const NOWHERE = { nodeId: -1, host: '', port: -1 };

export const findCoordinatorHandler = apiHandler<FindCoordinatorRequest>(
  findCoordinator,
  (_broker, request) => {
    const errorCode = ErrorCode.COORDINATOR_NOT_AVAILABLE;
    const error = { errorCode, errorMessage: 'There is no coordinator at the moment.' };
    const coordinators = request.body.coordinatorKeys.map((key) => ({ key, ...NOWHERE, ...error }));
    request.respond({ throttleTimeMs: 0, ...error, ...NOWHERE, coordinators });
  },
);

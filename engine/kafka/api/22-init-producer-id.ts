/**
 * InitProducerId: a producer id for an idempotent producer.
 *
 * Behaviour: ids come in blocks from the controller; until the first one has come the answer is
 * COORDINATOR_LOAD_IN_PROGRESS, and the client tries again (KIP-730).
 * A transactional id is the transaction module's (`transaction/`); without it the answer is
 * COORDINATOR_NOT_AVAILABLE. Versions: 3 producer id and epoch of before (KIP-360).
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type InitProducerIdRequest,
  initProducerId,
} from '../../wire/kafka/messages/init-producer-id.ts';
import { apiHandler } from './api-handler.ts';

export const initProducerIdHandler = apiHandler<InitProducerIdRequest>(
  initProducerId,
  (broker, request) => {
    const refuse = (errorCode: number): void =>
      request.respond({ throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 });
    const { transactionalId, producerId: given, producerEpoch } = request.body;
    // An id without its epoch, an epoch without its id, or a name that is none.
    const isHalf = given < 0 !== producerEpoch < 0;
    if (isHalf || transactionalId === '') {
      refuse(ErrorCode.INVALID_REQUEST);
      return;
    }
    if (transactionalId !== null) {
      const { transactions } = broker.replicas;
      if (transactions === null) refuse(ErrorCode.COORDINATOR_NOT_AVAILABLE);
      else transactions.initProducerId(request);
      return;
    }
    const producerId = broker.producerIds.take();
    if (producerId === null) refuse(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    else request.respond({ throttleTimeMs: 0, errorCode: 0, producerId, producerEpoch: 0 });
  },
);

/**
 * EndTxn: commits or aborts a transaction.
 *
 * Behaviour: answered when the coordinator's log has the decision; the markers follow. From version
 * 5 on the epoch is raised, and the answer tells id and epoch of the next transaction (KIP-890).
 * Versions: 2 PRODUCER_FENCED; 5 transactions of version 2.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { type EndTxnRequest, endTxn } from '../../wire/kafka/messages/end-txn.ts';
import type { TransactionCoordinator } from '../transaction/transaction-coordinator.ts';
import { fencedCode } from './24-add-partitions-to-txn.ts';
import { type ApiHandler, apiHandler } from './api-handler.ts';

const EPOCH_BUMP_SINCE = 5;

export function endTxnHandler(coordinator: TransactionCoordinator): ApiHandler {
  return apiHandler<EndTxnRequest>(endTxn, (_broker, request) => {
    const { transactionalId, producerId, producerEpoch, committed: commits } = request.body;
    const clientVersion = request.apiVersion >= EPOCH_BUMP_SINCE ? 2 : 0;
    const respond = (
      code: number,
      producer: { producerId: number; producerEpoch: number },
    ): void => {
      const errorCode = fencedCode(code, request.apiVersion);
      request.respond({ throttleTimeMs: 0, errorCode, ...producer });
    };
    if (transactionalId === '') {
      respond(ErrorCode.INVALID_REQUEST, { producerId: -1, producerEpoch: -1 });
      return;
    }
    assert(transactionalId.length > 0, 'a transactional id');
    const of = { transactionalId, producerId, producerEpoch, commits, clientVersion } as const;
    coordinator.endTransaction({ ...of, fencingEpoch: null }, respond);
  });
}

/**
 * AddOffsetsToTxn: takes the partition of `__consumer_offsets` that a group belongs to up into a
 * transaction, before TxnOffsetCommit.
 *
 * Behaviour: as AddPartitionsToTxn for that one partition. Without a group coordinator in this
 * broker: COORDINATOR_NOT_AVAILABLE. Versions: 2 PRODUCER_FENCED.
 * Source: `KafkaApis.handleAddOffsetsToTxnRequest`.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type AddOffsetsToTxnRequest,
  type AddOffsetsToTxnResponse,
  addOffsetsToTxn,
} from '../../wire/kafka/messages/add-offsets-to-txn.ts';
import type { TransactionCoordinator } from '../transaction/transaction-coordinator.ts';
import { fencedCode } from './24-add-partitions-to-txn.ts';
import { type ApiHandler, apiHandler } from './api-handler.ts';

const GROUP_KEYS = 0;

export function addOffsetsToTxnHandler(coordinator: TransactionCoordinator): ApiHandler {
  return apiHandler<AddOffsetsToTxnRequest>(addOffsetsToTxn, (broker, request) => {
    const { transactionalId, producerId, producerEpoch, groupId } = request.body;
    const respond = (errorCode: number): void =>
      request.respond({
        throttleTimeMs: 0,
        errorCode: fencedCode(errorCode, request.apiVersion),
      } satisfies AddOffsetsToTxnResponse);
    const groups = broker.modules
      .flatMap(({ coordinated }) => coordinated ?? [])
      .find(({ keyType }) => keyType === GROUP_KEYS);
    if (transactionalId === '') {
      respond(ErrorCode.INVALID_REQUEST);
      return;
    }
    const partition = groups?.partitionFor(groupId) ?? null;
    if (groups === undefined || partition === null) {
      respond(
        groups === undefined ? ErrorCode.COORDINATOR_NOT_AVAILABLE : ErrorCode.INVALID_GROUP_ID,
      );
      return;
    }
    assert(partition >= 0, 'a partition', { groupId, partition });
    const at = { topic: groups.topic, partition };
    const partitions = new Map([[`${at.topic}-${partition}`, at]]);
    const producer = { producerId, producerEpoch };
    coordinator.addPartitions(transactionalId, producer, partitions, 0, respond);
  });
}

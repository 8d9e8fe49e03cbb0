/**
 * AllocateProducerIds: gives brokers blocks of producer ids, each id once in the cluster's life.
 *
 * Source: `org.apache.kafka.controller.ProducerIdControlManager` (KIP-730).
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
} from '../../wire/kafka/messages/allocate-producer-ids.ts';
import { brokerEpochError } from './broker-registration.ts';
import type { ControllerResult, ClusterView } from './controller-result.ts';

/** `ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`. */
const blockSize = 1000;

export function allocateBlock(
  view: ClusterView,
  { brokerId, brokerEpoch }: AllocateProducerIdsRequest,
): ControllerResult<AllocateProducerIdsResponse> {
  const errorCode = brokerEpochError(view.image, brokerId, brokerEpoch);
  if (errorCode !== ErrorCode.NONE) {
    const response = { throttleTimeMs: 0, errorCode, producerIdStart: 0, producerIdLen: 0 };
    return { records: [], response };
  }
  const producerIdStart = view.image.nextProducerId;
  const nextProducerId = producerIdStart + blockSize;
  assert(Number.isSafeInteger(nextProducerId), 'producer ids are exhausted', { producerIdStart });
  return {
    records: [{ type: 'ProducerIdsRecord', data: { brokerId, brokerEpoch, nextProducerId } }],
    response: { throttleTimeMs: 0, errorCode, producerIdStart, producerIdLen: blockSize },
  };
}

/**
 * What InitProducerId does with a transactional id: a higher epoch, another producer id when the
 * epochs ran out, or first an end to the transaction of the producer before (fencing).
 *
 * Source: `TransactionCoordinator.prepareInitProducerIdTransit` (KIP-98, KIP-360).
 * Not here: the request (`api/22-init-producer-id.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  NO_PRODUCER_EPOCH,
  type TransactionMetadata,
  type Transition,
  isEpochExhausted,
} from './transaction-metadata.ts';

export interface ProducerIdAndEpoch {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface InitProducerId {
  readonly timeoutMs: number;
  /** The id and epoch that a producer goes on from after an error; null for a new producer. */
  readonly expected: ProducerIdAndEpoch | null;
  readonly nowMs: number;
  /** A fresh producer id; null while the broker waits for a block of them. */
  readonly takeId: () => number | null;
}

/** The transition, an error code, or `fence`: the open transaction must be aborted first. */
export function initTransition(
  metadata: TransactionMetadata,
  init: InitProducerId,
): Transition | number | 'fence' {
  const { timeoutMs, expected, nowMs } = init;
  assert(timeoutMs > 0, 'transaction.timeout.ms', { timeoutMs });
  if (metadata.pendingState !== null) return ErrorCode.CONCURRENT_TRANSACTIONS;
  if (expected !== null && !mayGoOn(metadata, expected)) return ErrorCode.PRODUCER_FENCED;
  switch (metadata.state) {
    case 'PrepareCommit':
    case 'PrepareAbort':
      return ErrorCode.CONCURRENT_TRANSACTIONS;
    case 'Ongoing':
      return 'fence';
    default:
  }
  const isCurrent = expected === null || expected.producerEpoch === metadata.producerEpoch;
  if (metadata.isEpochExhausted && isCurrent) {
    const producerId = init.takeId();
    if (producerId === null) return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    return metadata.prepareRotation(producerId, timeoutMs, nowMs, expected !== null);
  }
  // One that goes on from an old epoch of an exhausted id is fenced, or hears again what it missed.
  const to = metadata.prepareIncrementEpoch(timeoutMs, expected?.producerEpoch ?? null, nowMs);
  return to === 'PRODUCER_FENCED' ? ErrorCode.PRODUCER_FENCED : to;
}

/**
 * A producer may go on if the id was just made, if it is the current one (its epoch is looked at
 * later), or if it is the one before and its epochs ran out: then it missed the answer.
 */
function mayGoOn(metadata: TransactionMetadata, expected: ProducerIdAndEpoch): boolean {
  assert(expected.producerId >= 0 && expected.producerEpoch >= 0, 'an id', { ...expected });
  if (metadata.producerEpoch === NO_PRODUCER_EPOCH) return true;
  if (expected.producerId === metadata.producerId) return true;
  const isPrevious = expected.producerId === metadata.previousProducerId;
  return isPrevious && isEpochExhausted(expected.producerEpoch);
}

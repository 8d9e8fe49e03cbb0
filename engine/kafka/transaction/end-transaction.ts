/**
 * What EndTxn does with a transaction: whether the producer and the state allow it, and the record
 * that decides it. With transactions of version 2 each end raises the epoch, so that a late EndTxn
 * or Produce of one transaction cannot touch the next (KIP-890, gallery 15).
 *
 * Source: `TransactionCoordinator.endTransaction`. Not here: the markers
 * (`transaction-marker-channel.ts`). Difference: with version 2 a producer that aborts its next
 * transaction before the markers of the last are written has to wait; there it is fenced.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type TransactionMetadata,
  type TransactionVersion,
  type Transition,
  fitsEpoch,
} from './transaction-metadata.ts';

export interface EndTransaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** True to commit. */
  readonly commits: boolean;
  readonly clientVersion: TransactionVersion;
  /** The raised epoch, where the coordinator itself aborts and fences; null for a client's end. */
  readonly fencingEpoch: number | null;
}

const LAST_EPOCH_OF_CLIENTS = 32_766;

/** The error (NONE: it has ended so already), or null if the end may be written. */
export function endRefusal(metadata: TransactionMetadata, end: EndTransaction): number | null {
  const { state, pendingState } = metadata;
  const fences = end.fencingEpoch !== null;
  const retries = isRetry(metadata, end);
  if (metadata.producerId !== end.producerId && !retries) {
    return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  }
  if (!isValidEpoch(metadata, end, retries)) return ErrorCode.PRODUCER_FENCED;
  if (pendingState !== null && !(fences && pendingState === 'PrepareEpochFence')) {
    return ErrorCode.CONCURRENT_TRANSACTIONS;
  }
  const same = state.endsWith(end.commits ? 'Commit' : 'Abort');
  // With version 2 a producer does not know whether its transaction has begun: it may abort it.
  const abortsNothing = end.clientVersion === 2 && !end.commits && !retries;
  switch (state) {
    case 'Ongoing':
      return null;
    case 'Empty':
      return abortsNothing ? null : ErrorCode.INVALID_TXN_STATE;
    case 'PrepareCommit':
    case 'PrepareAbort':
      // The next transaction, which begins with its abort, waits for the end of this one.
      if (metadata.clientVersion === 2 && !retries) return ErrorCode.CONCURRENT_TRANSACTIONS;
      return same ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.INVALID_TXN_STATE;
    case 'CompleteCommit':
    case 'CompleteAbort':
      if (abortsNothing && metadata.clientVersion === 2) return null;
      if (metadata.clientVersion === 2 && !retries) return ErrorCode.INVALID_TXN_STATE;
      return same ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE;
    default:
      assert(state !== 'Dead' && state !== 'PrepareEpochFence', 'K26: not a state to end in', {
        state,
      });
      return ErrorCode.INVALID_TXN_STATE;
  }
}

/** The answer to the same EndTxn was lost: the epoch has been raised, or the id replaced. */
function isRetry(metadata: TransactionMetadata, end: EndTransaction): boolean {
  if (metadata.clientVersion !== 2 || end.fencingEpoch !== null) return false;
  if (metadata.producerId === end.producerId) {
    return metadata.producerEpoch === end.producerEpoch + 1;
  }
  const isPrevious = metadata.previousProducerId === end.producerId;
  const isLast = end.producerEpoch === LAST_EPOCH_OF_CLIENTS;
  return isPrevious && isLast && metadata.producerEpoch === 0;
}

function isValidEpoch(
  metadata: TransactionMetadata,
  end: EndTransaction,
  retries: boolean,
): boolean {
  const same = end.producerEpoch === metadata.producerEpoch;
  if (metadata.clientVersion !== 2) return same;
  switch (metadata.state) {
    case 'PrepareCommit':
    case 'PrepareAbort':
    case 'CompleteCommit':
    case 'CompleteAbort':
      return retries || same;
    default:
      return same;
  }
}

/**
 * The record that decides the transaction, or why there is none: UNKNOWN_SERVER_ERROR where no
 * epoch is left, as there an exception is thrown (`prepareTransitionTo`). Then it stays open.
 */
export function endTransition(
  metadata: TransactionMetadata,
  end: EndTransaction,
  of: {
    readonly nowMs: number;
    /** False: a fence raises the epoch twice with version 2 (KAFKA-19367, gallery 15b). */
    readonly bumpsOnce: boolean;
    readonly takeId: () => number | null;
  },
): Transition | number {
  const { clientVersion, fencingEpoch } = end;
  const state = end.commits ? 'PrepareCommit' : 'PrepareAbort';
  const bumps = clientVersion === 2;
  if (fencingEpoch !== null) {
    assert(metadata.pendingState === 'PrepareEpochFence' && !end.commits, 'a fence aborts', {
      pending: metadata.pendingState,
    });
    const producerEpoch = bumps && !of.bumpsOnce ? fencingEpoch + 1 : fencingEpoch;
    metadata.rollBack();
    if (!fitsEpoch(producerEpoch)) {
      // The first of the two raises has been taken in, and nothing takes it back.
      metadata.producerEpoch = fencingEpoch;
      metadata.lastProducerEpoch = NO_PRODUCER_EPOCH;
      return ErrorCode.UNKNOWN_SERVER_ERROR;
    }
    const fence = { producerEpoch, lastProducerEpoch: NO_PRODUCER_EPOCH };
    return metadata.prepareEnd(
      state,
      { clientVersion, nextProducerId: NO_PRODUCER_ID, ...fence },
      of.nowMs,
    );
  }
  // A producer that was told of the epoch of its own fence: KAFKA-20090.
  if (bumps && !fitsEpoch(metadata.producerEpoch + 1)) return ErrorCode.UNKNOWN_SERVER_ERROR;
  let nextProducerId = NO_PRODUCER_ID;
  if (bumps && metadata.isEpochExhausted) {
    const taken = of.takeId();
    if (taken === null) return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    nextProducerId = taken;
  }
  const { producerEpoch, lastProducerEpoch } = metadata;
  const epochs = bumps
    ? { producerEpoch: producerEpoch + 1, lastProducerEpoch: producerEpoch }
    : { producerEpoch, lastProducerEpoch };
  return metadata.prepareEnd(state, { clientVersion, nextProducerId, ...epochs }, of.nowMs);
}

/**
 * What a log knows of idempotent producers: of each producer id its epoch and its last five
 * batches, and where its open transaction began. From it follow the three verdicts on a batch:
 * append it, answer it again (a retry), or refuse it.
 *
 * Not here: where the state is kept across restarts (`producer-snapshot.ts`), what follows from
 * transactions (`ongoing-transactions.ts`).
 * Source: `ProducerStateManager`, `ProducerStateEntry`, `ProducerAppendInfo` (KIP-98, KAFKA-5494).
 * Difference: what a coordinator writes for a producer is known by having no sequence. There a
 * batch of offsets has sequence 0, and is known by its origin (`AppendOrigin.COORDINATOR`).
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';

/** How many batches of a producer are remembered (`NUM_BATCHES_TO_RETAIN`). */
export const BATCHES_RETAINED = 5;
const SEQUENCE_MAX = 2_147_483_647;
const NO_SEQUENCE = -1;
export const NO_OFFSET = -1;

/** One appended batch of a producer. */
export interface ProducerBatch {
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly timestamp: number;
}

/** The part of a batch's header that is about its producer. */
export interface ProducerBatchHeader {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly lastSequence: number;
}

export interface ProducerEntry {
  readonly producerId: number;
  producerEpoch: number;
  /** Oldest first; at most `BATCHES_RETAINED`, of the current epoch only. */
  batches: ProducerBatch[];
  /** Of the newest batch or marker: milliseconds of the wall clock. */
  lastTimestamp: number;
  /** Of the last marker; -1 before the first. Invariant K25: it does not go back. */
  coordinatorEpoch: number;
  /** Where its open transaction began in this log; -1 if none is open. */
  currentTxnFirstOffset: number;
}

export type ProducerVerdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly batch: ProducerBatch }
  | { readonly kind: 'refuse'; readonly errorCode: number };

const APPEND: ProducerVerdict = { kind: 'append' };
const OUT_OF_ORDER: ProducerVerdict = {
  kind: 'refuse',
  errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
};
const OLD_EPOCH: ProducerVerdict = {
  kind: 'refuse',
  errorCode: ErrorCode.INVALID_PRODUCER_EPOCH,
};

/**
 * Invariant K20: per producer id and epoch the accepted sequences are contiguous modulo 2^31 and
 * each appears once; a retry of one of the last five batches is answered with its first offset.
 */
export class ProducerState {
  readonly #entries = new Map<number, ProducerEntry>();
  /** All batches below it are taken in. */
  mapEndOffset = 0;

  get entries(): ReadonlyMap<number, ProducerEntry> {
    return this.#entries;
  }

  /** What a leader does with a client's batch. */
  judge(batch: ProducerBatchHeader): ProducerVerdict {
    assert(batch.producerId >= 0, 'an idempotent batch', { producerId: batch.producerId });
    const entry = this.#entries.get(batch.producerId);
    // Of a producer that was forgotten (retention, expiration) any sequence is accepted.
    if (entry === undefined) return APPEND;
    if (batch.producerEpoch < entry.producerEpoch) return OLD_EPOCH;
    // A coordinator writes offsets and markers for a producer: they are not numbered.
    if (batch.baseSequence < 0) return APPEND;
    if (batch.producerEpoch > entry.producerEpoch) {
      return batch.baseSequence === 0 ? APPEND : OUT_OF_ORDER;
    }
    for (const known of entry.batches) {
      const same =
        known.baseSequence === batch.baseSequence && known.lastSequence === batch.lastSequence;
      if (same) return { kind: 'duplicate', batch: known };
    }
    return inSequence(lastSequenceOf(entry), batch.baseSequence) ? APPEND : OUT_OF_ORDER;
  }

  /** Takes in a batch that is in the log: one just appended, replicated, or found at recovery. */
  appended(batch: ProducerBatchHeader, at: Omit<ProducerBatch, keyof ProducerBatchHeader>): void {
    assert(at.lastOffset >= at.firstOffset, 'offsets', { ...at });
    const { producerId, producerEpoch, baseSequence, lastSequence } = batch;
    const entry = this.#entryOf(producerId, producerEpoch, at.timestamp);
    if (entry.batches.length === BATCHES_RETAINED) entry.batches.shift();
    entry.batches.push({ baseSequence, lastSequence, ...at });
    entry.lastTimestamp = at.timestamp;
    assert(entry.batches.length <= BATCHES_RETAINED, 'K20: five batches', { producerId });
  }

  /** Takes in the end of a transaction; the caller ends it. A marker may raise the epoch. */
  marked(
    of: {
      readonly producerId: number;
      readonly producerEpoch: number;
      readonly maxTimestamp: number;
    },
    { coordinatorEpoch }: { readonly coordinatorEpoch: number },
    renews: boolean,
  ): ProducerEntry {
    const entry = this.#entryOf(of.producerId, of.producerEpoch, of.maxTimestamp);
    entry.coordinatorEpoch = coordinatorEpoch;
    if (renews) entry.lastTimestamp = of.maxTimestamp;
    return entry;
  }

  #entryOf(producerId: number, producerEpoch: number, timestamp: number): ProducerEntry {
    let entry = this.#entries.get(producerId);
    if (entry === undefined) {
      const blank = { coordinatorEpoch: -1, currentTxnFirstOffset: NO_OFFSET };
      entry = { producerId, producerEpoch, batches: [], lastTimestamp: timestamp, ...blank };
      this.#entries.set(producerId, entry);
    }
    if (entry.producerEpoch !== producerEpoch) {
      entry.producerEpoch = producerEpoch;
      entry.batches = [];
    }
    return entry;
  }

  /** Forgets producers that were silent for `producer.id.expiration.ms`. */
  removeExpired(wallMs: number, expirationMs: number): void {
    assert(expirationMs > 0, 'producer.id.expiration.ms', { expirationMs });
    for (const [id, entry] of this.#entries) {
      if (entry.currentTxnFirstOffset !== NO_OFFSET) continue;
      if (wallMs - entry.lastTimestamp >= expirationMs) this.#entries.delete(id);
    }
  }

  /** Starts anew from a snapshot's entries, which hold everything below `mapEndOffset`. */
  reset(entries: Iterable<ProducerEntry>, mapEndOffset: number): void {
    assert(mapEndOffset >= 0, 'map end offset', { mapEndOffset });
    this.#entries.clear();
    for (const entry of entries) this.#entries.set(entry.producerId, entry);
    this.mapEndOffset = mapEndOffset;
  }
}

function lastSequenceOf(entry: ProducerEntry): number {
  const last = entry.batches[entry.batches.length - 1];
  return last === undefined ? NO_SEQUENCE : last.lastSequence;
}

/** Sequences are contiguous and wrap from 2^31 - 1 to 0; after none (-1) comes 0. */
export function inSequence(last: number, next: number): boolean {
  assert(last >= NO_SEQUENCE && next >= 0, 'sequences', { last, next });
  return next === last + 1 || (next === 0 && last === SEQUENCE_MAX);
}

/** The sequence `count` after another, modulo 2^31; -1 for batches without one. */
export function sequencePlus(sequence: number, count: number): number {
  assert(sequence >= NO_SEQUENCE && count >= 0, 'sequences', { sequence, count });
  if (sequence === NO_SEQUENCE) return NO_SEQUENCE;
  const sum = sequence + count;
  return sum > SEQUENCE_MAX ? sum - SEQUENCE_MAX - 1 : sum;
}

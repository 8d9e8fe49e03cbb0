/**
 * The transactions in one log: which are open, which have ended above the high watermark, which
 * were aborted. From it follow the last stable offset, what read_committed consumers leave out, and
 * whether a transactional batch or an end marker may be appended.
 *
 * Invariants: K1 (the last stable offset), K24 (with `verification`, no batch begins a transaction
 * that the coordinator does not know), K25 (the coordinator's epoch in markers does not go back).
 * Not here: sequences (`producer-state.ts`), the index's file (`transaction-index.ts`), and the
 * question to the coordinator (`transaction/add-partitions-channel.ts`).
 * Source: `ProducerStateManager`, `ProducerAppendInfo`, `VerificationStateEntry`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { type EndTransactionMarker, decodeMarker } from '../../wire/kafka/control-record.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type BatchHeader,
  isBatchProblem,
  readBatchHeader,
  readRecords,
} from '../../wire/kafka/record-batch.ts';
import type {
  AbortedTransaction,
  AppendedAt,
  FirstWrite,
  LogTransactions,
  LogTransactionsParts,
  VerificationGuard,
} from './log-transactions.ts';
import { NO_OFFSET, type ProducerEntry, type ProducerState } from './producer-state.ts';
import { TransactionIndex } from './transaction-index.ts';

/** What may be switched off to see what it is for. */
export interface TransactionRules {
  /** `transaction.partition.verification.enable` (KIP-890, gallery 14). */
  readonly verification: boolean;
  /** A marker renews its producer as a batch does (KAFKA-9144, gallery 18). */
  readonly markerRenewsProducer: boolean;
}

/** A first write that waits for the coordinator's word; forgotten once a batch is appended. */
interface Verification {
  readonly guard: VerificationGuard;
  readonly startedMs: number;
  epoch: number;
  /** No batch with a later sequence may be the first. */
  lowestSequence: number;
}

interface EndedTransaction {
  readonly firstOffset: number;
  readonly lastOffset: number;
}

const MARKER_BYTES_MAX = 4096;

export class OngoingTransactions implements LogTransactions {
  readonly #clock: Ports['clock'];
  readonly #producers: ProducerState;
  readonly #rules: TransactionRules;
  readonly #index: TransactionIndex;
  /** Producer ids by the first offset of their open transaction, lowest first. */
  readonly #ongoing = new Map<number, number>();
  /** Transactions whose marker is not below the high watermark yet. */
  #unreplicated: EndedTransaction[] = [];
  #highWatermark = 0;
  readonly #verifications = new Map<number, Verification>();

  constructor(
    ports: Pick<Ports, 'clock' | 'disk'>,
    parts: LogTransactionsParts,
    rules: TransactionRules,
  ) {
    assert(parts.folder.length > 0, 'a folder');
    this.#clock = ports.clock;
    this.#producers = parts.producers;
    this.#rules = rules;
    this.#index = new TransactionIndex(ports.disk, parts.folder, parts.segmentOf);
  }

  get firstUnstableOffset(): number {
    let first: number = NO_OFFSET;
    for (const offset of this.#ongoing.keys()) {
      first = offset;
      break;
    }
    for (const { firstOffset } of this.#unreplicated) {
      if (first === NO_OFFSET || firstOffset < first) first = firstOffset;
    }
    return first;
  }

  /** The first offset of each open transaction, by producer id: for checkers and tools. */
  get openTransactions(): ReadonlyMap<number, number> {
    return this.#ongoing;
  }

  /** The index's entries, oldest first. */
  get aborted(): readonly AbortedTransaction[] {
    return this.#index.entries;
  }

  // ------------------------------------------------------------------------------------- append

  /** Source: `maybeStartTransactionVerification`. */
  startVerification(of: FirstWrite): VerificationGuard | null {
    const { producerId, producerEpoch, baseSequence } = of;
    if (this.isOpen(producerId, producerEpoch)) return null;
    let state = this.#verifications.get(producerId);
    if (state === undefined || producerEpoch > state.epoch) {
      const guard = state?.guard ?? { producerId };
      const startedMs = this.#clock.wall();
      state = { guard, startedMs, epoch: producerEpoch, lowestSequence: baseSequence };
      this.#verifications.set(producerId, state);
    }
    if (producerEpoch === state.epoch) {
      state.lowestSequence = Math.min(state.lowestSequence, baseSequence);
    }
    assert(state.guard.producerId === producerId, 'of this producer', { producerId });
    return state.guard;
  }

  isOpen(producerId: number, producerEpoch: number): boolean {
    const entry = this.#producers.entries.get(producerId);
    if (entry === undefined || entry.currentTxnFirstOffset === NO_OFFSET) return false;
    return entry.producerEpoch === producerEpoch;
  }

  judge(header: BatchHeader, records: Uint8Array, guard: VerificationGuard | null): number {
    assert(header.producerId >= 0, 'a batch of a producer', { producerId: header.producerId });
    if (header.isControl) return this.#judgeMarker(header, records);
    const { producerId, producerEpoch, baseSequence } = header;
    const entry = this.#producers.entries.get(producerId);
    const isOpen = this.isOpen(producerId, producerEpoch);
    if (!header.isTransactional) {
      const within = entry !== undefined && entry.currentTxnFirstOffset !== NO_OFFSET;
      return within ? ErrorCode.INVALID_TXN_STATE : ErrorCode.NONE;
    }
    if (entry !== undefined && producerEpoch < entry.producerEpoch) {
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    }
    if (isOpen || !this.#rules.verification) return ErrorCode.NONE;
    const state = this.#verifications.get(producerId);
    // Invariant K24: an unknown guard is of a transaction that has ended meanwhile.
    if (guard === null || guard !== state?.guard) return ErrorCode.INVALID_TXN_STATE;
    assert(guard.producerId === producerId, 'K24: the guard is of this producer', { producerId });
    return baseSequence > state.lowestSequence
      ? ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
      : ErrorCode.NONE;
  }

  #judgeMarker(header: BatchHeader, records: Uint8Array): number {
    const marker = markerOf(header, records);
    assert(marker !== null, 'control batches are the coordinator’s', { ...header });
    const entry = this.#producers.entries.get(header.producerId);
    if (entry === undefined) return ErrorCode.NONE;
    if (header.producerEpoch < entry.producerEpoch) return ErrorCode.INVALID_PRODUCER_EPOCH;
    return marker.coordinatorEpoch < entry.coordinatorEpoch
      ? ErrorCode.TRANSACTION_COORDINATOR_FENCED
      : ErrorCode.NONE;
  }

  tookIn(header: BatchHeader, bytes: Uint8Array, at: AppendedAt): void {
    const { producerId } = header;
    this.#verifications.delete(producerId);
    if (header.isControl) {
      const marker = markerOf(header, bytes);
      if (marker !== null) this.#ended(header, marker, at);
      return;
    }
    const entry = this.#producers.entries.get(producerId);
    assert(entry !== undefined, 'the producer is known', { producerId });
    if (!header.isTransactional || entry.currentTxnFirstOffset !== NO_OFFSET) return;
    entry.currentTxnFirstOffset = at.firstOffset;
    this.#ongoing.set(at.firstOffset, producerId);
  }

  #ended(header: BatchHeader, marker: EndTransactionMarker, at: AppendedAt): void {
    const { producerId } = header;
    const entry = this.#producers.marked(header, marker, this.#rules.markerRenewsProducer);
    const firstOffset = entry.currentTxnFirstOffset;
    // The end of a transaction that wrote nothing here.
    if (firstOffset === NO_OFFSET) return;
    entry.currentTxnFirstOffset = NO_OFFSET;
    const { lastOffset } = at;
    assert(firstOffset < lastOffset, 'K25: a marker ends what is before it', {
      firstOffset,
      lastOffset,
    });
    this.#ongoing.delete(firstOffset);
    if (marker.type === 'abort') {
      const lastStableOffset = firstKey(this.#ongoing) ?? lastOffset + 1;
      this.#index.append({ producerId, firstOffset, lastOffset, lastStableOffset });
    }
    if (lastOffset >= this.#highWatermark) this.#unreplicated.push({ firstOffset, lastOffset });
  }

  highWatermarkMoved(highWatermark: number): void {
    this.#highWatermark = highWatermark;
    if (this.#unreplicated.length === 0) return;
    this.#unreplicated = this.#unreplicated.filter(({ lastOffset }) => lastOffset >= highWatermark);
  }

  // ------------------------------------------------------------------------- rebuild and read

  rebuildFrom(offset: number): void {
    this.#ongoing.clear();
    this.#unreplicated = [];
    this.#verifications.clear();
    const open: ProducerEntry[] = [];
    for (const entry of this.#producers.entries.values()) {
      if (entry.currentTxnFirstOffset !== NO_OFFSET) open.push(entry);
    }
    open.sort((left, right) => left.currentTxnFirstOffset - right.currentTxnFirstOffset);
    for (const entry of open) {
      assert(entry.currentTxnFirstOffset < offset, 'begun before', { ...entry, batches: [] });
      this.#ongoing.set(entry.currentTxnFirstOffset, entry.producerId);
    }
    this.#index.truncateTo(offset);
  }

  abortedIn(fetchOffset: number, records: Uint8Array): readonly AbortedTransaction[] {
    let end = fetchOffset;
    for (let position = 0; position < records.length;) {
      const header = readBatchHeader(records, position);
      if (isBatchProblem(header)) break;
      end = Math.max(end, header.lastOffset + 1);
      position += header.sizeBytes;
    }
    assert(end >= fetchOffset, 'a range', { fetchOffset, end });
    return this.#index
      .collect(fetchOffset, end)
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
  }

  abortedBetween(from: number, upTo: number): readonly AbortedTransaction[] {
    return this.#index.collect(from, upTo);
  }

  segmentsReplaced(baseOffsets: readonly number[], gone: readonly AbortedTransaction[]): void {
    this.#index.replaceSegments(baseOffsets, gone);
  }

  segmentDeleted(baseOffset: number): void {
    this.#index.removeSegment(baseOffset);
  }

  removeExpired(wallMs: number, expirationMs: number): void {
    assert(expirationMs > 0, 'producer.id.expiration.ms', { expirationMs });
    for (const [producerId, { startedMs }] of this.#verifications) {
      if (wallMs - startedMs >= expirationMs) this.#verifications.delete(producerId);
    }
  }
}

function firstKey(map: ReadonlyMap<number, number>): number | null {
  for (const key of map.keys()) return key;
  return null;
}

/** The marker in a control batch; null for one that compaction emptied. */
function markerOf(header: BatchHeader, bytes: Uint8Array): EndTransactionMarker | null {
  assert(header.isControl, 'a control batch', { position: header.position });
  if (header.recordsCount === 0) return null;
  const records = readRecords(bytes, header, MARKER_BYTES_MAX);
  const first = isBatchProblem(records) ? undefined : records[0];
  return first === undefined ? null : decodeMarker(first);
}

/**
 * What a cleaning knows of transactions while it walks through a log: records of an aborted one go,
 * and a marker goes only when no batch of its transaction is left before it (KAFKA-14055).
 *
 * Source: CleanedTransactionMetadata.java. Not here: which transactions were aborted: each segment
 * knows (`.txnindex`), and the walk is given them in order of their first offsets.
 */
import { assert } from '../../kernel/assert.ts';
import { decodeMarker } from '../../wire/kafka/control-record.ts';
import type { BatchHeader } from '../../wire/kafka/record-batch.ts';
import type { BatchRecord } from '../../wire/kafka/record.ts';
import type { AbortedTransaction } from '../partition/log-transactions.ts';

interface Walked {
  readonly transaction: AbortedTransaction;
  metBatch: boolean;
}

export class CleanedTransactions {
  /** Those that begin further on. */
  #ahead: AbortedTransaction[] = [];
  /** By producer id. */
  readonly #aborted = new Map<number, Walked>();
  readonly #committed = new Set<number>();
  #gone: AbortedTransaction[] = [];
  #addedUpTo = -1;

  /** Aborted transactions whose marker was met and of which nothing else was; then forgets them. */
  takeGone(): readonly AbortedTransaction[] {
    const gone = this.#gone;
    this.#gone = [];
    return gone;
  }

  /** One that overlaps several segments comes with each of them and counts once. */
  add(aborted: readonly AbortedTransaction[]): void {
    this.#ahead.push(...aborted.filter(({ firstOffset }) => firstOffset > this.#addedUpTo));
    for (const { firstOffset } of aborted) {
      this.#addedUpTo = Math.max(this.#addedUpTo, firstOffset);
    }
    this.#ahead.sort((left, right) => left.firstOffset - right.firstOffset);
  }

  /** Takes in a batch of data. True if it belongs to an aborted transaction. */
  onBatch({ lastOffset, isTransactional, producerId, isControl }: BatchHeader): boolean {
    assert(!isControl, 'a batch of data', { lastOffset });
    this.#reach(lastOffset);
    if (!isTransactional) return false;
    const aborted = this.#aborted.get(producerId);
    if (aborted !== undefined) {
      aborted.metBatch = true;
      return true;
    }
    this.#committed.add(producerId);
    return false;
  }

  /** Takes in a marker. True if nothing of its transaction is left, so that it may go, too. */
  onMarker(
    { lastOffset, producerId, isControl }: BatchHeader,
    record: BatchRecord | null,
  ): boolean {
    assert(isControl, 'a control batch', { lastOffset });
    this.#reach(lastOffset);
    // An empty control batch has been cleaned before.
    if (record === null) return true;
    const marker = decodeMarker(record);
    if (marker === null) return false;
    if (marker.type === 'commit') return !this.#committed.delete(producerId);
    const aborted = this.#aborted.get(producerId);
    this.#aborted.delete(producerId);
    if (aborted?.metBatch === true) return false;
    if (aborted !== undefined) this.#gone.push(aborted.transaction);
    return true;
  }

  #reach(offset: number): void {
    while (this.#ahead[0] !== undefined && this.#ahead[0].firstOffset <= offset) {
      const transaction = this.#ahead.shift()!;
      const { producerId } = transaction;
      if (this.#aborted.has(producerId)) continue;
      this.#aborted.set(producerId, { transaction, metBatch: false });
    }
  }
}

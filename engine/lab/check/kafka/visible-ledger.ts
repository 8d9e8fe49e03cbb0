/**
 * What has been below a high watermark of any replica: from then on it may have been read, and
 * every other replica that comes to have it below its own must have the same (K2).
 *
 * The comparison is with the past too: two replicas that differ are found when the second one's
 * high watermark passes the offset, although the first may be down by then. Each batch of each
 * replica is compared once.
 */
import { type Batch, placeOf, sameBatch } from './batch.ts';
import type { ReplicaLedger } from './replica-ledger.ts';

export class VisibleLedger {
  readonly #batches: Batch[] = [];
  /** The highest high watermark that any replica had. */
  end = 0;

  /** The first offset at which this replica has something else, or null. */
  compare(ledger: ReplicaLedger): number | null {
    const { batches, highWatermark } = ledger;
    if (highWatermark > this.end) this.end = highWatermark;
    for (;;) {
      const batch = batches[ledger.comparedCount];
      if (batch === undefined || batch.lastOffset >= highWatermark) return null;
      ledger.comparedCount += 1;
      if (batch.lastOffset >= ledger.start && !this.#fits(batch)) return batch.baseOffset;
    }
  }

  /** Whether this very batch was visible. */
  has(batch: Batch): boolean {
    const known = this.#batches[placeOf(this.#batches, batch.baseOffset)];
    return known !== undefined && sameBatch(known, batch);
  }

  #fits(batch: Batch): boolean {
    const last = this.#batches[this.#batches.length - 1];
    if (last === undefined || last.lastOffset < batch.baseOffset) {
      this.#batches.push(batch);
      return true;
    }
    // Below the first one nobody kept it: a replica whose log starts later was looked at first.
    return batch.lastOffset < this.#batches[0]!.baseOffset || this.has(batch);
  }
}

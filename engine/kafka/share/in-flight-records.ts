/**
 * The records between the start offset and the end offset of a share-partition (SPSO and SPEO in
 * KIP-932): those that were handed out and are not done with, and what lies between them.
 *
 * Behaviour: records that are done with at the beginning are forgotten, which moves the start
 * offset. Offsets without a record in the log (markers, compacted ones) stand here like records; a
 * member acknowledges them as gaps. Not here: who may do what (`share-partition.ts`).
 * Source: `SharePartition.cachedState`. Differences: there neighbours that were acquired together
 * are one `InFlightBatch` until they part; here each offset has its state.
 */
import { assert } from '../../kernel/assert.ts';
import { InFlightRecord, type RecordState, RECORD_STATE_NUMBERS } from './record-state.ts';

/** Neighbours in one state: as messages have them. */
export interface StateBatch {
  readonly firstOffset: number;
  /** Included. */
  readonly lastOffset: number;
  readonly deliveryState: number;
  readonly deliveryCount: number;
}

export class InFlightRecords {
  #startOffset: number;
  readonly #records: InFlightRecord[] = [];

  constructor(startOffset: number) {
    assert(startOffset >= 0, 'an offset', { startOffset });
    this.#startOffset = startOffset;
  }

  /** The share-partition start offset: everything below it is done with. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** The first offset that was never handed out: behind the share-partition end offset. */
  get nextOffset(): number {
    return this.#startOffset + this.#records.length;
  }

  get size(): number {
    return this.#records.length;
  }

  /** Null if it is below the start offset, or was never handed out. */
  at(offset: number): InFlightRecord | null {
    return this.#records[offset - this.#startOffset] ?? null;
  }

  *entries(): Generator<readonly [number, InFlightRecord]> {
    for (const [place, record] of this.#records.entries()) {
      yield [this.#startOffset + place, record];
    }
  }

  /** Adds the record at `nextOffset`. */
  push(record: InFlightRecord): void {
    this.#records.push(record);
    assert(Number.isSafeInteger(this.nextOffset), 'an offset', { next: this.nextOffset });
  }

  /** The first offset that can be acquired: a record that is available again, or a new one. */
  firstAcquirable(): number {
    const place = this.#records.findIndex((record) => record.isAcquirable);
    return place < 0 ? this.nextOffset : this.#startOffset + place;
  }

  /** Forgets what is done with at the beginning. */
  forgetDone(): void {
    let count = 0;
    while (this.#records[count]?.isDone === true) count++;
    this.#records.splice(0, count);
    this.#startOffset += count;
  }

  /** The log begins at `offset` now: returns what was in flight below it. */
  forgetBelow(offset: number): InFlightRecord[] {
    const count = Math.min(Math.max(0, offset - this.#startOffset), this.#records.length);
    const gone = this.#records.splice(0, count);
    this.#startOffset = Math.max(this.#startOffset, offset);
    assert(this.size === 0 || this.at(this.#startOffset) !== null, 'it begins at its start');
    return gone;
  }
}

/** Offsets and their states, neighbours in the same state put together. Offsets ascend. */
export function stateBatches(
  states: Iterable<readonly [number, RecordState, number]>,
): StateBatch[] {
  const batches: StateBatch[] = [];
  for (const [offset, state, deliveryCount] of states) {
    const deliveryState = RECORD_STATE_NUMBERS[state];
    const last = batches.at(-1);
    const joins =
      last?.lastOffset === offset - 1 &&
      last.deliveryState === deliveryState &&
      last.deliveryCount === deliveryCount;
    if (joins) batches[batches.length - 1] = { ...last, lastOffset: offset };
    else batches.push({ firstOffset: offset, lastOffset: offset, deliveryState, deliveryCount });
  }
  return batches;
}

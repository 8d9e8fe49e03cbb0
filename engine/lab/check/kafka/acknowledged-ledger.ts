/**
 * What producers were told is written with acks=all: the highest offset, and since when each one
 * is promised. The client's word counts, not the broker's.
 */
export class AcknowledgedLedger {
  readonly #events = new Map<number, number>();
  /** The highest offset that was acknowledged; -1 before the first. */
  last = -1;

  add(offset: number, event: number): void {
    if (!this.#events.has(offset)) this.#events.set(offset, event);
    if (offset > this.last) this.last = offset;
  }

  /** The event after which the producer knew of this offset; null if it was never told. */
  toldAt(offset: number): number | null {
    return this.#events.get(offset) ?? null;
  }

  /** The lowest acknowledged offset at or above this one; null if there is none. */
  firstFrom(offset: number): number | null {
    for (let next = Math.max(offset, 0); next <= this.last; next++) {
      if (this.#events.has(next)) return next;
    }
    return null;
  }
}

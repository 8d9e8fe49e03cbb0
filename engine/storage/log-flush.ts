/**
 * The flushes of one log that are under way, in order. A flush is a set of syncs; it is done when
 * all of them and all flushes before it are, since the recovery point may only say that everything
 * below it is on the platter.
 *
 * Not here: when to flush (`log.ts`), and who keeps the recovery point on disk.
 */
import { assert } from '../kernel/assert.ts';
import type { DiskResult } from '../kernel/ports.ts';

export type FlushDone = (result: DiskResult) => void;

interface Flush {
  /** Everything below this offset is durable when the flush is done. Truncation lowers it. */
  upTo: number;
  syncsLeft: number;
  result: DiskResult;
  readonly done: FlushDone;
}

export class FlushQueue {
  readonly #flushes: Flush[] = [];
  readonly #flushed: (upTo: number, result: DiskResult) => void;

  /** `flushed` is told of each flush in order, before its own `done`. */
  constructor(flushed: (upTo: number, result: DiskResult) => void) {
    this.#flushed = flushed;
  }

  /** The offset up to which a flush is done or under way. */
  get requestedUpTo(): number {
    return this.#flushes[this.#flushes.length - 1]?.upTo ?? -1;
  }

  get pending(): number {
    return this.#flushes.length;
  }

  /**
   * Adds a flush. `start` asks for the syncs and returns how many there are; with none, and no
   * flush before it, the flush is done at once.
   */
  add(upTo: number, start: (synced: FlushDone) => number, done: FlushDone): void {
    const flush: Flush = { upTo, syncsLeft: 0, result: 'ok', done };
    this.#flushes.push(flush);
    const syncs = start((result) => {
      assert(flush.syncsLeft > 0, 'one completion a sync', { upTo, syncsLeft: flush.syncsLeft });
      flush.syncsLeft -= 1;
      if (result !== 'ok') flush.result = result;
      this.#finish();
    });
    assert(syncs >= 0, 'a count of syncs', { syncs });
    flush.syncsLeft = syncs;
    this.#finish();
  }

  /** Calls back when all flushes that are under way now are done; at once if there are none. */
  afterPending(done: FlushDone): void {
    this.add(this.requestedUpTo, () => 0, done);
  }

  /** What was flushed above this offset is not in the log any more. */
  lower(offset: number): void {
    assert(offset >= 0, 'an offset', { offset });
    for (const flush of this.#flushes) flush.upTo = Math.min(flush.upTo, offset);
  }

  #finish(): void {
    for (;;) {
      const first = this.#flushes[0];
      if (first === undefined || first.syncsLeft > 0) return;
      this.#flushes.shift();
      this.#flushed(first.upTo, first.result);
      first.done(first.result);
    }
  }
}

/**
 * The outline of a log: where each term begins in it, where it begins and ends. With it a member
 * compares logs without reading one: an entry is known by its offset and term (T3).
 *
 *     start (a snapshot)  | term 3 from 120 | term 5 from 131 | end 140
 *
 * Not here: the entries. Source: `LeaderEpochFileCache`, `ReplicatedLog.validateOffsetAndEpoch`.
 */
import { assert } from '../kernel/assert.ts';
import type { EntryHeader, LogPosition } from './message.ts';

interface TermStart {
  readonly term: number;
  readonly offset: number;
}

/** What a leader finds at a follower's position. */
export type Validity =
  | { readonly kind: 'valid' }
  | { readonly kind: 'diverging'; readonly end: LogPosition }
  | { readonly kind: 'snapshot' };

export class TermIndex {
  #start: LogPosition;
  #endOffset: number;
  /** Offsets and terms rise strictly; the first offset is the log's start. */
  #terms: TermStart[] = [];

  constructor(start: LogPosition) {
    assert(start.offset >= 0 && start.term >= 0, 'a log begins somewhere', { start });
    this.#start = start;
    this.#endOffset = start.offset;
  }

  /** The snapshot before the log; offset 0, term 0 if there is none. */
  get start(): LogPosition {
    return this.#start;
  }

  get endOffset(): number {
    return this.#endOffset;
  }

  get lastTerm(): number {
    return this.#terms[this.#terms.length - 1]?.term ?? this.#start.term;
  }

  /** The whole log's position. */
  get end(): LogPosition {
    return { offset: this.#endOffset, term: this.lastTerm };
  }

  /** Adds an entry at the end. Invariant T3: offsets without a gap, terms that never fall. */
  append({ offset, endOffset, term }: EntryHeader): void {
    assert(offset === this.#endOffset && endOffset > offset, 'T3: entries without a gap', {
      offset,
      endOffset,
      end: this.#endOffset,
    });
    assert(term >= this.lastTerm && term > 0, 'T3: terms never fall', {
      term,
      last: this.lastTerm,
    });
    if (this.#terms.length === 0 || term > this.lastTerm) this.#terms.push({ term, offset });
    this.#endOffset = endOffset;
  }

  /** Forgets what is at or behind an offset. */
  truncate(endOffset: number): void {
    assert(endOffset >= this.#start.offset && endOffset <= this.#endOffset, 'a cut within', {
      endOffset,
      start: this.#start.offset,
      end: this.#endOffset,
    });
    while ((this.#terms[this.#terms.length - 1]?.offset ?? -1) >= endOffset) this.#terms.pop();
    this.#endOffset = endOffset;
    assert(this.lastTerm >= this.#start.term, 'terms never fall', { endOffset });
  }

  /** Forgets what is before a snapshot of this log. */
  compact(snapshot: LogPosition): void {
    assert(snapshot.offset >= this.#start.offset, 'the start goes forward', { snapshot });
    assert(this.has(snapshot), 'a snapshot of this log', { snapshot, end: this.end });
    const { offset, term } = snapshot;
    const kept = this.#terms.filter((one) => one.offset >= offset);
    const holding = this.#termStartAt(offset);
    const cut = holding !== undefined && holding.offset < offset && offset < this.#endOffset;
    this.#terms = cut ? [{ term: holding.term, offset }, ...kept] : kept;
    this.#start = { offset, term };
  }

  /** Begins anew behind a snapshot of another log. */
  reset(snapshot: LogPosition): void {
    assert(snapshot.offset > 0 && snapshot.term > 0, 'a snapshot has entries', { snapshot });
    this.#terms = [];
    this.#start = snapshot;
    this.#endOffset = snapshot.offset;
  }

  /** The term of the entry before `offset`, which is in the log or at its ends. */
  termBefore(offset: number): number {
    assert(offset >= this.#start.offset && offset <= this.#endOffset, 'an offset of the log', {
      offset,
      start: this.#start.offset,
      end: this.#endOffset,
    });
    if (offset === this.#start.offset) return this.#start.term;
    const holding = this.#termStartAt(offset - 1);
    assert(holding !== undefined, 'each entry has a term', { offset });
    return holding.term;
  }

  /** Whether this log goes to, or through, the position. */
  has({ offset, term }: LogPosition): boolean {
    if (offset < this.#start.offset || offset > this.#endOffset) return false;
    return this.termBefore(offset) === term;
  }

  /**
   * The end of the newest term up to this one. Before the log's first term it is the start.
   */
  endOf(term: number): LogPosition {
    for (let place = this.#terms.length - 1; place >= 0; place--) {
      const one = this.#terms[place]!;
      if (one.term > term) continue;
      return { offset: this.#terms[place + 1]?.offset ?? this.#endOffset, term: one.term };
    }
    return this.#start;
  }

  /** Whether another log that ends at the position is a beginning of this one. */
  validate(position: LogPosition): Validity {
    assert(position.offset >= 0 && position.term >= 0, 'a position', { position });
    if (this.has(position)) return { kind: 'valid' };
    const { offset, term } = this.#start;
    const before = position.offset <= offset || position.term < term;
    if (before && offset > 0) return { kind: 'snapshot' };
    const end = this.endOf(position.term);
    if (end.offset === offset && end.term > position.term) return { kind: 'snapshot' };
    return { kind: 'diverging', end };
  }

  /** The last term that begins at or before the offset, by halving. */
  #termStartAt(offset: number): TermStart | undefined {
    let [low, high] = [0, this.#terms.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#terms[middle]!.offset <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#terms[low - 1];
  }
}

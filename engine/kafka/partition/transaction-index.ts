/**
 * The transaction index of a log: which transactions were aborted, so that read_committed consumers
 * can leave their records out. A file beside each segment that has an ABORT marker,
 * `<base offset>.txnindex`, of entries of 34 bytes, in order of the marker:
 *
 *     | version int16 = 0 | producerId int64 | firstOffset int64 | lastOffset int64 |
 *     | lastStableOffset int64 |
 *
 * `lastOffset` is the marker's; `lastStableOffset` is what it was once this transaction had ended:
 * a search may stop at an entry that has it beyond the range. Source: `TransactionIndex`,
 * `AbortedTxn`. Differences: the entries are kept in memory, too; each is synced as it is written,
 * where the real broker syncs the file with its segment.
 */
import { assert } from '../../kernel/assert.ts';
import type { Disk } from '../../kernel/ports.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import type { AbortedTransaction } from './log-transactions.ts';

export interface AbortedTxn extends AbortedTransaction {
  readonly lastOffset: number;
  readonly lastStableOffset: number;
}

interface IndexedTxn extends AbortedTxn {
  readonly segmentBaseOffset: number;
}

const VERSION = 0;
export const ABORTED_TXN_BYTES = 34;
const OFFSET_DIGITS = 20;
const INDEX_FILE = /^(\d{20})\.txnindex$/;

export class TransactionIndex {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #segmentOf: (offset: number) => number;
  /** In order of `lastOffset`. */
  #entries: IndexedTxn[] = [];

  constructor(disk: Disk, folder: string, segmentOf: (offset: number) => number) {
    assert(folder.length > 0, 'a folder');
    this.#disk = disk;
    this.#folder = folder;
    this.#segmentOf = segmentOf;
    this.#load();
  }

  get entries(): readonly AbortedTxn[] {
    return this.#entries;
  }

  #load(): void {
    for (const name of this.#disk.list(this.#folder)) {
      const match = INDEX_FILE.exec(name);
      if (match === null) continue;
      const segmentBaseOffset = Number(match[1]);
      const file = this.#disk.open(this.#path(segmentBaseOffset));
      const bytes = file.read(0, file.size()).slice();
      file.close();
      for (const entry of decodeAbortedTxns(bytes)) {
        const last = this.#entries[this.#entries.length - 1];
        if (last !== undefined && entry.lastOffset <= last.lastOffset) break;
        this.#entries.push({ ...entry, segmentBaseOffset });
      }
    }
  }

  append(entry: AbortedTxn): void {
    const last = this.#entries[this.#entries.length - 1];
    assert(entry.firstOffset <= entry.lastOffset, 'a range', { ...entry });
    assert(last === undefined || last.lastOffset < entry.lastOffset, 'in order of markers', {
      last: last?.lastOffset,
      next: entry.lastOffset,
    });
    const segmentBaseOffset = this.#segmentOf(entry.lastOffset);
    this.#entries.push({ ...entry, segmentBaseOffset });
    this.#rewrite(segmentBaseOffset);
  }

  /** Forgets the transactions that ended at the offset or behind it. */
  truncateTo(offset: number): void {
    assert(offset >= 0, 'an offset', { offset });
    const keep = this.#entries.filter(({ lastOffset }) => lastOffset < offset);
    if (keep.length === this.#entries.length) return;
    const touched = new Set<number>();
    for (const entry of this.#entries.slice(keep.length)) touched.add(entry.segmentBaseOffset);
    this.#entries = keep;
    for (const base of touched) this.#rewrite(base);
  }

  /** The file of a segment goes with it. */
  removeSegment(baseOffset: number): void {
    this.#entries = this.#entries.filter((entry) => entry.segmentBaseOffset !== baseOffset);
    this.#disk.remove(this.#path(baseOffset));
  }

  /** One segment stands for several now; the entries that are gone have no records any more. */
  replaceSegments(baseOffsets: readonly number[], gone: readonly AbortedTransaction[]): void {
    const [first, ...others] = baseOffsets;
    assert(first !== undefined, 'segments', { count: baseOffsets.length });
    const isGone = (entry: AbortedTxn): boolean =>
      gone.some(
        ({ producerId, firstOffset }) =>
          producerId === entry.producerId && firstOffset === entry.firstOffset,
      );
    this.#entries = this.#entries.flatMap((entry) => {
      if (!baseOffsets.includes(entry.segmentBaseOffset)) return [entry];
      return isGone(entry) ? [] : [{ ...entry, segmentBaseOffset: first }];
    });
    for (const base of others) this.#disk.remove(this.#path(base));
    if (this.#disk.exists(this.#path(first))) this.#disk.open(this.#path(first)).truncate(0);
    this.#rewrite(first);
  }

  /** The aborted transactions that overlap [fetchOffset, upperBound). */
  collect(fetchOffset: number, upperBound: number): AbortedTxn[] {
    assert(fetchOffset <= upperBound, 'a range', { fetchOffset, upperBound });
    const found: AbortedTxn[] = [];
    for (let at = this.#firstEndingAt(fetchOffset); at < this.#entries.length; at++) {
      const entry = this.#entries[at]!;
      if (entry.firstOffset < upperBound) found.push(entry);
      if (entry.lastStableOffset >= upperBound) break;
    }
    return found;
  }

  #firstEndingAt(offset: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #rewrite(segmentBaseOffset: number): void {
    const path = this.#path(segmentBaseOffset);
    const entries = this.#entries.filter((entry) => entry.segmentBaseOffset === segmentBaseOffset);
    if (entries.length === 0) {
      this.#disk.remove(path);
      return;
    }
    const file = this.#disk.open(path);
    const kept = Math.min(file.size(), (entries.length - 1) * ABORTED_TXN_BYTES);
    file.truncate(kept);
    file.write(kept, encodeAbortedTxns(entries.slice(kept / ABORTED_TXN_BYTES)));
    file.sync(() => file.close());
  }

  #path(baseOffset: number): string {
    return `${this.#folder}/${String(baseOffset).padStart(OFFSET_DIGITS, '0')}.txnindex`;
  }
}

/** The bytes of entries. */
export function encodeAbortedTxns(entries: readonly AbortedTxn[]): Uint8Array {
  const writer = new Writer(entries.length * ABORTED_TXN_BYTES);
  for (const { producerId, firstOffset, lastOffset, lastStableOffset } of entries) {
    writer.int16(VERSION);
    writer.int64(producerId);
    writer.int64(firstOffset);
    writer.int64(lastOffset);
    writer.int64(lastStableOffset);
  }
  assert(writer.length === entries.length * ABORTED_TXN_BYTES, 'entry size');
  return writer.finish();
}

/** The whole entries at the start of a file; what follows is cut off or no entry. */
export function decodeAbortedTxns(bytes: Uint8Array): AbortedTxn[] {
  const entries: AbortedTxn[] = [];
  const reader = new Reader(bytes);
  try {
    while (reader.remaining >= ABORTED_TXN_BYTES) {
      if (reader.int16() !== VERSION) break;
      const producerId = reader.int64();
      const firstOffset = reader.int64();
      const lastOffset = reader.int64();
      const lastStableOffset = reader.int64();
      if (producerId < 0 || firstOffset < 0 || lastOffset < firstOffset) break;
      entries.push({ producerId, firstOffset, lastOffset, lastStableOffset });
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
  return entries;
}

/**
 * One simulated file: its bytes in the page cache, its bytes on the platter, and the writes in
 * between, each with the time when it was made.
 *
 * Not here: names and their durability (`sim-disk.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Random } from '../kernel/ports.ts';
import type { Micros } from '../kernel/units.ts';
import type { Unsynced } from './sim-disk.ts';

/** Linux writes a dirty page back after 30 s (vm.dirty_expire_centisecs = 3000). */
export const WRITE_BACK_MICROS = 30_000_000;
/** Appends within this time are one extent: write-back by age is as exact as that. */
const EXTENT_MICROS_MAX = 1_000_000;
/** What a power loss keeps or loses as a whole. */
const PAGE_BYTES = 4096;

/** A write (or, with `end` before `start`, a truncation to `start`) that the platter lacks. */
interface Dirty {
  readonly number: number;
  readonly start: number;
  end: number;
  readonly at: Micros;
  readonly truncation: boolean;
}

export class SimFile {
  #cache = new Uint8Array(0);
  /** Bytes of this buffer that a reader may hold a view of: they are never written again. */
  #exposed = 0;
  #size = 0;
  #platter = new Uint8Array(0);
  #platterSize = 0;
  #dirty: Dirty[] = [];
  #number = 0;
  /** Set by a seal: the next write starts an extent of its own. */
  #sealed = true;

  get size(): number {
    return this.#size;
  }

  /** The number of the last write or truncation: they are counted from 1. */
  get lastChange(): number {
    return this.#number;
  }

  read(position: number, length: number): Uint8Array {
    assert(position >= 0 && length >= 0, 'read within the file', { position, length });
    const end = Math.min(position + length, this.#size);
    return this.#cache.subarray(Math.min(position, end), end);
  }

  write(position: number, data: Uint8Array, at: Micros): void {
    assert(position >= 0 && position <= this.#size, 'S4: no holes', { position, size: this.#size });
    const end = position + data.length;
    // A reply in flight may hold a view of these bytes: overwriting starts a new buffer.
    if (position < this.#exposed) this.#cache = this.#cache.slice();
    if (end > this.#cache.length) this.#cache = grown(this.#cache, end);
    this.#cache.set(data, position);
    this.#size = Math.max(this.#size, end);
    this.#exposed = end;
    const last = this.#dirty[this.#dirty.length - 1];
    const follows = last !== undefined && !last.truncation && last.end === position;
    if (!this.#sealed && follows && at - last.at < EXTENT_MICROS_MAX) {
      last.end = end;
      return;
    }
    this.#push({ number: ++this.#number, start: position, end, at, truncation: false });
  }

  truncate(size: number, at: Micros): void {
    assert(size >= 0 && size <= this.#size, 'truncate within the file', { size, now: this.#size });
    if (size === this.#size) return;
    this.#size = size;
    this.#push({ number: ++this.#number, start: size, end: size, at, truncation: true });
  }

  /** Ends the current extent: what a sync that starts now covers, and how many bytes that is. */
  seal(): { readonly upTo: number; readonly bytes: number } {
    this.#sealed = true;
    let bytes = 0;
    for (const extent of this.#dirty) bytes += extent.end - extent.start;
    return { upTo: this.#number, bytes };
  }

  /** The platter takes every write up to the sealed one. */
  persist(upTo: number): void {
    const covered = this.#dirty.filter((extent) => extent.number <= upTo);
    for (const extent of covered) this.#apply(extent);
    this.forget(upTo);
  }

  /** The writes up to the sealed one count as clean, whether or not the platter has them. */
  forget(upTo: number): void {
    this.#dirty = this.#dirty.filter((extent) => extent.number > upTo);
  }

  /** What the platter holds. */
  durable(): Uint8Array {
    return this.#platter.slice(0, this.#platterSize);
  }

  /**
   * The cache goes; writes made before `writtenBackBefore` had reached the platter by themselves.
   */
  losePower(unsynced: Unsynced, random: Random, writtenBackBefore: Micros): void {
    const dirty = this.#dirty;
    const last = dirty[dirty.length - 1];
    for (const extent of dirty) {
      if (extent.at <= writtenBackBefore) this.#apply(extent);
      else if (unsynced === 'random') this.#applySome(extent, random);
      else if (unsynced === 'torn' && extent === last) this.#applyFirst(extent, random);
      else if (unsynced === 'torn') this.#apply(extent);
    }
    this.#dirty = [];
    this.#sealed = true;
    this.#cache = this.#platter.slice(0, this.#platterSize);
    this.#size = this.#platterSize;
  }

  flip(position: number, bit: number): void {
    assert(position < this.#size && bit >= 0 && bit < 8, 'a bit of the file', { position, bit });
    this.#cache[position]! ^= 1 << bit;
    if (position < this.#platterSize) this.#platter[position]! ^= 1 << bit;
  }

  #push(extent: Dirty): void {
    this.#dirty.push(extent);
    this.#sealed = false;
  }

  #apply(extent: Dirty): void {
    if (extent.truncation) {
      this.#platterSize = Math.min(this.#platterSize, extent.start);
      return;
    }
    this.#copy(extent.start, extent.end);
  }

  /** Each page of the extent by itself: on the platter, or not. The size reaches the last kept. */
  #applySome(extent: Dirty, random: Random): void {
    const half = { numerator: 1, denominator: 2 };
    if (extent.truncation) {
      if (random.chance(half)) this.#apply(extent);
      return;
    }
    for (let start = extent.start; start < extent.end;) {
      const end = Math.min(extent.end, (Math.floor(start / PAGE_BYTES) + 1) * PAGE_BYTES);
      if (random.chance(half)) this.#copy(start, end);
      start = end;
    }
  }

  /** The first bytes of the last write: a torn write. */
  #applyFirst(extent: Dirty, random: Random): void {
    if (extent.truncation) return;
    this.#copy(extent.start, extent.start + random.below(extent.end - extent.start + 1));
  }

  /**
   * Copies cache to platter; a gap that was never written reads as zeros, as a sparse file does.
   */
  #copy(start: number, end: number): void {
    // Behind the size are bytes that a later truncation took: the platter may have them by then.
    const stop = Math.min(end, this.#cache.length);
    if (stop <= start) return;
    if (stop > this.#platter.length) this.#platter = grown(this.#platter, stop);
    if (start > this.#platterSize) this.#platter.fill(0, this.#platterSize, start);
    this.#platter.set(this.#cache.subarray(start, stop), start);
    this.#platterSize = Math.max(this.#platterSize, stop);
  }
}

function grown(content: Uint8Array, sizeMin: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(sizeMin, content.length * 2, 1024));
  larger.set(content);
  return larger;
}

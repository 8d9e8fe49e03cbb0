/**
 * The time index of a segment: from a timestamp to an offset before which no record is younger.
 *
 *     entry (12 bytes, big endian): | timestamp (ms): int64 | offset - base offset: int32 |
 *
 * An entry (T, O) says: T is the largest timestamp in the segment up to and with offset O, and O
 * is the last offset of the frame that has it (source: storage/internals/log/TimeIndex.java).
 * Timestamps rise strictly, offsets with them (invariant K14). An entry is added where the offset
 * index gets one, if the largest timestamp has risen since, and when the segment is rolled or
 * closed: its last entry then has the segment's largest timestamp.
 *
 * Not here: when an entry is due (`segment.ts`); the file's handling (`index-file.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Disk, DiskResult } from '../kernel/ports.ts';
import { IndexFile } from './index-file.ts';
import { floorEntry, RELATIVE_OFFSET_MAX } from './offset-index.ts';

const ENTRY_BYTES = 12;
const ENTRIES_AT_FIRST = 16;
const TWO_POW_32 = 4_294_967_296;

export class TimeIndex {
  readonly baseOffset: number;
  readonly file: IndexFile;
  readonly #entriesMax: number;
  #timestamps = new Float64Array(ENTRIES_AT_FIRST);
  #relativeOffsets = new Int32Array(ENTRIES_AT_FIRST);
  #entries = 0;

  /** Opens the file without reading it: `load` or `reset` follows where it is not new. */
  constructor(disk: Disk, path: string, baseOffset: number, indexBytesMax: number) {
    assert(baseOffset >= 0, 'a base offset', { path, baseOffset });
    this.baseOffset = baseOffset;
    this.file = new IndexFile(disk.open(path), ENTRY_BYTES);
    this.#entriesMax = Math.floor(indexBytesMax / ENTRY_BYTES);
  }

  get entries(): number {
    return this.#entries;
  }

  /** One slot is kept for the entry that rolling the segment adds. */
  get full(): boolean {
    return this.#entries >= this.#entriesMax - 1;
  }

  /** The timestamp of the last entry; -1 where there is none. */
  get lastTimestamp(): number {
    return this.#entries === 0 ? -1 : this.#timestamps[this.#entries - 1]!;
  }

  /** The offset of the last entry; the base offset where there is none. */
  get lastOffset(): number {
    return this.#entries === 0 ? this.baseOffset : this.offsetAt(this.#entries - 1);
  }

  timestampAt(entry: number): number {
    assert(entry >= 0 && entry < this.#entries, 'an entry of the index', { entry });
    return this.#timestamps[entry]!;
  }

  offsetAt(entry: number): number {
    assert(entry >= 0 && entry < this.#entries, 'an entry of the index', { entry });
    return this.baseOffset + this.#relativeOffsets[entry]!;
  }

  /**
   * Adds an entry if the timestamp is above the last one (and there is a slot). Invariant K14:
   * timestamps and offsets rise strictly.
   */
  maybeAppend(timestamp: number, offset: number): void {
    const entries = this.#entries;
    assert(timestamp >= this.lastTimestamp, 'the largest timestamp never falls', {
      timestamp,
      last: this.lastTimestamp,
    });
    if (timestamp === this.lastTimestamp || entries >= this.#entriesMax) return;
    const relative = offset - this.baseOffset;
    assert(relative >= 0 && relative <= RELATIVE_OFFSET_MAX, 'offset overflows the index', {
      offset,
      base: this.baseOffset,
    });
    assert(entries === 0 || offset > this.lastOffset, 'K14: index entries rise strictly', {
      offset,
      last: this.lastOffset,
    });
    if (entries === this.#timestamps.length) this.#grow();
    this.#timestamps[entries] = timestamp;
    this.#relativeOffsets[entries] = relative;
    this.#entries = entries + 1;
  }

  /**
   * The offset of the last entry whose timestamp is at or below this one, or the base offset.
   * Records that are younger than `timestamp` come behind it.
   */
  lookup(timestamp: number): number {
    const entry = floorEntry(this.#timestamps, this.#entries, timestamp);
    const found = entry < 0 ? this.baseOffset : this.offsetAt(entry);
    assert(found >= this.baseOffset, 'an offset of the segment', { timestamp, found });
    return found;
  }

  /** Forgets the entries at or above an offset, in memory and in the file. */
  cutFrom(offset: number): DiskResult {
    const relative = offset - this.baseOffset;
    assert(relative >= 0, 'an offset of the segment', { offset, base: this.baseOffset });
    this.#entries = floorEntry(this.#relativeOffsets, this.#entries, relative - 1) + 1;
    return this.file.cut(this.#entries);
  }

  /** Forgets everything, in memory and in the file. */
  reset(): DiskResult {
    this.#entries = 0;
    return this.file.cut(0);
  }

  /**
   * Reads the file. False if it is torn or its entries do not rise; the index is then empty and
   * has to be rebuilt.
   */
  load(): boolean {
    const bytes = this.file.readAll();
    this.#entries = 0;
    const entries = Math.floor(bytes.length / ENTRY_BYTES);
    if (bytes.length % ENTRY_BYTES !== 0 || entries > this.#entriesMax) return false;
    this.#timestamps = new Float64Array(Math.max(ENTRIES_AT_FIRST, entries));
    this.#relativeOffsets = new Int32Array(Math.max(ENTRIES_AT_FIRST, entries));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let timestampBefore = -1;
    let offsetBefore = -1;
    for (let entry = 0; entry < entries; entry++) {
      const at = entry * ENTRY_BYTES;
      const timestamp = view.getInt32(at) * TWO_POW_32 + view.getUint32(at + 4);
      const relative = view.getInt32(at + 8);
      if (!Number.isSafeInteger(timestamp)) return false;
      if (timestamp <= timestampBefore || relative <= offsetBefore) return false;
      this.#timestamps[entry] = timestamp;
      this.#relativeOffsets[entry] = relative;
      timestampBefore = timestamp;
      offsetBefore = relative;
    }
    this.#entries = entries;
    return true;
  }

  /** Writes what the file does not have yet. */
  save(): DiskResult {
    return this.file.save(this.#entries, (entry, into, position) => {
      const view = new DataView(into.buffer);
      const timestamp = this.#timestamps[entry]!;
      view.setInt32(position, Math.floor(timestamp / TWO_POW_32));
      view.setUint32(position + 4, timestamp % TWO_POW_32);
      view.setInt32(position + 8, this.#relativeOffsets[entry]!);
    });
  }

  #grow(): void {
    const timestamps = new Float64Array(this.#timestamps.length * 2);
    const relativeOffsets = new Int32Array(this.#relativeOffsets.length * 2);
    timestamps.set(this.#timestamps);
    relativeOffsets.set(this.#relativeOffsets);
    this.#timestamps = timestamps;
    this.#relativeOffsets = relativeOffsets;
  }
}

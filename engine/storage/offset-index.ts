/**
 * The offset index of a segment: from an offset to a place in the log file where a search for it
 * can begin. It is sparse: one entry for about `index.interval.bytes` of log.
 *
 *     entry (8 bytes, big endian): | offset - base offset: int32 | position in the .log: int32 |
 *
 * The entry of a frame has the frame's *last* offset and the position of its first byte (source:
 * storage/internals/log/OffsetIndex.java). Entries rise strictly in both (invariant K14).
 *
 * Not here: when an entry is due (`segment.ts`); the file's handling (`index-file.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Disk, DiskResult } from '../kernel/ports.ts';
import { IndexFile } from './index-file.ts';

const ENTRY_BYTES = 8;
const ENTRIES_AT_FIRST = 16;

/** The largest offset above the base offset that an entry can hold: an int32. */
export const RELATIVE_OFFSET_MAX = 0x7fffffff;

export class OffsetIndex {
  readonly baseOffset: number;
  readonly file: IndexFile;
  readonly #entriesMax: number;
  #relativeOffsets = new Int32Array(ENTRIES_AT_FIRST);
  #positions = new Int32Array(ENTRIES_AT_FIRST);
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

  get full(): boolean {
    return this.#entries >= this.#entriesMax;
  }

  /** The last offset that has an entry; the base offset where there is none. */
  get lastOffset(): number {
    return this.#entries === 0 ? this.baseOffset : this.offsetAt(this.#entries - 1);
  }

  /** The position of the last entry; 0 where there is none. */
  get lastPosition(): number {
    return this.#entries === 0 ? 0 : this.positionAt(this.#entries - 1);
  }

  offsetAt(entry: number): number {
    assert(entry >= 0 && entry < this.#entries, 'an entry of the index', { entry });
    return this.baseOffset + this.#relativeOffsets[entry]!;
  }

  positionAt(entry: number): number {
    assert(entry >= 0 && entry < this.#entries, 'an entry of the index', { entry });
    return this.#positions[entry]!;
  }

  /** Whether the offset fits into an entry's int32. */
  canHold(offset: number): boolean {
    const relative = offset - this.baseOffset;
    return relative >= 0 && relative <= RELATIVE_OFFSET_MAX;
  }

  /** Adds the entry of a frame. Invariant K14: offsets and positions rise strictly. */
  append(offset: number, position: number): void {
    const entries = this.#entries;
    assert(entries < this.#entriesMax, 'index is full', { path: this.file.path, entries });
    assert(this.canHold(offset), 'offset overflows the index', { offset, base: this.baseOffset });
    assert(
      entries === 0 || (offset > this.lastOffset && position > this.lastPosition),
      'K14: index entries rise strictly',
      { offset, position, lastOffset: this.lastOffset, lastPosition: this.lastPosition },
    );
    if (entries === this.#positions.length) this.#grow();
    this.#relativeOffsets[entries] = offset - this.baseOffset;
    this.#positions[entries] = position;
    this.#entries = entries + 1;
  }

  /**
   * Where to begin the search for an offset: the position of the last entry at or below it, or 0.
   */
  lookup(offset: number): number {
    const relative = offset - this.baseOffset;
    const entry = floorEntry(this.#relativeOffsets, this.#entries, relative);
    const position = entry < 0 ? 0 : this.#positions[entry]!;
    assert(position >= 0, 'a position in the log', { offset, entry, position });
    return position;
  }

  /** The last indexed position at or below this position, or 0: a frame begins there. */
  floorPosition(position: number): number {
    const entry = floorEntry(this.#positions, this.#entries, position);
    return entry < 0 ? 0 : this.#positions[entry]!;
  }

  /** Forgets the entries of frames that begin at or behind the position, in memory and file. */
  cutFrom(position: number): DiskResult {
    assert(position >= 0, 'a position in the log', { position });
    this.#entries = floorEntry(this.#positions, this.#entries, position - 1) + 1;
    return this.file.cut(this.#entries);
  }

  /** Forgets everything, in memory and in the file. */
  reset(): DiskResult {
    this.#entries = 0;
    return this.file.cut(0);
  }

  /**
   * Reads the file. False if it cannot be this log's index: torn, not rising, or pointing behind
   * the log's end; the index is then empty and has to be rebuilt.
   */
  load(logBytes: number): boolean {
    const bytes = this.file.readAll();
    this.#entries = 0;
    const entries = Math.floor(bytes.length / ENTRY_BYTES);
    if (bytes.length % ENTRY_BYTES !== 0 || entries > this.#entriesMax) return false;
    this.#relativeOffsets = new Int32Array(Math.max(ENTRIES_AT_FIRST, entries));
    this.#positions = new Int32Array(Math.max(ENTRIES_AT_FIRST, entries));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let offsetBefore = -1;
    let positionBefore = -1;
    for (let entry = 0; entry < entries; entry++) {
      const relative = view.getInt32(entry * ENTRY_BYTES);
      const position = view.getInt32(entry * ENTRY_BYTES + 4);
      if (relative <= offsetBefore || position <= positionBefore) return false;
      this.#relativeOffsets[entry] = relative;
      this.#positions[entry] = position;
      offsetBefore = relative;
      positionBefore = position;
    }
    if (positionBefore >= logBytes) return false;
    this.#entries = entries;
    return true;
  }

  /** Writes what the file does not have yet. */
  save(): DiskResult {
    return this.file.save(this.#entries, (entry, into, position) => {
      const view = new DataView(into.buffer);
      view.setInt32(position, this.#relativeOffsets[entry]!);
      view.setInt32(position + 4, this.#positions[entry]!);
    });
  }

  #grow(): void {
    const relativeOffsets = new Int32Array(this.#relativeOffsets.length * 2);
    const positions = new Int32Array(this.#positions.length * 2);
    relativeOffsets.set(this.#relativeOffsets);
    positions.set(this.#positions);
    this.#relativeOffsets = relativeOffsets;
    this.#positions = positions;
  }
}

/** The last of the first `count` rising values that is at or below `target`; -1 if none is. */
export function floorEntry(
  values: Int32Array | Float64Array,
  count: number,
  target: number,
): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= target) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

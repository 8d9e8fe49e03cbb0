/**
 * The index of a stream's segment: one entry for each chunk, which finds offsets and times.
 *
 *     header: "OSII", version 1: u32
 *     entry (29 bytes, big endian):
 *     | first offset u64 | timestamp i64 | epoch u64 | position in the .segment u32 | type u8 |
 *
 * Kafka's two indexes are sparse and cheap, and end in a scan of the log; this one is dense: it
 * costs 29 bytes a chunk, and a lookup ends at the chunk. The positions in the file count the
 * segment's own header of 8 bytes, as the real broker's do. Source: `osiris_log:write_chunk`,
 * `offset_idx_scan`, `chunk_location_for_timestamp`.
 * Not here: when a segment is full (`stream-layout.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskResult } from '../../kernel/ports.ts';
import type { FrameHeader } from '../../storage/framing.ts';
import { HeadedFile } from '../../storage/headed-file.ts';
import { IndexFile } from '../../storage/index-file.ts';
import { floorEntry, RELATIVE_OFFSET_MAX } from '../../storage/offset-index.ts';
import type { IndexPlace, LargestTimestamp, SegmentIndexes } from '../../storage/segment-layout.ts';
import { CHUNK_USER } from './chunk.ts';

const INDEX_HEADER = Uint8Array.of(0x4f, 0x53, 0x49, 0x49, 0, 0, 0, 1);
const ENTRY_BYTES = 29;
const ENTRIES_AT_FIRST = 16;
/** Bytes of "OSIL" and its version, before the first chunk. */
export const SEGMENT_HEADER_BYTES = 8;
/** Chunks after which a segment is rolled (`DEFAULT_MAX_SEGMENT_SIZE_C`). */
const CHUNKS_MAX = 256_000;

interface Entry {
  /** The chunk's first offset above the segment's. */
  readonly relative: number;
  readonly timestamp: number;
  readonly epoch: number;
  readonly position: number;
}

export class ChunkIndex implements SegmentIndexes {
  readonly #baseOffset: number;
  readonly #file: IndexFile;
  #relativeOffsets = new Int32Array(ENTRIES_AT_FIRST);
  #timestamps = new Float64Array(ENTRIES_AT_FIRST);
  /** The largest time up to each entry: it never falls, where a clock may step back. */
  #largestTimestamps = new Float64Array(ENTRIES_AT_FIRST);
  #epochs = new Float64Array(ENTRIES_AT_FIRST);
  #positions = new Float64Array(ENTRIES_AT_FIRST);
  #entries = 0;

  constructor({ disk, baseOffset, path }: IndexPlace) {
    this.#baseOffset = baseOffset;
    this.#file = new IndexFile(new HeadedFile(disk, path('.index'), INDEX_HEADER), ENTRY_BYTES);
  }

  get entries(): number {
    return this.#entries;
  }

  get timeEntries(): number {
    return this.#entries;
  }

  get full(): boolean {
    return this.#entries >= CHUNKS_MAX;
  }

  get largest(): LargestTimestamp {
    const maxTimestamp = this.#entries === 0 ? -1 : this.#largestTimestamps[this.#entries - 1]!;
    return { maxTimestamp, offsetOfMaxTimestamp: this.lookupTime(maxTimestamp) };
  }

  canHold(lastOffset: number): boolean {
    const relative = lastOffset - this.#baseOffset;
    return relative >= 0 && relative <= RELATIVE_OFFSET_MAX;
  }

  note({ baseOffset, maxTimestamp, epoch }: FrameHeader, position: number): void {
    const entry = this.#entries;
    const relative = baseOffset - this.#baseOffset;
    // Invariant K14.
    assert(entry === 0 || relative > this.#relativeOffsets[entry - 1]!, 'offsets rise', {
      baseOffset,
      position,
    });
    if (entry === this.#positions.length) this.#grow(entry * 2);
    this.#set(entry, { relative, timestamp: maxTimestamp, epoch, position });
    this.#entries = entry + 1;
  }

  becomeInactive({ maxTimestamp }: LargestTimestamp): void {
    assert(maxTimestamp === this.largest.maxTimestamp, 'every chunk has an entry', {
      maxTimestamp,
      entries: this.#entries,
    });
  }

  /** The chunk that the offset is in: the last that begins at or below it. */
  lookup(offset: number): number {
    const relative = offset - this.#baseOffset;
    const entry = floorEntry(this.#relativeOffsets, this.#entries, relative);
    return entry < 0 ? 0 : this.#positions[entry]!;
  }

  floorPosition(position: number): number {
    const entry = floorEntry(this.#positions, this.#entries, position);
    return entry < 0 ? 0 : this.#positions[entry]!;
  }

  /** The first offset of the first chunk with at least this time, or the base offset. */
  lookupTime(timestamp: number): number {
    const entry = floorEntry(this.#largestTimestamps, this.#entries, timestamp - 1) + 1;
    return entry < this.#entries ? this.#offsetAt(entry) : this.#baseOffset;
  }

  cutFrom(position: number): DiskResult {
    this.#entries = floorEntry(this.#positions, this.#entries, position - 1) + 1;
    return this.#file.cut(this.#entries);
  }

  reset(): DiskResult {
    this.#entries = 0;
    return this.#file.cut(0);
  }

  load(framesBytes: number): boolean {
    const bytes = this.#file.readAll();
    const entries = Math.floor(bytes.length / ENTRY_BYTES);
    this.#entries = 0;
    if (bytes.length % ENTRY_BYTES !== 0) return false;
    this.#grow(Math.max(ENTRIES_AT_FIRST, entries));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let offsetBefore = -1;
    let positionBefore = -1;
    for (let entry = 0; entry < entries; entry++) {
      const at = entry * ENTRY_BYTES;
      const relative = Number(view.getBigInt64(at)) - this.#baseOffset;
      const position = view.getUint32(at + 24) - SEGMENT_HEADER_BYTES;
      if (relative <= offsetBefore || relative > RELATIVE_OFFSET_MAX) return false;
      if (position <= positionBefore) return false;
      const timestamp = Number(view.getBigInt64(at + 8));
      this.#set(entry, { relative, timestamp, epoch: Number(view.getBigInt64(at + 16)), position });
      offsetBefore = relative;
      positionBefore = position;
    }
    if (positionBefore >= framesBytes) return false;
    this.#entries = entries;
    return true;
  }

  save(): DiskResult {
    return this.#file.save(this.#entries, (entry, into, at) => {
      const view = new DataView(into.buffer);
      view.setBigInt64(at, BigInt(this.#offsetAt(entry)));
      view.setBigInt64(at + 8, BigInt(this.#timestamps[entry]!));
      view.setBigInt64(at + 16, BigInt(this.#epochs[entry]!));
      view.setUint32(at + 24, this.#positions[entry]! + SEGMENT_HEADER_BYTES);
      view.setUint8(at + 28, CHUNK_USER);
    });
  }

  sync(done: (result: DiskResult) => void): number {
    if (!this.#file.dirty) return 0;
    this.#file.sync(done);
    return 1;
  }

  closeFiles(): void {
    this.#file.close();
  }

  #offsetAt(entry: number): number {
    assert(entry >= 0 && entry < this.#relativeOffsets.length, 'an entry', { entry });
    return this.#baseOffset + this.#relativeOffsets[entry]!;
  }

  #set(entry: number, { relative, timestamp, epoch, position }: Entry): void {
    const before = entry === 0 ? -1 : this.#largestTimestamps[entry - 1]!;
    this.#relativeOffsets[entry] = relative;
    this.#timestamps[entry] = timestamp;
    this.#largestTimestamps[entry] = Math.max(before, timestamp);
    this.#epochs[entry] = epoch;
    this.#positions[entry] = position;
  }

  #grow(length: number): void {
    assert(length >= this.#entries, 'nothing is lost', { length, entries: this.#entries });
    const relativeOffsets = new Int32Array(length);
    relativeOffsets.set(this.#relativeOffsets.subarray(0, this.#entries));
    const grown = (values: Float64Array): Float64Array<ArrayBuffer> => {
      const all = new Float64Array(length);
      all.set(values.subarray(0, this.#entries));
      return all;
    };
    this.#relativeOffsets = relativeOffsets;
    this.#timestamps = grown(this.#timestamps);
    this.#largestTimestamps = grown(this.#largestTimestamps);
    this.#epochs = grown(this.#epochs);
    this.#positions = grown(this.#positions);
  }
}

/**
 * A chunk: the unit in which a stream is written, replicated and read; a frame of the stream's log.
 *
 *     header, 48 bytes, big endian:
 *     | magic 5, version 0: 4 bits each | type u8 | entries u16 | records u32 | timestamp i64
 *     | epoch u64 | first offset u64 | CRC-32 of the data u32 | data length u32
 *     | trailer length u32 | bloom size u8 | reserved u24
 *     then the bloom filter, the data, and the trailer
 *     an entry of the data: | 0: 1 bit, length: 31 bits | body |
 *
 * A chunk has one time for all of its entries, and here one record an entry. Chunks of other types
 * (tracking of the stream protocol) and sub-batches are not written here; a reader passes over
 * them. Source: `osiris_log`, `osiris.hrl`. Not here: what an entry's body says.
 */
import { crc32 } from '../../bytes/crc32.ts';
import { assert } from '../../kernel/assert.ts';
import type { FrameHeader, Framing, HeaderResult } from '../../storage/framing.ts';

export const CHUNK_HEADER_BYTES = 48;
/** Entries that the header can count. */
export const CHUNK_ENTRIES_MAX = 0xffff;
const MAGIC_AND_VERSION = 0x50;
/** A chunk of what clients published. */
export const CHUNK_USER = 0;
const TYPE_MAX = 2;
const ENTRY_HEADER_BYTES = 4;
const SUB_BATCH_BIT = 0x80000000;

const TYPE_AT = 1;
const ENTRIES_AT = 2;
const RECORDS_AT = 4;
const TIMESTAMP_AT = 8;
const EPOCH_AT = 16;
const FIRST_OFFSET_AT = 24;
const CRC_AT = 32;
const DATA_LENGTH_AT = 36;
const TRAILER_LENGTH_AT = 40;
const BLOOM_SIZE_AT = 44;

/** What a chunk is written with. */
export interface ChunkFacts {
  readonly firstOffset: number;
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** What stands in a chunk beside its entries. */
export interface ChunkExtras {
  /** The bloom filter of its entries' values (`chunk-filter.ts`), which may be empty. */
  readonly filter: Uint8Array;
  /** What the writer keeps of its clients (`writer-tracking.ts`), which may be empty. */
  readonly trailer: Uint8Array;
}

const NOTHING = new Uint8Array(0);
const NO_EXTRAS: ChunkExtras = { filter: NOTHING, trailer: NOTHING };
const FILTER_BYTES_MAX = 255;

/** The bytes of a chunk with these entries, in order; at least one, at most `CHUNK_ENTRIES_MAX`. */
export function encodeChunk(
  facts: ChunkFacts,
  entries: readonly Uint8Array[],
  { filter, trailer }: ChunkExtras = NO_EXTRAS,
): Uint8Array {
  const { firstOffset, epoch, timestamp } = facts;
  assert(entries.length > 0 && entries.length <= CHUNK_ENTRIES_MAX, 'a chunk has entries', {
    entries: entries.length,
  });
  assert(firstOffset >= 0 && epoch >= 0 && timestamp >= 0, 'facts of a chunk', {
    firstOffset,
    epoch,
    timestamp,
  });
  assert(filter.length <= FILTER_BYTES_MAX, 'a filter whose size fits', { bytes: filter.length });
  let dataBytes = 0;
  for (const entry of entries) dataBytes += ENTRY_HEADER_BYTES + entry.length;
  const dataAt = CHUNK_HEADER_BYTES + filter.length;
  const dataEnd = dataAt + dataBytes;
  const bytes = new Uint8Array(dataEnd + trailer.length);
  const view = new DataView(bytes.buffer);
  bytes.set(filter, CHUNK_HEADER_BYTES);
  bytes.set(trailer, dataEnd);
  let at = dataAt;
  for (const entry of entries) {
    view.setUint32(at, entry.length);
    bytes.set(entry, at + ENTRY_HEADER_BYTES);
    at += ENTRY_HEADER_BYTES + entry.length;
  }
  view.setUint8(0, MAGIC_AND_VERSION);
  view.setUint8(TYPE_AT, CHUNK_USER);
  view.setUint16(ENTRIES_AT, entries.length);
  view.setUint32(RECORDS_AT, entries.length);
  view.setBigInt64(TIMESTAMP_AT, BigInt(timestamp));
  view.setBigInt64(EPOCH_AT, BigInt(epoch));
  view.setBigInt64(FIRST_OFFSET_AT, BigInt(firstOffset));
  view.setUint32(CRC_AT, crc32(bytes, dataAt, dataEnd));
  view.setUint32(DATA_LENGTH_AT, dataBytes);
  view.setUint32(TRAILER_LENGTH_AT, trailer.length);
  view.setUint8(BLOOM_SIZE_AT, filter.length);
  return bytes;
}

/** The bloom filter of a chunk and its trailer, as views: the chunk is wholly there. */
export function chunkExtras(bytes: Uint8Array): ChunkExtras {
  const view = viewOf(bytes, 0);
  const dataAt = CHUNK_HEADER_BYTES + view.getUint8(BLOOM_SIZE_AT);
  const dataEnd = dataAt + view.getUint32(DATA_LENGTH_AT);
  const end = dataEnd + view.getUint32(TRAILER_LENGTH_AT);
  assert(end <= bytes.length, 'a whole chunk', { end, bytes: bytes.length });
  return {
    filter: bytes.subarray(CHUNK_HEADER_BYTES, dataAt),
    trailer: bytes.subarray(dataEnd, end),
  };
}

/**
 * The entries of the chunk at the position, which is wholly there and whose checksum is right; a
 * sub-batch is not among them. The bodies are views.
 */
export function chunkEntries(
  bytes: Uint8Array,
  position: number,
): readonly { readonly offset: number; readonly body: Uint8Array }[] {
  const view = viewOf(bytes, position);
  assert(view.getUint8(0) === MAGIC_AND_VERSION, 'a chunk', { position });
  if (view.getUint8(TYPE_AT) !== CHUNK_USER) return [];
  const firstOffset = Number(view.getBigInt64(FIRST_OFFSET_AT));
  const count = view.getUint16(ENTRIES_AT);
  const entries: { offset: number; body: Uint8Array }[] = [];
  let at = CHUNK_HEADER_BYTES + view.getUint8(BLOOM_SIZE_AT);
  let offset = firstOffset;
  for (let entry = 0; entry < count; entry++) {
    const length = view.getUint32(at);
    if (length >= SUB_BATCH_BIT) break;
    const start = position + at + ENTRY_HEADER_BYTES;
    entries.push({ offset, body: bytes.subarray(start, start + length) });
    at += ENTRY_HEADER_BYTES + length;
    offset += 1;
  }
  return entries;
}

export const chunkFraming: Framing = Object.freeze({
  headerBytesMin: CHUNK_HEADER_BYTES,

  header(bytes: Uint8Array, position: number, into: FrameHeader): HeaderResult {
    if (bytes.length - position < CHUNK_HEADER_BYTES) return 'short';
    const view = viewOf(bytes, position);
    if (view.getUint8(0) !== MAGIC_AND_VERSION || view.getUint8(TYPE_AT) > TYPE_MAX) return 'bad';
    const firstOffset = Number(view.getBigInt64(FIRST_OFFSET_AT));
    const timestamp = Number(view.getBigInt64(TIMESTAMP_AT));
    const epoch = Number(view.getBigInt64(EPOCH_AT));
    const records = view.getUint32(RECORDS_AT);
    if (firstOffset < 0 || epoch < 0 || timestamp < 0 || records === 0) return 'bad';
    if (!Number.isSafeInteger(firstOffset + records)) return 'bad';
    if (!Number.isSafeInteger(timestamp) || !Number.isSafeInteger(epoch)) return 'bad';
    into.baseOffset = firstOffset;
    into.lastOffset = firstOffset + records - 1;
    into.sizeBytes =
      CHUNK_HEADER_BYTES +
      view.getUint8(BLOOM_SIZE_AT) +
      view.getUint32(DATA_LENGTH_AT) +
      view.getUint32(TRAILER_LENGTH_AT);
    into.epoch = epoch;
    into.maxTimestamp = timestamp;
    return 'ok';
  },

  /** The checksum is over the data alone. */
  valid(bytes: Uint8Array, position: number, sizeBytes: number): boolean {
    const view = viewOf(bytes, position);
    const start = CHUNK_HEADER_BYTES + view.getUint8(BLOOM_SIZE_AT);
    const end = start + view.getUint32(DATA_LENGTH_AT);
    if (end + view.getUint32(TRAILER_LENGTH_AT) !== sizeBytes) return false;
    return crc32(bytes, position + start, position + end) === view.getUint32(CRC_AT);
  },

  /** All records of a chunk have its time. */
  find(
    bytes: Uint8Array,
    position: number,
    _sizeBytes: number,
    query: { readonly timestampMin: number; readonly offsetMin: number },
  ) {
    const view = viewOf(bytes, position);
    const timestamp = Number(view.getBigInt64(TIMESTAMP_AT));
    const firstOffset = Number(view.getBigInt64(FIRST_OFFSET_AT));
    const offset = Math.max(firstOffset, query.offsetMin);
    const found =
      timestamp >= query.timestampMin && offset < firstOffset + view.getUint32(RECORDS_AT);
    return found ? { offset, timestamp } : null;
  },
});

function viewOf(bytes: Uint8Array, position: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + position, bytes.length - position);
}

/**
 * One record inside a batch of magic 2 (KIP-98):
 *
 *     | length varint | attributes int8 = 0 | timestampDelta varlong | offsetDelta varint |
 *     | keyLength varint | key | valueLength varint | value |
 *     | headersCount varint | headerKeyLength varint | headerKey | headerValueLength varint | ...
 *
 * `length` counts what follows it. A length of -1 is null; a header's key is never null. Deltas are
 * against the batch (`record-batch.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import type { Reader } from '../../bytes/reader.ts';
import { utf8Size } from '../../bytes/utf8.ts';
import { varintSize, varlongSize } from '../../bytes/varint.ts';
import type { Writer } from '../../bytes/writer.ts';

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** A record as it is read. The byte arrays are views: copy what is kept. */
export interface BatchRecord {
  readonly offset: number;
  /** Milliseconds since 1970; the batch's append time if it has one. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/** A record to be written. */
export interface RecordDraft {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  /** Null is a tombstone on a compacted topic. */
  readonly value: Uint8Array | null;
  readonly headers?: readonly RecordHeader[];
  /** Its place after the base offset; by default the next one. Compaction leaves gaps. */
  readonly offsetDelta?: number;
}

/** The shortest record after its length: six fields of one byte. */
const BODY_BYTES_MIN = 6;

const NO_HEADERS: readonly RecordHeader[] = Object.freeze([]);

/** Bytes of the record after its length field. */
function recordBodySize(record: RecordDraft, timestampDelta: number, offsetDelta: number): number {
  let size = 1 + varlongSize(timestampDelta) + varintSize(offsetDelta);
  size += bytesSize(record.key) + bytesSize(record.value);
  const headers = record.headers ?? NO_HEADERS;
  size += varintSize(headers.length);
  for (const header of headers) {
    const key = utf8Size(header.key);
    size += varintSize(key) + key + bytesSize(header.value);
  }
  return size;
}

/**
 * Bytes of the record, its length field included: how a producer knows when a batch is full
 * without writing it.
 */
export function recordSize(
  record: RecordDraft,
  timestampDelta: number,
  offsetDelta: number,
): number {
  const body = recordBodySize(record, timestampDelta, offsetDelta);
  assert(body >= BODY_BYTES_MIN, 'a record without its fields', { body });
  return varintSize(body) + body;
}

/** Writes the record. */
export function writeRecord(
  writer: Writer,
  record: RecordDraft,
  timestampDelta: number,
  offsetDelta: number,
): void {
  assert(offsetDelta >= 0, 'a record before its batch', { offsetDelta });
  const size = recordBodySize(record, timestampDelta, offsetDelta);
  writer.varint(size);
  const start = writer.length;
  writer.int8(0);
  writer.varlong(timestampDelta);
  writer.varint(offsetDelta);
  writeBytes(writer, record.key);
  writeBytes(writer, record.value);
  const headers = record.headers ?? NO_HEADERS;
  writer.varint(headers.length);
  for (const header of headers) {
    writer.varint(utf8Size(header.key));
    writer.text(header.key);
    writeBytes(writer, header.value);
  }
  assert(writer.length - start === size, 'size and bytes differ', { size });
}

/** The times and offsets of the batch, to which a record's deltas are added. */
export interface RecordBase {
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** The append time that replaces each record's own; null if the batch has none. */
  readonly logAppendTime: number | null;
}

/** Reads the next record. Throws `Malformed`. */
export function readRecord(reader: Reader, base: RecordBase): BatchRecord {
  const size = reader.varint();
  if (size < BODY_BYTES_MIN) throw new Malformed(`a record of ${size} bytes`);
  if (size > reader.remaining) throw new Malformed(`a record of ${size} bytes at the end`);
  const end = reader.position + size;
  reader.int8();
  const timestamp = base.baseTimestamp + reader.varlong();
  const offset = base.baseOffset + reader.varint();
  const key = readBytes(reader);
  const value = readBytes(reader);
  const headers = readHeaders(reader, end);
  if (reader.position !== end) throw new Malformed('a record whose size is not that of its fields');
  if (!Number.isSafeInteger(timestamp) || !Number.isSafeInteger(offset)) {
    throw new Malformed('a delta beyond 2^53');
  }
  return { offset, timestamp: base.logAppendTime ?? timestamp, key, value, headers };
}

function readHeaders(reader: Reader, end: number): readonly RecordHeader[] {
  const count = reader.varint();
  if (count === 0) return NO_HEADERS;
  // A header takes two bytes at least: a count cannot make us allocate more than the input holds.
  if (count < 0 || count * 2 > end - reader.position) throw new Malformed(`${count} headers`);
  const headers: RecordHeader[] = [];
  for (let i = 0; i < count; i++) {
    const keyBytes = reader.varint();
    if (keyBytes < 0) throw new Malformed('a header without a key');
    headers.push({ key: reader.text(keyBytes), value: readBytes(reader) });
  }
  return headers;
}

function bytesSize(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}

function writeBytes(writer: Writer, bytes: Uint8Array | null): void {
  writer.varint(bytes === null ? -1 : bytes.length);
  if (bytes !== null) writer.raw(bytes);
}

function readBytes(reader: Reader): Uint8Array | null {
  const length = reader.varint();
  if (length < -1) throw new Malformed(`a length of ${length}`);
  return length < 0 ? null : reader.view(length);
}

/**
 * The record batch of magic 2 (KIP-98): what producers send, logs keep and consumers get, all with
 * the same bytes.
 *
 *      0  baseOffset            int64   set by the leader
 *      8  batchLength           int32   of what follows: 49 bytes and the records
 *     12  partitionLeaderEpoch  int32   set by the leader
 *     16  magic                 int8    2
 *     17  crc                   uint32  CRC-32C of all from attributes to the end
 *     21  attributes            int16   bits 0-2 compression, 3 timestamp type, 4 transactional,
 *                                       5 control, 6 delete horizon (KIP-534)
 *     23  lastOffsetDelta       int32   kept by compaction, so gaps at the end stay known
 *     27  baseTimestamp         int64
 *     35  maxTimestamp          int64
 *     43  producerId            int64   -1: not idempotent
 *     51  producerEpoch         int16
 *     53  baseSequence          int32   -1: not idempotent
 *     57  recordsCount          int32
 *     61  records               compressed together
 *
 * The leader sets offset and epoch in place: they lie outside the CRC, so appending needs neither
 * decompression nor a new checksum. The functions here read a header without touching the records.
 *
 * Not here: magic 0 and 1, which Kafka 4.0 no longer writes (`magic` is the problem reported), and
 * the meaning of sequences and control records to a partition.
 */
import { assert } from '../../kernel/assert.ts';
import { compress, decompress, type CompressionCodec } from '../../bytes/compression.ts';
import { crc32c } from '../../bytes/crc32c.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import {
  readRecord,
  recordSize,
  writeRecord,
  type BatchRecord,
  type RecordBase,
  type RecordDraft,
} from './record.ts';

/** Bytes of a batch before its records. */
export const BATCH_HEADER_BYTES = 61;
/** Bytes before what `batchLength` counts. */
export const LOG_OVERHEAD_BYTES = 12;

const MAGIC = 2;
const EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const MAX_TIMESTAMP_AT = 35;

const TIMESTAMP_TYPE_BIT = 0x08;
const TRANSACTIONAL_BIT = 0x10;
const CONTROL_BIT = 0x20;
const DELETE_HORIZON_BIT = 0x40;

/** By the three lowest bits of the attributes. */
const CODECS: readonly CompressionCodec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** `create`: the producer's clock; `append`: the broker's (message.timestamp.type). */
export type TimestampType = 'create' | 'append';

/**
 * Why bytes are no batch. `incomplete`: the end is missing, as in a fetch response or after a
 * crash; `length`, `magic`, `field`: the header cannot be one; `crc`: the bytes changed; `codec`:
 * unknown compression or data that it cannot read; `too-large`: more bytes than the cap when
 * decompressed; `records`: they contradict the header.
 */
export type BatchProblem =
  'incomplete' | 'length' | 'magic' | 'field' | 'crc' | 'codec' | 'too-large' | 'records';

/** The header of a batch, read at one time; it does not follow later changes of the bytes. */
export interface BatchHeader {
  /** Where the batch begins in the buffer it was read from. */
  readonly position: number;
  /** Bytes of the whole batch. */
  readonly sizeBytes: number;
  readonly baseOffset: number;
  /** baseOffset + lastOffsetDelta; the next batch begins at one more, or later. */
  readonly lastOffset: number;
  readonly partitionLeaderEpoch: number;
  readonly crc: number;
  readonly codec: CompressionCodec;
  readonly timestampType: TimestampType;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** Whether baseTimestamp is the time from which tombstones may go (KIP-534). */
  readonly hasDeleteHorizon: boolean;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordsCount: number;
}

/** A batch to be written. What is left out has the value of a producer without idempotence. */
export interface BatchDraft {
  readonly records: readonly RecordDraft[];
  readonly baseOffset?: number;
  readonly partitionLeaderEpoch?: number;
  readonly codec?: CompressionCodec;
  readonly timestampType?: TimestampType;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly hasDeleteHorizon?: boolean;
  /** By default that of the last record. Compaction keeps the original one. */
  readonly lastOffsetDelta?: number;
  /** By default the first record's timestamp. */
  readonly baseTimestamp?: number;
  /** By default the largest of the records; the append time for timestamp type `append`. */
  readonly maxTimestamp?: number;
}

// ---------------------------------------------------------------------------------------- writing

/** The bytes of a batch, CRC included. */
export function encodeBatch(draft: BatchDraft): Uint8Array {
  const { records } = draft;
  assert(
    records.length > 0 || draft.lastOffsetDelta !== undefined,
    'an empty batch must say what offsets it stood for',
  );
  const baseTimestamp = draft.baseTimestamp ?? records[0]?.timestamp ?? -1;
  const lastOffsetDelta = draft.lastOffsetDelta ?? deltaOf(records, records.length - 1);
  const raw = encodeRecords(records, baseTimestamp, lastOffsetDelta);
  const codec = draft.codec ?? 'none';
  const payload = codec === 'none' ? raw : compress(codec, raw);
  const writer = new Writer(BATCH_HEADER_BYTES + payload.length);
  writer.int64(draft.baseOffset ?? 0);
  writer.int32(BATCH_HEADER_BYTES - LOG_OVERHEAD_BYTES + payload.length);
  writer.int32(draft.partitionLeaderEpoch ?? -1);
  writer.int8(MAGIC);
  writer.uint32(0);
  writer.int16(attributesOf(draft));
  writer.int32(lastOffsetDelta);
  writer.int64(baseTimestamp);
  writer.int64(draft.maxTimestamp ?? largestTimestamp(records));
  writer.int64(draft.producerId ?? -1);
  writer.int16(draft.producerEpoch ?? -1);
  writer.int32(draft.baseSequence ?? -1);
  writer.int32(records.length);
  writer.raw(payload);
  const bytes = writer.finish();
  assert(bytes.length === BATCH_HEADER_BYTES + payload.length, 'batch size', { at: bytes.length });
  putUint32(bytes, CRC_AT, crc32c(bytes, ATTRIBUTES_AT));
  return bytes;
}

function encodeRecords(
  records: readonly RecordDraft[],
  baseTimestamp: number,
  lastOffsetDelta: number,
): Uint8Array {
  let size = 0;
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!;
    size += recordSize(record, record.timestamp - baseTimestamp, deltaOf(records, i));
  }
  const writer = new Writer(size);
  let previous = -1;
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!;
    const offsetDelta = deltaOf(records, i);
    assert(offsetDelta > previous, 'offsets do not ascend', { offsetDelta, previous });
    previous = offsetDelta;
    writeRecord(writer, record, record.timestamp - baseTimestamp, offsetDelta);
  }
  assert(previous <= lastOffsetDelta, 'a record beyond its batch', { previous, lastOffsetDelta });
  return writer.finish();
}

function deltaOf(records: readonly RecordDraft[], index: number): number {
  return records[index]?.offsetDelta ?? index;
}

function largestTimestamp(records: readonly RecordDraft[]): number {
  return records.reduce((largest, record) => Math.max(largest, record.timestamp), -1);
}

function attributesOf(draft: BatchDraft): number {
  const codec = CODECS.indexOf(draft.codec ?? 'none');
  assert(codec >= 0, 'an unknown codec', { codec: draft.codec });
  return (
    codec |
    (draft.timestampType === 'append' ? TIMESTAMP_TYPE_BIT : 0) |
    (draft.isTransactional === true ? TRANSACTIONAL_BIT : 0) |
    (draft.isControl === true ? CONTROL_BIT : 0) |
    (draft.hasDeleteHorizon === true ? DELETE_HORIZON_BIT : 0)
  );
}

// ---------------------------------------------------------------------------------------- reading

/**
 * The header of the batch at `position`, or why there is none. It checks that the whole batch is
 * in the buffer and that the fields make sense, but not the CRC (`validateBatch`).
 */
export function readBatchHeader(bytes: Uint8Array, position = 0): BatchHeader | BatchProblem {
  assert(position >= 0 && position <= bytes.length, 'no such position', { position });
  const left = bytes.length - position;
  if (left < LOG_OVERHEAD_BYTES) return 'incomplete';
  const sizeBytes = LOG_OVERHEAD_BYTES + getInt32(bytes, position + 8);
  if (sizeBytes < BATCH_HEADER_BYTES) return 'length';
  if (left > MAGIC_AT && bytes[position + MAGIC_AT] !== MAGIC) return 'magic';
  if (left < sizeBytes) return 'incomplete';
  try {
    return readFields(new Reader(bytes, position, position + sizeBytes), position, sizeBytes);
  } catch (error) {
    if (error instanceof Malformed) return 'field';
    throw error;
  }
}

function readFields(
  reader: Reader,
  position: number,
  sizeBytes: number,
): BatchHeader | BatchProblem {
  const baseOffset = reader.int64();
  reader.take(4);
  const partitionLeaderEpoch = reader.int32();
  reader.take(1);
  const crc = reader.uint32();
  const attributes = reader.int16();
  const codec = CODECS[attributes & 7];
  if (codec === undefined) return 'codec';
  const lastOffsetDelta = reader.int32();
  const baseTimestamp = reader.int64();
  const maxTimestamp = reader.int64();
  const producerId = reader.int64();
  const producerEpoch = reader.int16();
  const baseSequence = reader.int32();
  const recordsCount = reader.int32();
  assert(reader.position - position === BATCH_HEADER_BYTES, 'header size', { position });
  const lastOffset = baseOffset + lastOffsetDelta;
  if (baseOffset < 0 || lastOffsetDelta < 0 || recordsCount < 0) return 'field';
  if (recordsCount > lastOffsetDelta + 1 || !Number.isSafeInteger(lastOffset)) return 'field';
  return {
    position,
    sizeBytes,
    baseOffset,
    lastOffset,
    partitionLeaderEpoch,
    crc,
    codec,
    timestampType: (attributes & TIMESTAMP_TYPE_BIT) === 0 ? 'create' : 'append',
    isTransactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    isControl: (attributes & CONTROL_BIT) !== 0,
    hasDeleteHorizon: (attributes & DELETE_HORIZON_BIT) !== 0,
    lastOffsetDelta,
    baseTimestamp,
    maxTimestamp,
    producerId,
    producerEpoch,
    baseSequence,
    recordsCount,
  };
}

/** Whether what a reading function returned is a problem. */
export function isBatchProblem(result: unknown): result is BatchProblem {
  return typeof result === 'string';
}

/** Null if the bytes have the CRC that the header says. Cost: one pass over the batch. */
export function validateBatch(bytes: Uint8Array, header: BatchHeader): BatchProblem | null {
  const { position, sizeBytes } = header;
  assert(position + sizeBytes <= bytes.length, 'the header is of other bytes', { position });
  const crc = crc32c(bytes, position + ATTRIBUTES_AT, position + sizeBytes);
  assert(crc >= 0, 'an unsigned CRC', { crc });
  return crc === header.crc ? null : 'crc';
}

export interface BatchScan {
  readonly batches: readonly BatchHeader[];
  /** Bytes up to the end of the last whole batch. */
  readonly validBytes: number;
  /** What stopped the scan; null at the end of the bytes. */
  readonly problem: BatchProblem | null;
}

/**
 * The headers of the batches that follow one another in a buffer. A last batch that is cut off is
 * `incomplete`, which in a fetch response is no error. CRCs are not checked.
 */
export function scanBatches(bytes: Uint8Array, from = 0): BatchScan {
  const batches: BatchHeader[] = [];
  let position = from;
  while (position < bytes.length) {
    const header = readBatchHeader(bytes, position);
    if (isBatchProblem(header)) return { batches, validBytes: position, problem: header };
    batches.push(header);
    position += header.sizeBytes;
  }
  assert(position <= bytes.length, 'a batch beyond the end', { position });
  return { batches, validBytes: position, problem: null };
}

/**
 * The records of a batch, decompressed. Offsets ascend and lie within the batch; there are as many
 * as the header says. `decompressedBytesMax` bounds the memory that hostile bytes can take.
 */
export function readRecords(
  bytes: Uint8Array,
  header: BatchHeader,
  decompressedBytesMax: number,
): readonly BatchRecord[] | BatchProblem {
  const start = header.position + BATCH_HEADER_BYTES;
  const end = header.position + header.sizeBytes;
  assert(end <= bytes.length, 'the header is of other bytes', { end, length: bytes.length });
  const payload = bytes.subarray(start, end);
  const raw =
    header.codec === 'none' ? payload : decompress(header.codec, payload, decompressedBytesMax);
  if (raw === 'corrupt') return 'codec';
  if (raw === 'too-large') return 'too-large';
  try {
    return readAll(new Reader(raw), header);
  } catch (error) {
    if (error instanceof Malformed) return 'records';
    throw error;
  }
}

function readAll(reader: Reader, header: BatchHeader): readonly BatchRecord[] {
  const base: RecordBase = {
    baseOffset: header.baseOffset,
    baseTimestamp: header.baseTimestamp,
    logAppendTime: header.timestampType === 'append' ? header.maxTimestamp : null,
  };
  const records: BatchRecord[] = [];
  let previous = header.baseOffset - 1;
  for (let i = 0; i < header.recordsCount; i++) {
    const record = readRecord(reader, base);
    if (record.offset <= previous || record.offset > header.lastOffset) {
      throw new Malformed(`offset ${record.offset} after ${previous}`);
    }
    previous = record.offset;
    records.push(record);
  }
  if (reader.remaining > 0) throw new Malformed(`${reader.remaining} bytes after the records`);
  return records;
}

// --------------------------------------------------------------------------------------- in place

/** Moves the batch at `position` to another offset. Outside the CRC: O(1). */
export function setBaseOffset(bytes: Uint8Array, position: number, baseOffset: number): void {
  checkBatchAt(bytes, position);
  assert(Number.isSafeInteger(baseOffset) && baseOffset >= 0, 'not an offset', { baseOffset });
  putInt64(bytes, position, baseOffset);
}

/** Stamps the batch with the epoch of the leader that appends it. Outside the CRC: O(1). */
export function setPartitionLeaderEpoch(bytes: Uint8Array, position: number, epoch: number): void {
  checkBatchAt(bytes, position);
  assert((epoch | 0) === epoch, 'not an epoch', { epoch });
  putUint32(bytes, position + EPOCH_AT, epoch >>> 0);
}

/**
 * Gives the batch the broker's time (message.timestamp.type=LogAppendTime), in milliseconds since
 * 1970. It lies inside the CRC, which is computed anew: O(bytes).
 */
export function setLogAppendTime(bytes: Uint8Array, position: number, timestamp: number): void {
  setMaxTimestamp(bytes, position, 'append', timestamp);
}

/** Sets the timestamp type and the largest timestamp, and computes the CRC anew. */
export function setMaxTimestamp(
  bytes: Uint8Array,
  position: number,
  type: TimestampType,
  timestamp: number,
): void {
  const sizeBytes = checkBatchAt(bytes, position);
  assert(Number.isSafeInteger(timestamp), 'not a timestamp', { timestamp });
  // The type is in the low byte of the attributes.
  const at = position + ATTRIBUTES_AT + 1;
  const rest = (bytes[at] as number) & ~TIMESTAMP_TYPE_BIT;
  bytes[at] = type === 'append' ? rest | TIMESTAMP_TYPE_BIT : rest;
  putInt64(bytes, position + MAX_TIMESTAMP_AT, timestamp);
  const crc = crc32c(bytes, position + ATTRIBUTES_AT, position + sizeBytes);
  putUint32(bytes, position + CRC_AT, crc);
}

/** Asserts that a whole batch is there; returns its bytes. */
function checkBatchAt(bytes: Uint8Array, position: number): number {
  assert(position >= 0 && position + BATCH_HEADER_BYTES <= bytes.length, 'no batch', { position });
  const sizeBytes = LOG_OVERHEAD_BYTES + getInt32(bytes, position + 8);
  assert(position + sizeBytes <= bytes.length, 'a batch that is cut off', { position, sizeBytes });
  assert(bytes[position + MAGIC_AT] === MAGIC, 'not a batch of magic 2', { position });
  return sizeBytes;
}

function getInt32(bytes: Uint8Array, at: number): number {
  assert(at + 4 <= bytes.length, 'four bytes', { at });
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function putInt64(bytes: Uint8Array, at: number, value: number): void {
  putUint32(bytes, at, Math.floor(value / 0x100000000) >>> 0);
  putUint32(bytes, at + 4, value >>> 0);
}

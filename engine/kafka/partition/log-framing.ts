/**
 * Kafka's frames for the segmented log: a frame is a record batch of magic 2
 * (`wire/kafka/record-batch.ts` draws its bytes).
 *
 * The header is read here field by field into the log's own object, since it is read for each
 * batch of each append, fetch and scan; everything else is left to the batch.
 * Not here: whether a client's batch may be appended (`batch-validation.ts`).
 */
import { crc32c } from '../../bytes/crc32c.ts';
import { limits } from '../../kernel/limits.ts';
import type { FrameHeader, Framing, HeaderResult } from '../../storage/framing.ts';
import {
  BATCH_HEADER_BYTES,
  LOG_OVERHEAD_BYTES,
  readBatchHeader,
  readRecords,
} from '../../wire/kafka/record-batch.ts';

const LENGTH_AT = 8;
const EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const MAX_TIMESTAMP_AT = 35;
const MAGIC = 2;
const TWO_POW_32 = 4_294_967_296;

export const kafkaFraming: Framing = Object.freeze({
  headerBytesMin: BATCH_HEADER_BYTES,

  header(bytes: Uint8Array, position: number, into: FrameHeader): HeaderResult {
    if (bytes.length - position < BATCH_HEADER_BYTES) return 'short';
    const sizeBytes = LOG_OVERHEAD_BYTES + int32At(bytes, position + LENGTH_AT);
    if (sizeBytes < BATCH_HEADER_BYTES || bytes[position + MAGIC_AT] !== MAGIC) return 'bad';
    const baseOffset = int64At(bytes, position);
    const lastOffsetDelta = int32At(bytes, position + LAST_OFFSET_DELTA_AT);
    const maxTimestamp = int64At(bytes, position + MAX_TIMESTAMP_AT);
    if (baseOffset < 0 || lastOffsetDelta < 0 || maxTimestamp < -1) return 'bad';
    if (!Number.isSafeInteger(baseOffset + lastOffsetDelta)) return 'bad';
    if (!Number.isSafeInteger(maxTimestamp)) return 'bad';
    into.baseOffset = baseOffset;
    into.lastOffset = baseOffset + lastOffsetDelta;
    into.sizeBytes = sizeBytes;
    into.epoch = int32At(bytes, position + EPOCH_AT);
    into.maxTimestamp = maxTimestamp;
    return 'ok';
  },

  valid(bytes: Uint8Array, position: number, sizeBytes: number): boolean {
    const crc = crc32c(bytes, position + ATTRIBUTES_AT, position + sizeBytes);
    return crc === int32At(bytes, position + CRC_AT) >>> 0;
  },

  find(
    bytes: Uint8Array,
    position: number,
    sizeBytes: number,
    query: { readonly timestampMin: number; readonly offsetMin: number },
  ) {
    const batch = bytes.subarray(position, position + sizeBytes);
    const header = readBatchHeader(batch);
    if (typeof header === 'string') return null;
    const records = readRecords(batch, header, limits.decompressedBytesMax);
    if (typeof records === 'string') return null;
    const { timestampMin, offsetMin } = query;
    const found = records.find((r) => r.timestamp >= timestampMin && r.offset >= offsetMin);
    return found === undefined ? null : { offset: found.offset, timestamp: found.timestamp };
  },
});

function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function int64At(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at) * TWO_POW_32 + (int32At(bytes, at + 4) >>> 0);
}

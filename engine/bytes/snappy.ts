/**
 * Snappy, raw and in the framing of xerial's snappy-java, which Kafka's Java clients write:
 *
 *     xerial  | 82 53 4e 41 50 50 59 00 | version int32 | compatible int32 |
 *             | blockBytes int32 | raw block | ...
 *     raw     | declared length varint | elements |
 *     element literal     | 6 bits length - 1, or 60..63: 1..4 bytes of it | 00 | bytes |
 *             copy        | length and distance in 1, 2 or 4 more bytes | 01, 10, 11 |
 *
 * Written is the xerial form, read are both, as librdkafka writes the raw one. Compression is
 * snappyjs's; reading is ours, because that of snappyjs can be sent into an endless loop by a
 * literal of 2^32 bytes, and does not check that what was declared was made.
 */
import snappyjs from 'snappyjs';
import { assert } from '../kernel/assert.ts';
import type { ByteSink } from './byte-sink.ts';
import { TooLarge } from './byte-sink.ts';
import { Malformed } from './malformed.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

const XERIAL_MAGIC = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00);
const XERIAL_VERSION = 1;
const XERIAL_HEADER_BYTES = 16;
/** The block size of snappy-java. */
const BLOCK_BYTES = 32_768;

/** All the bytes in xerial framing. */
export function compressSnappy(bytes: Uint8Array): Uint8Array {
  const writer = new Writer(XERIAL_HEADER_BYTES + bytes.length);
  writer.raw(XERIAL_MAGIC);
  writer.int32(XERIAL_VERSION);
  writer.int32(XERIAL_VERSION);
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    // A copy, so that snappyjs sees a plain Uint8Array in every world.
    const block = snappyjs.compress(new Uint8Array(bytes.subarray(start, start + BLOCK_BYTES)));
    writer.int32(block.length);
    writer.raw(block);
  }
  assert(writer.length >= XERIAL_HEADER_BYTES, 'a xerial header', { length: writer.length });
  return writer.finish();
}

/** The content, in either form. Throws `Malformed` or `TooLarge`. */
export function decompressSnappy(bytes: Uint8Array, sink: ByteSink): void {
  if (!isXerial(bytes)) {
    readBlock(new Reader(bytes), sink);
    return;
  }
  const reader = new Reader(bytes, XERIAL_HEADER_BYTES);
  while (reader.remaining > 0) {
    const length = reader.int32();
    const start = reader.take(length);
    readBlock(new Reader(bytes, start, start + length), sink);
  }
}

function isXerial(bytes: Uint8Array): boolean {
  if (bytes.length < XERIAL_HEADER_BYTES) return false;
  return XERIAL_MAGIC.every((byte, i) => bytes[i] === byte);
}

function readBlock(block: Reader, sink: ByteSink): void {
  const declared = block.uvarint();
  const start = sink.length;
  if (start + declared > sink.bytesMax) throw new TooLarge(sink.bytesMax);
  while (block.remaining > 0) {
    const tag = littleEndian(block, 1);
    if ((tag & 3) === 0) readLiteral(block, tag, sink);
    else readCopy(block, tag, sink, start);
    if (sink.length - start > declared) throw new Malformed('more snappy data than declared');
  }
  if (sink.length - start !== declared) throw new Malformed('less snappy data than declared');
}

function readLiteral(block: Reader, tag: number, sink: ByteSink): void {
  const code = tag >> 2;
  const length = (code < 60 ? code : littleEndian(block, code - 59)) + 1;
  const from = block.take(length);
  sink.append(block.bytes, from, from + length);
}

function readCopy(block: Reader, tag: number, sink: ByteSink, start: number): void {
  const kind = tag & 3;
  const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
  const distance =
    kind === 1
      ? ((tag >> 5) << 8) | littleEndian(block, 1)
      : littleEndian(block, kind === 2 ? 2 : 4);
  // A block stands alone: nothing is copied from the one before it.
  if (distance > sink.length - start) throw new Malformed(`a copy from ${distance} bytes back`);
  sink.repeat(distance, length);
}

function littleEndian(block: Reader, count: number): number {
  assert(count >= 1 && count <= 4, 'one to four bytes', { count });
  const at = block.take(count);
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = (value << 8) | (block.bytes[at + i] as number);
  return value >>> 0;
}

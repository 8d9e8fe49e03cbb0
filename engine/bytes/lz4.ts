/**
 * LZ4 in its frame format, as Kafka has used it since KIP-57.
 *
 *     frame   | magic 04 22 4d 18 | FLG | BD | content size 8, if FLG bit 3 | HC | block ... | 0000
 *     block   | size uint32 LE, top bit: stored | data | checksum 4, if FLG bit 4 |
 *     data    sequences: | token: literals high 4 bits, match length - 4 low 4 bits |
 *             | more literal length 255* | literals | offset uint16 LE | more match length 255* |
 *
 * Written here are independent blocks of 64 KB without checksums, for the batch has its CRC; the
 * Java client reads independent blocks only, and the reference decoder wants the last match to
 * begin 12 bytes before the end of a block. Both is why this is not left to `lz4js`, which does
 * neither. Checksums in frames from outside are skipped, dictionaries are refused.
 *
 * Source: lz4_Frame_format.md and lz4_Block_format.md of lz4/lz4.
 */
import { assert } from '../kernel/assert.ts';
import { ByteSink } from './byte-sink.ts';
import { Malformed } from './malformed.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** Magic, FLG (version 1, independent blocks), BD (64 KB), and the checksum of these two. */
const HEADER = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82);
const BLOCK_BYTES = 65_536;
const STORED_BIT = 0x80000000;

const FLAG_BLOCK_CHECKSUM = 0x10;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_DICTIONARY = 0x01;

const MATCH_MIN = 4;
/** No match begins in the last 12 bytes of a block, or reaches into the last 5. */
const MATCH_START_MARGIN = 12;
const LITERALS_AT_END = 5;
const HASH_BITS = 12;

// ---------------------------------------------------------------------------------------- writing

/** One frame with all the bytes. */
export function compressLz4(bytes: Uint8Array): Uint8Array {
  const writer = new Writer(HEADER.length + bytes.length + 16);
  writer.raw(HEADER);
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const block = bytes.subarray(start, start + BLOCK_BYTES);
    const packed = compressBlock(block);
    const stored = packed.length >= block.length;
    writeUint32(writer, stored ? (block.length | STORED_BIT) >>> 0 : packed.length);
    writer.raw(stored ? block : packed);
  }
  writeUint32(writer, 0);
  assert(writer.length >= HEADER.length + 4, 'an lz4 frame', { length: writer.length });
  return writer.finish();
}

function writeUint32(writer: Writer, value: number): void {
  writer.raw(Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
}

/** Greedy matching: the last place where the same four bytes hashed alike, if they are alike. */
function compressBlock(block: Uint8Array): Uint8Array {
  assert(block.length <= BLOCK_BYTES, 'an lz4 block', { length: block.length });
  const writer = new Writer(block.length);
  const places = new Int32Array(1 << HASH_BITS).fill(-1);
  const startMax = block.length - MATCH_START_MARGIN;
  const endMax = block.length - LITERALS_AT_END;
  let anchor = 0;
  let at = 0;
  while (at <= startMax) {
    const word = wordAt(block, at);
    const hash = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = places[hash] as number;
    places[hash] = at;
    if (candidate < 0 || wordAt(block, candidate) !== word) {
      // The longer nothing matches, the larger the steps.
      at += 1 + ((at - anchor) >> 6);
      continue;
    }
    let length = MATCH_MIN;
    while (at + length < endMax && block[candidate + length] === block[at + length]) length++;
    writeSequence(writer, block.subarray(anchor, at), at - candidate, length);
    at += length;
    anchor = at;
  }
  writeSequence(writer, block.subarray(anchor), 0, 0);
  return writer.finish();
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Literals and a match; the last sequence of a block has no match. */
function writeSequence(
  writer: Writer,
  literals: Uint8Array,
  distance: number,
  matchLength: number,
): void {
  const extra = matchLength === 0 ? 0 : matchLength - MATCH_MIN;
  assert(distance >= 0 && distance < BLOCK_BYTES, 'an lz4 distance', { distance });
  writer.raw(Uint8Array.of((Math.min(literals.length, 15) << 4) | Math.min(extra, 15)));
  writeLength(writer, literals.length);
  writer.raw(literals);
  if (matchLength === 0) return;
  writer.raw(Uint8Array.of(distance, distance >>> 8));
  writeLength(writer, extra);
}

/** What a length has beyond the 15 that its four bits can say. */
function writeLength(writer: Writer, length: number): void {
  if (length < 15) return;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) writer.raw(FULL_BYTE);
  writer.raw(Uint8Array.of(rest));
}

const FULL_BYTE = Uint8Array.of(255);

// ---------------------------------------------------------------------------------------- reading

/** The content of the frames, one after another. Throws `Malformed` or `TooLarge`. */
export function decompressLz4(bytes: Uint8Array, sink: ByteSink): void {
  const reader = new Reader(bytes);
  do readFrame(reader, sink);
  while (reader.remaining > 0);
}

function readFrame(reader: Reader, sink: ByteSink): void {
  for (let i = 0; i < 4; i++) {
    if (readByte(reader) !== HEADER[i]) throw new Malformed('no lz4 frame');
  }
  const flags = readByte(reader);
  if (flags >> 6 !== 1 || (flags & FLAG_DICTIONARY) !== 0) throw new Malformed('lz4 flags');
  const sizeCode = (readByte(reader) >> 4) & 7;
  if (sizeCode < 4) throw new Malformed('lz4 block size');
  const blockBytesMax = 1 << (8 + 2 * sizeCode);
  if ((flags & FLAG_CONTENT_SIZE) !== 0) reader.take(8);
  reader.take(1);
  for (;;) {
    const size = readUint32(reader);
    if (size === 0) break;
    const length = size & ~STORED_BIT;
    if (length > blockBytesMax) throw new Malformed(`an lz4 block of ${length} bytes`);
    const start = reader.take(length);
    if (size >= STORED_BIT) sink.append(reader.bytes, start, start + length);
    else readBlock(new Reader(reader.bytes, start, start + length), sink);
    if ((flags & FLAG_BLOCK_CHECKSUM) !== 0) reader.take(4);
  }
  if ((flags & FLAG_CONTENT_CHECKSUM) !== 0) reader.take(4);
}

/** A match may reach into earlier blocks, for frames from outside may have dependent blocks. */
function readBlock(block: Reader, sink: ByteSink): void {
  for (;;) {
    const token = readByte(block);
    const literals = readLength(block, token >> 4);
    const start = block.take(literals);
    sink.append(block.bytes, start, start + literals);
    if (block.remaining === 0) return;
    const distance = readByte(block) | (readByte(block) << 8);
    sink.repeat(distance, readLength(block, token & 15) + MATCH_MIN);
  }
}

function readLength(block: Reader, bits: number): number {
  if (bits < 15) return bits;
  let length = 15;
  for (;;) {
    const more = readByte(block);
    length += more;
    if (more < 255) return length;
  }
}

function readByte(reader: Reader): number {
  return reader.bytes[reader.take(1)] as number;
}

function readUint32(reader: Reader): number {
  return wordAt(reader.bytes, reader.take(4)) >>> 0;
}

/**
 * Zstandard (RFC 8878). Written are frames of stored blocks: right for every reader, and not a byte
 * smaller; so figures about compression leave zstd out. Read is everything, by fzstd.
 *
 *     frame   | magic 28 b5 2f fd | descriptor | window 0-1 | dictionary id 0-4 |
 *             | content size 0-8 | block ... | checksum 0 or 4 |
 *     block   | 3 bytes LE: bit 0 last, bits 1-2 type, bits 3-23 size | data |
 *             type 0 stored, 1 one byte repeated, 2 compressed
 *
 * fzstd allocates the window that a frame declares, so the frame is walked first: its window is
 * bounded, and every block must lie within the input. A batch has one frame: more are refused, for
 * each would cost a window.
 */
import { Decompress } from 'fzstd';
import { assert } from '../kernel/assert.ts';
import type { ByteSink } from './byte-sink.ts';
import { TooLarge } from './byte-sink.ts';
import { Malformed } from './malformed.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

const MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
/** Single segment, content size in four bytes. */
const DESCRIPTOR = 0xa0;
const BLOCK_BYTES_MAX = 131_072;
/** RFC 8878, section 3.1.1.1.2: what every decoder should have room for. */
const WINDOW_BYTES_MAX = 8_388_608;

/** One frame of stored blocks. */
export function storeZstd(bytes: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(bytes.length / BLOCK_BYTES_MAX));
  const writer = new Writer(MAGIC.length + 5 + 3 * blocks + bytes.length);
  writer.raw(MAGIC);
  writer.raw(Uint8Array.of(DESCRIPTOR));
  writeLittleEndian(writer, bytes.length, 4);
  for (let i = 0; i < blocks; i++) {
    const block = bytes.subarray(i * BLOCK_BYTES_MAX, (i + 1) * BLOCK_BYTES_MAX);
    const last = i === blocks - 1 ? 1 : 0;
    writeLittleEndian(writer, (block.length << 3) | last, 3);
    writer.raw(block);
  }
  assert(writer.length === 9 + 3 * blocks + bytes.length, 'a zstd frame', { blocks });
  return writer.finish();
}

function writeLittleEndian(writer: Writer, value: number, count: number): void {
  for (let i = 0; i < count; i++) writer.raw(Uint8Array.of(value >>> (8 * i)));
}

/** The content of the frame. Throws `Malformed`, `TooLarge`, or an error of fzstd. */
export function decompressZstd(bytes: Uint8Array, sink: ByteSink): void {
  const reader = new Reader(bytes);
  walkFrame(reader, sink.bytesMax);
  if (reader.remaining > 0) throw new Malformed(`${reader.remaining} bytes after the frame`);
  const stream = new Decompress((chunk) => sink.append(chunk));
  stream.push(bytes, true);
}

/** Moves the reader past a frame whose claims are in bounds. */
function walkFrame(reader: Reader, bytesMax: number): void {
  for (const byte of MAGIC) {
    if (littleEndian(reader, 1) !== byte) throw new Malformed('no zstd frame');
  }
  const descriptor = littleEndian(reader, 1);
  const singleSegment = (descriptor & 0x20) !== 0;
  let window = singleSegment ? 0 : windowBytes(littleEndian(reader, 1));
  const dictionary = descriptor & 3;
  if (dictionary !== 0) throw new Malformed('a zstd dictionary');
  const sizeCode = descriptor >> 6;
  const sizeBytes = sizeCode === 0 ? (singleSegment ? 1 : 0) : 1 << sizeCode;
  if (sizeBytes > 0) {
    const declared = littleEndian(reader, sizeBytes) + (sizeCode === 1 ? 256 : 0);
    if (declared > bytesMax) throw new TooLarge(bytesMax);
    if (singleSegment) window = declared;
  }
  const made = walkBlocks(reader, bytesMax);
  if ((descriptor & 4) !== 0) reader.take(4);
  // A frame that needs less than it declares could be read; nobody writes such a one.
  if (window > Math.max(WINDOW_BYTES_MAX, made)) throw new Malformed(`a window of ${window}`);
}

function windowBytes(code: number): number {
  // 2^exponent and eighths of it; exponents reach 41, so no shifting.
  let base = 1024;
  for (let i = 0; i < code >> 3; i++) base *= 2;
  return base + (base / 8) * (code & 7);
}

/** Moves past the blocks of a frame; returns the most bytes that they can make. */
function walkBlocks(reader: Reader, bytesMax: number): number {
  let made = 0;
  for (;;) {
    const header = littleEndian(reader, 3);
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > BLOCK_BYTES_MAX) throw new Malformed('a zstd block');
    reader.take(type === 1 ? 1 : size);
    made += type === 2 ? BLOCK_BYTES_MAX : size;
    // What stored and repeated blocks make is certain; what a compressed one makes is not.
    if (type !== 2 && size > bytesMax) throw new TooLarge(bytesMax);
    if ((header & 1) !== 0) return made;
  }
}

function littleEndian(reader: Reader, count: number): number {
  const at = reader.take(count);
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (reader.bytes[at + i] as number);
  assert(value >= 0, 'an unsigned number', { value });
  return value;
}

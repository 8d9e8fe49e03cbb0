/**
 * Variable-length integers (base 128, least significant group first, as in Protocol Buffers).
 *
 *     unsigned varint   1xxxxxxx 1xxxxxxx ... 0xxxxxxx     up to 5 bytes (uint32)
 *     varint            zigzag of an int32, then the same  up to 5 bytes
 *     varlong           zigzag of an int64, then the same  up to 10 bytes
 *
 * Zigzag: 0 -> 0, -1 -> 1, 1 -> 2, -2 -> 3. Numbers are safe integers, so a varlong here reaches
 * 2^53 - 1 and takes at most 8 bytes; more is refused. So are overlong forms (a last byte 0 after
 * another), which Kafka's `ByteUtils` lets pass: two encodings of one number help nobody.
 */
import { assert } from '../kernel/assert.ts';

const UINT32_MAX = 0xffffffff;

/** Bytes of an unsigned varint of 0 to 2^32 - 1. */
export function uvarintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Writes it at `position`; returns the end. */
export function writeUvarint(value: number, into: Uint8Array, position: number): number {
  assert(value >= 0 && value <= UINT32_MAX, 'uvarint out of range', { value });
  let rest = value;
  let at = position;
  while (rest >= 0x80) {
    into[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  into[at++] = rest;
  return at;
}

/** Bytes of a varint (an int32 in zigzag). */
export function varintSize(value: number): number {
  return uvarintSize(((value << 1) ^ (value >> 31)) >>> 0);
}

/** Writes an int32 in zigzag at `position`; returns the end. */
export function writeVarint(value: number, into: Uint8Array, position: number): number {
  assert((value | 0) === value, 'varint out of range', { value });
  return writeUvarint(((value << 1) ^ (value >> 31)) >>> 0, into, position);
}

/** Bytes of a varlong: a safe integer in zigzag. */
export function varlongSize(value: number): number {
  if (value >= -0x40000000 && value <= 0x3fffffff) return varintSize(value);
  // Seven bits a byte; the zigzag of n >= 0 is 2n, and of n < 0 it is -2n - 1.
  let rest = value < 0 ? -(value + 1) : value;
  let size = 1;
  rest = Math.floor(rest / 64);
  while (rest > 0) {
    rest = Math.floor(rest / 128);
    size++;
  }
  return size;
}

/** Writes a safe integer in zigzag at `position`; returns the end. */
export function writeVarlong(value: number, into: Uint8Array, position: number): number {
  if (value >= -0x40000000 && value <= 0x3fffffff) return writeVarint(value, into, position);
  assert(Number.isSafeInteger(value), 'varlong not a safe integer', { value });
  const negative = value < 0;
  // Twice a safe integer may not be safe: the lowest bit is kept apart.
  let rest = negative ? -(value + 1) : value;
  let at = position;
  const first = ((rest % 64) << 1) | (negative ? 1 : 0);
  rest = Math.floor(rest / 64);
  into[at++] = rest > 0 ? first | 0x80 : first;
  while (rest > 0) {
    const group = rest % 128;
    rest = Math.floor(rest / 128);
    into[at++] = rest > 0 ? group | 0x80 : group;
  }
  assert(at - position <= 8, 'varlong too long', { value });
  return at;
}

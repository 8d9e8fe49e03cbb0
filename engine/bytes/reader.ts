/**
 * A bounds-checked, big-endian reader over bytes that came from outside. Whatever they claim, it
 * reads nothing beyond its end and throws `Malformed`; it allocates nothing but what it returns,
 * which is never longer than the input.
 *
 * Not here: what the bytes mean. Byte arrays are views of the input and are copied by whoever
 * keeps them.
 */
import { assert } from '../kernel/assert.ts';
import { uuidFromBytes } from './base64url.ts';
import { Malformed } from './malformed.ts';
import { decodeUtf8 } from './utf8.ts';

const TWO_32 = 0x100000000;
/** The high words between which an int64 is a safe integer. */
const HIGH_MAX = 0x1fffff;
const HIGH_MIN = -0x200000;

export class Reader {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    assert(start >= 0 && start <= end, 'reader starts outside', { start, end });
    assert(end <= bytes.length, 'reader ends outside', { end, length: bytes.length });
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Moves past `count` bytes and returns where they begin. */
  take(count: number): number {
    const start = this.position;
    if (count < 0 || count > this.end - start) {
      throw new Malformed(`${count} bytes wanted, ${this.end - start} left`);
    }
    this.position = start + count;
    return start;
  }

  bool(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    const at = this.take(1);
    return ((this.bytes[at] as number) << 24) >> 24;
  }

  int16(): number {
    return (this.uint16() << 16) >> 16;
  }

  uint16(): number {
    const at = this.take(2);
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }

  int32(): number {
    const at = this.take(4);
    const bytes = this.bytes;
    return (
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)
    );
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** An int64 as a safe integer; a value that is none is refused. */
  int64(): number {
    const high = this.int32();
    const low = this.uint32();
    if (high > HIGH_MAX || high < HIGH_MIN || (high === HIGH_MIN && low === 0)) {
      throw new Malformed('an int64 beyond 2^53');
    }
    return high * TWO_32 + low;
  }

  /** 0 to 2^32 - 1. Overlong forms are refused. */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.take(1)] as number;
      if (shift === 28 && byte > 0x0f) throw new Malformed('a varint beyond 32 bits');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) throw new Malformed('an overlong varint');
        return value >>> 0;
      }
    }
    throw new Malformed('a varint without an end');
  }

  /** A zigzag int32. */
  varint(): number {
    const raw = this.uvarint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** A zigzag int64 as a safe integer; a value that is none is refused. */
  varlong(): number {
    const first = this.bytes[this.take(1)] as number;
    const negative = (first & 1) === 1;
    let magnitude = (first & 0x7f) >>> 1;
    let weight = 64;
    for (let byte = first; byte >= 0x80; weight *= 128) {
      byte = this.bytes[this.take(1)] as number;
      if (byte === 0) throw new Malformed('an overlong varlong');
      magnitude += (byte & 0x7f) * weight;
      if (!Number.isSafeInteger(magnitude)) throw new Malformed('a varlong beyond 2^53');
    }
    const value = negative ? -magnitude - 1 : magnitude;
    if (!Number.isSafeInteger(value)) throw new Malformed('a varlong beyond 2^53');
    return value;
  }

  /** 16 bytes in Kafka's base64url form. */
  uuid(): string {
    return uuidFromBytes(this.bytes, this.take(16));
  }

  /** A view of the next `count` bytes. */
  view(count: number): Uint8Array {
    const start = this.take(count);
    return this.bytes.subarray(start, start + count);
  }

  /** `count` bytes of UTF-8. */
  text(count: number): string {
    const start = this.take(count);
    return decodeUtf8(this.bytes, start, start + count);
  }
}

/**
 * A big-endian writer into a buffer that grows. Give it the size beforehand and nothing is ever
 * copied: the wire layer knows the size of each message.
 *
 * Its callers are ours, so a value that does not fit its field is a bug and asserts.
 */
import { assert, AssertionError } from '../kernel/assert.ts';
import { writeUuid } from './base64url.ts';
import { byteArray } from './slab.ts';
import { utf8Size, writeUtf8 } from './utf8.ts';
import {
  uvarintSize,
  varintSize,
  varlongSize,
  writeUvarint,
  writeVarint,
  writeVarlong,
} from './varint.ts';

const TWO_32 = 0x100000000;

export class Writer {
  private buffer: Uint8Array;
  private at = 0;

  constructor(capacity = 64) {
    this.buffer = byteArray(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.at;
  }

  /** What was written, without a copy. The writer is not used afterwards. */
  finish(): Uint8Array {
    assert(this.at <= this.buffer.length, 'writer past its end', { at: this.at });
    return this.at === this.buffer.length ? this.buffer : this.buffer.subarray(0, this.at);
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int8(value: number): void {
    if ((value << 24) >> 24 !== value) outOfRange('int8', value);
    this.reserve(1);
    this.buffer[this.at++] = value;
  }

  int16(value: number): void {
    if ((value << 16) >> 16 !== value) outOfRange('int16', value);
    this.put16(value);
  }

  uint16(value: number): void {
    if ((value & 0xffff) !== value) outOfRange('uint16', value);
    this.put16(value);
  }

  int32(value: number): void {
    if ((value | 0) !== value) outOfRange('int32', value);
    this.put32(value);
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) outOfRange('uint32', value);
    this.put32(value | 0);
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value)) outOfRange('int64', value);
    this.put32(Math.floor(value / TWO_32) | 0);
    this.put32(value | 0);
  }

  uvarint(value: number): void {
    this.reserve(uvarintSize(value));
    this.at = writeUvarint(value, this.buffer, this.at);
  }

  varint(value: number): void {
    this.reserve(varintSize(value));
    this.at = writeVarint(value, this.buffer, this.at);
  }

  varlong(value: number): void {
    this.reserve(varlongSize(value));
    this.at = writeVarlong(value, this.buffer, this.at);
  }

  uuid(value: string): void {
    this.reserve(16);
    writeUuid(value, this.buffer, this.at);
    this.at += 16;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** The text's UTF-8 bytes, without a length. */
  text(value: string): void {
    this.reserve(utf8Size(value));
    this.at = writeUtf8(value, this.buffer, this.at);
  }

  private reserve(count: number): void {
    if (this.at + count <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.at + count));
    grown.set(this.buffer.subarray(0, this.at));
    this.buffer = grown;
  }

  private put16(value: number): void {
    this.reserve(2);
    this.buffer[this.at++] = value >> 8;
    this.buffer[this.at++] = value;
  }

  private put32(value: number): void {
    this.reserve(4);
    this.buffer[this.at++] = value >> 24;
    this.buffer[this.at++] = value >> 16;
    this.buffer[this.at++] = value >> 8;
    this.buffer[this.at++] = value;
  }
}

function outOfRange(type: string, value: unknown): never {
  throw new AssertionError(`not an ${type}`, { value });
}

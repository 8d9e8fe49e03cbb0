/**
 * Where a decompressor puts what it makes: a buffer that grows with the data up to a cap, so that
 * no length that hostile bytes declare is ever allocated on trust.
 */
import { assert } from '../kernel/assert.ts';
import { Malformed } from './malformed.ts';

/** Thrown when the decompressed bytes pass the cap. */
export class TooLarge extends Error {
  constructor(bytesMax: number) {
    super(`more than ${bytesMax} bytes decompressed`);
    this.name = 'TooLarge';
  }
}

export class ByteSink {
  private buffer = new Uint8Array(256);
  private at = 0;
  readonly bytesMax: number;

  constructor(bytesMax: number) {
    assert(Number.isSafeInteger(bytesMax) && bytesMax >= 0, 'a cap', { bytesMax });
    this.bytesMax = bytesMax;
  }

  get length(): number {
    return this.at;
  }

  /** Appends the bytes of `source` from `start` up to, and without, `end`. */
  append(source: Uint8Array, start = 0, end = source.length): void {
    if (start > end || end > source.length) throw new Malformed('a literal beyond the end');
    this.reserve(end - start);
    this.buffer.set(source.subarray(start, end), this.at);
    this.at += end - start;
  }

  /** Repeats `count` bytes from `distance` back; they may overlap what is being written. */
  repeat(distance: number, count: number): void {
    if (distance <= 0 || distance > this.at) throw new Malformed(`a match ${distance} bytes back`);
    this.reserve(count);
    const { buffer } = this;
    if (distance >= count) {
      buffer.copyWithin(this.at, this.at - distance, this.at - distance + count);
    } else {
      for (let i = this.at, end = this.at + count; i < end; i++) {
        buffer[i] = buffer[i - distance] as number;
      }
    }
    this.at += count;
  }

  /** What was collected. */
  finish(): Uint8Array {
    assert(this.at <= this.bytesMax, 'past the cap', { at: this.at });
    return this.buffer.subarray(0, this.at);
  }

  private reserve(count: number): void {
    const wanted = this.at + count;
    if (wanted > this.bytesMax) throw new TooLarge(this.bytesMax);
    if (wanted <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(wanted, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.at));
    this.buffer = grown;
  }
}

/**
 * Adler-32, the checksum of zlib and of ZooKeeper's log: two sums modulo 65521.
 *
 * Source: RFC 1950, sections 8.2 and 9.
 */
import { assert } from '../kernel/assert.ts';

const BASE = 65521;
/** So many bytes can be summed before the second sum could pass 2^32. */
const BYTES_WITHOUT_MODULO = 5552;

/** The checksum of bytes as an unsigned whole number. */
export function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(at + BYTES_WITHOUT_MODULO, bytes.length);
    for (; at < end; at++) {
      low += bytes[at]!;
      high += low;
    }
    low %= BASE;
    high %= BASE;
  }
  assert(low < BASE && high < BASE, 'sums are reduced', { low, high });
  return high * 65536 + low;
}

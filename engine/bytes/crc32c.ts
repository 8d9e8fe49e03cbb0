/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720, appendix B.4): the checksum of a
 * record batch. Eight bytes a step with eight tables, the technique known as slicing-by-8: about
 * three times as fast as one table, and the same integers in every world.
 */
import { assert } from '../kernel/assert.ts';

const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

/** Table k, entry b: what byte b does to the CRC when k more bytes follow it in the step. */
const tables = makeTables();

function makeTables(): Int32Array {
  const made = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? POLYNOMIAL : 0);
    made[byte] = crc;
  }
  for (let i = 256; i < made.length; i++) {
    const crc = made[i - 256] as number;
    made[i] = (crc >>> 8) ^ (made[crc & 0xff] as number);
  }
  return made;
}

/** The CRC-32C of the bytes from `start` up to, and without, `end`, as an unsigned int32. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  assert(start >= 0 && start <= end, 'crc range', { start, end });
  assert(end <= bytes.length, 'crc past the end', { end, length: bytes.length });
  const table = tables;
  let crc = -1;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    const low =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (table[1792 + (low & 0xff)] as number) ^
      (table[1536 + ((low >>> 8) & 0xff)] as number) ^
      (table[1280 + ((low >>> 16) & 0xff)] as number) ^
      (table[1024 + (low >>> 24)] as number) ^
      (table[768 + (bytes[at + 4] as number)] as number) ^
      (table[512 + (bytes[at + 5] as number)] as number) ^
      (table[256 + (bytes[at + 6] as number)] as number) ^
      (table[bytes[at + 7] as number] as number);
  }
  for (; at < end; at++) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}

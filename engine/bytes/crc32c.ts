/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720, appendix B.4): the checksum of a
 * record batch. Eight bytes a step with eight tables, the technique known as slicing-by-8: about
 * three times as fast as one table, and the same integers in every world.
 *
 * Each step waits for the one before it, so long input is taken as two lanes side by side, whose
 * steps do not wait for each other. The lanes are joined by what a lane of zeros does to the first
 * one's CRC: CRC(AB) = CRC(A followed by as many zeros as B is long) xor CRC(B from 0).
 */
import { assert } from '../kernel/assert.ts';

const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;
/** Bytes of a lane: long enough that joining costs little, and both lanes stay in the cache. */
const LANE = 1024;

/** Table k, entry b: what byte b does to the CRC when k more bytes follow it in the step. */
const tables = makeTables();
/** Table k, entry b: what byte k of a CRC, if it is b, becomes behind a lane of zeros. */
const joinTables = makeJoinTables();

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

/**
 * A CRC behind zeros is linear in its bits: each bit is taken through a lane of zeros by itself,
 * and an entry is the xor of the bits that are set in it.
 */
function makeJoinTables(): Int32Array {
  const made = new Int32Array(4 * 256);
  for (let bit = 0; bit < 32; bit++) {
    let crc = 1 << bit;
    for (let i = 0; i < LANE; i++) crc = (crc >>> 8) ^ (tables[crc & 0xff] as number);
    const table = (bit >>> 3) * 256;
    const place = 1 << (bit & 7);
    for (let byte = 0; byte < 256; byte++) if ((byte & place) !== 0) made[table + byte]! ^= crc;
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
  if (end - start >= 2 * LANE) {
    const pairs = Math.floor((end - start) / (2 * LANE));
    crc = inLanes(bytes, start, pairs);
    at += pairs * 2 * LANE;
  }
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

/** The CRC, not yet inverted, of so many pairs of lanes. */
function inLanes(bytes: Uint8Array, start: number, pairs: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const t = tables;
  let crc = -1;
  let at = start;
  for (let pair = 0; pair < pairs; pair++) {
    let left = crc;
    let right = 0;
    for (const stop = at + LANE; at < stop; at += 8) {
      const leftLow = left ^ view.getInt32(at, true);
      const leftHigh = view.getInt32(at + 4, true);
      const rightLow = right ^ view.getInt32(at + LANE, true);
      const rightHigh = view.getInt32(at + LANE + 4, true);
      left =
        (t[1792 + (leftLow & 0xff)] as number) ^
        (t[1536 + ((leftLow >>> 8) & 0xff)] as number) ^
        (t[1280 + ((leftLow >>> 16) & 0xff)] as number) ^
        (t[1024 + (leftLow >>> 24)] as number) ^
        (t[768 + (leftHigh & 0xff)] as number) ^
        (t[512 + ((leftHigh >>> 8) & 0xff)] as number) ^
        (t[256 + ((leftHigh >>> 16) & 0xff)] as number) ^
        (t[leftHigh >>> 24] as number);
      right =
        (t[1792 + (rightLow & 0xff)] as number) ^
        (t[1536 + ((rightLow >>> 8) & 0xff)] as number) ^
        (t[1280 + ((rightLow >>> 16) & 0xff)] as number) ^
        (t[1024 + (rightLow >>> 24)] as number) ^
        (t[768 + (rightHigh & 0xff)] as number) ^
        (t[512 + ((rightHigh >>> 8) & 0xff)] as number) ^
        (t[256 + ((rightHigh >>> 16) & 0xff)] as number) ^
        (t[rightHigh >>> 24] as number);
    }
    crc = joined(left) ^ right;
    at += LANE;
  }
  return crc;
}

/** What a CRC becomes behind a lane of zeros. */
function joined(crc: number): number {
  const t = joinTables;
  return (
    (t[crc & 0xff] as number) ^
    (t[256 + ((crc >>> 8) & 0xff)] as number) ^
    (t[512 + ((crc >>> 16) & 0xff)] as number) ^
    (t[768 + (crc >>> 24)] as number)
  );
}

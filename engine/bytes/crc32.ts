/**
 * CRC-32 (IEEE 802.3), as `erlang:crc32` and zlib have it: what RabbitMQ's files carry.
 *
 * The table is in reflected form, polynomial 0xEDB88320. Kafka's checksum is `crc32c.ts`.
 */
import { assert } from '../kernel/assert.ts';

const POLYNOMIAL = 0xedb88320;

const TABLE = ((): Uint32Array => {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) {
      value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
    }
    table[byte] = value >>> 0;
  }
  return table;
})();

/** The checksum of the bytes from `start` up to `end`, as an unsigned whole number. */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  assert(start >= 0 && start <= end && end <= bytes.length, 'a range of the bytes', { start, end });
  let crc = 0xffffffff;
  for (let at = start; at < end; at++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[at]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

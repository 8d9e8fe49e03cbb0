/**
 * The bloom filter of a chunk: which filter values its records have, perhaps.
 *
 * A consumer that asks for values is not sent chunks that have none of them; of a chunk that may
 * have one it is sent everything, so the client looks again. Bit 0 says that a record has no value.
 * Source: `osiris_bloom`; `rabbit_stream_queue:stream_message` (3.13). Differs: the two hashes are
 * CRC-32s, there `erlang:phash2`; so a filter that a real node wrote says other values.
 */
import { crc32 } from '../../bytes/crc32.ts';
import { encodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';

/** `x-stream-filter-size-bytes` without anything said. */
export const FILTER_BYTES = 16;
export const FILTER_BYTES_MIN = 16;
export const FILTER_BYTES_MAX = 255;

const BITS = 8;

/** What a consumer asks for. */
export interface FilterSpec {
  /** Records with one of these values, at least one. */
  readonly values: readonly string[];
  /** Records without a value, too. */
  readonly matchesUnfiltered: boolean;
}

/** The filter of a chunk, from the value of each of its records; empty where none has one. */
export function chunkFilter(values: readonly (string | null)[], sizeBytes: number): Uint8Array {
  assert(sizeBytes >= FILTER_BYTES_MIN && sizeBytes <= FILTER_BYTES_MAX, 'a size', { sizeBytes });
  assert(values.length > 0, 'a chunk has records', {});
  if (values.every((value) => value === null)) return new Uint8Array(0);
  const filter = new Uint8Array(sizeBytes);
  for (const value of values) for (const bit of bitsOf(value, sizeBytes)) set(filter, bit);
  return filter;
}

/** Whether a chunk with this filter may have what is asked for. */
export function mayMatch(filter: Uint8Array, { values, matchesUnfiltered }: FilterSpec): boolean {
  assert(values.length > 0, 'a value is asked for', {});
  if (filter.length === 0) return matchesUnfiltered;
  const asked = matchesUnfiltered ? [null, ...values] : values;
  return asked.some((value) => bitsOf(value, filter.length).every((bit) => isSet(filter, bit)));
}

function bitsOf(value: string | null, sizeBytes: number): readonly number[] {
  if (value === null || value === '') return [0];
  const range = sizeBytes * BITS - 1;
  const octets = encodeUtf8(value);
  return [octets, Uint8Array.of(...octets, octets.length & 0xff)].map(
    (of) => 1 + (crc32(of) % range),
  );
}

function set(filter: Uint8Array, bit: number): void {
  filter[bit >> 3]! |= 0x80 >> (bit & 7);
}

function isSet(filter: Uint8Array, bit: number): boolean {
  return (filter[bit >> 3]! & (0x80 >> (bit & 7))) !== 0;
}

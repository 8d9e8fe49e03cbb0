/**
 * MurmurHash2 with Kafka's seed: a record with a key goes to partition
 * `(murmur2(key) & 0x7fffffff) % partitions` (`BuiltInPartitioner`), in every client that wants to
 * agree with the Java one.
 */
import { assert } from '../kernel/assert.ts';

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** The hash of the bytes as a signed int32. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = SEED ^ length;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    word = Math.imul(word, MULTIPLIER);
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  const rest = length - whole;
  assert(rest >= 0 && rest < 4, 'murmur2 tail', { rest });
  if (rest > 0) {
    for (let i = rest - 1; i >= 0; i--) hash ^= (bytes[whole + i] as number) << (8 * i);
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  hash ^= hash >>> 15;
  assert((hash | 0) === hash, 'murmur2 is an int32', { hash });
  return hash;
}

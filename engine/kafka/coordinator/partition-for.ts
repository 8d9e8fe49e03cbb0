/**
 * Which partition of an internal topic a group or a transactional id belongs to: the same formula
 * in every broker and every release, so that a real tool finds the state where it looks for it.
 *
 * Source: `String.hashCode` of Java, `Utils.abs`, `GroupCoordinatorService.partitionFor`.
 */
import { assert } from '../../kernel/assert.ts';

const INT_MIN = -2_147_483_648;

/** Java's hash of a string's UTF-16 code units. */
export function javaHashCode(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  assert(Number.isSafeInteger(hash) && hash >= INT_MIN, 'an int', { hash });
  return hash;
}

/** A partition from 0 to, and without, `partitions`. */
export function partitionFor(key: string, partitions: number): number {
  assert(partitions >= 1, 'partitions', { partitions });
  const hash = javaHashCode(key);
  // The absolute value of the least int does not fit an int.
  const absolute = hash === INT_MIN ? 0 : Math.abs(hash);
  assert(absolute >= 0, 'a positive hash', { hash });
  return absolute % partitions;
}

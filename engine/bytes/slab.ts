/**
 * Small byte arrays, cut one after another from a larger buffer. An engine makes a buffer of its
 * own for each array of more than 64 bytes, which takes ten times as long as filling it.
 *
 * No byte is handed out twice, so an array is zero and nobody else's. Whoever keeps one keeps its
 * slab, of at most `SLAB_BYTES`; whoever looks at `.buffer` minds `.byteOffset`, as with any view.
 */
import { assert } from '../kernel/assert.ts';

/** As large as the pool of Node's `Buffer`. */
const SLAB_BYTES = 8192;
/** Below, an array's bytes lie within its object and cost nothing more. */
const ON_HEAP_BYTES_MAX = 64;
/** Above, an array has a buffer of its own: little is left over at the end of a slab. */
const PIECE_BYTES_MAX = 1024;

let slab = new ArrayBuffer(SLAB_BYTES);
let used = 0;

/** So many bytes, all zero. */
export function byteArray(size: number): Uint8Array<ArrayBuffer> {
  assert(Number.isSafeInteger(size) && size >= 0, 'a size', { size });
  if (size <= ON_HEAP_BYTES_MAX || size > PIECE_BYTES_MAX) return new Uint8Array(size);
  if (used + size > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, size);
  used += size;
  return bytes;
}

/** A copy that nobody else holds. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = byteArray(bytes.length);
  copy.set(bytes);
  return copy;
}

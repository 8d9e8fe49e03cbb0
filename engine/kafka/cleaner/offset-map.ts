/**
 * What a cleaning knows of the dirty part of a log: of each key the offset of its last record. Its
 * memory is bounded by `log.cleaner.dedupe.buffer.size`, so one cleaning may come only part of the
 * way; the next one goes on from there.
 *
 * Source: SkimpyOffsetMap.java, whose slots hold an MD5 of the key (16 bytes) and an offset (8).
 * Differences: the keys themselves are held, so that two keys never count as one; the count of
 * slots is that of the real map.
 */
import { assert } from '../../kernel/assert.ts';

const SLOT_BYTES = 24;
const NOTHING = -1;

export class OffsetMap {
  readonly slots: number;
  readonly #offsets = new Map<string, number>();
  /** The last offset that was read into the map; -1 before the first. */
  latestOffset = NOTHING;

  constructor(memoryBytes: number) {
    this.slots = Math.floor(memoryBytes / SLOT_BYTES);
    assert(this.slots > 0, 'memory for a slot', { memoryBytes });
  }

  get size(): number {
    return this.#offsets.size;
  }

  /** A later record of the key takes the place of an earlier one. */
  put(key: Uint8Array, offset: number): void {
    assert(this.size < this.slots, 'a free slot', { slots: this.slots });
    assert(offset > this.latestOffset, 'read in order', { offset, latest: this.latestOffset });
    this.#offsets.set(textOf(key), offset);
  }

  /** -1 for a key that has no record in the dirty part. */
  get(key: Uint8Array): number {
    return this.#offsets.get(textOf(key)) ?? NOTHING;
  }
}

/** One character a byte. */
function textOf(key: Uint8Array): string {
  let text = '';
  for (const byte of key) text += String.fromCharCode(byte);
  return text;
}

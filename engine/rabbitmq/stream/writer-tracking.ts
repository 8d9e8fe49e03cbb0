/**
 * What a stream's writer keeps of those that write to it: the number of the last record of each,
 * so that one that is sent again is there once, whoever is the writer then.
 *
 *     in the trailer of a chunk, for each writer id of its records:
 *     | type 0: u8 | length u8 | writer id | last number u64 |
 *
 * It is found again by whoever becomes the writer, in the chunks of its log. Source:
 * `osiris_tracking`, `osiris_writer:is_duplicate`. Differs: a segment does not begin with all that
 * is kept (there a chunk of its own, which takes an offset), so a writer id is forgotten when
 * retention took its records; offsets of consumers of the stream protocol are not kept.
 */
import { Reader } from '../../bytes/reader.ts';
import { encodeUtf8 } from '../../bytes/utf8.ts';
import { Writer } from '../../bytes/writer.ts';
import { assert } from '../../kernel/assert.ts';

const SEQUENCE = 0;
/** `max_sequences`: of more writers those that were silent for longest are forgotten. */
const WRITERS_MAX = 255;
const ID_BYTES_MAX = 255;

/** The last record of a writer id. */
export interface Tracked {
  readonly sequence: number;
  /** The offset behind the chunk that has it. */
  readonly endOffset: number;
}

export class WriterTracking {
  /** Who wrote last is last. */
  readonly #tracked = new Map<string, Tracked>();

  get(writer: string): Tracked | undefined {
    return this.#tracked.get(writer);
  }

  /** Records of a writer up to this number are in a chunk that ends at the offset. */
  note(writer: string, tracked: Tracked): void {
    const before = this.#tracked.get(writer)?.sequence ?? 0;
    assert(tracked.sequence > before, 'a number is taken once', { writer, before, ...tracked });
    this.#tracked.delete(writer);
    this.#tracked.set(writer, tracked);
    for (const oldest of this.#tracked.keys()) {
      if (this.#tracked.size <= WRITERS_MAX) break;
      this.#tracked.delete(oldest);
    }
  }

  /** Takes in the trailer of the chunk that ends at the offset. */
  read(trailer: Uint8Array, endOffset: number): void {
    const reader = new Reader(trailer);
    while (reader.remaining > 0) {
      const type = reader.int8();
      const writer = reader.text(reader.int8() & 0xff);
      const sequence = reader.int64();
      // Other types are offsets of consumers, from a real node's files.
      if (type === SEQUENCE) this.note(writer, { sequence, endOffset });
    }
  }
}

/** The trailer of a chunk with these last numbers. */
export function trackingTrailer(last: ReadonlyMap<string, number>): Uint8Array {
  if (last.size === 0) return new Uint8Array(0);
  const writer = new Writer();
  for (const [id, sequence] of last) {
    const octets = encodeUtf8(id);
    assert(octets.length <= ID_BYTES_MAX && sequence > 0, 'a writer id', { id, sequence });
    writer.int8(SEQUENCE);
    writer.int8(octets.length);
    writer.raw(octets);
    writer.int64(sequence);
  }
  return writer.finish();
}

/**
 * Cuts a stream of bytes into frames that begin with their length, as Kafka's and ZooKeeper's do.
 *
 *     size int32 | payload
 *
 * Not here: what a payload says.
 */
import { assert } from '../kernel/assert.ts';
import { limits } from '../kernel/limits.ts';
import type { Decoded } from '../kernel/ports.ts';
import { Malformed } from '../bytes/malformed.ts';
import { copyOf } from '../bytes/slab.ts';

export const SIZE_BYTES = 4;

/** Cuts a stream into frames, whatever the pieces in which it arrives. */
export class FrameCutter {
  /** The pieces of the frame that is not whole yet, with `kept` bytes in all. */
  private pieces: Uint8Array[] = [];
  private kept = 0;
  private violation: string | undefined;

  /**
   * Decodes the frames that are whole with this chunk. After a violation nothing more is decoded.
   * Memory follows what has arrived, never what a frame claims to be.
   */
  cut(chunk: Uint8Array, decode: (frame: Uint8Array) => unknown): Decoded {
    if (this.violation !== undefined) return { messages: [], violation: this.violation };
    this.pieces.push(copyOf(chunk));
    this.kept += chunk.length;
    const messages: unknown[] = [];
    try {
      this.decodeWhole(messages, decode);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.violation = error.message;
      this.pieces = [];
      return { messages, violation: error.message };
    }
    return { messages };
  }

  private decodeWhole(messages: unknown[], decode: (frame: Uint8Array) => unknown): void {
    if (this.kept < SIZE_BYTES) return;
    let size = frameBytes(this.head());
    if (this.kept < SIZE_BYTES + size) return;
    const stream = this.joined();
    let at = 0;
    for (;;) {
      const end = at + SIZE_BYTES + size;
      // The stream is a copy of ours, so messages may keep views of it.
      messages.push(decode(stream.subarray(at + SIZE_BYTES, end)));
      at = end;
      if (stream.length - at < SIZE_BYTES) break;
      size = frameBytes(stream.subarray(at));
      if (stream.length - at < SIZE_BYTES + size) break;
    }
    const rest = stream.subarray(at);
    this.pieces = rest.length === 0 ? [] : [copyOf(rest)];
    this.kept = rest.length;
  }

  /** The first four bytes, which may be spread over pieces. */
  private head(): Uint8Array {
    const first = this.pieces[0];
    if (first !== undefined && first.length >= SIZE_BYTES) return first;
    this.pieces = [this.joined()];
    return this.pieces[0] as Uint8Array;
  }

  private joined(): Uint8Array {
    const only = this.pieces[0];
    if (this.pieces.length === 1 && only !== undefined) return only;
    const whole = new Uint8Array(this.kept);
    let at = 0;
    for (const piece of this.pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    assert(at === this.kept, 'pieces lost', { at, kept: this.kept });
    return whole;
  }
}

/** The size field; throws `Malformed` if no frame can have it. */
function frameBytes(head: Uint8Array): number {
  assert(head.length >= SIZE_BYTES, 'a size field', { length: head.length });
  const size = (head[0]! << 24) | (head[1]! << 16) | (head[2]! << 8) | head[3]!;
  if (size <= 0) throw new Malformed(`a frame of ${size} bytes`);
  if (size > limits.frameBytesMax) throw new Malformed(`a frame of ${size} bytes`);
  return size;
}

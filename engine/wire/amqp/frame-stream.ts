/**
 * Cuts a connection's octets into frames, whatever the pieces in which they arrive.
 *
 *     type 1 | channel uint16 | size uint32 | payload | 0xCE
 *
 * A frame's size is judged by its first seven octets, before its payload is waited for. Not here:
 * what a payload says. `wire/frame-cutter.ts` does not serve here: a bad frame has to be answered,
 * the first octets are no frame, and the bound on sizes changes when limits are agreed on.
 * Source: `rabbit_reader:handle_input`.
 */
import { assert } from '../../kernel/assert.ts';
import { copyOf } from '../../bytes/slab.ts';
import { EMPTY_FRAME_BYTES, FRAME_END, FRAME_HEADER_BYTES } from './command.ts';

export interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Uint8Array;
}

/** Why no more frames can be cut; the frame is the one at fault. */
export interface BadFrame extends Frame {
  readonly fault: string;
}

export class FrameStream {
  /** Copies of what arrived and is not cut yet; `#at` is the place in the first. */
  #pieces: Uint8Array[] = [];
  #at = 0;
  #kept = 0;
  /** Octets of a frame, its empty frame included; 0 is without bound. */
  frameMax: number;

  constructor(frameMax: number) {
    assert(frameMax >= 0, 'frame-max', { frameMax });
    this.frameMax = frameMax;
  }

  /** Octets that wait for more. */
  get kept(): number {
    return this.#kept;
  }

  /** Takes octets in; they are copied. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#pieces.push(copyOf(chunk));
    this.#kept += chunk.length;
  }

  /** The next octets, without a copy, or undefined where there are fewer. They stay. */
  peek(count: number): Uint8Array | undefined {
    if (this.#kept < count) return undefined;
    const first = this.#pieces[0];
    if (first !== undefined && first.length - this.#at >= count) {
      return first.subarray(this.#at, this.#at + count);
    }
    const whole = this.#joined();
    this.#pieces = [whole];
    this.#at = 0;
    return whole.subarray(0, count);
  }

  skip(count: number): void {
    assert(count <= this.#kept, 'octets that are there', { count, kept: this.#kept });
    this.#kept -= count;
    this.#at += count;
    const first = this.#pieces[0];
    if (first !== undefined && this.#at === first.length) {
      this.#pieces.shift();
      this.#at = 0;
    }
  }

  /** The next whole frame, or undefined where more octets have to come. */
  next(): Frame | BadFrame | undefined {
    const head = this.peek(FRAME_HEADER_BYTES);
    if (head === undefined) return undefined;
    const type = head[0]!;
    const channel = (head[1]! << 8) | head[2]!;
    const size = ((head[3]! << 24) | (head[4]! << 16) | (head[5]! << 8) | head[6]!) >>> 0;
    // As there, a payload may be as long as a whole frame: it is measured without its empty frame.
    if (this.frameMax !== 0 && size > this.frameMax) {
      const fault = `{frame_too_large,${size},${this.frameMax - EMPTY_FRAME_BYTES}}`;
      return { type, channel, payload: new Uint8Array(0), fault };
    }
    const frame = this.peek(size + EMPTY_FRAME_BYTES);
    if (frame === undefined) return undefined;
    const payload = frame.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + size);
    const end = frame[FRAME_HEADER_BYTES + size]!;
    if (end !== FRAME_END) {
      return { type, channel, payload, fault: `{invalid_frame_end_marker,${end}}` };
    }
    this.skip(size + EMPTY_FRAME_BYTES);
    return { type, channel, payload };
  }

  /** Gives up what is kept. */
  clear(): void {
    this.#pieces = [];
    this.#at = 0;
    this.#kept = 0;
  }

  #joined(): Uint8Array {
    const whole = new Uint8Array(this.#kept);
    let at = 0;
    for (const [place, piece] of this.#pieces.entries()) {
      const rest = place === 0 ? piece.subarray(this.#at) : piece;
      whole.set(rest, at);
      at += rest.length;
    }
    assert(at === this.#kept, 'pieces lost', { at, kept: this.#kept });
    return whole;
  }
}

/**
 * Walks the frames of a log file from one position to the next, reading the file in windows, so
 * that a search among small frames is one read and not one a frame.
 *
 * Not here: what is done with the frames (`segment.ts`, `recovery.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Cost, DiskFile } from '../kernel/ports.ts';
import { frameHeader } from './framing.ts';
import type { FrameHeader, Framing } from './framing.ts';

/** `end`: the limit, at a frame's end. `short`: the limit, in a frame. `bad`: no frame is here. */
export type ScanStep = 'frame' | 'end' | 'short' | 'bad';

const WINDOW_BYTES_MIN = 512;

export class FrameScan {
  /** The header of the frame at `position` after a `frame` step. */
  readonly header: FrameHeader = frameHeader();
  /** Where the current frame begins. */
  position = 0;
  /** The bytes around the current frame, which begins at `start` in them. */
  bytes: Uint8Array = EMPTY;
  start = 0;
  readonly #framing: Framing;
  readonly #file: DiskFile;
  readonly #cost: Cost;
  readonly #windowBytes: number;
  #limit = 0;
  #windowPosition = 0;
  #next = 0;

  constructor(framing: Framing, file: DiskFile, cost: Cost, windowBytes: number) {
    this.#framing = framing;
    this.#file = file;
    this.#cost = cost;
    this.#windowBytes = Math.max(windowBytes, framing.headerBytesMin, WINDOW_BYTES_MIN);
  }

  /** Begins at a position where a frame begins; the walk ends at `limit`, the log's end. */
  begin(position: number, limit: number): void {
    assert(position >= 0 && position <= limit, 'a scan begins before its end', { position, limit });
    this.#next = position;
    this.#limit = limit;
    // Nothing is kept from an earlier walk: a view of the file is good within one event only.
    this.bytes = EMPTY;
    this.#windowPosition = position;
  }

  /** Goes to the next frame. After anything but `frame` the walk is over at `position`. */
  next(): ScanStep {
    const position = this.#next;
    this.position = position;
    if (position === this.#limit) return 'end';
    const framing = this.#framing;
    if (this.#limit - position < framing.headerBytesMin) return 'short';
    this.#cover(position, framing.headerBytesMin, this.#windowBytes);
    if (this.bytes.length - this.start < framing.headerBytesMin) return 'short';
    const read = framing.header(this.bytes, this.start, this.header);
    if (read !== 'ok') return read;
    const sizeBytes = this.header.sizeBytes;
    assert(sizeBytes >= framing.headerBytesMin, 'a frame has a header', { position, sizeBytes });
    if (position + sizeBytes > this.#limit) return 'short';
    this.#next = position + sizeBytes;
    return 'frame';
  }

  /** Makes the whole current frame be in `bytes`, from `start`. False if the file is shorter. */
  whole(): boolean {
    const sizeBytes = this.header.sizeBytes;
    this.#cover(this.position, sizeBytes, Math.max(sizeBytes, this.#windowBytes));
    return this.bytes.length - this.start >= sizeBytes;
  }

  #cover(position: number, needBytes: number, windowBytes: number): void {
    const start = position - this.#windowPosition;
    assert(start >= 0, 'a scan goes forward', { position, window: this.#windowPosition });
    if (start + needBytes <= this.bytes.length) {
      this.start = start;
      return;
    }
    const length = Math.min(windowBytes, this.#limit - position);
    this.bytes = this.#file.read(position, length);
    this.#cost.charge('read', this.bytes.length);
    this.#windowPosition = position;
    this.start = 0;
  }
}

const EMPTY = new Uint8Array(0);

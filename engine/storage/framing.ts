/**
 * Framing: how a log's bytes fall into frames. The storage room stores, finds, cuts and checks
 * frames; what is in them belongs to the product, which hands in its framing.
 *
 *     file: | frame | frame | frame | ...      frame: | header (fixed, with its size) | rest |
 *
 * Kafka's frame is the record batch (`kafka/partition/log-framing.ts`).
 * Not here: how a frame is written; a log takes frames whose offsets are already assigned.
 */

/**
 * The facts in a frame's header. One object is filled again for every frame, so that a scan of a
 * million frames allocates nothing: copy what you keep.
 */
export interface FrameHeader {
  /** Offset of the frame's first record. */
  baseOffset: number;
  /** Offset of its last record; `baseOffset <= lastOffset`. */
  lastOffset: number;
  /** The whole frame with its header. */
  sizeBytes: number;
  /** The leader epoch (or term) under which it was written; -1 if it has none. */
  epoch: number;
  /** The largest timestamp in the frame, in milliseconds since 1970; -1 if it has none. */
  maxTimestamp: number;
}

/** `short`: fewer bytes than a header has. `bad`: these bytes cannot begin a frame. */
export type HeaderResult = 'ok' | 'short' | 'bad';

/** A record's place and time. */
export interface TimestampOffset {
  readonly offset: number;
  readonly timestamp: number;
}

export interface Framing {
  /** Bytes that `header` needs, and so the least size of a frame. */
  readonly headerBytesMin: number;
  /**
   * Reads the header at `position`. The rest of the frame need not be there and no checksum is
   * looked at, but `ok` promises a size of at least `headerBytesMin`, offsets in order, and numbers
   * that are safe integers.
   */
  header(bytes: Uint8Array, position: number, into: FrameHeader): HeaderResult;
  /** Whether the checksum of the frame, which is wholly there, is right. */
  valid(bytes: Uint8Array, position: number, sizeBytes: number): boolean;
  /**
   * The first record in the frame (wholly there) with a timestamp of at least `timestampMin` and
   * an offset of at least `offsetMin`; null if there is none or the frame cannot be read.
   */
  find(
    bytes: Uint8Array,
    position: number,
    sizeBytes: number,
    query: { readonly timestampMin: number; readonly offsetMin: number },
  ): TimestampOffset | null;
}

/** An empty header to be filled. */
export function frameHeader(): FrameHeader {
  return { baseOffset: -1, lastOffset: -1, sizeBytes: 0, epoch: -1, maxTimestamp: -1 };
}

/** Copies the facts out of a header that will be filled again. */
export function copyHeader(from: FrameHeader, into: FrameHeader): void {
  into.baseOffset = from.baseOffset;
  into.lastOffset = from.lastOffset;
  into.sizeBytes = from.sizeBytes;
  into.epoch = from.epoch;
  into.maxTimestamp = from.maxTimestamp;
}

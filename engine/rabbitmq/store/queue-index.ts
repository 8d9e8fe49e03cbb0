/**
 * The index of a queue: which of its messages are on disk, in which order, and where.
 *
 * There are two versions: `queue-index-v1.ts` (a journal and segments, with small messages in
 * them) and `queue-index-v2.ts` (segments, with small messages in a store of the queue's own).
 * Both tell of a publication when its entry is flushed, or when it was acknowledged before. Not
 * here: large messages (`message-store.ts`). Sources: `rabbit_queue_index`,
 * `rabbit_classic_queue_index_v2`.
 */
import type { MessageId } from './message-id.ts';

/** A persistent message of a durable queue. */
export interface IndexEntry {
  /** Its position in the queue. */
  readonly seqId: number;
  readonly id: MessageId;
  /** When it expires: microseconds of the wall clock since 1970; 0: never. */
  readonly expiry: number;
  readonly bodyBytes: number;
  /** The message, where it is small; null: the message store has it. */
  readonly embedded: Uint8Array | null;
}

export interface RecoveredEntry extends IndexEntry {
  /** It was delivered before, or may have been. */
  readonly delivered: boolean;
}

/** What an index is asked for when it is opened over what was left. */
export interface IndexRecovery {
  /** What the queue's clean shutdown left; null: it crashed. */
  readonly terms: string | null;
  /** Whether the message store has the message. */
  contains(id: MessageId): boolean;
}

export interface RecoveredIndex {
  /** In order. */
  readonly entries: readonly RecoveredEntry[];
  /** The next publication's position. */
  readonly nextSeqId: number;
  /** Persistent messages that the index knew and that are nowhere. */
  readonly dropped: number;
}

export interface QueueIndex {
  /** `told` when the entry, and what is embedded, is on disk or was acknowledged. */
  publish(entry: IndexEntry, told: (() => void) | null): void;
  deliver(seqId: number): void;
  /** The messages are gone. */
  ack(seqIds: readonly number[]): void;
  /** Writes out what waits; `done` when it is on the disk; gives the terms for the next start. */
  close(done: (terms: string) => void): void;
  /** The queue is gone: nothing is written any more. */
  stop(): void;
}

/** The first position of the segment behind the last one: a restart begins a new segment. */
export function nextSegment(segments: Iterable<number>, segmentEntries: number): number {
  let next = 0;
  for (const segment of segments) next = Math.max(next, (segment + 1) * segmentEntries);
  return next;
}

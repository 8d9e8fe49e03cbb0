/**
 * How a log's segments lie on disk besides their frames: which files there are, what stands before
 * the frames, when a segment is full, and what its indexes know. It comes with a framing.
 *
 * Kafka's is `sparse-indexes.ts`; a RabbitMQ stream's has one dense index
 * (`rabbitmq/stream/stream-layout.ts`). Not here: the frames (`framing.ts`).
 */
import type { Disk, DiskFile, DiskResult } from '../kernel/ports.ts';
import type { FrameHeader } from './framing.ts';
import type { LogConfig } from './log-config.ts';

export interface SegmentLayout {
  /** How the names of a segment's files end; that of the frames first. */
  readonly suffixes: readonly [string, ...string[]];
  /** Opens the file of the frames: position 0 is where the first frame begins. */
  openFrames(disk: Disk, path: string): DiskFile;
  openIndexes(place: IndexPlace): SegmentIndexes;
  /** Whether a segment that has frames must not take one more of this size. */
  isFull(sizeBytes: number, frameBytes: number, config: LogConfig): boolean;
  /**
   * Whether the log syncs a segment when it is full. Without it indexes meet the page cache with
   * their frames, and nothing is synced but by `flush` and `close`.
   */
  readonly syncsWhenFull: boolean;
}

/** Where the indexes of a segment are. */
export interface IndexPlace {
  readonly disk: Disk;
  readonly baseOffset: number;
  /** The settings as they are when an entry is due. */
  readonly config: () => LogConfig;
  /** The path of the file with this suffix. */
  readonly path: (suffix: string) => string;
}

/** The largest timestamp of a segment, and the last offset of the first frame that has it. */
export interface LargestTimestamp {
  readonly maxTimestamp: number;
  readonly offsetOfMaxTimestamp: number;
}

/** The indexes of one segment. They are derived: what is lost is built again (invariant K14). */
export interface SegmentIndexes {
  /** Entries of the index that finds offsets, and of the one that finds times. */
  readonly entries: number;
  readonly timeEntries: number;
  /** Whether there is no room for one more frame. */
  readonly full: boolean;
  /** What they know of the largest timestamp; -1 and the base offset where they know nothing. */
  readonly largest: LargestTimestamp;
  /** Whether a frame with this last offset can have an entry. */
  canHold(lastOffset: number): boolean;
  /** A frame will be written at the position; `largest` is the segment's largest time, with it. */
  note(frame: FrameHeader, position: number, largest: LargestTimestamp): void;
  /** The segment takes no more frames. */
  becomeInactive(largest: LargestTimestamp): void;
  /** A position at or before the first frame that reaches the offset. */
  lookup(offset: number): number;
  /** A position at or before this one at which a frame begins. */
  floorPosition(position: number): number;
  /** An offset; every record with at least this timestamp is at or behind it. */
  lookupTime(timestamp: number): number;
  /** Forgets frames at or behind a position, whose records are at or above an offset. */
  cutFrom(position: number, nextOffset: number): DiskResult;
  /** Forgets everything, in memory and in the files. */
  reset(): DiskResult;
  /** Reads the files; false if they cannot be this log's. */
  load(framesBytes: number): boolean;
  /** Writes what the files do not have yet. */
  save(): DiskResult;
  /** Asks for the syncs that are due; how many completions `done` will get. */
  sync(done: (result: DiskResult) => void): number;
  closeFiles(): void;
}

/**
 * The settings of one log, with the real broker's defaults (Kafka's topic settings; source: the
 * topic configuration reference and `LogConfig`). Names are those of the settings, in camel case.
 *
 * Not here: parsing of user input and topic overrides (`kafka/config.ts`), and what the storage
 * room leaves out: `segment.jitter.ms`, `preallocate`, compaction.
 */

export interface LogConfig {
  /** `segment.bytes`: a segment is rolled before it would grow beyond this. */
  readonly segmentBytes: number;
  /** `segment.ms`: a segment is rolled when its first frame is older than this. */
  readonly segmentMs: number;
  /** `segment.index.bytes`: the most that an index file may hold. */
  readonly segmentIndexBytes: number;
  /** `index.interval.bytes`: bytes of log between two index entries. */
  readonly indexIntervalBytes: number;
  /** `retention.ms`; -1 keeps segments for ever. */
  readonly retentionMs: number;
  /** `retention.bytes`, of the partition; -1 is without bound. */
  readonly retentionBytes: number;
  /** `flush.messages`: records after which a sync is forced. */
  readonly flushMessages: number;
  /** `flush.ms`: time after which a sync is forced. */
  readonly flushMs: number;
  /** `file.delete.delay.ms`: time between the rename to `.deleted` and the removal. */
  readonly fileDeleteDelayMs: number;
  /** Whether `cleanup.policy` has `delete`; without it only the log start offset deletes. */
  readonly deletes: boolean;
}

/** A duration or count that never comes: the largest that the real broker's int64 can hold here. */
export const UNBOUNDED = Number.MAX_SAFE_INTEGER;

export const DEFAULT_LOG_CONFIG: LogConfig = Object.freeze({
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  segmentIndexBytes: 10_485_760,
  indexIntervalBytes: 4096,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  flushMessages: UNBOUNDED,
  flushMs: UNBOUNDED,
  fileDeleteDelayMs: 60_000,
  deletes: true,
});

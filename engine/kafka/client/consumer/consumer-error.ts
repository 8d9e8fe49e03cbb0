/**
 * What a consumer cannot decide by itself, named as the exceptions that the Java consumer throws
 * out of `poll`. The partition rests until the application seeks.
 *
 * Not here: errors that the consumer cures by asking again (`fetcher.ts`, `offset-fetcher.ts`).
 */
import type { TopicPartition } from './subscription-state.ts';

export interface ConsumerError extends TopicPartition {
  readonly reason:
    | 'NoOffsetForPartitionException'
    | 'OffsetOutOfRangeException'
    | 'LogTruncationException'
    | 'TopicAuthorizationException'
    | 'CorruptRecordException';
  /** The position that it is about; -1 if there is none. */
  readonly offset: number;
  /** With LogTruncationException: where the logs part; -1 if unknown. */
  readonly divergentOffset: number;
}

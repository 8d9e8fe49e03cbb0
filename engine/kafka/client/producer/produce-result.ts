/**
 * What a producer tells about a record: written, or failed with or without the possibility that it
 * was written all the same. The histories of experiments are made of these.
 *
 * Not here: when a batch is tried again (`sender.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import { ErrorCode } from '../../../wire/kafka/errors.ts';

/**
 * The outcome of one record. `offset` is -1 where the broker does not tell: acks=0, or a duplicate
 * whose first append it no longer remembers. `indeterminate`: some attempt may have been written,
 * so the record is neither lost nor there before the log is read.
 */
export type ProduceResult =
  | { readonly ok: true; readonly partition: number; readonly offset: number; timestamp: number }
  | {
      readonly ok: false;
      /** -1 where no partition was chosen yet. */
      readonly partition: number;
      readonly errorCode: number;
      readonly indeterminate: boolean;
    };

export type ProduceCallback = (result: ProduceResult) => void;

/** A failure before anything left the client. */
export function refusal(errorCode: number, partition = -1): ProduceResult {
  assert(errorCode !== ErrorCode.NONE, 'a refusal has a reason', { errorCode });
  assert(partition >= -1, 'a partition or none', { partition });
  return { ok: false, partition, errorCode, indeterminate: false };
}

/**
 * Errors after which a batch is certainly not in the leader's log by this attempt. All others come
 * from a broker that may have appended first: with acks=all an append that waits for the ISR
 * answers NOT_LEADER_OR_FOLLOWER, REQUEST_TIMED_OUT or NOT_ENOUGH_REPLICAS_AFTER_APPEND.
 */
const CERTAIN_REFUSALS: ReadonlySet<number> = new Set([
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.MESSAGE_TOO_LARGE,
  ErrorCode.INVALID_TOPIC_EXCEPTION,
  ErrorCode.RECORD_LIST_TOO_LARGE,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.INVALID_REQUIRED_ACKS,
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.INVALID_TIMESTAMP,
  ErrorCode.UNSUPPORTED_VERSION,
  ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
  ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
  ErrorCode.POLICY_VIOLATION,
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_RECORD,
]);

/** Whether an attempt that ended with this error may have been written. */
export function mayHaveBeenWritten(errorCode: number): boolean {
  return !CERTAIN_REFUSALS.has(errorCode);
}

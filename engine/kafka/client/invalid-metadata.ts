/**
 * The errors that mean: what this client knows of the cluster is out of date. Source: the
 * subclasses of `InvalidMetadataException`.
 *
 * Not here: which errors are worth another attempt (`wire/kafka/errors.ts`).
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';

const INVALID_METADATA_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.REPLICA_NOT_AVAILABLE,
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.LISTENER_NOT_FOUND,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.INCONSISTENT_TOPIC_ID,
]);

/** Whether an error calls for a metadata refresh. */
export function isInvalidMetadata(errorCode: number): boolean {
  return INVALID_METADATA_ERRORS.has(errorCode);
}

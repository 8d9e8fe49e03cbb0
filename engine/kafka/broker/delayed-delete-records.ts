/**
 * A DeleteRecords that waits until every live replica of its partitions begins where it was told:
 * followers learn the new log start by their fetches, and tell theirs with the next one.
 *
 * Not here: the request (`api/21-delete-records.ts`). Source: `kafka.server.DelayedDeleteRecords`.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { logStartKind } from '../partition/partition-trace.ts';
import type { Partition } from '../partition/partition.ts';
import type { DelayedOperation } from './purgatory.ts';
import type { Replicas } from './replicas.ts';

const HIGH_WATERMARK = -1;
const NO_EPOCH = -1;

/**
 * Moves the log start of a partition up to an offset, -1: to the high watermark. Answers where it
 * is to begin, or OFFSET_OUT_OF_RANGE beyond the high watermark, POLICY_VIOLATION where
 * `cleanup.policy` lacks `delete`. Source: `Partition.deleteRecordsOnLeader`.
 */
export function deleteRecordsOnLeader(
  replicas: Replicas,
  partition: Partition,
  upTo: number,
): { readonly errorCode: number; readonly offset: number } {
  const { log } = partition;
  const offset = upTo === HIGH_WATERMARK ? log.highWatermark : upTo;
  const errorCode = partition.checkLeader(NO_EPOCH);
  if (errorCode !== ErrorCode.NONE) return { errorCode, offset };
  if (!log.config['cleanup.policy'].includes('delete')) {
    return { errorCode: ErrorCode.POLICY_VIOLATION, offset };
  }
  if (offset < 0 || offset > log.highWatermark) {
    return { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, offset };
  }
  if (log.maybeIncrementLogStart(offset)) {
    const moved = { partition: partition.name, to: offset, reason: 'delete-records' };
    replicas.ports.trace.record(logStartKind, moved);
  }
  assert(log.logStartOffset >= offset, 'K17: the log start moved', { offset });
  return { errorCode, offset };
}

/** The lowest log start of the live replicas, as the leader knows them. */
export function lowWatermarkOf(replicas: Replicas, partition: Partition): number {
  assert(partition.isLeader, 'only a leader knows', { partition: partition.name });
  let lowest = partition.log.logStartOffset;
  for (const { brokerId, logStartOffset } of partition.followers) {
    if (!replicas.isFenced(brokerId)) lowest = Math.min(lowest, logStartOffset);
  }
  return lowest;
}

/** One partition of the request, and what will be answered of it. */
export interface DeleteRecordsStatus {
  readonly partition: Partition;
  readonly requiredOffset: number;
  lowWatermark: number;
  errorCode: number;
}

export class DelayedDeleteRecords implements DelayedOperation {
  readonly #replicas: Replicas;
  readonly #statuses: readonly DeleteRecordsStatus[];
  readonly #pending: Set<DeleteRecordsStatus>;
  readonly #done: () => void;

  /** `done` answers with the statuses. Those that wait have REQUEST_TIMED_OUT till then. */
  constructor(replicas: Replicas, statuses: readonly DeleteRecordsStatus[], done: () => void) {
    this.#replicas = replicas;
    this.#statuses = statuses;
    this.#pending = new Set(statuses);
    this.#done = done;
    for (const status of statuses) {
      assert(status.errorCode === ErrorCode.NONE, 'what was deleted', { ...status });
      status.errorCode = ErrorCode.REQUEST_TIMED_OUT;
    }
  }

  tryComplete(): boolean {
    for (const status of this.#pending) {
      const { partition, requiredOffset } = status;
      const errorCode = partition.checkLeader(NO_EPOCH);
      const lowWatermark =
        errorCode === ErrorCode.NONE ? lowWatermarkOf(this.#replicas, partition) : -1;
      if (errorCode === ErrorCode.NONE && lowWatermark < requiredOffset) continue;
      status.errorCode = errorCode;
      status.lowWatermark = lowWatermark;
      this.#pending.delete(status);
    }
    assert(this.#pending.size <= this.#statuses.length, 'those that wait');
    return this.#pending.size === 0;
  }

  complete(): void {
    this.#done();
  }
}

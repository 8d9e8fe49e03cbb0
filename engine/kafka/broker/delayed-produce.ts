/**
 * An acks=all Produce that waits for the in-sync replicas of each of its partitions: until the high
 * watermark has passed its last record, this broker leads no more, or the time is over.
 *
 * Not here: the append (`api/00-produce.ts`). Source: `kafka.server.DelayedProduce`.
 * Invariant K4: an acks=all record is acknowledged only when all in-sync replicas have it.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { Partition } from '../partition/partition.ts';
import type { DelayedOperation } from './purgatory.ts';

/** What a produce did to one partition, and the error that it will be answered with. */
export interface ProduceStatus {
  readonly partition: Partition;
  /** The high watermark that acknowledges it. */
  readonly requiredOffset: number;
  errorCode: number;
  acksPending: boolean;
}

export class DelayedProduce implements DelayedOperation {
  readonly #statuses: readonly ProduceStatus[];
  readonly #done: () => void;

  /** `done` answers with the statuses' errors. Those that wait have REQUEST_TIMED_OUT till then. */
  constructor(statuses: readonly ProduceStatus[], done: () => void) {
    this.#statuses = statuses;
    this.#done = done;
    for (const status of statuses) {
      assert(status.errorCode === ErrorCode.NONE, 'what was appended', { ...status });
      status.acksPending = true;
      status.errorCode = ErrorCode.REQUEST_TIMED_OUT;
    }
  }

  tryComplete(): boolean {
    let pending = false;
    for (const status of this.#statuses) {
      if (!status.acksPending) continue;
      const outcome = status.partition.acksOutcome(status.requiredOffset);
      if (outcome === null) {
        pending = true;
      } else {
        status.acksPending = false;
        status.errorCode = outcome;
      }
    }
    return !pending;
  }

  complete(): void {
    this.#done();
  }
}

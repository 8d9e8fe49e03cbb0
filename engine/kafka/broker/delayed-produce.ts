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
  /** By the partition's name, those that wait. */
  readonly #pending = new Map<string, ProduceStatus[]>();
  readonly #done: () => void;

  /** `done` answers with the statuses' errors. Those that wait have REQUEST_TIMED_OUT till then. */
  constructor(statuses: readonly ProduceStatus[], done: () => void) {
    this.#done = done;
    for (const status of statuses) {
      assert(status.errorCode === ErrorCode.NONE, 'what was appended', { ...status });
      status.acksPending = true;
      status.errorCode = ErrorCode.REQUEST_TIMED_OUT;
      const { name } = status.partition;
      this.#pending.set(name, [...(this.#pending.get(name) ?? []), status]);
    }
  }

  tryComplete(key: string | null): boolean {
    for (const name of key === null ? [...this.#pending.keys()] : [key]) this.#look(name);
    return this.#pending.size === 0;
  }

  #look(name: string): void {
    const left = (this.#pending.get(name) ?? []).filter((status) => {
      const outcome = status.partition.acksOutcome(status.requiredOffset);
      if (outcome === null) return true;
      status.acksPending = false;
      status.errorCode = outcome;
      return false;
    });
    if (left.length === 0) this.#pending.delete(name);
    else this.#pending.set(name, left);
  }

  complete(): void {
    this.#done();
  }
}

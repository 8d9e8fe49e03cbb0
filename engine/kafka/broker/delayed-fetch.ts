/**
 * A Fetch that waits for `minBytes`, `maxWaitMs` at most: until there are bytes enough, or
 * something else that its sender must hear (a role or an epoch that changed).
 *
 * Not here: the read itself (`fetch-plan.ts`). Source: `kafka.server.DelayedFetch`; its cases A to
 * J are those that end the wait.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { FetchPlan, PlannedFetch } from './fetch-plan.ts';
import { divergence, readError, readableEnd } from './partition-read.ts';
import type { DelayedOperation } from './purgatory.ts';

export class DelayedFetch implements DelayedOperation {
  readonly #plan: FetchPlan;
  readonly #done: () => void;

  /** `done` reads again and replies. */
  constructor(plan: FetchPlan, done: () => void) {
    assert(plan.params.maxWaitMs > 0, 'a fetch that waits', { ...plan.params });
    this.#plan = plan;
    this.#done = done;
  }

  tryComplete(): boolean {
    let bytes = 0;
    for (const planned of this.#plan.planned) {
      const readable = this.#readable(planned);
      if (readable < 0) return true;
      bytes += readable;
      if (bytes >= this.#plan.params.minBytes) return true;
    }
    return bytes >= this.#plan.params.minBytes;
  }

  complete(): void {
    this.#done();
  }

  /** Bytes to read of one partition; -1 when its sender must hear of it at once. */
  #readable({ partition, fetch }: PlannedFetch): number {
    const { params } = this.#plan;
    if (partition === null) return -1;
    if (readError(partition, params, fetch) !== ErrorCode.NONE) return -1;
    const end = readableEnd(partition, params.isolation);
    // A new leader's high watermark is behind what a consumer has had: it waits. (Kafka answers at
    // once where the two are in different segments, and such a consumer spins.)
    if (fetch.fetchOffset > end) return 0;
    if (fetch.lastFetchedEpoch >= 0 && divergence(partition, fetch) !== null) return -1;
    if (fetch.fetchOffset === end) return 0;
    if (params.minBytes <= 1) return 1;
    const { log } = partition.log;
    const from = log.positionOf(fetch.fetchOffset);
    const to = log.positionOf(end);
    if (from === null || to === null) return -1;
    // A reader on an older segment is behind anyway: it need not wait.
    if (from.segmentBaseOffset !== to.segmentBaseOffset) return -1;
    return Math.min(to.positionBytes - from.positionBytes, fetch.partitionMaxBytes);
  }
}

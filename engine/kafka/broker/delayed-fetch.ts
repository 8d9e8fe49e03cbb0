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
  /** Bytes to read by the place in the plan, and their sum. */
  readonly #readable: number[] = [];
  #sum = 0;
  /** The places by the partition's name: made when they are first asked for. */
  #places: Map<string, number[]> | null = null;

  /** `done` reads again and replies. */
  constructor(plan: FetchPlan, done: () => void) {
    assert(plan.params.maxWaitMs > 0, 'a fetch that waits', { ...plan.params });
    this.#plan = plan;
    this.#done = done;
  }

  tryComplete(key: string | null): boolean {
    const { planned } = this.#plan;
    if (key !== null) return (this.#placesOf(key) ?? []).some((place) => this.#look(place));
    for (let place = 0; place < planned.length; place++) if (this.#look(place)) return true;
    return this.#isEnough;
  }

  get #isEnough(): boolean {
    return this.#sum >= this.#plan.params.minBytes;
  }

  /** Looks at one partition; true ends the wait. */
  #look(place: number): boolean {
    const readable = this.#readableOf(this.#plan.planned[place]!);
    if (readable < 0) return true;
    this.#sum += readable - (this.#readable[place] ?? 0);
    this.#readable[place] = readable;
    return this.#isEnough;
  }

  #placesOf(key: string): readonly number[] | undefined {
    if (this.#places === null) {
      this.#places = new Map();
      for (const [place, { partition }] of this.#plan.planned.entries()) {
        if (partition === null) continue;
        const known = this.#places.get(partition.name);
        if (known === undefined) this.#places.set(partition.name, [place]);
        else known.push(place);
      }
    }
    return this.#places.get(key);
  }

  complete(): void {
    this.#done();
  }

  /** Bytes to read of one partition; -1 when its sender must hear of it at once. */
  #readableOf({ partition, fetch }: PlannedFetch): number {
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

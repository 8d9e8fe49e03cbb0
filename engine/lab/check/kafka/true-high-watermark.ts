/**
 * The ghosts of a partition's high watermark. `held`: the highest offset such that at some moment a
 * leader and all members of its maximal ISR held everything below it; no broker knows it. `offset`,
 * the true high watermark: how much of that a leader has acted on, so that it may be acknowledged
 * and read. What is held and not yet known may still be missing from a replica that joins the ISR.
 *
 * Since KIP-966 an ISR below its minimum holds nothing for good: what it alone has is not counted.
 * A leader counts while no replica leads in a later epoch. Since the controller's ISR is part of
 * the maximal ISR (K7), what it says is held by whoever may be elected.
 * Not here: what must not fall below it (`replication-checks.ts`).
 */
import type { ReplicaLedger } from './replica-ledger.ts';

interface Step {
  readonly to: number;
  readonly event: number;
}

export class TrueHighWatermark {
  readonly #steps: Step[] = [];
  readonly #needsMinIsr: boolean;
  held = 0;
  offset = 0;

  constructor(needsMinIsr: boolean) {
    this.#needsMinIsr = needsMinIsr;
  }

  /** Whatever the leader and its maximal ISR hold now, and what the leader makes of it. */
  advance(
    leader: ReplicaLedger,
    replicas: ReadonlyMap<number, ReplicaLedger>,
    event: number,
  ): void {
    // Who follows has an empty maximal ISR, which holds nothing.
    if (!leader.leads) return;
    this.#hold(leader, replicas);
    const to = Math.min(this.held, leader.highWatermark);
    if (to <= this.offset) return;
    this.offset = to;
    this.#steps.push({ to, event });
  }

  /** The event after which everything up to and with this offset was held, and known to be. */
  heldSince(offset: number): number {
    let low = 0;
    let high = this.#steps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#steps[middle]!.to <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#steps[low]?.event ?? 0;
  }

  #hold(leader: ReplicaLedger, replicas: ReadonlyMap<number, ReplicaLedger>): void {
    if (this.#needsMinIsr && leader.partition.isUnderMinIsr) return;
    let held = leader.end;
    for (const nodeId of leader.partition.maximalIsr) {
      if (held <= this.held) return;
      if (nodeId === leader.nodeId) continue;
      const member = replicas.get(nodeId);
      held = member === undefined ? 0 : Math.min(held, member.agreedEnd(leader));
    }
    this.held = Math.max(this.held, held);
  }
}

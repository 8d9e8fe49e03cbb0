/**
 * What one partition's configuration promises to survive, and whether a run has asked for more.
 *
 * A record is safe as long as, since it was held by all that count, there was no unclean election,
 * and fewer lossy shutdowns than min.insync.replicas; without eligible leader replicas (KIP-966)
 * the ISR must not have shrunk to replicas that lost it. A shutdown is lossy for what it did not
 * sync: a process that dies leaves the page cache alone. Beyond that a loss is told and counted,
 * but it is no violation; from then on the partition is not judged by the promise any more.
 */

/** A run that asked for more than the configuration promises, where something came of it. */
export interface Beyond {
  /** The invariant that does not hold any more. */
  readonly invariant: string;
  readonly event: number;
  readonly partition: string;
  /** What went wrong, with numbers. */
  readonly reason: string;
  /** What came of it, as a violation would say it. */
  readonly what: string;
}

interface LossyShutdown {
  readonly nodeId: number;
  readonly event: number;
  /** What is below was synced. */
  readonly synced: number;
}

export class PartitionPromise {
  readonly #shutdowns: LossyShutdown[] = [];
  /** The first reason for which nothing is promised any more. */
  left: string | null = null;
  minInsyncReplicas = 1;
  /** Without ELR: all that was left of the ISR lost what it had not synced. */
  lastStanding: { readonly event: number; readonly synced: number } | null = null;
  /** The event of the last unclean election; -1 if there was none. */
  uncleanElection = -1;

  /** Something came of it: from now on nothing is judged. */
  leave(reason: string): void {
    this.left ??= reason;
  }

  lossyShutdown(nodeId: number, event: number, synced: number): void {
    this.#shutdowns.push({ nodeId, event, synced });
  }

  /** Why this offset need not be there, or null: then it is a violation. `since` is an event. */
  excuse(offset: number, since: number): string | null {
    if (this.left !== null) return this.left;
    const last = this.lastStanding;
    if (last !== null && last.event >= since && last.synced <= offset) {
      return 'the last replica in sync shut down lossily, without eligible leader replicas';
    }
    let lossy = 0;
    for (const shutdown of this.#shutdowns) {
      if (shutdown.event >= since && shutdown.synced <= offset) lossy += 1;
    }
    if (lossy >= this.minInsyncReplicas) {
      return `lossy shutdowns: ${lossy}, min.insync.replicas: ${this.minInsyncReplicas}`;
    }
    return this.uncleanElection >= since ? 'an unclean election' : null;
  }
}

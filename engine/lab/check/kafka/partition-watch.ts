/**
 * Everything that the checkers know of one partition: its replicas' ledgers and the ghosts, and
 * what is wrong with it, which is a violation or, by the promise, beyond it.
 *
 * Not here: when it is looked at (`kafka-watch.ts`), and what is checked (`*-checks.ts`).
 */
import type { PartitionRegistration } from '../../../kafka/metadata/partition-registration.ts';
import { AcknowledgedLedger } from './acknowledged-ledger.ts';
import { type Beyond, PartitionPromise } from './promise.ts';
import type { ReplicaLedger } from './replica-ledger.ts';
import { TrueHighWatermark } from './true-high-watermark.ts';
import { VisibleLedger } from './visible-ledger.ts';

/** Where the partitions tell what they found. */
export interface Findings {
  readonly event: number;
  violation(invariant: string, what: string): void;
  beyond(beyond: Beyond): void;
}

/** How far a follower was seen to fetch in one of its lives under one leader epoch. */
export interface FollowerSeen {
  readonly incarnation: number;
  readonly leaderEpoch: number;
  offset: number;
}

export class PartitionWatch {
  readonly name: string;
  readonly topic: string;
  readonly index: number;
  readonly topicId: string;
  /** By node id, of the broker's latest life. */
  readonly replicas = new Map<number, ReplicaLedger>();
  readonly visible = new VisibleLedger();
  readonly acknowledged = new AcknowledgedLedger();
  readonly trueHighWatermark: TrueHighWatermark;
  readonly promise = new PartitionPromise();
  /** Hosts by leader epoch (K5). */
  readonly leaders = new Map<number, string>();
  readonly fetched = new Map<number, FollowerSeen>();
  /** What consumers were given, by offset (K13). */
  readonly consumed: string[] = [];
  /** The leader of the latest epoch that any replica leads in. */
  leader: ReplicaLedger | null = null;
  registration: PartitionRegistration | null = null;
  readonly #findings: Findings;

  constructor(
    of: { readonly topic: string; readonly index: number; readonly topicId: string },
    findings: Findings,
    highWatermarkNeedsMinIsr: boolean,
  ) {
    this.topic = of.topic;
    this.index = of.index;
    this.topicId = of.topicId;
    this.name = `${of.topic}-${of.index}`;
    this.#findings = findings;
    this.trueHighWatermark = new TrueHighWatermark(highWatermarkNeedsMinIsr);
  }

  get event(): number {
    return this.#findings.event;
  }

  /** Something is wrong whatever has happened. */
  violated(invariant: string, what: string): void {
    this.#findings.violation(invariant, `${this.name}: ${what}`);
  }

  /** Something is wrong at an offset, unless more went wrong than is promised to be survived. */
  broken(invariant: string, offset: number, what: string, since?: number): void {
    if (this.promise.left !== null) return;
    const from = since ?? this.trueHighWatermark.heldSince(offset);
    const reason = this.promise.excuse(offset, from);
    if (reason === null) {
      this.violated(invariant, what);
      return;
    }
    this.promise.leave(reason);
    const { event, name: partition } = this;
    this.#findings.beyond({ invariant, event, partition, reason, what });
  }
}

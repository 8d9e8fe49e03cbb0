/**
 * Invariants of share groups (KIP-932), judged by what members were told and by what the leaders
 * have in flight:
 *
 * - K35: a record whose acceptance was answered without an error is not acquired again.
 * - K36: a record is acquired by one member at a time: who gets it after another one gets it after
 *   the other's lock was over, was given back, or was forgotten with its leader.
 * - K37: no record is acquired more often than `group.share.delivery.count.limit` says.
 *
 * They hold within the newest leader epoch: a leader that does not know yet that it was deposed may
 * hand out what was accepted at the next one. Not here: that accepted records are not lost with
 * their log, which is K4.
 */
import { assert } from '../../../kernel/assert.ts';
import type { InFlightView, SharePartitionView } from '../../../kafka/share/share-module.ts';

export type ShareInvariant = 'K35' | 'K36' | 'K37';

/** Who had a record, in which leader epoch, at which delivery. */
interface Holder {
  readonly member: string;
  readonly leaderEpoch: number;
  readonly deliveryCount: number;
}

export class ShareCheck {
  readonly #group: string;
  readonly #deliveryCountMax: number;
  readonly #accepted = new Set<string>();
  readonly #holders = new Map<string, Holder>();
  /** The newest leader epoch of each partition. */
  readonly #epochs = new Map<string, number>();
  readonly #found = new Map<ShareInvariant, string>();

  constructor(group: string, deliveryCountMax: number) {
    assert(deliveryCountMax > 0, 'a limit', { deliveryCountMax });
    this.#group = group;
    this.#deliveryCountMax = deliveryCountMax;
  }

  /** A member's acceptance was answered without an error. */
  accepted(partition: string, offset: number): void {
    this.#accepted.add(`${partition}@${offset}`);
  }

  /** The leaders as they are after an event; those that another leader follows do not count. */
  look(partitions: readonly SharePartitionView[]): void {
    for (const { partition, leaderEpoch } of partitions) {
      const known = this.#epochs.get(partition) ?? -1;
      this.#epochs.set(partition, Math.max(known, leaderEpoch));
    }
    for (const { partition, leaderEpoch, inFlight } of partitions) {
      if (this.#epochs.get(partition) !== leaderEpoch) continue;
      for (const record of inFlight) {
        this.#lookAt(`${partition}@${record.offset}`, leaderEpoch, record);
      }
    }
  }

  #lookAt(place: string, leaderEpoch: number, record: InFlightView): void {
    if (record.state !== 'ACQUIRED') {
      this.#holders.delete(place);
      return;
    }
    const { member, deliveryCount } = record;
    const before = this.#holders.get(place);
    if (deliveryCount > this.#deliveryCountMax) {
      this.#note('K37', `${place} is delivered for the ${deliveryCount}th time`);
    }
    if (this.#accepted.has(place)) {
      this.#note('K35', `${place} was accepted in group ${this.#group}, and ${member} acquires it`);
    }
    const isSame = before?.leaderEpoch === leaderEpoch && before.deliveryCount === deliveryCount;
    if (isSame && before.member !== member) {
      this.#note('K36', `${place} is acquired by ${before.member} and ${member}`);
    }
    this.#holders.set(place, { member, leaderEpoch, deliveryCount });
  }

  #note(id: ShareInvariant, what: string): void {
    if (!this.#found.has(id)) this.#found.set(id, what);
  }

  /** Null while it holds; otherwise what broke it first. */
  take(id: ShareInvariant): string | null {
    return this.#found.get(id) ?? null;
  }
}

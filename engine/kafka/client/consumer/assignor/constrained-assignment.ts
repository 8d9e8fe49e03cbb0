/**
 * Sticky, where all members have the same topics: each keeps what it owned up to its quota, and the
 * rest goes round to those that are below theirs. The quota is the average, rounded down; as many
 * members as do not come out even get one more.
 *
 * Source: `AbstractStickyAssignor.ConstrainedAssignmentBuilder`. Left out: racks (KIP-881).
 */
import { assert, present } from '../../../../kernel/assert.ts';
import { type TopicPartition, topicPartitionText } from '../subscription-state.ts';
import {
  byText,
  type GroupAssignment,
  type PartitionCounts,
  partitionsOf,
} from './partition-assignor.ts';
import type { StickySubscriptions } from './sticky-subscriptions.ts';

export interface StickyResult {
  readonly assignment: GroupAssignment;
  /** Partitions, by name, that must be given up by another member before they are handed over. */
  readonly transferring: ReadonlyMap<string, string>;
}

export function constrainedAssignment(
  counts: PartitionCounts,
  subscriptions: StickySubscriptions,
): StickyResult {
  const builder = new ConstrainedAssignmentBuilder(counts, subscriptions);
  return builder.build();
}

class ConstrainedAssignmentBuilder {
  private readonly all: readonly TopicPartition[];
  private readonly subscriptions: StickySubscriptions;
  private readonly minQuota: number;
  private readonly maxQuota: number;
  /** How many members are to have more than `minQuota`, and how many have. */
  private readonly overMinExpected: number;
  private overMinCount = 0;
  private readonly assignment: GroupAssignment;
  private readonly assigned = new Set<string>();
  private readonly maybeRevoked = new Map<string, string>();
  private readonly transferring = new Map<string, string>();
  private underMin: string[] = [];
  private exactlyMin: string[] = [];

  constructor(counts: PartitionCounts, subscriptions: StickySubscriptions) {
    this.subscriptions = subscriptions;
    this.all = partitionsOf([...counts.keys()].sort(byText), counts);
    const members = subscriptions.members.map(({ memberId }) => memberId);
    assert(members.length > 0, 'somebody to assign to');
    this.minQuota = Math.floor(this.all.length / members.length);
    this.maxQuota = Math.ceil(this.all.length / members.length);
    this.overMinExpected = this.all.length % members.length;
    this.assignment = new Map(members.map((memberId) => [memberId, []]));
  }

  build(): StickyResult {
    for (const { memberId } of this.subscriptions.members) this.assignOwned(memberId);
    const unassigned = this.all.filter((of) => !this.assigned.has(topicPartitionText(of)));
    this.underMin.sort(byText);
    this.exactlyMin.sort(byText);
    this.assignRoundRobin(unassigned);
    for (const memberId of this.underMin) {
      const count = this.partitionsOf(memberId).length;
      assert(count === this.minQuota, 'a member has its quota', { memberId, count });
    }
    return { assignment: this.assignment, transferring: this.transferring };
  }

  private partitionsOf(memberId: string): TopicPartition[] {
    return present(this.assignment.get(memberId), 'a member');
  }

  private assignOwned(memberId: string): void {
    const { owned, claimedTwice } = this.subscriptions;
    const kept = (owned.get(memberId) ?? [])
      .filter((of) => !claimedTwice.has(topicPartitionText(of)))
      .sort((a, b) => a.partition - b.partition || byText(a.topic, b.topic));
    const mayExceed = this.overMinCount < this.overMinExpected;
    if (kept.length < this.minQuota) {
      this.keep(memberId, kept, kept.length);
      this.underMin.push(memberId);
    } else if (kept.length >= this.maxQuota && mayExceed) {
      this.overMinCount++;
      if (this.overMinCount === this.overMinExpected) this.exactlyMin = [];
      this.keep(memberId, kept, this.maxQuota);
    } else {
      this.keep(memberId, kept, this.minQuota);
      if (mayExceed) this.exactlyMin.push(memberId);
    }
  }

  private keep(memberId: string, owned: readonly TopicPartition[], count: number): void {
    assert(count <= owned.length, 'keeps what it has', { count, owned: owned.length });
    for (const [index, partition] of owned.entries()) {
      const name = topicPartitionText(partition);
      if (index >= count) {
        this.maybeRevoked.set(name, memberId);
      } else {
        this.partitionsOf(memberId).push(partition);
        this.assigned.add(name);
      }
    }
  }

  private assignRoundRobin(unassigned: readonly TopicPartition[]): void {
    let turn = 0;
    for (const partition of unassigned) {
      if (turn >= this.underMin.length) turn = 0;
      const memberId = this.underMin[turn] ?? this.exactlyMin.shift();
      assert(memberId !== undefined, 'somebody is below the quota', { ...partition });
      turn++;
      this.assignNew(partition, memberId);
      const count = this.partitionsOf(memberId).length;
      if (count === this.minQuota) {
        turn--;
        this.underMin.splice(turn, 1);
        this.exactlyMin.push(memberId);
      } else if (count === this.maxQuota) {
        this.overMinCount++;
      }
    }
  }

  private assignNew(partition: TopicPartition, memberId: string): void {
    this.partitionsOf(memberId).push(partition);
    const name = topicPartitionText(partition);
    const previous = this.maybeRevoked.get(name);
    const moves = previous !== undefined && previous !== memberId;
    if (moves || this.subscriptions.claimedTwice.has(name)) this.transferring.set(name, memberId);
  }
}

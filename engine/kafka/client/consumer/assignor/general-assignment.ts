/**
 * Sticky, where members have different topics: each keeps what it owned and is still subscribed to,
 * what is left goes to whoever has least, and then partitions move, one by one, from members with
 * more to members with less, until no single move makes it more even.
 *
 * Source: `AbstractStickyAssignor.GeneralAssignmentBuilder`. Left out: racks (KIP-881).
 */
import { assert, present } from '../../../../kernel/assert.ts';
import { type TopicPartition, topicPartitionText } from '../subscription-state.ts';
import {
  byText,
  type GroupAssignment,
  type PartitionCounts,
  partitionsOf,
} from './partition-assignor.ts';
import { PartitionMovements } from './partition-movements.ts';
import { DEFAULT_GENERATION, type StickySubscriptions } from './sticky-subscriptions.ts';

interface PreviousOwner {
  readonly memberId: string;
  readonly generation: number;
}

export function generalAssignment(
  counts: PartitionCounts,
  subscriptions: StickySubscriptions,
): GroupAssignment {
  return new GeneralAssignmentBuilder(counts, subscriptions).build();
}

class GeneralAssignmentBuilder {
  private readonly subscriptions: StickySubscriptions;
  /** One object for each partition, so that identity is enough. */
  private readonly partitions = new Map<string, TopicPartition>();
  private readonly membersOf = new Map<string, string[]>();
  private readonly topicsOf = new Map<string, string[]>();
  private readonly counts: PartitionCounts;
  private current: GroupAssignment = new Map();
  private ownerOf = new Map<TopicPartition, string>();
  private readonly previous = new Map<TopicPartition, PreviousOwner>();
  private readonly movements = new PartitionMovements();
  private revocationRequired = false;

  constructor(counts: PartitionCounts, subscriptions: StickySubscriptions) {
    this.counts = counts;
    this.subscriptions = subscriptions;
    for (const topic of counts.keys()) this.membersOf.set(topic, []);
    for (const { memberId, topics } of subscriptions.members) {
      const known = topics.filter((topic) => counts.has(topic));
      this.topicsOf.set(memberId, known);
      for (const topic of known) this.membersOf.get(topic)?.push(memberId);
      this.current.set(memberId, []);
    }
    for (const of of this.sortedPartitions()) this.partitions.set(topicPartitionText(of), of);
    assert(this.current.size > 0, 'somebody to assign to');
  }

  build(): GroupAssignment {
    this.rememberPrevious();
    this.assignOwned();
    const all = [...this.partitions.values()];
    const unassigned = all.filter((partition) => !this.ownerOf.has(partition));
    const initializing = this.ownerOf.size === 0;
    for (const partition of unassigned) this.assignToLeast(partition);
    this.balance(all, unassigned, initializing);
    return this.current;
  }

  /** Topics with fewer members first, for there the choice is smallest. */
  private sortedPartitions(): TopicPartition[] {
    const members = (topic: string): number => this.membersOf.get(topic)?.length ?? 0;
    const topics = [...this.counts.keys()].sort((a, b) => members(a) - members(b) || byText(a, b));
    return partitionsOf(topics, this.counts);
  }

  private held(memberId: string): TopicPartition[] {
    return present(this.current.get(memberId), 'a member');
  }

  private count(memberId: string): number {
    return this.held(memberId).length;
  }

  /** What members owned in older generations: where a partition that must move may go back to. */
  private rememberPrevious(): void {
    const { members, generationMax } = this.subscriptions;
    for (const { memberId, data } of members) {
      const { generation } = data;
      if (generation === null ? generationMax <= DEFAULT_GENERATION : generation >= generationMax) {
        continue;
      }
      for (const owned of data.partitions) {
        const partition = this.partitions.get(topicPartitionText(owned));
        if (partition === undefined) continue;
        const told = { memberId, generation: generation ?? DEFAULT_GENERATION };
        const known = this.previous.get(partition);
        if (known === undefined || told.generation > known.generation) {
          this.previous.set(partition, told);
        }
      }
    }
  }

  private assignOwned(): void {
    for (const { memberId, topics } of this.subscriptions.members) {
      for (const owned of this.subscriptions.owned.get(memberId) ?? []) {
        if (!topics.includes(owned.topic)) {
          this.revocationRequired = true;
          continue;
        }
        const partition = present(this.partitions.get(topicPartitionText(owned)), 'a partition');
        this.held(memberId).push(partition);
        this.ownerOf.set(partition, memberId);
      }
    }
  }

  /** Those that take part, whoever has least first. */
  private leastFirst(): string[] {
    return [...this.current.keys()].sort((a, b) => this.count(a) - this.count(b) || byText(a, b));
  }

  private leastLoaded(topic: string): string | undefined {
    let least: string | undefined;
    for (const memberId of this.membersOf.get(topic) ?? []) {
      if (!this.current.has(memberId)) continue;
      const better =
        least === undefined ||
        (this.count(memberId) - this.count(least) || byText(memberId, least)) < 0;
      if (better) least = memberId;
    }
    return least;
  }

  private assignToLeast(partition: TopicPartition): void {
    const memberId = this.leastLoaded(partition.topic);
    if (memberId === undefined) return;
    this.held(memberId).push(partition);
    this.ownerOf.set(partition, memberId);
  }

  // ------------------------------------------------------------------------------------ balance

  private balance(
    all: readonly TopicPartition[],
    unassigned: readonly TopicPartition[],
    initializing: boolean,
  ): void {
    const movable = ({ topic }: TopicPartition): boolean => this.hasChoice(topic);
    const fixed: GroupAssignment = new Map();
    for (const memberId of this.topicsOf.keys()) {
      if (!this.canTakePart(memberId)) fixed.set(memberId, this.held(memberId));
    }
    for (const memberId of fixed.keys()) this.current.delete(memberId);
    const before = copyOf(this.current);
    const ownersBefore = new Map(this.ownerOf);
    // Without a need to revoke, new partitions alone may be enough to make it even.
    if (!this.revocationRequired) this.reassign(unassigned.filter(movable));
    const moved = this.reassign(all.filter(movable));
    if (!initializing && moved && balanceScore(this.current) >= balanceScore(before)) {
      this.current = before;
      this.ownerOf = ownersBefore;
    }
    for (const [memberId, partitions] of fixed) this.current.set(memberId, partitions);
  }

  private hasChoice(topic: string): boolean {
    return (this.membersOf.get(topic)?.length ?? 0) >= 2;
  }

  private canTakePart(memberId: string): boolean {
    const partitions = this.held(memberId);
    if (partitions.length < this.countMax(memberId)) return true;
    return partitions.some(({ topic }) => this.hasChoice(topic));
  }

  private countMax(memberId: string): number {
    const topics = this.topicsOf.get(memberId) ?? [];
    return topics.reduce((sum, topic) => sum + (this.counts.get(topic) ?? 0), 0);
  }

  /** Moves partitions until it is even or nothing helps. True if any moved. */
  private reassign(partitions: readonly TopicPartition[]): boolean {
    let performed = false;
    let modified: boolean;
    do {
      modified = false;
      for (const partition of partitions) {
        if (this.isBalanced()) break;
        if (!this.improve(partition)) continue;
        performed = true;
        modified = true;
      }
    } while (modified);
    return performed;
  }

  private improve(partition: TopicPartition): boolean {
    const owner = present(this.ownerOf.get(partition), 'an owner');
    const count = this.count(owner);
    const previous = this.previous.get(partition)?.memberId;
    if (previous !== undefined && count > (this.current.get(previous)?.length ?? count) + 1) {
      this.move(partition, previous);
      return true;
    }
    const least = this.leastLoaded(partition.topic);
    if (least === undefined || count <= this.count(least) + 1) return false;
    this.move(partition, least);
    return true;
  }

  private move(wanted: TopicPartition, to: string): void {
    const owner = present(this.ownerOf.get(wanted), 'an owner');
    const partition = this.movements.toBeMoved(wanted, owner, to);
    const from = present(this.ownerOf.get(partition), 'an owner');
    this.movements.moved(partition, from, to);
    const rest = this.held(from).filter((of) => of !== partition);
    assert(rest.length === this.count(from) - 1, 'it moves from its owner', { from, to });
    this.current.set(from, rest);
    this.held(to).push(partition);
    this.ownerOf.set(partition, to);
  }

  /** Whether nobody could take a partition from somebody with at least two more. */
  private isBalanced(): boolean {
    const sorted = this.leastFirst();
    const least = sorted[0];
    const most = sorted.at(-1);
    if (least === undefined || most === undefined) return true;
    if (this.count(least) >= this.count(most) - 1) return true;
    for (const memberId of sorted) {
      const count = this.count(memberId);
      if (count === this.countMax(memberId)) continue;
      for (const topic of this.topicsOf.get(memberId) ?? []) {
        if (this.someoneHasTwoMore(topic, count)) return false;
      }
    }
    return true;
  }

  private someoneHasTwoMore(topic: string, count: number): boolean {
    for (let partition = 0; partition < (this.counts.get(topic) ?? 0); partition++) {
      const of = present(this.partitions.get(topicPartitionText({ topic, partition })), 'one');
      const owner = this.ownerOf.get(of);
      const theirs = owner === undefined ? 0 : (this.current.get(owner)?.length ?? 0);
      if (count + 1 < theirs) return true;
    }
    return false;
  }
}

function copyOf(assignment: GroupAssignment): GroupAssignment {
  return new Map([...assignment].map(([memberId, partitions]) => [memberId, [...partitions]]));
}

/** The differences between the members, summed up over all pairs; 0 is as even as can be. */
function balanceScore(assignment: GroupAssignment): number {
  const sizes = [...assignment.values()].map((partitions) => partitions.length);
  let score = 0;
  for (const [index, size] of sizes.entries()) {
    for (const other of sizes.slice(index + 1)) score += Math.abs(size - other);
  }
  return score;
}

/**
 * A group of the consumer protocol (KIP-848) as its records say it is: its epoch, its members, the
 * assignment that is aimed at, and who has which partition.
 *
 * The group epoch goes up when members or topics change; the assignment epoch follows when a new
 * target is there; each member's epoch follows when it has given up what it must. Not here: what
 * heartbeats do (`consumer-groups.ts`). Source: `ConsumerGroup`, `ModernGroup`.
 */
import { assert } from '../../../kernel/assert.ts';
import type { ConsumerGroupMember } from './consumer-group-member.ts';
import { NO_PARTITIONS, type TopicPartitions, union } from './topic-partitions.ts';

/** As `ConsumerGroup.ConsumerGroupState` names them. */
export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

export class ConsumerGroup {
  readonly groupId: string;
  groupEpoch = 0;
  /** Of the topics to which the group is subscribed. */
  metadataHash = 0;
  assignmentEpoch = 0;
  readonly #members = new Map<string, ConsumerGroupMember>();
  readonly #targets = new Map<string, TopicPartitions>();
  /** Who has a partition, or is to give it up. */
  readonly #owners = new Map<string, string>();

  constructor(groupId: string) {
    assert(groupId !== '', 'a group has a name');
    this.groupId = groupId;
  }

  get members(): readonly ConsumerGroupMember[] {
    return [...this.#members.values()];
  }

  get state(): ConsumerGroupState {
    if (this.#members.size === 0) return 'Empty';
    if (this.groupEpoch > this.assignmentEpoch) return 'Assigning';
    const settled = this.members.every(
      (member) => member.state === 'STABLE' && member.memberEpoch === this.assignmentEpoch,
    );
    return settled ? 'Stable' : 'Reconciling';
  }

  member(memberId: string): ConsumerGroupMember | undefined {
    return this.#members.get(memberId);
  }

  staticMember(instanceId: string): ConsumerGroupMember | undefined {
    return this.members.find((member) => member.instanceId === instanceId);
  }

  target(memberId: string): TopicPartitions {
    return this.#targets.get(memberId) ?? NO_PARTITIONS;
  }

  /** Whether nobody has the partition, or is about to give it up. */
  isFree(topicId: string, partition: number): boolean {
    return !this.#owners.has(`${topicId} ${partition}`);
  }

  // ------------------------------------------------------------------------------------- records

  putMember(member: ConsumerGroupMember): void {
    const before = this.#members.get(member.memberId);
    if (before !== undefined) this.#release(before);
    this.#members.set(member.memberId, member);
    for (const [topicId, numbers] of union(member.assigned, member.pendingRevocation)) {
      for (const partition of numbers) this.#take(topicId, partition, member);
    }
  }

  removeMember(memberId: string): void {
    const before = this.#members.get(memberId);
    if (before === undefined) return;
    this.#release(before);
    this.#members.delete(memberId);
  }

  putTarget(memberId: string, partitions: TopicPartitions | null): void {
    if (partitions === null) this.#targets.delete(memberId);
    else this.#targets.set(memberId, partitions);
  }

  #take(topicId: string, partition: number, { memberId }: ConsumerGroupMember): void {
    const key = `${topicId} ${partition}`;
    const owner = this.#owners.get(key);
    assert(owner === undefined || owner === memberId, 'K31: a partition has one owner', {
      group: this.groupId,
      key,
      owner,
      memberId,
    });
    this.#owners.set(key, memberId);
  }

  #release(member: ConsumerGroupMember): void {
    for (const [topicId, numbers] of union(member.assigned, member.pendingRevocation)) {
      for (const partition of numbers) {
        const key = `${topicId} ${partition}`;
        if (this.#owners.get(key) === member.memberId) this.#owners.delete(key);
      }
    }
  }
}

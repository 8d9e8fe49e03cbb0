/**
 * The next step of a member from what it has to what it shall have: first it gives up what is not
 * its own any more, then it goes to the new epoch, and gets what nobody else has.
 *
 * Source: `CurrentAssignmentBuilder`.
 */
import { assert } from '../../../kernel/assert.ts';
import type { ConsumerGroupMember } from './consumer-group-member.ts';
import { filtered, has, NO_PARTITIONS, type TopicPartitions, union } from './topic-partitions.ts';

export interface Target {
  readonly epoch: number;
  readonly partitions: TopicPartitions;
}

/**
 * The member after its heartbeat; the same object if nothing changes. `owned`: what it says that it
 * has, null if it does not say. `isFree`: whether nobody has a partition.
 */
export function reconciled(
  member: ConsumerGroupMember,
  target: Target,
  owned: TopicPartitions | null,
  isFree: (topicId: string, partition: number) => boolean,
): ConsumerGroupMember {
  assert(member.memberEpoch <= target.epoch, 'an epoch', { ...target, at: member.memberEpoch });
  if (member.state === 'STABLE') {
    if (member.memberEpoch === target.epoch) return member;
    return next(member, member.memberEpoch, target, owned, isFree);
  }
  if (member.state === 'UNREVOKED_PARTITIONS') {
    if (hasAny(owned, member.pendingRevocation)) return member;
    return next(member, member.memberEpoch + 1, target, owned, isFree);
  }
  return next(member, member.memberEpoch, target, owned, isFree);
}

/** Without its word it may still have them. */
function hasAny(owned: TopicPartitions | null, partitions: TopicPartitions): boolean {
  if (owned === null) return true;
  return filtered(owned, (topicId, one) => has(partitions, topicId, one)).size > 0;
}

function next(
  member: ConsumerGroupMember,
  memberEpoch: number,
  target: Target,
  owned: TopicPartitions | null,
  isFree: (topicId: string, partition: number) => boolean,
): ConsumerGroupMember {
  const isTarget = (topicId: string, one: number): boolean => has(target.partitions, topicId, one);
  const kept = filtered(member.assigned, isTarget);
  const revoked = filtered(member.assigned, (topicId, one) => !isTarget(topicId, one));
  const missing = filtered(target.partitions, (topicId, one) => !has(kept, topicId, one));
  const granted = filtered(missing, isFree);
  const waits = filtered(missing, (topicId, one) => !isFree(topicId, one)).size > 0;
  const previousMemberEpoch = member.memberEpoch;
  if (revoked.size > 0 && hasAny(owned, revoked)) {
    return {
      ...member,
      state: 'UNREVOKED_PARTITIONS',
      memberEpoch,
      previousMemberEpoch,
      assigned: kept,
      pendingRevocation: revoked,
    };
  }
  const changed = granted.size > 0 || revoked.size > 0 || member.pendingRevocation.size > 0;
  const state = waits ? 'UNRELEASED_PARTITIONS' : 'STABLE';
  if (!changed && state === member.state && member.memberEpoch === target.epoch) return member;
  return {
    ...member,
    state,
    memberEpoch: target.epoch,
    previousMemberEpoch,
    assigned: union(kept, granted),
    pendingRevocation: NO_PARTITIONS,
  };
}

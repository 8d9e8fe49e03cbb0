/**
 * Range: topic by topic, the members that are subscribed to it in order get a run of neighbouring
 * partitions each, and the first ones get one more where it does not come out even. Partitions of
 * the same number of several topics so go to the same member.
 *
 * Source: `RangeAssignor`. Left out: racks (KIP-881).
 */
import { assert } from '../../../../kernel/assert.ts';
import {
  byMember,
  eagerAssignor,
  emptyAssignment,
  type GroupAssignment,
  type MemberSubscription,
  type PartitionAssignor,
  type PartitionCounts,
} from './partition-assignor.ts';

function assign(
  partitions: PartitionCounts,
  members: readonly MemberSubscription[],
): GroupAssignment {
  const assignment = emptyAssignment(members);
  const sorted = [...members].sort(byMember);
  for (const [topic, count] of partitions) {
    assert(count > 0, 'a topic with partitions', { topic, count });
    const subscribed = sorted.filter(({ topics }) => topics.includes(topic));
    let next = 0;
    for (const [index, { memberId }] of subscribed.entries()) {
      const share = Math.floor(count / subscribed.length);
      const take = share + (index < count % subscribed.length ? 1 : 0);
      for (let i = 0; i < take; i++) assignment.get(memberId)?.push({ topic, partition: next++ });
    }
    assert(next === count || subscribed.length === 0, 'all are assigned', { topic, next, count });
  }
  return assignment;
}

export const rangeAssignor = (): PartitionAssignor => eagerAssignor('range', assign);

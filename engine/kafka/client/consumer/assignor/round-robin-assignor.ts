/**
 * Round robin: all partitions of all topics in order, one to each member in turn; a member that is
 * not subscribed to the topic is passed over.
 *
 * Source: `RoundRobinAssignor`.
 */
import { assert, present } from '../../../../kernel/assert.ts';
import {
  byMember,
  byText,
  eagerAssignor,
  emptyAssignment,
  type GroupAssignment,
  type MemberSubscription,
  type PartitionAssignor,
  type PartitionCounts,
  partitionsOf,
} from './partition-assignor.ts';

function assign(
  partitions: PartitionCounts,
  members: readonly MemberSubscription[],
): GroupAssignment {
  const assignment = emptyAssignment(members);
  const sorted = [...members].sort(byMember);
  const topics = [...new Set(sorted.flatMap((member) => member.topics))].sort(byText);
  let turn = 0;
  const takesTurn = (): MemberSubscription => present(sorted[turn % sorted.length], 'a member');
  for (const partition of partitionsOf(topics, partitions)) {
    const before = turn;
    while (!takesTurn().topics.includes(partition.topic)) turn++;
    assert(turn - before < sorted.length, 'somebody is subscribed', { topic: partition.topic });
    assignment.get(takesTurn().memberId)?.push(partition);
    turn++;
  }
  return assignment;
}

export const roundRobinAssignor = (): PartitionAssignor => eagerAssignor('roundrobin', assign);

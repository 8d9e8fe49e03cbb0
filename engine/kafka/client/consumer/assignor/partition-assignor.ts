/**
 * What a partition assignor is: the leader of a group lets it share out the partitions of all
 * subscribed topics among the members, and every member lets it say what the leader needs to know.
 *
 * Not here: the four assignors beside this file; how subscriptions travel (`consumer-protocol.ts`).
 * Source: `ConsumerPartitionAssignor`, `AbstractPartitionAssignor`. Left out: racks (KIP-881).
 */
import { assert } from '../../../../kernel/assert.ts';
import type { TopicPartition } from '../subscription-state.ts';

/** As `ConsumerPartitionAssignor.RebalanceProtocol` names them. */
export type RebalanceProtocol = 'EAGER' | 'COOPERATIVE';

/** A member as the leader sees it. */
export interface MemberSubscription {
  readonly memberId: string;
  /** Null unless the member is static. */
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
  /** What the member did not give up before it joined: with COOPERATIVE, all that it has. */
  readonly ownedPartitions: readonly TopicPartition[];
  /** In which it got them; -1 if unknown. */
  readonly generationId: number;
  readonly userData: Uint8Array | null;
}

/** Which partitions each member gets, by member id. Every member is there. */
export type GroupAssignment = Map<string, TopicPartition[]>;

/** Topics with their number of partitions; those of which nothing is known are left out. */
export type PartitionCounts = ReadonlyMap<string, number>;

export interface PartitionAssignor {
  readonly name: string;
  /** What members do with their partitions before they join. */
  readonly protocol: RebalanceProtocol;
  assign(partitions: PartitionCounts, members: readonly MemberSubscription[]): GroupAssignment;
  /** What this member tells the leader; null for nothing. */
  userData(): Uint8Array | null;
  /** This member got its assignment of a generation. */
  onAssignment(partitions: readonly TopicPartition[], generationId: number): void;
}

/** An assignor for members that give up all before they join, and tell the leader nothing. */
export function eagerAssignor(
  name: string,
  assign: PartitionAssignor['assign'],
): PartitionAssignor {
  const nothing = { userData: () => null, onAssignment: () => undefined };
  return { name, protocol: 'EAGER', assign, ...nothing };
}

export function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Static members first, by instance id, so that a new member id changes nothing (KIP-345). */
export function byMember(left: MemberSubscription, right: MemberSubscription): number {
  const [one, other] = [left.groupInstanceId, right.groupInstanceId];
  if (one !== null && other !== null) return byText(one, other);
  if (one !== null) return -1;
  return other !== null ? 1 : byText(left.memberId, right.memberId);
}

/** For each member nothing yet. */
export function emptyAssignment(members: readonly MemberSubscription[]): GroupAssignment {
  const assignment: GroupAssignment = new Map(members.map(({ memberId }) => [memberId, []]));
  assert(assignment.size === members.length, 'a member is there once', { members: members.length });
  return assignment;
}

/** The partitions of topics, topic by topic in the given order. */
export function partitionsOf(topics: readonly string[], counts: PartitionCounts): TopicPartition[] {
  return topics.flatMap((topic) => {
    const count = counts.get(topic) ?? 0;
    assert(count >= 0, 'a number of partitions', { topic, count });
    return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  });
}

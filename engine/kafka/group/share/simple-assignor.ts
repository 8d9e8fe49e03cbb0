/**
 * The only assignor of share groups, `simple`: every member gets partitions, and every partition
 * members, as evenly as they can be; who has one keeps it where that is even.
 *
 * Source: `SimpleAssignor`, KIP-932. Differences: members of different topics are looked at topic
 * by topic (there by a builder of their own); who gets what goes by the order of member ids, not by
 * their hashes.
 */
import { assert } from '../../../kernel/assert.ts';
import { byText } from '../../client/consumer/assignor/partition-assignor.ts';
import { partitionsFrom, type TopicPartitions } from '../consumer/topic-partitions.ts';

export const SIMPLE_ASSIGNOR = 'simple';

export interface SharingMember {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** Its target so far. */
  readonly target: TopicPartitions;
}

/** A topic, and which of its partitions can be assigned. */
export interface SharedTopic {
  readonly topicId: string;
  readonly name: string;
  readonly partitions: readonly number[];
}

/** What each member is to have, by member id. */
export function simpleAssignment(
  members: readonly SharingMember[],
  topics: readonly SharedTopic[],
): ReadonlyMap<string, TopicPartitions> {
  const shares = new Map<string, { topicId: string; partitions: readonly number[] }[]>();
  for (const { memberId } of members) shares.set(memberId, []);
  const sorted = [...members].sort((one, other) => byText(one.memberId, other.memberId));
  for (const topic of topics) {
    const subscribed = sorted.filter((member) => member.topics.includes(topic.name));
    for (const [memberId, partitions] of ofTopic(subscribed, topic)) {
      shares.get(memberId)?.push({ topicId: topic.topicId, partitions });
    }
  }
  assert(shares.size === members.length, 'a share a member', { members: members.length });
  return new Map([...shares].map(([memberId, share]) => [memberId, partitionsFrom(share)]));
}

/** The partitions of one topic, over the members that are subscribed to it. */
function ofTopic(
  members: readonly SharingMember[],
  { topicId, partitions }: SharedTopic,
): ReadonlyMap<string, readonly number[]> {
  const given = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  const takers = new Map<number, number>(partitions.map((partition) => [partition, 0]));
  if (members.length === 0 || partitions.length === 0) return given;
  const perPartitionMax = Math.ceil(members.length / partitions.length);
  const perMemberMax = Math.ceil(partitions.length / members.length);
  const give = (memberId: string, partition: number): void => {
    given.get(memberId)?.push(partition);
    takers.set(partition, (takers.get(partition) ?? 0) + 1);
  };
  for (const { memberId, target } of members) {
    for (const partition of target.get(topicId) ?? []) {
      const has = given.get(memberId)?.length ?? 0;
      const taken = takers.get(partition) ?? perPartitionMax;
      if (has < perMemberMax && taken < perPartitionMax) give(memberId, partition);
    }
  }
  // Partitions that nobody has go to whoever has least; members without one to the least taken.
  for (const [partition, count] of takers) if (count === 0) give(leastOf(given), partition);
  for (const [memberId, has] of given) {
    if (has.length > 0) continue;
    const sorted = [...takers].sort((one, other) => one[1] - other[1] || one[0] - other[0]);
    const least = sorted[0];
    assert(least !== undefined, 'a partition', { topicId });
    give(memberId, least[0]);
  }
  return given;
}

function leastOf(given: ReadonlyMap<string, readonly number[]>): string {
  const sorted = [...given].sort(
    (one, other) => one[1].length - other[1].length || byText(one[0], other[0]),
  );
  const least = sorted[0];
  assert(least !== undefined, 'a member', { members: given.size });
  return least[0];
}

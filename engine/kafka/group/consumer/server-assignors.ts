/**
 * The assignors of the consumer protocol: here the coordinator shares out, not a member.
 *
 * `uniform`: members of the same topics get equal numbers and keep what they have, up to their
 * share; `range`: neighbouring partitions of each topic. Source: `UniformAssignor`,
 * `RangeAssignor` of apache/kafka, `group-coordinator`. Differences: where members have different
 * topics, `uniform` is the clients' sticky assignment here (there a builder of its own), and
 * `range` does not keep what members had.
 */
import { assert, present } from '../../../kernel/assert.ts';
import { generalAssignment } from '../../client/consumer/assignor/general-assignment.ts';
import type { MemberSubscription } from '../../client/consumer/assignor/partition-assignor.ts';
import { rangeAssignor } from '../../client/consumer/assignor/range-assignor.ts';
import { stickySubscriptions } from '../../client/consumer/assignor/sticky-subscriptions.ts';
import { partitionsFrom, type TopicPartitions } from './topic-partitions.ts';

/** A topic as the coordinator's broker knows it. */
export interface KnownTopic {
  readonly topicId: string;
  readonly name: string;
  readonly partitions: number;
}

/** A member to whom partitions are assigned. */
export interface AssignedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topics: readonly string[];
  /** Its target so far. */
  readonly target: TopicPartitions;
}

export type ServerAssignor = (
  members: readonly AssignedMember[],
  topics: readonly KnownTopic[],
) => ReadonlyMap<string, TopicPartitions>;

interface Place {
  readonly topicId: string;
  readonly partition: number;
}

/** Source: `UniformHomogeneousAssignmentBuilder`. */
function uniform(
  members: readonly AssignedMember[],
  topics: readonly KnownTopic[],
): ReadonlyMap<string, TopicPartitions> {
  const first = members[0];
  if (first === undefined) return new Map();
  const wanted = new Set(first.topics);
  const isSame = members.every(
    (member) =>
      member.topics.length === wanted.size && member.topics.every((one) => wanted.has(one)),
  );
  if (!isSame) return byName(members, topics, general);
  const all: Place[] = topics.flatMap(({ topicId, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topicId, partition })),
  );
  const quota = Math.floor(all.length / members.length);
  let extra = all.length % members.length;
  const taken = new Set<string>();
  const shares = members.map((member) => {
    const had = all.filter(({ topicId, partition }) =>
      (member.target.get(topicId) ?? []).includes(partition),
    );
    const exceeds = had.length > quota && extra > 0;
    if (exceeds) extra--;
    const kept = had.slice(0, quota + (exceeds ? 1 : 0));
    for (const place of kept) taken.add(nameOf(place));
    return { member, kept, exceeds };
  });
  const rest = all.filter((place) => !taken.has(nameOf(place)));
  for (const share of shares) {
    const exceeds = share.exceeds || extra > 0;
    if (exceeds && !share.exceeds) extra--;
    const size = quota + (exceeds ? 1 : 0);
    share.kept.push(...rest.splice(0, size - share.kept.length));
  }
  assert(rest.length === 0, 'all are assigned', { rest: rest.length });
  return new Map(shares.map(({ member, kept }) => [member.memberId, grouped(kept)]));
}

const nameOf = ({ topicId, partition }: Place): string => `${topicId} ${partition}`;

function grouped(places: readonly Place[]): TopicPartitions {
  const topics = new Map<string, number[]>();
  for (const { topicId, partition } of places) {
    topics.set(topicId, [...(topics.get(topicId) ?? []), partition]);
  }
  return partitionsFrom([...topics].map(([topicId, partitions]) => ({ topicId, partitions })));
}

function range(
  members: readonly AssignedMember[],
  topics: readonly KnownTopic[],
): ReadonlyMap<string, TopicPartitions> {
  const assignor = rangeAssignor();
  return byName(members, topics, (counts, subscriptions) => assignor.assign(counts, subscriptions));
}

type NamedAssign = (
  counts: ReadonlyMap<string, number>,
  members: readonly MemberSubscription[],
) => ReadonlyMap<string, readonly { readonly topic: string; readonly partition: number }[]>;

const general: NamedAssign = (counts, members) =>
  generalAssignment(
    counts,
    stickySubscriptions(counts, members, ({ ownedPartitions }) => ({
      partitions: ownedPartitions,
      generation: 0,
    })),
  );

/** By an assignor of the clients, who go by names. */
function byName(
  members: readonly AssignedMember[],
  topics: readonly KnownTopic[],
  assign: NamedAssign,
): ReadonlyMap<string, TopicPartitions> {
  const ids = new Map(topics.map(({ name, topicId }) => [name, topicId]));
  const names = new Map(topics.map(({ name, topicId }) => [topicId, name]));
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions]));
  const subscriptions = members.map(({ memberId, instanceId, topics: wanted, target }) => ({
    memberId,
    groupInstanceId: instanceId,
    topics: wanted,
    ownedPartitions: [...target].flatMap(([topicId, numbers]) => {
      const topic = names.get(topicId);
      return topic === undefined ? [] : numbers.map((partition) => ({ topic, partition }));
    }),
    generationId: 0,
    userData: null,
  }));
  return new Map(
    [...assign(counts, subscriptions)].map(([memberId, held]) => [
      memberId,
      grouped(
        held.map(({ topic, partition }) => ({
          topicId: present(ids.get(topic), 'a topic'),
          partition,
        })),
      ),
    ]),
  );
}

/** By name; the first one is taken where no member asks for one. */
export const serverAssignors: ReadonlyMap<string, ServerAssignor> = new Map([
  ['uniform', uniform],
  ['range', range],
]);
export const DEFAULT_ASSIGNOR = 'uniform';

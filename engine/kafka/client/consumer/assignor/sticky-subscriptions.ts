/**
 * What the sticky assignors make of the members' subscriptions before they share anything out: who
 * owns what, with the claims settled that contradict each other.
 *
 * A partition that two members claim in the same generation belongs to neither; of two generations
 * the newer one counts. Source: `AbstractStickyAssignor.allSubscriptionsEqual`.
 */
import { assert, present } from '../../../../kernel/assert.ts';
import { type TopicPartition, topicPartitionText } from '../subscription-state.ts';
import { inHashOrder } from './java-hash-set.ts';
import type { MemberSubscription, PartitionCounts } from './partition-assignor.ts';

export const DEFAULT_GENERATION = -1;

/** What a member owned, and in which generation; null if it did not tell. */
export interface MemberData {
  readonly partitions: readonly TopicPartition[];
  readonly generation: number | null;
}

export interface StickyMember extends MemberSubscription {
  readonly data: MemberData;
}

export interface StickySubscriptions {
  /** In the order in which a Java program walks them. */
  readonly members: readonly StickyMember[];
  /** By member id: partitions that it may keep. Every member is there. */
  readonly owned: ReadonlyMap<string, TopicPartition[]>;
  /** Claimed twice in one generation, by name. */
  readonly claimedTwice: ReadonlySet<string>;
  /** Whether all members have the same topics. */
  readonly equal: boolean;
  /** The newest that a member told. */
  readonly generationMax: number;
}

export function stickySubscriptions(
  counts: PartitionCounts,
  subscriptions: readonly MemberSubscription[],
  dataOf: (member: MemberSubscription) => MemberData,
): StickySubscriptions {
  const byId = new Map(subscriptions.map((of) => [of.memberId, { ...of, data: dataOf(of) }]));
  assert(byId.size === subscriptions.length, 'a member is there once');
  const members = inHashOrder([...byId.keys()]).map((id) => present(byId.get(id), 'a member'));
  const claims = new Claims(byId);
  const topics = new Set<string>();
  let equal = true;
  let generationMax = DEFAULT_GENERATION;
  for (const member of members) {
    if (topics.size === 0) for (const topic of member.topics) topics.add(topic);
    else if (member.topics.length !== topics.size) equal = false;
    else equal &&= member.topics.every((topic) => topics.has(topic));
    generationMax = Math.max(generationMax, member.data.generation ?? DEFAULT_GENERATION);
    claims.open(member.memberId);
    for (const partition of member.data.partitions) {
      if (partition.partition < (counts.get(partition.topic) ?? 0)) claims.add(member, partition);
    }
  }
  const { owned, claimedTwice } = claims;
  return { members, owned, claimedTwice, equal, generationMax };
}

class Claims {
  readonly owned = new Map<string, TopicPartition[]>();
  readonly claimedTwice = new Set<string>();
  private readonly owners = new Map<string, string>();
  private readonly members: ReadonlyMap<string, StickyMember>;

  constructor(members: ReadonlyMap<string, StickyMember>) {
    this.members = members;
  }

  open(memberId: string): void {
    this.owned.set(memberId, []);
  }

  add(member: StickyMember, partition: TopicPartition): void {
    const name = topicPartitionText(partition);
    const { memberId } = member;
    const mine = present(this.owned.get(memberId), 'a member');
    const other = this.owners.get(name);
    if (other === undefined) {
      mine.push(partition);
      this.owners.set(name, memberId);
      return;
    }
    // The other's generation is that of its subscription, whatever its user data say.
    const theirs = present(this.members.get(other), 'a member').generationId;
    const generation = member.data.generation ?? DEFAULT_GENERATION;
    if (generation < theirs) return;
    const rest = (this.owned.get(other) ?? []).filter((of) => topicPartitionText(of) !== name);
    this.owned.set(other, rest);
    this.owners.set(name, memberId);
    if (generation === theirs) this.claimedTwice.add(name);
    else present(this.owned.get(memberId), 'a member').push(partition);
  }
}

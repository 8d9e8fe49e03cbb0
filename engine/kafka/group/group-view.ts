/**
 * What views and checkers may see of a group coordinator: plain data.
 *
 * Not here: what they make of it (`lab/`).
 */
import { assert } from '../../kernel/assert.ts';
import { LATEST } from '../coordinator/timeline-map.ts';
import type { ClassicGroupMember } from './classic-group-member.ts';
import type { ClassicGroup, ClassicGroupState } from './classic-group.ts';
import type { ConsumerGroup, ConsumerGroupState } from './consumer/consumer-group.ts';
import type { MemberState } from './consumer/consumer-group-member.ts';
import type { GroupRuntime } from './group-coordinator.ts';
import type { GroupShard } from './group-shard.ts';
import type { ShareGroup } from './share/share-group.ts';
import type { TopicPartitions } from './consumer/topic-partitions.ts';

export interface GroupMemberView {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  /** What the coordinator owes the member: an answer to JoinGroup, to SyncGroup, or nothing. */
  readonly state: 'AwaitingJoin' | 'AwaitingSync' | 'PendingSync' | 'Joined';
  readonly isLeader: boolean;
  /** As the leader of the group wrote it. */
  readonly assignment: Uint8Array;
}

export interface CommittedOffsetView {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
}

export interface GroupView {
  readonly groupId: string;
  readonly state: ClassicGroupState;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  readonly members: readonly GroupMemberView[];
  /** What is on all in-sync replicas. */
  readonly offsets: readonly CommittedOffsetView[];
}

/** A group of the consumer protocol (KIP-848). */
export interface ConsumerGroupView {
  readonly groupId: string;
  readonly state: ConsumerGroupState;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly memberEpoch: number;
    readonly state: MemberState;
  }[];
  readonly offsets: readonly CommittedOffsetView[];
}

/** A share group (KIP-932). */
export interface ShareGroupView {
  readonly groupId: string;
  readonly state: string;
  readonly groupEpoch: number;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly memberEpoch: number;
    readonly partitions: TopicPartitions;
  }[];
}

export interface GroupCoordinatorView {
  readonly kind: 'group-coordinator';
  /** The partitions of `__consumer_offsets` that this broker coordinates, loaded ones only. */
  readonly partitions: readonly number[];
  readonly groups: readonly GroupView[];
  readonly consumerGroups: readonly ConsumerGroupView[];
  readonly shareGroups: readonly ShareGroupView[];
}

export function viewOf(runtime: GroupRuntime): GroupCoordinatorView {
  const partitions: number[] = [];
  const groups: GroupView[] = [];
  const consumerGroups: ConsumerGroupView[] = [];
  const shareGroups: ShareGroupView[] = [];
  for (const [index, shard] of runtime.active()) {
    partitions.push(index);
    const committed = runtime.read(index, (_shard, committedOffset) => committedOffset);
    for (const group of shard.groups) {
      groups.push(groupView(shard, group, committed.response ?? LATEST));
    }
    for (const group of shard.shareGroups?.groups ?? []) shareGroups.push(shareGroupView(group));
    for (const group of shard.consumerGroups?.groups ?? []) {
      consumerGroups.push(consumerGroupView(shard, group, committed.response ?? LATEST));
    }
  }
  assert(new Set(partitions).size === partitions.length, 'a shard a partition', { partitions });
  return { kind: 'group-coordinator', partitions, groups, consumerGroups, shareGroups };
}

function offsetsOf(shard: GroupShard, groupId: string, atOffset: number): CommittedOffsetView[] {
  return shard.offsets.ofGroup(groupId, atOffset).map((one) => ({
    topic: one.topic,
    partition: one.partition,
    offset: one.committedOffset,
    metadata: one.metadata,
  }));
}

function shareGroupView({ groupId, state, groupEpoch, members }: ShareGroup): ShareGroupView {
  const views = members.map(({ memberId, clientId, memberEpoch, assigned }) => {
    return { memberId, clientId, memberEpoch, partitions: assigned };
  });
  return { groupId, state, groupEpoch, members: views };
}

function consumerGroupView(
  shard: GroupShard,
  group: ConsumerGroup,
  atOffset: number,
): ConsumerGroupView {
  const { groupId, state, groupEpoch, assignmentEpoch } = group;
  const members = group.members.map(({ memberId, clientId, memberEpoch, state: is }) => {
    return { memberId, clientId, memberEpoch, state: is };
  });
  const offsets = offsetsOf(shard, groupId, atOffset);
  return { groupId, state, groupEpoch, assignmentEpoch, members, offsets };
}

function groupView(shard: GroupShard, group: ClassicGroup, atOffset: number): GroupView {
  const { groupId, state, generationId, protocolName, leaderId } = group;
  const offsets = offsetsOf(shard, groupId, atOffset);
  const members = [...group.members.values()].map((member) => memberView(group, member));
  const generation = generationId;
  return { groupId, state, generation, protocol: protocolName, leader: leaderId, members, offsets };
}

function memberView(group: ClassicGroup, member: ClassicGroupMember): GroupMemberView {
  const { memberId, groupInstanceId, clientId, clientHost: host, assignment } = member;
  const isLeader = group.isLeader(memberId);
  const state = memberState(group, member);
  return { memberId, groupInstanceId, clientId, host, state, isLeader, assignment };
}

function memberState(group: ClassicGroup, member: ClassicGroupMember): GroupMemberView['state'] {
  if (member.awaitingJoin !== null) return 'AwaitingJoin';
  if (member.awaitingSync !== null) return 'AwaitingSync';
  return group.pendingSyncMembers.has(member.memberId) ? 'PendingSync' : 'Joined';
}

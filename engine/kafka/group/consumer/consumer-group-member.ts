/**
 * A member of a group of the consumer protocol (KIP-848): what it said of itself, the epoch that it
 * is in, and the partitions that it has.
 *
 * Source: `ConsumerGroupMember`, `modern.MemberState`. Left out: regular expressions (KIP-848's
 * `subscribedTopicRegex`), members that speak the classic protocol.
 */
import { NO_PARTITIONS, type TopicPartitions } from './topic-partitions.ts';

/**
 * STABLE: it has what it shall have in its epoch. UNREVOKED_PARTITIONS: it must give up some first,
 * and stays in its epoch until it has. UNRELEASED_PARTITIONS: it waits for what others still have.
 */
export type MemberState = 'STABLE' | 'UNREVOKED_PARTITIONS' | 'UNRELEASED_PARTITIONS';

/** As records have them. */
export const MEMBER_STATE_VALUES: Readonly<Record<MemberState, number>> = {
  STABLE: 1,
  UNREVOKED_PARTITIONS: 2,
  UNRELEASED_PARTITIONS: 3,
};

export const JOIN_GROUP_MEMBER_EPOCH = 0;
export const LEAVE_GROUP_MEMBER_EPOCH = -1;
/** A static member leaves for a while; its place is kept for a session. */
export const LEAVE_GROUP_STATIC_MEMBER_EPOCH = -2;

export interface ConsumerGroupMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly subscribedTopicNames: readonly string[];
  readonly serverAssignor: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly memberEpoch: number;
  readonly previousMemberEpoch: number;
  readonly state: MemberState;
  readonly assigned: TopicPartitions;
  readonly pendingRevocation: TopicPartitions;
}

/** A member that was just heard of for the first time. */
export function newMember(memberId: string): ConsumerGroupMember {
  return {
    memberId,
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    subscribedTopicNames: [],
    serverAssignor: null,
    rebalanceTimeoutMs: -1,
    memberEpoch: 0,
    previousMemberEpoch: -1,
    state: 'STABLE',
    assigned: NO_PARTITIONS,
    pendingRevocation: NO_PARTITIONS,
  };
}

/**
 * A share group as its records say it is (KIP-932): its epoch, its members, the assignment that is
 * aimed at, and which share-partitions have a state. Unlike a consumer group's, its partitions may
 * be assigned to several members at once, so that nobody has to give up anything first.
 *
 * Not here: what heartbeats do (`share-groups.ts`). Source: `ShareGroup`, `ShareGroupMember`,
 * `ShareGroupStatePartitionMetadataInfo`.
 */
import { assert } from '../../../kernel/assert.ts';
import {
  NO_PARTITIONS,
  partitionsFrom,
  type TopicPartitions,
} from '../consumer/topic-partitions.ts';
import type { ShareGroupRecord } from './share-group-record.ts';

/** As `ShareGroup.ShareGroupState` names them. */
type ShareGroupState = 'Empty' | 'Stable';

export const JOIN_GROUP_MEMBER_EPOCH = 0;
export const LEAVE_GROUP_MEMBER_EPOCH = -1;

export interface ShareGroupMember {
  readonly memberId: string;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly subscribedTopicNames: readonly string[];
  readonly memberEpoch: number;
  readonly previousMemberEpoch: number;
  readonly assigned: TopicPartitions;
}

/** A member that was just heard of for the first time. */
export function newMember(memberId: string): ShareGroupMember {
  return {
    ...{ memberId, rackId: null, clientId: '', clientHost: '', subscribedTopicNames: [] },
    ...{ memberEpoch: 0, previousMemberEpoch: -1, assigned: NO_PARTITIONS },
  };
}

export class ShareGroup {
  readonly groupId: string;
  groupEpoch = 0;
  /** Of the topics to which the group is subscribed. */
  metadataHash = 0;
  assignmentEpoch = 0;
  /** Share-partitions whose state is being made, and those that have one. */
  initializing: TopicPartitions = NO_PARTITIONS;
  initialized: TopicPartitions = NO_PARTITIONS;
  readonly #members = new Map<string, ShareGroupMember>();
  readonly #targets = new Map<string, TopicPartitions>();

  constructor(groupId: string) {
    assert(groupId !== '', 'a group has a name');
    this.groupId = groupId;
  }

  get members(): readonly ShareGroupMember[] {
    return [...this.#members.values()];
  }

  get state(): ShareGroupState {
    return this.#members.size === 0 ? 'Empty' : 'Stable';
  }

  member(memberId: string): ShareGroupMember | undefined {
    return this.#members.get(memberId);
  }

  target(memberId: string): TopicPartitions {
    return this.#targets.get(memberId) ?? NO_PARTITIONS;
  }

  /** Takes a record in that is about this group, but its own end. */
  replay(record: ShareGroupRecord): void {
    switch (record.type) {
      case 'ShareGroupMetadata':
        this.groupEpoch = record.value?.epoch ?? 0;
        this.metadataHash = record.value?.metadataHash ?? 0;
        return;
      case 'ShareGroupTargetAssignmentMetadata':
        this.assignmentEpoch = record.value?.assignmentEpoch ?? 0;
        return;
      case 'ShareGroupTargetAssignmentMember': {
        const { memberId } = record.key;
        if (record.value === null) this.#targets.delete(memberId);
        else this.#targets.set(memberId, partitionsFrom(record.value.topicPartitions));
        return;
      }
      case 'ShareGroupMemberMetadata': {
        const { memberId } = record.key;
        if (record.value === null) this.#members.delete(memberId);
        else this.#change(memberId, record.value);
        return;
      }
      case 'ShareGroupCurrentMemberAssignment': {
        const { memberId } = record.key;
        const { value } = record;
        if (value === null) return;
        const { memberEpoch, previousMemberEpoch } = value;
        const assigned = partitionsFrom(value.assignedPartitions);
        this.#change(memberId, { memberEpoch, previousMemberEpoch, assigned });
        return;
      }
      case 'ShareGroupStatePartitionMetadata':
        this.initializing = partitionsFrom(record.value?.initializingTopics ?? []);
        this.initialized = partitionsFrom(record.value?.initializedTopics ?? []);
    }
  }

  #change(memberId: string, change: Partial<ShareGroupMember>): void {
    const before = this.#members.get(memberId) ?? newMember(memberId);
    this.#members.set(memberId, { ...before, ...change });
  }
}

/**
 * The groups of the consumer protocol (KIP-848) in one partition of `__consumer_offsets`: a
 * heartbeat is the whole protocol. It brings what a member wants and has, and takes back the epoch
 * that it is in and, if that changed, what it may have.
 *
 * Not here: the group's state (`consumer-group.ts`), a member's next step
 * (`current-assignment.ts`), who gets what (`server-assignors.ts`).
 * Source: `GroupMetadataManager.consumerGroupHeartbeat`. Differences: the target assignment is
 * computed in the heartbeat that needs it, and the topics' numbers of partitions are looked at in
 * each; no regular expressions; a group of one protocol never becomes one of the other; a member's
 * timers are cancelled when its end is in the log, and not when it is about to be written.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Ports } from '../../../kernel/ports.ts';
import { ErrorCode, errorName } from '../../../wire/kafka/errors.ts';
import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../../wire/kafka/messages/consumer-group-heartbeat.ts';
import { hashOfText } from '../../client/consumer/assignor/java-hash-set.ts';
import { type ConfigOf, int } from '../../config.ts';
import type { ShardTimer } from '../../coordinator/coordinator-shard.ts';
import type { MetadataImage } from '../../metadata/image.ts';
import { byText } from '../../client/consumer/assignor/partition-assignor.ts';
import { groupEpochTrace, memberFencedTrace } from './consumer-group-trace.ts';
import {
  ANSWER,
  type ConsumerGroupResult,
  hasChanged,
  hasSameTopics,
  type HeartbeatOf,
  memberError,
  refused,
  requestError,
  updated,
} from './heartbeat-request.ts';
import { ConsumerGroup } from './consumer-group.ts';
import {
  type ConsumerGroupMember,
  JOIN_GROUP_MEMBER_EPOCH,
  LEAVE_GROUP_MEMBER_EPOCH,
  LEAVE_GROUP_STATIC_MEMBER_EPOCH,
  newMember,
} from './consumer-group-member.ts';
import {
  type ConsumerGroupRecord,
  currentRecord,
  epochRecord,
  groupTombstones,
  memberRecord,
  memberStateOf,
  memberTombstones,
  targetEpochRecord,
  targetRecord,
} from './consumer-group-record.ts';
import { reconciled } from './current-assignment.ts';
import { DEFAULT_ASSIGNOR, type KnownTopic, serverAssignors } from './server-assignors.ts';
import {
  isEqual,
  NO_PARTITIONS,
  partitionsData,
  partitionsFrom,
  type TopicPartitions,
} from './topic-partitions.ts';

export const consumerGroupSettings = {
  'group.consumer.session.timeout.ms': int(
    45_000,
    'When a member of the consumer protocol without heartbeats counts as dead.',
    { min: 1 },
  ),
  'group.consumer.heartbeat.interval.ms': int(
    5_000,
    'How often a member of the consumer protocol is to send a heartbeat.',
    { min: 1 },
  ),
} as const;

export interface ConsumerGroupsParts {
  readonly ports: Ports;
  readonly config: ConfigOf<typeof consumerGroupSettings>;
  readonly timer: ShardTimer;
  image(): MetadataImage;
}

export class ConsumerGroups {
  readonly #parts: ConsumerGroupsParts;
  readonly #groups = new Map<string, ConsumerGroup>();

  constructor(parts: ConsumerGroupsParts) {
    this.#parts = parts;
  }

  get groups(): Iterable<ConsumerGroup> {
    return this.#groups.values();
  }

  group(groupId: string): ConsumerGroup | undefined {
    return this.#groups.get(groupId);
  }

  // ------------------------------------------------------------------------------------- records

  replay({ type, key, value }: ConsumerGroupRecord): void {
    const { groupId } = key;
    if (type === 'ConsumerGroupMetadata' && value === null) {
      this.#groups.delete(groupId);
      return;
    }
    if (type === 'ConsumerGroupPartitionMetadata' || type === 'ConsumerGroupRegularExpression') {
      return;
    }
    const group = this.#groups.get(groupId) ?? new ConsumerGroup(groupId);
    if (value !== null) this.#groups.set(groupId, group);
    if (type === 'ConsumerGroupMetadata' && value !== null) {
      group.groupEpoch = value.epoch;
      group.metadataHash = value.metadataHash;
    } else if (type === 'ConsumerGroupTargetAssignmentMetadata') {
      group.assignmentEpoch = value?.assignmentEpoch ?? 0;
    } else if (type === 'ConsumerGroupTargetAssignmentMember') {
      const target = value === null ? null : partitionsFrom(value.topicPartitions);
      group.putTarget(key.memberId, target);
    } else if (type === 'ConsumerGroupMemberMetadata') {
      const { memberId } = key;
      if (value === null) this.#remove(group, memberId);
      else {
        const { subscribedTopicRegex: _, classicMemberMetadata: __, ...told } = value;
        group.putMember({ ...(group.member(memberId) ?? newMember(memberId)), ...told });
      }
    } else if (type === 'ConsumerGroupCurrentMemberAssignment') {
      this.#replayCurrent(group, key.memberId, value);
    }
  }

  /** Its timers end with it, and not before: what could not be written has not happened. */
  #remove(group: ConsumerGroup, memberId: string): void {
    group.removeMember(memberId);
    this.#parts.timer.cancel(sessionKey(group.groupId, memberId));
    this.#parts.timer.cancel(rebalanceKey(group.groupId, memberId));
  }

  #replayCurrent(
    group: ConsumerGroup,
    memberId: string,
    value: (ConsumerGroupRecord & { type: 'ConsumerGroupCurrentMemberAssignment' })['value'],
  ): void {
    const member = group.member(memberId) ?? newMember(memberId);
    if (value === null) {
      group.putMember({
        ...newMember(memberId),
        subscribedTopicNames: member.subscribedTopicNames,
      });
      return;
    }
    group.putMember({
      ...member,
      memberEpoch: value.memberEpoch,
      previousMemberEpoch: value.previousMemberEpoch,
      state: memberStateOf(value.state),
      assigned: partitionsFrom(value.assignedPartitions),
      pendingRevocation: partitionsFrom(value.partitionsPendingRevocation),
    });
  }

  /** All is replayed: whoever is silent from now on for a session is gone. */
  loaded(): void {
    for (const { groupId, members } of this.#groups.values()) {
      for (const { memberId } of members) this.#scheduleSession(groupId, memberId);
    }
  }

  unloaded(): void {
    this.#groups.clear();
  }

  // ----------------------------------------------------------------------------------- heartbeat

  heartbeat(of: HeartbeatOf): ConsumerGroupResult<ConsumerGroupHeartbeatResponse> {
    const { body } = of;
    const { groupId, memberId, memberEpoch } = body;
    const invalid = requestError(of);
    if (invalid !== ErrorCode.NONE) return refused(invalid);
    const isLeave =
      memberEpoch === LEAVE_GROUP_MEMBER_EPOCH || memberEpoch === LEAVE_GROUP_STATIC_MEMBER_EPOCH;
    const known = this.#groups.get(groupId);
    if (known === undefined && memberEpoch !== JOIN_GROUP_MEMBER_EPOCH) {
      return refused(ErrorCode.GROUP_ID_NOT_FOUND);
    }
    const group = known ?? new ConsumerGroup(groupId);
    const instance = body.instanceId === null ? undefined : group.staticMember(body.instanceId);
    const before = group.member(memberId);
    const errorCode = memberError(body, before, instance);
    if (errorCode !== ErrorCode.NONE) {
      const what = { group: groupId, member: memberId, epoch: memberEpoch };
      this.#parts.ports.trace.record(memberFencedTrace, { ...what, error: errorName(errorCode) });
      return refused(errorCode);
    }
    if (isLeave) return this.#leave(group, body);
    return this.#beat(group, of, before, instance);
  }

  #beat(
    group: ConsumerGroup,
    of: HeartbeatOf,
    before: ConsumerGroupMember | undefined,
    instance: ConsumerGroupMember | undefined,
  ): ConsumerGroupResult<ConsumerGroupHeartbeatResponse> {
    const { body } = of;
    const { groupId } = group;
    const records: ConsumerGroupRecord[] = [];
    const replaced = instance !== undefined && instance.memberId !== body.memberId;
    if (replaced) records.push(...this.#replaced(group, instance, body.memberId));
    const start = replaced
      ? { ...instance, memberId: body.memberId, memberEpoch: 0, previousMemberEpoch: 0 }
      : before;
    const member = updated(start ?? newMember(body.memberId), of);
    if (start === undefined || replaced || hasChanged(start, member)) {
      records.push(memberRecord(groupId, member));
    }
    const members = [
      ...group.members.filter(
        ({ memberId }) =>
          memberId !== member.memberId && memberId !== (replaced ? instance.memberId : ''),
      ),
      member,
    ];
    const topics = this.#topicsOf(members);
    const hash = hashOf(topics);
    const subscribes = start === undefined || !hasSameTopics(start, member);
    const isNews = subscribes || hash !== group.metadataHash;
    const epoch = isNews ? group.groupEpoch + 1 : group.groupEpoch;
    if (isNews) {
      records.push(epochRecord(groupId, epoch, hash));
      const reason = subscribes ? `${member.memberId} subscribes` : 'topics have changed';
      this.#recordEpoch(groupId, epoch, members.length, reason);
    }
    let target = replaced ? group.target(instance.memberId) : group.target(member.memberId);
    if (epoch > group.assignmentEpoch) {
      const previous = (memberId: string): TopicPartitions =>
        memberId === member.memberId ? target : group.target(memberId);
      const targets = assigned(members, topics, previous);
      for (const [memberId, partitions] of targets) {
        const same = isEqual(partitions, previous(memberId));
        if (!same || (start === undefined && memberId === member.memberId)) {
          records.push(targetRecord(groupId, memberId, partitions));
        }
      }
      records.push(targetEpochRecord(groupId, epoch));
      target = targets.get(member.memberId) ?? NO_PARTITIONS;
    }
    const owned = body.topicPartitions === null ? null : partitionsFrom(body.topicPartitions);
    const isFree = (topicId: string, one: number): boolean => group.isFree(topicId, one);
    const after = reconciled(member, { epoch, partitions: target }, owned, isFree);
    if (after !== member || start === undefined || replaced) {
      records.push(currentRecord(groupId, after));
    }
    this.#scheduleSession(groupId, member.memberId);
    this.#watchRevocation(groupId, after);
    return { records, response: this.#answer(body, member, after) };
  }

  #answer(
    body: ConsumerGroupHeartbeatRequest,
    before: ConsumerGroupMember,
    after: ConsumerGroupMember,
  ): ConsumerGroupHeartbeatResponse {
    const isFull =
      body.memberEpoch === JOIN_GROUP_MEMBER_EPOCH ||
      (body.rebalanceTimeoutMs !== -1 &&
        body.subscribedTopicNames !== null &&
        body.topicPartitions !== null);
    const tells = isFull || !isEqual(before.assigned, after.assigned);
    const topicPartitions = partitionsData(after.assigned);
    return {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      memberId: after.memberId,
      memberEpoch: after.memberEpoch,
      heartbeatIntervalMs: this.#parts.config['group.consumer.heartbeat.interval.ms'],
      assignment: tells ? { topicPartitions } : null,
    };
  }

  /** A static member comes back under another member id, and takes over what it had (KIP-848). */
  #replaced(
    group: ConsumerGroup,
    before: ConsumerGroupMember,
    memberId: string,
  ): ConsumerGroupRecord[] {
    const { groupId } = group;
    return [
      ...memberTombstones(groupId, before.memberId),
      targetRecord(groupId, memberId, group.target(before.memberId)),
    ];
  }

  #leave(
    group: ConsumerGroup,
    { memberId, memberEpoch, instanceId }: ConsumerGroupHeartbeatRequest,
  ): ConsumerGroupResult<ConsumerGroupHeartbeatResponse> {
    const member = instanceId === null ? group.member(memberId) : group.staticMember(instanceId);
    assert(member !== undefined, 'a member that was checked', { memberId });
    const response = { ...ANSWER, memberId, memberEpoch };
    if (memberEpoch === LEAVE_GROUP_STATIC_MEMBER_EPOCH) {
      const away = { ...member, memberEpoch, pendingRevocation: NO_PARTITIONS };
      return { records: [currentRecord(group.groupId, away)], response };
    }
    return { records: this.#fenced(group, member.memberId, 'leaves'), response };
  }

  /** The records by which a member is gone and the group goes to its next epoch. */
  #fenced(group: ConsumerGroup, memberId: string, reason: string): ConsumerGroupRecord[] {
    const { groupId } = group;
    const rest = group.members.filter((member) => member.memberId !== memberId);
    const hash = hashOf(this.#topicsOf(rest));
    const epoch = group.groupEpoch + 1;
    this.#recordEpoch(groupId, epoch, rest.length, `${memberId} ${reason}`);
    return [...memberTombstones(groupId, memberId), epochRecord(groupId, epoch, hash)];
  }

  #recordEpoch(group: string, epoch: number, members: number, reason: string): void {
    this.#parts.ports.trace.record(groupEpochTrace, { group, epoch, members, reason });
  }

  #topicsOf(members: readonly ConsumerGroupMember[]): KnownTopic[] {
    const { topics } = this.#parts.image();
    const names = new Set(members.flatMap((member) => member.subscribedTopicNames));
    return [...names].sort(byText).flatMap((name) => {
      const topic = topics.get(name);
      if (topic === undefined) return [];
      return [{ name, topicId: topic.id, partitions: topic.partitions.length }];
    });
  }

  // ------------------------------------------------------------------------------------ timeouts

  #scheduleSession(groupId: string, memberId: string): void {
    const timeoutMs = this.#parts.config['group.consumer.session.timeout.ms'];
    this.#parts.timer.schedule(sessionKey(groupId, memberId), timeoutMs, true, () =>
      this.#expired(groupId, memberId, 'was silent for a session'),
    );
  }

  /** Whoever does not give up in time what it must is out. */
  #watchRevocation(groupId: string, member: ConsumerGroupMember): void {
    const { memberId, state, memberEpoch, rebalanceTimeoutMs } = member;
    const key = rebalanceKey(groupId, memberId);
    const { timer } = this.#parts;
    if (state !== 'UNREVOKED_PARTITIONS') timer.cancel(key);
    else if (!timer.has(key)) {
      timer.schedule(key, Math.max(0, rebalanceTimeoutMs), true, () => {
        const now = this.#groups.get(groupId)?.member(memberId);
        const late = now?.state === 'UNREVOKED_PARTITIONS' && now.memberEpoch === memberEpoch;
        if (!late) return { records: [], response: null };
        return this.#expired(groupId, memberId, 'did not give up its partitions in time');
      });
    }
  }

  #expired(groupId: string, memberId: string, why: string): ConsumerGroupResult<null> {
    const group = this.#groups.get(groupId);
    if (group?.member(memberId) === undefined) return { records: [], response: null };
    return { records: this.#fenced(group, memberId, why), response: null };
  }

  // ------------------------------------------------------------------------------- other requests

  /** Whether a commit of offsets counts; null if the group is not one of this protocol. */
  commitError(groupId: string, memberId: string, memberEpoch: number): number | null {
    const group = this.#groups.get(groupId);
    if (group === undefined) return null;
    if (memberEpoch < 0 && group.members.length === 0) return ErrorCode.NONE;
    const member = group.member(memberId);
    if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    return memberEpoch === member.memberEpoch ? ErrorCode.NONE : ErrorCode.STALE_MEMBER_EPOCH;
  }

  /** Deletes a group without members; null if it is not one of this protocol. */
  deleteGroup(groupId: string): ConsumerGroupResult<number> | null {
    const group = this.#groups.get(groupId);
    if (group === undefined) return null;
    if (group.members.length > 0) return { records: [], response: ErrorCode.NON_EMPTY_GROUP };
    return { records: groupTombstones(groupId), response: ErrorCode.NONE };
  }
}

const sessionKey = (groupId: string, memberId: string): string =>
  `consumer-session-${groupId}-${memberId}`;
const rebalanceKey = (groupId: string, memberId: string): string =>
  `consumer-rebalance-${groupId}-${memberId}`;

function hashOf(topics: readonly KnownTopic[]): number {
  return hashOfText(topics.map((one) => `${one.topicId} ${one.partitions}`).join('\n'));
}

/** The assignor that most members ask for; those that ask for none do not count. */
function assignorOf(members: readonly ConsumerGroupMember[]): string {
  const votes = new Map<string, number>();
  for (const { serverAssignor } of members) {
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1);
  }
  const sorted = [...votes].sort((a, b) => b[1] - a[1] || byText(a[0], b[0]));
  return sorted[0]?.[0] ?? DEFAULT_ASSIGNOR;
}

function assigned(
  members: readonly ConsumerGroupMember[],
  topics: readonly KnownTopic[],
  target: (memberId: string) => TopicPartitions,
): ReadonlyMap<string, TopicPartitions> {
  const assign = serverAssignors.get(assignorOf(members));
  assert(assign !== undefined, 'an assignor', { name: assignorOf(members) });
  const known = new Set(topics.map(({ name }) => name));
  return assign(
    members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      topics: member.subscribedTopicNames.filter((name) => known.has(name)),
      target: target(member.memberId),
    })),
    topics,
  );
}

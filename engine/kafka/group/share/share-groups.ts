/**
 * The share groups in one partition of `__consumer_offsets` (KIP-932): a heartbeat brings what a
 * member subscribes to, and takes back its epoch and, if that changed, its partitions. A member
 * goes to a new epoch at once, for nobody has to give up anything. Partitions are assigned when
 * their share-partitions have a state, which the coordinator has made when a group first wants
 * them.
 *
 * Not here: the group's state (`share-group.ts`), who gets what (`simple-assignor.ts`), records and
 * their states (`share/`). Source: `GroupMetadataManager.shareGroupHeartbeat`,
 * `GroupCoordinatorService.persisterInitialize`. Differences: the target assignment is computed in
 * the heartbeat that needs it; states of deleted groups and topics are not deleted; what could not
 * be initialized is tried again with the next heartbeat (there after a delay).
 */
import { assert } from '../../../kernel/assert.ts';
import type { Ports } from '../../../kernel/ports.ts';
import { ErrorCode, errorName } from '../../../wire/kafka/errors.ts';
import type {
  ShareGroupHeartbeatRequest,
  ShareGroupHeartbeatResponse,
} from '../../../wire/kafka/messages/share-group-heartbeat.ts';
import { hashOfText } from '../../client/consumer/assignor/java-hash-set.ts';
import { byText } from '../../client/consumer/assignor/partition-assignor.ts';
import { type ConfigOf, int } from '../../config.ts';
import type { CoordinatorResult, ShardTimer } from '../../coordinator/coordinator-shard.ts';
import type { MetadataImage } from '../../metadata/image.ts';
import { groupEpochTrace, memberFencedTrace } from '../consumer/consumer-group-trace.ts';
import {
  filtered,
  has,
  isEqual,
  isSubset,
  NO_PARTITIONS,
  partitionsData,
  partitionsFrom,
  type TopicPartitions,
  union,
} from '../consumer/topic-partitions.ts';
import {
  JOIN_GROUP_MEMBER_EPOCH,
  LEAVE_GROUP_MEMBER_EPOCH,
  newMember,
  ShareGroup,
  type ShareGroupMember,
} from './share-group.ts';
import {
  currentRecord,
  epochRecord,
  groupTombstones,
  memberRecord,
  memberTombstones,
  type ShareGroupRecord,
  statePartitionsRecord,
  targetEpochRecord,
  targetRecord,
} from './share-group-record.ts';
import { type SharedTopic, simpleAssignment } from './simple-assignor.ts';

export const shareGroupSettings = {
  'group.share.heartbeat.interval.ms': int(
    5_000,
    'How often a member of a share group is to send a heartbeat.',
    { min: 1 },
  ),
  'group.share.max.size': int(200, 'The most members of a share group.', { min: 1, max: 1_000 }),
  'group.share.session.timeout.ms': int(
    45_000,
    'When a member of a share group without heartbeats counts as dead.',
    { min: 1 },
  ),
} as const;

export type ShareGroupResult<T> = CoordinatorResult<T, ShareGroupRecord>;

/** A heartbeat's answer, and the share-partitions that are to have a state now. */
export interface HeartbeatOutcome {
  readonly response: ShareGroupHeartbeatResponse;
  readonly initializing: TopicPartitions;
  /** The group's; a new state has it as its epoch. */
  readonly groupEpoch: number;
}

export interface ShareGroupsParts {
  readonly ports: Ports;
  readonly config: ConfigOf<typeof shareGroupSettings>;
  readonly timer: ShardTimer;
  image(): MetadataImage;
}

interface HeartbeatOf {
  readonly clientId: string;
  readonly clientHost: string;
  readonly body: ShareGroupHeartbeatRequest;
}

export class ShareGroups {
  readonly #parts: ShareGroupsParts;
  readonly #groups = new Map<string, ShareGroup>();

  constructor(parts: ShareGroupsParts) {
    this.#parts = parts;
  }

  get groups(): Iterable<ShareGroup> {
    return this.#groups.values();
  }

  group(groupId: string): ShareGroup | undefined {
    return this.#groups.get(groupId);
  }

  // ------------------------------------------------------------------------------------- records

  replay(record: ShareGroupRecord): void {
    const { groupId } = record.key;
    if (record.type === 'ShareGroupMetadata' && record.value === null) {
      this.#groups.delete(groupId);
      return;
    }
    const group = this.#groups.get(groupId) ?? new ShareGroup(groupId);
    if (record.value !== null) this.#groups.set(groupId, group);
    group.replay(record);
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

  heartbeat(of: HeartbeatOf): ShareGroupResult<HeartbeatOutcome> {
    const { groupId, memberId, memberEpoch } = of.body;
    const known = this.#groups.get(groupId);
    const before = known?.member(memberId);
    const errorCode = this.#errorOf(of.body, known, before);
    if (errorCode !== ErrorCode.NONE) {
      const what = { group: groupId, member: memberId, epoch: memberEpoch };
      this.#parts.ports.trace.record(memberFencedTrace, { ...what, error: errorName(errorCode) });
      return refused(errorCode);
    }
    const group = known ?? new ShareGroup(groupId);
    if (memberEpoch !== LEAVE_GROUP_MEMBER_EPOCH) return this.#beat(group, of, before);
    const response = { ...ANSWER, memberId, memberEpoch };
    const records = this.#gone(group, memberId, 'leaves');
    return { records, response: { response, initializing: NO_PARTITIONS, groupEpoch: 0 } };
  }

  /** Source: `throwIfShareGroupHeartbeatRequestIsInvalid` and the check of the member epoch. */
  #errorOf(
    body: ShareGroupHeartbeatRequest,
    group: ShareGroup | undefined,
    member: ShareGroupMember | undefined,
  ): number {
    const { groupId, memberId, memberEpoch, subscribedTopicNames } = body;
    const joins = memberEpoch === JOIN_GROUP_MEMBER_EPOCH;
    const wantsNothing = joins && (subscribedTopicNames ?? []).length === 0;
    if (groupId.trim() === '' || memberId === '' || wantsNothing) return ErrorCode.INVALID_REQUEST;
    if (memberEpoch < LEAVE_GROUP_MEMBER_EPOCH) return ErrorCode.INVALID_REQUEST;
    if (group === undefined && !joins) return ErrorCode.GROUP_ID_NOT_FOUND;
    if (member === undefined) {
      if (!joins) return ErrorCode.UNKNOWN_MEMBER_ID;
      const size = group?.members.length ?? 0;
      const isFull = size >= this.#parts.config['group.share.max.size'];
      return isFull ? ErrorCode.GROUP_MAX_SIZE_REACHED : ErrorCode.NONE;
    }
    const isCurrent = joins || memberEpoch < 0 || memberEpoch === member.memberEpoch;
    // The answer that told of the new epoch may have been lost.
    if (isCurrent || memberEpoch === member.previousMemberEpoch) return ErrorCode.NONE;
    return ErrorCode.FENCED_MEMBER_EPOCH;
  }

  #beat(
    group: ShareGroup,
    of: HeartbeatOf,
    before: ShareGroupMember | undefined,
  ): ShareGroupResult<HeartbeatOutcome> {
    const { groupId } = group;
    const records: ShareGroupRecord[] = [];
    const member = updated(before ?? newMember(of.body.memberId), of);
    const subscribes = before === undefined || !hasSameTopics(before, member);
    const changed = subscribes || before.rackId !== member.rackId;
    if (changed) records.push(memberRecord(groupId, member));
    const others = group.members.filter(({ memberId }) => memberId !== member.memberId);
    const members = [...others, member];
    const topics = this.#topicsOf(members);
    const hash = hashOf(topics);
    const wanted = partitionsOf(topics);
    const assignable = topics.map((topic) => ({
      ...topic,
      partitions: topic.partitions.filter((one) => has(group.initialized, topic.topicId, one)),
    }));
    const isNews =
      subscribes || hash !== group.metadataHash || this.#awaitsAssignment(group, assignable);
    const epoch = isNews ? group.groupEpoch + 1 : group.groupEpoch;
    if (isNews) {
      records.push(epochRecord(groupId, epoch, hash));
      const reason = subscribes ? `${member.memberId} subscribes` : 'there are more partitions';
      this.#recordEpoch(groupId, epoch, members.length, reason);
    }
    let target = group.target(member.memberId);
    if (epoch > group.assignmentEpoch) {
      const targets = assigned(members, assignable, (memberId) => group.target(memberId));
      for (const [memberId, partitions] of targets) {
        if (isEqual(partitions, group.target(memberId))) continue;
        records.push(targetRecord(groupId, memberId, partitions));
      }
      records.push(targetEpochRecord(groupId, epoch));
      target = targets.get(member.memberId) ?? NO_PARTITIONS;
    }
    const after = reconciled(member, epoch, target);
    if (after !== member || before === undefined) records.push(currentRecord(groupId, after));
    const initializing = filtered(wanted, (topicId, one) => !has(group.initialized, topicId, one));
    if (!isSubset(initializing, group.initializing)) {
      const all = union(group.initializing, initializing);
      records.push(this.#statesRecord(group, all, group.initialized));
    }
    this.#scheduleSession(groupId, member.memberId);
    const response = this.#answer(of.body, member, after);
    return { records, response: { response, initializing, groupEpoch: epoch } };
  }

  /** There are share-partitions that have a state and are assigned to nobody. */
  #awaitsAssignment(group: ShareGroup, assignable: readonly SharedTopic[]): boolean {
    const all = group.members.reduce(
      (sum, { memberId }) => union(sum, group.target(memberId)),
      NO_PARTITIONS,
    );
    return !isSubset(partitionsOf(assignable), all);
  }

  #answer(
    { memberEpoch, subscribedTopicNames }: ShareGroupHeartbeatRequest,
    before: ShareGroupMember,
    after: ShareGroupMember,
  ): ShareGroupHeartbeatResponse {
    const isFull = memberEpoch === JOIN_GROUP_MEMBER_EPOCH || subscribedTopicNames !== null;
    const tells = isFull || !isEqual(before.assigned, after.assigned);
    return {
      ...ANSWER,
      memberId: after.memberId,
      memberEpoch: after.memberEpoch,
      heartbeatIntervalMs: this.#parts.config['group.share.heartbeat.interval.ms'],
      assignment: tells ? { topicPartitions: partitionsData(after.assigned) } : null,
    };
  }

  /** The share coordinator has made states, or could not: then they are asked for again. */
  initialized(
    groupId: string,
    done: TopicPartitions,
    asked: TopicPartitions,
  ): ShareGroupResult<null> {
    const group = this.#groups.get(groupId);
    if (group === undefined) return { records: [], response: null };
    const isAsked = (topicId: string, one: number): boolean => has(asked, topicId, one);
    const left = filtered(group.initializing, (topicId, one) => !isAsked(topicId, one));
    const all = union(group.initialized, done);
    return { records: [this.#statesRecord(group, left, all)], response: null };
  }

  #statesRecord(
    { groupId }: ShareGroup,
    initializing: TopicPartitions,
    initialized: TopicPartitions,
  ): ShareGroupRecord {
    const { topicNames } = this.#parts.image();
    return statePartitionsRecord(groupId, initializing, initialized, topicNames);
  }

  /** The records by which a member is gone and the group goes to its next epoch. */
  #gone(group: ShareGroup, memberId: string, reason: string): ShareGroupRecord[] {
    const { groupId } = group;
    this.#parts.timer.cancel(sessionKey(groupId, memberId));
    const rest = group.members.filter((member) => member.memberId !== memberId);
    const epoch = group.groupEpoch + 1;
    this.#recordEpoch(groupId, epoch, rest.length, `${memberId} ${reason}`);
    const hash = hashOf(this.#topicsOf(rest));
    return [...memberTombstones(groupId, memberId), epochRecord(groupId, epoch, hash)];
  }

  #recordEpoch(group: string, epoch: number, members: number, reason: string): void {
    assert(epoch > 0, 'an epoch', { group, epoch });
    this.#parts.ports.trace.record(groupEpochTrace, { group, epoch, members, reason });
  }

  #topicsOf(members: readonly ShareGroupMember[]): SharedTopic[] {
    const { topics } = this.#parts.image();
    const names = new Set(members.flatMap((member) => member.subscribedTopicNames));
    return [...names].sort(byText).flatMap((name) => {
      const topic = topics.get(name);
      return topic === undefined
        ? []
        : [{ name, topicId: topic.id, partitions: [...topic.partitions.keys()] }];
    });
  }

  // ------------------------------------------------------------------------------------ timeouts

  #scheduleSession(groupId: string, memberId: string): void {
    const timeoutMs = this.#parts.config['group.share.session.timeout.ms'];
    this.#parts.timer.schedule(sessionKey(groupId, memberId), timeoutMs, true, () => {
      const group = this.#groups.get(groupId);
      if (group?.member(memberId) === undefined) return { records: [], response: null };
      return { records: this.#gone(group, memberId, 'was silent for a session'), response: null };
    });
  }

  /** Deletes a group without members; null if it is not a share group. */
  deleteGroup(groupId: string): ShareGroupResult<number> | null {
    const group = this.#groups.get(groupId);
    if (group === undefined) return null;
    if (group.members.length > 0) return { records: [], response: ErrorCode.NON_EMPTY_GROUP };
    return { records: groupTombstones(groupId), response: ErrorCode.NONE };
  }
}

const ANSWER: ShareGroupHeartbeatResponse = {
  ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null },
  ...{ memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null },
};

export function refused(errorCode: number): ShareGroupResult<HeartbeatOutcome> {
  assert(errorCode !== ErrorCode.NONE, 'an error');
  const response = { ...ANSWER, errorCode };
  return { records: [], response: { response, initializing: NO_PARTITIONS, groupEpoch: 0 } };
}

const sessionKey = (groupId: string, memberId: string): string =>
  `share-session-${groupId}-${memberId}`;

function hashOf(topics: readonly SharedTopic[]): number {
  return hashOfText(topics.map((one) => `${one.topicId} ${one.partitions.length}`).join('\n'));
}

function partitionsOf(topics: readonly SharedTopic[]): TopicPartitions {
  return partitionsFrom(topics);
}

/** The member with what the request says of it; null stands for "as before". */
function updated(member: ShareGroupMember, { body, clientId, clientHost }: HeartbeatOf) {
  const { rackId, subscribedTopicNames: names } = body;
  return {
    ...member,
    ...{ clientId, clientHost, rackId: rackId ?? member.rackId },
    subscribedTopicNames: names === null ? member.subscribedTopicNames : names.toSorted(byText),
  };
}

function hasSameTopics(before: ShareGroupMember, after: ShareGroupMember): boolean {
  return before.subscribedTopicNames.join(' ') === after.subscribedTopicNames.join(' ');
}

function assigned(
  members: readonly ShareGroupMember[],
  topics: readonly SharedTopic[],
  target: (memberId: string) => TopicPartitions,
): ReadonlyMap<string, TopicPartitions> {
  const sharing = members.map(({ memberId, subscribedTopicNames }) => {
    return { memberId, topics: subscribedTopicNames, target: target(memberId) };
  });
  return simpleAssignment(sharing, topics);
}

/** The member in the group's epoch, with what it is to have; the same object if it is. */
function reconciled(
  member: ShareGroupMember,
  epoch: number,
  target: TopicPartitions,
): ShareGroupMember {
  assert(epoch >= member.memberEpoch, 'epochs go forward', { epoch, at: member.memberEpoch });
  if (member.memberEpoch === epoch && isEqual(member.assigned, target)) return member;
  const previousMemberEpoch = member.memberEpoch;
  return { ...member, memberEpoch: epoch, previousMemberEpoch, assigned: target };
}

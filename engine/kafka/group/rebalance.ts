/**
 * The rebalance of a group of the classic protocol: who is waited for, how long, and what the
 * members are told in the end.
 *
 *     prepare       all members have to join; who waits for an assignment is sent away
 *     join phase    ends when all have joined, or at the rebalance timeout without the dynamic
 *                   members that have not; a group that was empty waits for more members first
 *     sync phase    ends when the leader's assignment is in the log; who has not asked for it
 *                   within the rebalance timeout is taken out (KAFKA-13435)
 *
 * Not here: requests (`join-group.ts`, `member-requests.ts`), members (`classic-group.ts`).
 * Source: `GroupMetadataManager` (`prepareRebalance`, `completeClassicGroupJoin`, and those that
 * they call). Differences: none that we know of.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { type JoinGroupResponse, joinGroupResponse } from '../../wire/kafka/messages/join-group.ts';
import { type SyncGroupResponse, syncGroupResponse } from '../../wire/kafka/messages/sync-group.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import type { CoordinatorResult, ShardTimer } from '../coordinator/coordinator-shard.ts';
import type { ClassicGroupMember } from './classic-group-member.ts';
import { EMPTY_ASSIGNMENT } from './classic-group-member.ts';
import { type ClassicGroup, completeSync } from './classic-group.ts';
import type { GroupCoordinatorConfig } from './group-coordinator-config.ts';
import { type GroupRecord, groupMetadataRecord } from './group-record.ts';
import {
  groupAssignedKind,
  groupGenerationKind,
  groupMemberGoneKind,
  groupRebalanceKind,
} from './group-trace.ts';

export type GroupResult<T> = CoordinatorResult<T, GroupRecord>;

/** Nothing is written, and nobody is told anything. */
export const NOTHING: GroupResult<null> = Object.freeze({ records: [], response: null });

/** How long a new member's JoinGroup may wait: its client cannot send heartbeats yet. */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000;
const UNKNOWN_MEMBER_ID = '';

const heartbeatKey = (groupId: string, memberId: string): string =>
  `heartbeat-${groupId}-${memberId}`;
const joinKey = (groupId: string): string => `join-${groupId}`;
const syncKey = (groupId: string): string => `sync-${groupId}`;

/** Names no protocol, unless it is given: an error never does. */
export function joinAnswer(over: Partial<JoinGroupResponse>): JoinGroupResponse {
  return { ...defaults(joinGroupResponse), protocolName: null, ...over };
}

export function syncAnswer(over: Partial<SyncGroupResponse>): SyncGroupResponse {
  return { ...defaults(syncGroupResponse), ...over };
}

/** What a member that has joined is told of the generation. */
export function generationAnswer(
  group: ClassicGroup,
  memberId: string,
  over: Partial<JoinGroupResponse> = {},
): JoinGroupResponse {
  const { generationId, protocolType, protocolName, leaderId } = group;
  const base = { memberId, generationId, protocolType, protocolName, leader: leaderId ?? '' };
  return joinAnswer({ ...base, ...over });
}

/** For the leader: what each member told of itself. */
export function membersOf(group: ClassicGroup): JoinGroupResponse['members'] {
  const { protocolName } = group;
  assert(protocolName !== null, 'a generation has a protocol', { group: group.groupId });
  return [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: member.metadata(protocolName),
  }));
}

export class Rebalance {
  readonly #ports: Pick<Ports, 'trace'>;
  readonly #config: GroupCoordinatorConfig;
  readonly #timer: ShardTimer;
  readonly #group: (groupId: string) => ClassicGroup | undefined;

  constructor(
    ports: Pick<Ports, 'trace'>,
    config: GroupCoordinatorConfig,
    timer: ShardTimer,
    group: (groupId: string) => ClassicGroup | undefined,
  ) {
    this.#ports = ports;
    this.#config = config;
    this.#timer = timer;
    this.#group = group;
  }

  // ------------------------------------------------------------------------------------ join phase

  /** A member came or went: all have to join anew, if they are not about to already. */
  prepareOrComplete(group: ClassicGroup, reason: string): GroupResult<null> {
    return group.canRebalance ? this.prepare(group, reason) : this.maybeComplete(group);
  }

  prepare(group: ClassicGroup, reason: string): GroupResult<null> {
    const { groupId } = group;
    // Whoever waits for an assignment is sent to join again.
    if (group.state === 'CompletingRebalance') {
      this.#resetAssignment(group, ErrorCode.REBALANCE_IN_PROGRESS);
    }
    group.pendingSyncMembers.clear();
    this.#timer.cancel(syncKey(groupId));
    const isInitial = group.state === 'Empty';
    if (isInitial) {
      const delayMs = this.#config['group.initial.rebalance.delay.ms'];
      const remainingMs = Math.max(group.rebalanceTimeoutMs - delayMs, 0);
      this.#awaitFirstMembers(groupId, delayMs, remainingMs);
    }
    group.prepareRebalance();
    this.#ports.trace.record(groupRebalanceKind, {
      group: groupId,
      generation: group.generationId,
      members: group.members.size,
      reason,
    });
    return isInitial ? NOTHING : this.#completeElseSchedule(group);
  }

  #completeElseSchedule(group: ClassicGroup): GroupResult<null> {
    if (group.hasAllMembersJoined) return this.#complete(group);
    this.#scheduleJoin(group);
    return NOTHING;
  }

  #scheduleJoin(group: ClassicGroup): void {
    const { groupId, rebalanceTimeoutMs } = group;
    this.#timer.schedule(joinKey(groupId), rebalanceTimeoutMs, false, () => {
      const found = this.#group(groupId);
      return found === undefined ? NOTHING : this.#complete(found);
    });
  }

  /** The first members of a group wait for more, as long as more come (KIP-134). */
  #awaitFirstMembers(groupId: string, delayMs: number, remainingMs: number): void {
    assert(delayMs >= 0 && remainingMs >= 0, 'a wait', { groupId, delayMs, remainingMs });
    this.#timer.schedule(joinKey(groupId), delayMs, false, () => {
      const group = this.#group(groupId);
      if (group === undefined) return NOTHING;
      if (!group.newMemberAdded || remainingMs === 0) return this.#complete(group);
      group.newMemberAdded = false;
      const initialMs = this.#config['group.initial.rebalance.delay.ms'];
      const nextRemainingMs = Math.max(remainingMs - delayMs, 0);
      this.#awaitFirstMembers(groupId, Math.min(initialMs, remainingMs), nextRemainingMs);
      return NOTHING;
    });
  }

  /** Ends the join phase if all have joined, unless it is that of a group that was empty. */
  maybeComplete(group: ClassicGroup): GroupResult<null> {
    if (group.state !== 'PreparingRebalance' || group.previousState === 'Empty') return NOTHING;
    return group.hasAllMembersJoined ? this.#complete(group) : NOTHING;
  }

  #complete(group: ClassicGroup): GroupResult<null> {
    const { groupId } = group;
    this.#timer.cancel(joinKey(groupId));
    for (const member of [...group.members.values()]) {
      if (member.awaitingJoin !== null || member.isStatic) continue;
      this.#takeOut(group, member.memberId, 'it did not join within the rebalance timeout');
    }
    if (group.state === 'Dead') return NOTHING;
    if (!group.electJoinedLeader() && group.members.size > 0) {
      // Static members are waited for until their sessions end.
      this.#scheduleJoin(group);
      return NOTHING;
    }
    assert(group.state === 'PreparingRebalance', 'a join phase', { groupId, state: group.state });
    group.initNextGeneration();
    const { generationId: generation, leaderId, protocolName } = group;
    this.#ports.trace.record(groupGenerationKind, {
      group: groupId,
      generation,
      members: group.members.size,
      leader: leaderId ?? '',
      protocol: protocolName ?? '',
    });
    if (group.members.size === 0) {
      // If it cannot be written, the generation before comes back after a failover: no harm is
      // done, for nobody is in this one.
      const records = [groupMetadataRecord(group, new Map())];
      return { records, response: null, replays: false };
    }
    this.#tellGeneration(group);
    return NOTHING;
  }

  #tellGeneration(group: ClassicGroup): void {
    const { groupId, generationId } = group;
    for (const member of group.members.values()) {
      const { memberId } = member;
      const members = group.isLeader(memberId) ? membersOf(group) : [];
      group.completeJoin(member, generationAnswer(group, memberId, { members }));
      this.scheduleHeartbeat(group, member);
      member.isNew = false;
      group.pendingSyncMembers.add(memberId);
    }
    assert(group.awaitingJoinCount === 0, 'all are told', { groupId });
    this.#timer.schedule(syncKey(groupId), group.rebalanceTimeoutMs, false, () =>
      this.#expireSync(groupId, generationId),
    );
  }

  // ------------------------------------------------------------------------------------ sync phase

  /** A member has asked for its assignment. */
  synced(group: ClassicGroup, memberId: string): void {
    assert(group.members.has(memberId), 'a member', { group: group.groupId, memberId });
    group.pendingSyncMembers.delete(memberId);
    if (group.pendingSyncMembers.size === 0) this.#timer.cancel(syncKey(group.groupId));
  }

  #expireSync(groupId: string, generationId: number): GroupResult<null> {
    const group = this.#group(groupId);
    if (group === undefined || group.generationId !== generationId) return NOTHING;
    if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return NOTHING;
    if (group.pendingSyncMembers.size === 0) return NOTHING;
    for (const memberId of [...group.pendingSyncMembers]) {
      this.#takeOut(group, memberId, 'it did not ask for its assignment');
    }
    return this.prepare(group, 'members did not ask for their assignment');
  }

  /** The assignment is in the log: all members are told. */
  assign(group: ClassicGroup, assignment: ReadonlyMap<string, Uint8Array>): void {
    assert(group.state === 'CompletingRebalance', 'who waits for it', { state: group.state });
    for (const member of group.members.values()) {
      member.assignment = assignment.get(member.memberId) ?? EMPTY_ASSIGNMENT;
    }
    this.#propagate(group, ErrorCode.NONE);
    group.assigned();
    const { groupId, generationId: generation, members } = group;
    const data = { group: groupId, generation, members: members.size };
    this.#ports.trace.record(groupAssignedKind, data);
  }

  /** The assignment could not be written: all members have to join again. */
  assignmentFailed(group: ClassicGroup, errorCode: number): GroupResult<null> {
    this.#resetAssignment(group, errorCode);
    return this.prepareOrComplete(group, 'the assignment could not be written');
  }

  #resetAssignment(group: ClassicGroup, errorCode: number): void {
    assert(errorCode !== ErrorCode.NONE, 'a reason', { group: group.groupId });
    for (const member of group.members.values()) member.assignment = EMPTY_ASSIGNMENT;
    this.#propagate(group, errorCode);
  }

  #propagate(group: ClassicGroup, errorCode: number): void {
    const isGood = errorCode === ErrorCode.NONE;
    const protocolType = isGood ? group.protocolType : null;
    const protocolName = isGood ? group.protocolName : null;
    for (const member of group.members.values()) {
      const { assignment } = member;
      const response = syncAnswer({ errorCode, protocolType, protocolName, assignment });
      // While it waited its session may have ended, which was passed over: it begins anew.
      if (completeSync(member, response)) this.scheduleHeartbeat(group, member);
    }
  }

  // -------------------------------------------------------------------------------------- sessions

  /** The member was heard of: its session goes on from now. */
  scheduleHeartbeat(group: ClassicGroup, member: ClassicGroupMember): void {
    this.#scheduleSession(group.groupId, member.memberId, member.sessionTimeoutMs);
  }

  /** A member that has no id yet to send heartbeats with. */
  scheduleNewMember(group: ClassicGroup, member: ClassicGroupMember): void {
    this.#scheduleSession(group.groupId, member.memberId, NEW_MEMBER_JOIN_TIMEOUT_MS);
  }

  /** Somebody was given an id and has to join with it. */
  schedulePending(group: ClassicGroup, memberId: string, sessionTimeoutMs: number): void {
    this.#scheduleSession(group.groupId, memberId, sessionTimeoutMs);
  }

  cancelHeartbeat(groupId: string, memberId: string): void {
    this.#timer.cancel(heartbeatKey(groupId, memberId));
  }

  #scheduleSession(groupId: string, memberId: string, timeoutMs: number): void {
    assert(timeoutMs > 0, 'a session', { groupId, memberId, timeoutMs });
    this.#timer.schedule(heartbeatKey(groupId, memberId), timeoutMs, true, () =>
      this.#expireSession(groupId, memberId),
    );
  }

  #expireSession(groupId: string, memberId: string): GroupResult<null> {
    const group = this.#group(groupId);
    if (group === undefined || group.state === 'Dead') return NOTHING;
    if (group.pendingJoinMembers.has(memberId)) {
      group.removeMember(memberId);
      const joined = group.state === 'PreparingRebalance' && group.hasAllMembersJoined;
      return joined ? this.#complete(group) : NOTHING;
    }
    const member = group.members.get(memberId);
    if (member === undefined || member.hasSatisfiedHeartbeat) return NOTHING;
    this.removeMember(group, member, 'its session timed out');
    const { state } = group;
    if (state === 'Stable' || state === 'CompletingRebalance') {
      return this.prepareOrComplete(group, 'a session timed out');
    }
    const joined = state === 'PreparingRebalance' && group.hasAllMembersJoined;
    return joined ? this.#complete(group) : NOTHING;
  }

  /** Takes a member out; a JoinGroup of it that waits is told to begin anew. */
  removeMember(group: ClassicGroup, member: ClassicGroupMember, reason: string): void {
    const errorCode = ErrorCode.UNKNOWN_MEMBER_ID;
    group.completeJoin(member, joinAnswer({ memberId: UNKNOWN_MEMBER_ID, errorCode }));
    this.#takeOut(group, member.memberId, reason);
  }

  #takeOut(group: ClassicGroup, memberId: string, reason: string): void {
    const { groupId } = group;
    group.removeMember(memberId);
    this.cancelHeartbeat(groupId, memberId);
    assert(!group.members.has(memberId), 'it is gone', { groupId, memberId });
    this.#ports.trace.record(groupMemberGoneKind, { group: groupId, member: memberId, reason });
  }

  // ------------------------------------------------------------------------------------------ life

  /** The group was read from the log: the sessions of its members begin. */
  loaded(group: ClassicGroup): GroupResult<null> {
    for (const member of group.members.values()) this.scheduleHeartbeat(group, member);
    if (group.members.size <= this.#config['group.max.size']) return NOTHING;
    return this.prepare(group, 'it has more members than group.max.size');
  }

  /** Another broker coordinates the group: who waits has to find it. */
  unloaded(group: ClassicGroup): void {
    const errorCode = ErrorCode.NOT_COORDINATOR;
    group.remove();
    for (const member of group.members.values()) {
      const { memberId } = member;
      group.completeJoin(member, joinAnswer({ memberId, errorCode }));
      completeSync(member, syncAnswer({ errorCode }));
    }
    assert(group.state === 'Dead', 'nobody asks it any more', { group: group.groupId });
  }
}

/**
 * JoinGroup at the coordinator: who may come in, under which id, and whether that makes all others
 * join again.
 *
 * Not here: the rebalance itself (`rebalance.ts`), the API (`group-handlers.ts`).
 * Source: `GroupMetadataManager.classicGroupJoin` and what it calls.
 */
import { AssertionError, assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { JoinGroupRequest } from '../../wire/kafka/messages/join-group.ts';
import { ClassicGroupMember, type JoinAnswer } from './classic-group-member.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { GroupCoordinatorConfig } from './group-coordinator-config.ts';
import { emptyGroupMetadataRecord, groupMetadataRecord } from './group-record.ts';
import { newMemberId } from './member-id.ts';
import {
  type GroupResult,
  NOTHING,
  type Rebalance,
  generationAnswer,
  joinAnswer,
  membersOf,
  syncAnswer,
} from './rebalance.ts';

/** A first JoinGroup without an id is answered with one (KIP-394). */
const MEMBER_ID_REQUIRED_SINCE = 4;
/** A leader can be told that its assignment would change nothing (KIP-814). */
const SKIP_ASSIGNMENT_SINCE = 9;

export interface JoinRequest {
  readonly apiVersion: number;
  readonly clientId: string;
  readonly clientHost: string;
  readonly body: JoinGroupRequest;
  readonly answer: JoinAnswer;
}

export class JoinGroups {
  readonly #config: GroupCoordinatorConfig;
  readonly #random: Random;
  readonly #rebalance: Rebalance;
  readonly #groups: {
    get(groupId: string): ClassicGroup | undefined;
    create(groupId: string): ClassicGroup;
    drop(group: ClassicGroup): void;
  };

  constructor(
    config: GroupCoordinatorConfig,
    random: Random,
    rebalance: Rebalance,
    groups: {
      get(groupId: string): ClassicGroup | undefined;
      create(groupId: string): ClassicGroup;
      drop(group: ClassicGroup): void;
    },
  ) {
    this.#config = config;
    this.#random = random;
    this.#rebalance = rebalance;
    this.#groups = groups;
  }

  join(request: JoinRequest): GroupResult<null> {
    const { groupId, memberId } = request.body;
    const isUnknown = memberId === '';
    const known = this.#groups.get(groupId);
    if (known === undefined && !isUnknown) {
      request.answer(joinAnswer({ memberId, errorCode: ErrorCode.UNKNOWN_MEMBER_ID }));
      return NOTHING;
    }
    const group = known ?? this.#groups.create(groupId);
    const result = this.#joinGroup(group, request);
    // A new group has to be in the log before anybody can be sure that it is there.
    return known === undefined && result === NOTHING ? this.#created(group, request) : result;
  }

  #joinGroup(group: ClassicGroup, request: JoinRequest): GroupResult<null> {
    const { memberId, protocolType, protocols } = request.body;
    const refuse = (errorCode: number, id = memberId): GroupResult<null> => {
      request.answer(joinAnswer({ memberId: id, errorCode }));
      return NOTHING;
    };
    if (!this.#hasRoom(group, memberId)) {
      group.removeMember(memberId);
      return refuse(ErrorCode.GROUP_MAX_SIZE_REACHED, '');
    }
    if (group.state === 'Dead') return refuse(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    if (!group.supportsProtocols(protocolType, protocols)) {
      return refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
    return memberId === '' ? this.#joinNew(group, request) : this.#joinAgain(group, request);
  }

  #hasRoom(group: ClassicGroup, memberId: string): boolean {
    const max = this.#config['group.max.size'];
    const member = group.members.get(memberId);
    switch (group.state) {
      case 'PreparingRebalance':
        // The limit may have been lowered: those who join last are left out.
        return (member?.awaitingJoin ?? null) !== null || group.awaitingJoinCount < max;
      case 'CompletingRebalance':
      case 'Stable':
        return member !== undefined || group.members.size < max;
      case 'Empty':
      case 'Dead':
        return true;
    }
  }

  #created(group: ClassicGroup, request: JoinRequest): GroupResult<null> {
    const appended = (errorCode: number): void => {
      if (errorCode === ErrorCode.NONE) return;
      this.#groups.drop(group);
      request.answer(joinAnswer({ errorCode }));
    };
    const records = [emptyGroupMetadataRecord(group)];
    return { records, response: null, replays: false, appended };
  }

  // ---------------------------------------------------------------------------------- new members

  #joinNew(group: ClassicGroup, request: JoinRequest): GroupResult<null> {
    const { groupInstanceId, sessionTimeoutMs } = request.body;
    const memberId = newMemberId(groupInstanceId ?? request.clientId, this.#random);
    assert(!group.members.has(memberId), 'a new id', { memberId });
    if (groupInstanceId !== null) {
      const known = group.members.get(group.staticMembers.get(groupInstanceId) ?? '');
      if (known === undefined) return this.#add(group, request, memberId);
      return this.#replaceStatic(group, request, known, memberId);
    }
    if (request.apiVersion < MEMBER_ID_REQUIRED_SINCE) return this.#add(group, request, memberId);
    group.pendingJoinMembers.add(memberId);
    this.#rebalance.schedulePending(group, memberId, sessionTimeoutMs);
    request.answer(joinAnswer({ memberId, errorCode: ErrorCode.MEMBER_ID_REQUIRED }));
    return NOTHING;
  }

  #add(group: ClassicGroup, request: JoinRequest, memberId: string): GroupResult<null> {
    const { body, clientId, clientHost } = request;
    const { groupInstanceId, protocolType, protocols } = body;
    const timeouts = timeoutsOf(request);
    const parts = { memberId, groupInstanceId, clientId, clientHost, protocolType, protocols };
    const member = new ClassicGroupMember({ ...parts, ...timeouts });
    member.isNew = true;
    if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') {
      group.newMemberAdded = true;
    }
    group.add(member, request.answer);
    this.#rebalance.scheduleNewMember(group, member);
    return this.#rebalance.prepareOrComplete(group, `${memberId} joins`);
  }

  // ------------------------------------------------------------------------------- known members

  #joinAgain(group: ClassicGroup, request: JoinRequest): GroupResult<null> {
    const { memberId, groupInstanceId, protocols } = request.body;
    const isPending = group.pendingJoinMembers.has(memberId);
    if (isPending && groupInstanceId === null) return this.#add(group, request, memberId);
    const errorCode = group.checkMember(memberId, groupInstanceId);
    if (errorCode !== ErrorCode.NONE) {
      request.answer(joinAnswer({ memberId, errorCode }));
      return NOTHING;
    }
    const member = group.members.get(memberId);
    assert(member !== undefined, 'K30: a member', { group: group.groupId, memberId });
    const same = member.matches(protocols);
    const leads = group.isLeader(memberId);
    switch (group.state) {
      case 'PreparingRebalance':
        return this.#update(group, member, request, `${memberId} joins again`);
      case 'CompletingRebalance':
        if (!same) return this.#update(group, member, request, `${memberId} asks for other topics`);
        // Its first answer may have been lost: it is told the same once more.
        request.answer(
          generationAnswer(group, memberId, { members: leads ? membersOf(group) : [] }),
        );
        return NOTHING;
      case 'Stable':
        // So a leader asks for a rebalance, as when partitions were added.
        if (leads) return this.#update(group, member, request, `leader ${memberId} joins again`);
        if (!same) return this.#update(group, member, request, `${memberId} asks for other topics`);
        request.answer(generationAnswer(group, memberId));
        return NOTHING;
      case 'Empty':
      case 'Dead':
        request.answer(joinAnswer({ memberId, errorCode: ErrorCode.UNKNOWN_MEMBER_ID }));
        return NOTHING;
    }
  }

  #update(
    group: ClassicGroup,
    member: ClassicGroupMember,
    request: JoinRequest,
    reason: string,
  ): GroupResult<null> {
    const { protocols } = request.body;
    group.updateMember(member, { protocols, ...timeoutsOf(request) }, request.answer);
    return this.#rebalance.prepareOrComplete(group, reason);
  }

  // ------------------------------------------------------------------------------- static members

  /** An instance has come back under a new id (KIP-345): no rebalance, if the group is stable. */
  #replaceStatic(
    group: ClassicGroup,
    request: JoinRequest,
    old: ClassicGroupMember,
    memberId: string,
  ): GroupResult<null> {
    const leaderBefore = group.leaderId ?? '';
    const member = this.#takeOver(group, old, memberId);
    const { protocols } = request.body;
    group.updateMember(member, { protocols, ...timeoutsOf(request) }, request.answer);
    switch (group.state) {
      case 'Stable':
        if (group.protocolName === group.selectProtocol()) {
          return this.#storeReplaced(group, request, { old, member, leaderBefore });
        }
        return this.#rebalance.prepareOrComplete(group, `${memberId} knows other protocols`);
      case 'CompletingRebalance':
        // The leader may have been told the old id, and would assign nothing to the new one.
        return this.#rebalance.prepare(group, `${memberId} takes the place of ${old.memberId}`);
      case 'PreparingRebalance':
        return this.#rebalance.maybeComplete(group);
      case 'Empty':
      case 'Dead':
        return assertNever(group);
    }
  }

  #takeOver(group: ClassicGroup, old: ClassicGroupMember, memberId: string): ClassicGroupMember {
    const member = new ClassicGroupMember({ ...partsOf(old), memberId });
    member.assignment = old.assignment;
    const errorCode = ErrorCode.FENCED_INSTANCE_ID;
    group.replaceStaticMember(old, member, {
      join: joinAnswer({ memberId: old.memberId, errorCode }),
      sync: syncAnswer({ errorCode }),
    });
    this.#rebalance.cancelHeartbeat(group.groupId, old.memberId);
    this.#rebalance.scheduleHeartbeat(group, member);
    return member;
  }

  #storeReplaced(
    group: ClassicGroup,
    request: JoinRequest,
    of: {
      readonly old: ClassicGroupMember;
      readonly member: ClassicGroupMember;
      readonly leaderBefore: string;
    },
  ): GroupResult<null> {
    const { old, member, leaderBefore } = of;
    const { memberId } = member;
    const appended = (errorCode: number): void => {
      if (errorCode !== ErrorCode.NONE) {
        // The log knows the old id only, so the old one is the member again.
        request.answer(generationAnswer(group, '', { leader: leaderBefore, errorCode }));
        if (group.members.get(memberId) !== member) return;
        group.updateMember(member, old, null);
        this.#takeOver(group, member, old.memberId);
        return;
      }
      const leads = group.isLeader(memberId);
      const canSkip = request.apiVersion >= SKIP_ASSIGNMENT_SINCE;
      const told = canSkip
        ? { members: leads ? membersOf(group) : [], skipAssignment: leads }
        : // An old client that hears that it leads would assign: it is told the leader before.
          { leader: leaderBefore };
      group.completeJoin(member, generationAnswer(group, memberId, told));
    };
    const records = [groupMetadataRecord(group, assignmentOf(group))];
    return { records, response: null, replays: false, appended };
  }
}

function timeoutsOf({ apiVersion, body }: JoinRequest) {
  const { sessionTimeoutMs } = body;
  // Version 0 has one timeout for both.
  const rebalanceTimeoutMs = apiVersion === 0 ? sessionTimeoutMs : body.rebalanceTimeoutMs;
  return { sessionTimeoutMs, rebalanceTimeoutMs: Math.max(0, rebalanceTimeoutMs) };
}

function partsOf(member: ClassicGroupMember) {
  const { groupInstanceId, clientId, clientHost, protocolType } = member;
  const { rebalanceTimeoutMs, sessionTimeoutMs, protocols } = member;
  const times = { rebalanceTimeoutMs, sessionTimeoutMs };
  return { groupInstanceId, clientId, clientHost, protocolType, ...times, protocols };
}

function assignmentOf(group: ClassicGroup): ReadonlyMap<string, Uint8Array> {
  return new Map([...group.members.values()].map((one) => [one.memberId, one.assignment]));
}

function assertNever(group: ClassicGroup): never {
  const { groupId, state } = group;
  throw new AssertionError('a group with static members is neither empty nor dead', {
    groupId,
    state,
  });
}

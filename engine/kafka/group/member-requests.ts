/**
 * SyncGroup, Heartbeat and LeaveGroup at the coordinator. Each is of one generation: whoever is of
 * another, or is no member, is refused (invariant K30).
 *
 * Not here: JoinGroup (`join-group.ts`), the rebalance (`rebalance.ts`), the APIs
 * (`group-handlers.ts`).
 * Source: `GroupMetadataManager.classicGroupSync`, `classicGroupHeartbeat`, `classicGroupLeave`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import type { HeartbeatRequest } from '../../wire/kafka/messages/heartbeat.ts';
import type {
  LeaveGroupRequest,
  LeaveGroupResponse,
} from '../../wire/kafka/messages/leave-group.ts';
import type { SyncGroupRequest } from '../../wire/kafka/messages/sync-group.ts';
import { EMPTY_ASSIGNMENT, type SyncAnswer } from './classic-group-member.ts';
import type { ClassicGroup } from './classic-group.ts';
import { groupMetadataRecord } from './group-record.ts';
import { groupFencedKind } from './group-trace.ts';
import { type GroupResult, NOTHING, type Rebalance, syncAnswer } from './rebalance.ts';

type LeavingMember = LeaveGroupRequest['members'][number];
export type LeaveAnswer = LeaveGroupResponse['members'][number];

/** What every request of a member says of itself. */
interface MemberIdentity {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
}

export class MemberRequests {
  readonly #ports: Pick<Ports, 'trace'>;
  readonly #rebalance: Rebalance;
  readonly #group: (groupId: string) => ClassicGroup | undefined;

  constructor(
    ports: Pick<Ports, 'trace'>,
    rebalance: Rebalance,
    group: (groupId: string) => ClassicGroup | undefined,
  ) {
    this.#ports = ports;
    this.#rebalance = rebalance;
    this.#group = group;
  }

  // ----------------------------------------------------------------------------------- SyncGroup

  sync(request: SyncGroupRequest, answer: SyncAnswer): GroupResult<null> {
    const group = this.#group(request.groupId);
    const errorCode = this.#syncError(group, request);
    if (group === undefined || errorCode !== ErrorCode.NONE) {
      answer(syncAnswer({ errorCode }));
      return NOTHING;
    }
    const member = group.members.get(request.memberId);
    assert(member !== undefined && request.generationId === group.generationId, 'K30: a member', {
      group: request.groupId,
      member: request.memberId,
      generation: group.generationId,
    });
    this.#rebalance.synced(group, request.memberId);
    if (group.state === 'Stable') {
      const { protocolType, protocolName } = group;
      answer(syncAnswer({ protocolType, protocolName, assignment: member.assignment }));
      return NOTHING;
    }
    member.awaitingSync = answer;
    return group.isLeader(member.memberId) ? this.#store(group, request) : NOTHING;
  }

  #syncError(group: ClassicGroup | undefined, request: SyncGroupRequest): number {
    if (group === undefined || group.state === 'Empty') return ErrorCode.UNKNOWN_MEMBER_ID;
    const errorCode = this.#check(group, request, 'SyncGroup');
    if (errorCode !== ErrorCode.NONE) return errorCode;
    const { protocolType, protocolName } = request;
    if (differs(protocolType, group.protocolType) || differs(protocolName, group.protocolName)) {
      return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
    }
    if (group.state === 'PreparingRebalance') return ErrorCode.REBALANCE_IN_PROGRESS;
    return ErrorCode.NONE;
  }

  /** The leader's assignment goes into the log, and then to all. */
  #store(group: ClassicGroup, request: SyncGroupRequest): GroupResult<null> {
    const assignment = new Map<string, Uint8Array>();
    for (const memberId of group.members.keys()) assignment.set(memberId, EMPTY_ASSIGNMENT);
    for (const { memberId, assignment: bytes } of request.assignments) {
      // Who left meanwhile gets nothing, as do those that the leader forgot.
      if (group.members.has(memberId)) assignment.set(memberId, bytes);
    }
    assert(assignment.size === group.members.size, 'K32: each member has its slice', {
      group: group.groupId,
    });
    const { generationId } = group;
    const appended = (errorCode: number): void => {
      // Meanwhile the group may have begun another rebalance, or be gone.
      if (group.state !== 'CompletingRebalance' || group.generationId !== generationId) return;
      if (errorCode === ErrorCode.NONE) this.#rebalance.assign(group, assignment);
      else this.#rebalance.assignmentFailed(group, errorCode);
    };
    const records = [groupMetadataRecord(group, assignment)];
    return { records, response: null, replays: false, appended };
  }

  // ----------------------------------------------------------------------------------- Heartbeat

  /** The error that the member is answered with. */
  heartbeat(request: HeartbeatRequest): GroupResult<number> {
    const group = this.#group(request.groupId);
    const told = (response: number): GroupResult<number> => ({ records: [], response });
    if (group === undefined) return told(ErrorCode.UNKNOWN_MEMBER_ID);
    const errorCode = this.#check(group, request, 'Heartbeat');
    if (errorCode !== ErrorCode.NONE) return told(errorCode);
    const member = group.members.get(request.memberId);
    assert(member !== undefined && request.generationId === group.generationId, 'K30: a member', {
      group: request.groupId,
      member: request.memberId,
      generation: group.generationId,
    });
    this.#rebalance.scheduleHeartbeat(group, member);
    const rebalances = group.state === 'PreparingRebalance';
    return told(rebalances ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE);
  }

  #check(group: ClassicGroup, of: MemberIdentity, request: string): number {
    const errorCode = checkGeneration(group, of);
    if (errorCode === ErrorCode.NONE) return errorCode;
    this.#ports.trace.record(groupFencedKind, {
      group: group.groupId,
      member: of.memberId,
      generation: of.generationId,
      request,
      error: errorName(errorCode),
    });
    return errorCode;
  }

  // ---------------------------------------------------------------------------------- LeaveGroup

  /** Null: there is no such group, so that nobody is a member. */
  leave(groupId: string, leaving: readonly LeavingMember[]): GroupResult<readonly LeaveAnswer[]> {
    const group = this.#group(groupId);
    const answers = leaving.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      errorCode: group === undefined ? ErrorCode.UNKNOWN_MEMBER_ID : this.#leaveOne(group, member),
    }));
    const left = answers.filter(({ errorCode }) => errorCode === ErrorCode.NONE).length;
    if (group === undefined || left === 0) return { records: [], response: answers };
    const { state } = group;
    const result =
      state === 'Stable' || state === 'CompletingRebalance'
        ? this.#rebalance.prepareOrComplete(group, `${left} members leave`)
        : this.#rebalance.maybeComplete(group);
    return { ...result, response: answers };
  }

  #leaveOne(group: ClassicGroup, leaving: LeavingMember): number {
    const { groupInstanceId } = leaving;
    let { memberId } = leaving;
    if (group.pendingJoinMembers.has(memberId)) {
      group.removeMember(memberId);
      this.#rebalance.cancelHeartbeat(group.groupId, memberId);
      return ErrorCode.NONE;
    }
    // An administrator names an instance only.
    if (memberId === '') memberId = group.staticMembers.get(groupInstanceId ?? '') ?? '';
    const errorCode = group.checkMember(memberId, groupInstanceId);
    const member = group.members.get(memberId);
    if (errorCode !== ErrorCode.NONE || member === undefined) return errorCode;
    this.#rebalance.removeMember(group, member, 'it left');
    return ErrorCode.NONE;
  }
}

/** Invariant K30: NONE only for a member of the current generation. */
export function checkGeneration(group: ClassicGroup, of: MemberIdentity): number {
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  const errorCode = group.checkMember(of.memberId, of.groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  return of.generationId === group.generationId ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
}

/** What old clients do not tell does not differ. */
function differs(told: string | null, known: string | null): boolean {
  return told !== null && known !== null && told !== known;
}

/**
 * The APIs of group membership at a broker that coordinates groups: JoinGroup, SyncGroup,
 * Heartbeat, LeaveGroup, ListGroups, DescribeGroups, DeleteGroups.
 *
 * Not here: offsets (`offset-handlers.ts`), what the coordinator does (`join-group.ts`,
 * `member-requests.ts`). Source: `KafkaApis`, `GroupCoordinatorService`.
 * Differences: authorized operations are not told.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { type DeleteGroupsRequest, deleteGroups } from '../../wire/kafka/messages/delete-groups.ts';
import {
  type DescribeGroupsRequest,
  type DescribeGroupsResponse,
  describeGroups,
} from '../../wire/kafka/messages/describe-groups.ts';
import { type HeartbeatRequest, heartbeat } from '../../wire/kafka/messages/heartbeat.ts';
import {
  type JoinGroupRequest,
  type JoinGroupResponse,
  joinGroup,
} from '../../wire/kafka/messages/join-group.ts';
import { type LeaveGroupRequest, leaveGroup } from '../../wire/kafka/messages/leave-group.ts';
import {
  type ListGroupsRequest,
  type ListGroupsResponse,
  listGroups,
} from '../../wire/kafka/messages/list-groups.ts';
import {
  type SyncGroupRequest,
  type SyncGroupResponse,
  syncGroup,
} from '../../wire/kafka/messages/sync-group.ts';
import { type ApiHandler, type RequestContext, apiHandler } from '../api/api-handler.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { GroupCoordinatorConfig } from './group-coordinator-config.ts';
import type { GroupRuntime } from './group-coordinator.ts';
import { joinAnswer, syncAnswer } from './rebalance.ts';

/** From here on a protocol's name may be null. */
const NULL_PROTOCOL_SINCE = 7;
/** From here on members name the protocol that they sync in (KIP-559). */
const SYNC_NAMES_PROTOCOL_SINCE = 5;
/** From here on several members leave at once. */
const LEAVE_MEMBERS_SINCE = 3;
/** From here on a group that is not there is an error (KIP-1043). */
const DESCRIBE_NOT_FOUND_SINCE = 6;
const NOT_ASKED_FOR = -2_147_483_648;
const CLASSIC = 'classic';

export function groupHandlers(
  runtime: GroupRuntime,
  config: GroupCoordinatorConfig,
): readonly ApiHandler[] {
  return [
    apiHandler<JoinGroupRequest>(joinGroup, (_broker, request) => join(runtime, config, request)),
    apiHandler<SyncGroupRequest>(syncGroup, (_broker, request) => sync(runtime, request)),
    apiHandler<HeartbeatRequest>(heartbeat, (_broker, request) => beat(runtime, request)),
    apiHandler<LeaveGroupRequest>(leaveGroup, (_broker, request) => leave(runtime, request)),
    apiHandler<ListGroupsRequest>(listGroups, (_broker, { body, respond }) =>
      respond(listed(runtime, body)),
    ),
    apiHandler<DescribeGroupsRequest>(describeGroups, (_broker, request) => {
      const groups = request.body.groups.map((id) => described(runtime, id, request.apiVersion));
      request.respond({ throttleTimeMs: 0, groups } satisfies DescribeGroupsResponse);
    }),
    apiHandler<DeleteGroupsRequest>(deleteGroups, (_broker, request) => remove(runtime, request)),
  ];
}

/** An answer may come from the operation, or as the error of its records: the first one counts. */
function once<T>(respond: (body: T) => void): (body: T) => void {
  let isAnswered = false;
  return (body) => {
    if (isAnswered) return;
    isAnswered = true;
    respond(body);
  };
}

function join(
  runtime: GroupRuntime,
  config: GroupCoordinatorConfig,
  request: RequestContext<JoinGroupRequest>,
): void {
  const { apiVersion, clientId, clientHost, body } = request;
  const { groupId, memberId, sessionTimeoutMs } = body;
  const answer = once((response: JoinGroupResponse) => {
    const isNull = response.protocolName === null && apiVersion < NULL_PROTOCOL_SINCE;
    request.respond(isNull ? { ...response, protocolName: '' } : response);
  });
  if (groupId === '') {
    answer(joinAnswer({ memberId, errorCode: ErrorCode.INVALID_GROUP_ID }));
    return;
  }
  const min = config['group.min.session.timeout.ms'];
  const max = config['group.max.session.timeout.ms'];
  if (sessionTimeoutMs < min || sessionTimeoutMs > max) {
    answer(joinAnswer({ memberId, errorCode: ErrorCode.INVALID_SESSION_TIMEOUT }));
    return;
  }
  assert(sessionTimeoutMs > 0, 'a session', { sessionTimeoutMs });
  const of = { apiVersion, clientId: clientId ?? '', clientHost: `/${clientHost}`, body, answer };
  runtime.write(
    runtime.partitionFor(groupId),
    (shard) => {
      const consumer = shard.consumerGroups?.group(groupId);
      if (consumer === undefined || consumer.members.length === 0) return shard.joins.join(of);
      answer(joinAnswer({ memberId, errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL }));
      return { records: [], response: null };
    },
    ({ errorCode }) => {
      if (errorCode !== ErrorCode.NONE) answer(joinAnswer({ errorCode }));
    },
  );
}

function sync(runtime: GroupRuntime, request: RequestContext<SyncGroupRequest>): void {
  const { groupId, protocolType, protocolName } = request.body;
  const answer = once((response: SyncGroupResponse) => request.respond(response));
  const isUnnamed = protocolType === null || protocolName === null;
  if (isUnnamed && request.apiVersion >= SYNC_NAMES_PROTOCOL_SINCE) {
    answer(syncAnswer({ errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL }));
    return;
  }
  if (groupId === '') {
    answer(syncAnswer({ errorCode: ErrorCode.INVALID_GROUP_ID }));
    return;
  }
  runtime.write(
    runtime.partitionFor(groupId),
    (shard) => shard.members.sync(request.body, answer),
    ({ errorCode }) => {
      if (errorCode !== ErrorCode.NONE) answer(syncAnswer({ errorCode }));
    },
  );
}

function beat(runtime: GroupRuntime, { body, respond }: RequestContext<HeartbeatRequest>): void {
  const { groupId } = body;
  if (groupId === '') {
    respond({ throttleTimeMs: 0, errorCode: ErrorCode.INVALID_GROUP_ID });
    return;
  }
  runtime.write(
    runtime.partitionFor(groupId),
    (shard) => shard.members.heartbeat(body),
    (outcome) => {
      // While the group is loading its members are taken to be alive.
      const isLoading = outcome.errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
      const errorCode = isLoading ? ErrorCode.NONE : (outcome.response ?? outcome.errorCode);
      respond({ throttleTimeMs: 0, errorCode });
    },
  );
}

function leave(runtime: GroupRuntime, request: RequestContext<LeaveGroupRequest>): void {
  const { body, respond } = request;
  const { groupId } = body;
  const isSingle = request.apiVersion < LEAVE_MEMBERS_SINCE;
  const single = { memberId: body.memberId, groupInstanceId: null, reason: null };
  const leaving = isSingle ? [single] : body.members;
  if (groupId === '') {
    respond({ throttleTimeMs: 0, errorCode: ErrorCode.INVALID_GROUP_ID, members: [] });
    return;
  }
  runtime.write(
    runtime.partitionFor(groupId),
    (shard) => shard.members.leave(groupId, leaving),
    ({ errorCode, response }) => {
      const members = response ?? [];
      assert(errorCode !== ErrorCode.NONE || members.length === leaving.length, 'an answer each');
      const code = isSingle && members[0] !== undefined ? members[0].errorCode : errorCode;
      respond({ throttleTimeMs: 0, errorCode: code, members: isSingle ? [] : members });
    },
  );
}

function listed(runtime: GroupRuntime, body: ListGroupsRequest): ListGroupsResponse {
  if (runtime.isLoading) {
    const errorCode = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    return { throttleTimeMs: 0, errorCode, groups: [] };
  }
  const states = new Set(body.statesFilter.map((state) => state.toLowerCase()));
  const types = new Set(body.typesFilter.map((type) => type.toLowerCase()));
  const groups: ListGroupsResponse['groups'][number][] = [];
  for (const [, shard] of runtime.active()) {
    for (const { groupId, protocolType, state } of shard.groups) {
      if (states.size > 0 && !states.has(state.toLowerCase())) continue;
      if (types.size > 0 && !types.has(CLASSIC)) continue;
      const kind = { groupState: state, groupType: CLASSIC };
      groups.push({ groupId, protocolType: protocolType ?? '', ...kind });
    }
  }
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, groups };
}

type DescribedGroup = DescribeGroupsResponse['groups'][number];

function described(runtime: GroupRuntime, groupId: string, apiVersion: number): DescribedGroup {
  const { errorCode, response } = runtime.read(runtime.partitionFor(groupId), (shard) => ({
    group: shard.group(groupId),
  }));
  const none = {
    groupId,
    errorMessage: null,
    groupState: '',
    protocolType: '',
    protocolData: '',
    members: [],
    authorizedOperations: NOT_ASKED_FOR,
  };
  if (response === null) return { ...none, errorCode };
  const { group } = response;
  if (group === undefined) {
    const dead = { ...none, groupState: 'Dead' };
    if (apiVersion < DESCRIBE_NOT_FOUND_SINCE) return { ...dead, errorCode: ErrorCode.NONE };
    const message = `Group ${groupId} not found.`;
    return { ...dead, errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage: message };
  }
  return {
    ...none,
    errorCode,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: group.state === 'Stable' ? (group.protocolName ?? '') : '',
    members: describedMembers(group),
  };
}

function describedMembers(group: ClassicGroup): DescribedGroup['members'] {
  const protocol = group.state === 'Stable' ? group.protocolName : null;
  return [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata: protocol === null ? NO_BYTES : member.metadata(protocol),
    memberAssignment: member.assignment,
  }));
}

const NO_BYTES = new Uint8Array(0);

function remove(runtime: GroupRuntime, request: RequestContext<DeleteGroupsRequest>): void {
  const { groupsNames } = request.body;
  const results = groupsNames.map((groupId) => ({ groupId, errorCode: 0 }));
  let waiting = results.length;
  const respond = (): void => request.respond({ throttleTimeMs: 0, results });
  if (waiting === 0) respond();
  for (const result of results) {
    runtime.write(
      runtime.partitionFor(result.groupId),
      (shard) => shard.deleteGroup(result.groupId),
      (outcome) => {
        result.errorCode = outcome.response ?? outcome.errorCode;
        waiting--;
        assert(waiting >= 0, 'answered once each', { group: result.groupId });
        if (waiting === 0) respond();
      },
    );
  }
}

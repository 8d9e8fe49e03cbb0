/**
 * What a heartbeat of the consumer protocol says of its member, and whether it may say so: the
 * request alone, and the member's id and epoch against what the group knows.
 *
 * Not here: what follows from it (`consumer-groups.ts`). Source: `GroupMetadataManager`.
 */
import { errorMessage } from '../../../wire/kafka/error-messages.ts';
import { ErrorCode } from '../../../wire/kafka/errors.ts';
import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../../wire/kafka/messages/consumer-group-heartbeat.ts';
import { byText } from '../../client/consumer/assignor/partition-assignor.ts';
import {
  type ConsumerGroupMember,
  JOIN_GROUP_MEMBER_EPOCH,
  LEAVE_GROUP_STATIC_MEMBER_EPOCH,
} from './consumer-group-member.ts';
import type { ConsumerGroupRecord } from './consumer-group-record.ts';
import { serverAssignors } from './server-assignors.ts';
import { isSubset, partitionsFrom } from './topic-partitions.ts';

/** A heartbeat, and who sent it. */
export interface HeartbeatOf {
  readonly apiVersion: number;
  readonly clientId: string;
  readonly clientHost: string;
  readonly body: ConsumerGroupHeartbeatRequest;
}

export interface ConsumerGroupResult<T> {
  readonly records: readonly ConsumerGroupRecord[];
  readonly response: T;
}

export const ANSWER: ConsumerGroupHeartbeatResponse = {
  throttleTimeMs: 0,
  errorCode: ErrorCode.NONE,
  errorMessage: null,
  memberId: null,
  memberEpoch: 0,
  heartbeatIntervalMs: 0,
  assignment: null,
};

export function refused(errorCode: number): ConsumerGroupResult<ConsumerGroupHeartbeatResponse> {
  return { records: [], response: { ...ANSWER, errorCode, errorMessage: errorMessage(errorCode) } };
}

/** From here on members make their own ids (KIP-1082). */
const MEMBER_ID_SINCE = 1;

/** Source: `throwIfConsumerGroupHeartbeatRequestIsInvalid`. */
export function requestError({ body, apiVersion }: HeartbeatOf): number {
  const { memberId, memberEpoch, topicPartitions, serverAssignor } = body;
  const joins = memberEpoch === JOIN_GROUP_MEMBER_EPOCH;
  const isInvalid =
    body.groupId === '' ||
    body.instanceId === '' ||
    body.rackId === '' ||
    memberEpoch < LEAVE_GROUP_STATIC_MEMBER_EPOCH ||
    (memberId === '' && (!joins || apiVersion >= MEMBER_ID_SINCE)) ||
    (memberEpoch === LEAVE_GROUP_STATIC_MEMBER_EPOCH && body.instanceId === null) ||
    (joins && body.rebalanceTimeoutMs === -1) ||
    (joins && (topicPartitions === null || topicPartitions.length > 0)) ||
    (joins && (body.subscribedTopicNames ?? []).length === 0);
  if (isInvalid) return ErrorCode.INVALID_REQUEST;
  const isUnknown = serverAssignor !== null && !serverAssignors.has(serverAssignor);
  return isUnknown ? ErrorCode.UNSUPPORTED_ASSIGNOR : ErrorCode.NONE;
}

/** Source: `throwIfConsumerGroupMemberEpochIsInvalid` and what stands around it. */
export function memberError(
  body: ConsumerGroupHeartbeatRequest,
  member: ConsumerGroupMember | undefined,
  instance: ConsumerGroupMember | undefined,
): number {
  const { memberEpoch, memberId } = body;
  const joins = memberEpoch === JOIN_GROUP_MEMBER_EPOCH;
  if (instance !== undefined && instance.memberId !== memberId) {
    if (!joins) return ErrorCode.FENCED_INSTANCE_ID;
    const isAway = instance.memberEpoch === LEAVE_GROUP_STATIC_MEMBER_EPOCH;
    return isAway ? ErrorCode.NONE : ErrorCode.UNRELEASED_INSTANCE_ID;
  }
  if (member === undefined) return joins ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
  if (joins || memberEpoch < 0) return ErrorCode.NONE;
  if (memberEpoch > member.memberEpoch) return ErrorCode.FENCED_MEMBER_EPOCH;
  if (memberEpoch === member.memberEpoch) return ErrorCode.NONE;
  // The answer that told of the new epoch may have been lost.
  const owned = body.topicPartitions === null ? null : partitionsFrom(body.topicPartitions);
  const isRepeated = memberEpoch === member.previousMemberEpoch;
  const accepted = isRepeated && owned !== null && isSubset(owned, member.assigned);
  return accepted ? ErrorCode.NONE : ErrorCode.FENCED_MEMBER_EPOCH;
}

/** The member with what the request says of it; null and -1 stand for "as before". */
export function updated(
  member: ConsumerGroupMember,
  { body, clientId, clientHost }: HeartbeatOf,
): ConsumerGroupMember {
  const timeoutMs = body.rebalanceTimeoutMs;
  const names = body.subscribedTopicNames;
  return {
    ...member,
    instanceId: body.instanceId ?? member.instanceId,
    rackId: body.rackId ?? member.rackId,
    clientId,
    clientHost,
    subscribedTopicNames: names === null ? member.subscribedTopicNames : names.toSorted(byText),
    serverAssignor: body.serverAssignor ?? member.serverAssignor,
    rebalanceTimeoutMs: timeoutMs === -1 ? member.rebalanceTimeoutMs : timeoutMs,
  };
}

export function hasChanged(before: ConsumerGroupMember, after: ConsumerGroupMember): boolean {
  return (
    before.instanceId !== after.instanceId ||
    before.rackId !== after.rackId ||
    before.serverAssignor !== after.serverAssignor ||
    before.rebalanceTimeoutMs !== after.rebalanceTimeoutMs ||
    before.clientId !== after.clientId ||
    !hasSameTopics(before, after)
  );
}

export function hasSameTopics(before: ConsumerGroupMember, after: ConsumerGroupMember): boolean {
  return before.subscribedTopicNames.join(' ') === after.subscribedTopicNames.join(' ');
}

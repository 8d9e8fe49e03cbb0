/**
 * JoinGroup (key 11): a member enters a group or a new generation of it. The answer comes when all
 * members have joined, or the rebalance timeout is over; the leader's has all members'
 * subscriptions.
 *
 * Versions: 1 has a rebalance timeout of its own, 4 lets the coordinator hand out a member id first
 * (MEMBER_ID_REQUIRED, KIP-394), 5 static members (KIP-345), 7 tells the protocol type again, 8 a
 * reason for the log (KIP-800), 9 spares a static leader the assignment (KIP-814).
 */
import { api } from '../api.ts';
import { array, bool, bytes, int16, int32, string, struct, type DataOf } from '../schema.ts';

export const joinGroupRequest = struct('JoinGroupRequest', {
  groupId: string(),
  sessionTimeoutMs: int32(),
  rebalanceTimeoutMs: int32({
    since: 1,
    default: -1,
    about: 'How long the members may take to join. -1: the session timeout.',
  }),
  memberId: string(),
  groupInstanceId: string({ since: 5, nullable: true, default: null }),
  protocolType: string({ about: "'consumer' for consumers; what metadata holds depends on it." }),
  protocols: array(
    {
      name: string(),
      metadata: bytes(),
    },
    { about: 'The assignors that the member knows, in the order of its wish.' },
  ),
  reason: string({ since: 8, nullable: true, default: null }),
});
export type JoinGroupRequest = DataOf<typeof joinGroupRequest>;

export const joinGroupResponse = struct('JoinGroupResponse', {
  throttleTimeMs: int32({ since: 2 }),
  errorCode: int16(),
  generationId: int32({ default: -1 }),
  protocolType: string({ since: 7, nullable: true, default: null }),
  protocolName: string({ nullable: 7, about: 'The assignor that all members know.' }),
  leader: string(),
  skipAssignment: bool({
    since: 9,
    about: "The leader's assignment would be the one that the group has.",
  }),
  memberId: string(),
  members: array(
    {
      memberId: string(),
      groupInstanceId: string({ since: 5, nullable: true, default: null }),
      metadata: bytes(),
    },
    { about: 'Empty unless this member is the leader.' },
  ),
});
export type JoinGroupResponse = DataOf<typeof joinGroupResponse>;

export const joinGroup = api({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 9],
  flexible: 6,
  request: joinGroupRequest,
  response: joinGroupResponse,
});

/**
 * LeaveGroup (key 13): a member goes, or an admin removes some.
 *
 * Versions: 3 several members at once, by member id or by instance id (KIP-345), 5 a reason for the
 * log (KIP-800).
 */
import { api } from '../api.ts';
import { array, int16, int32, string, struct, type DataOf } from '../schema.ts';

export const leaveGroupRequest = struct('LeaveGroupRequest', {
  groupId: string(),
  memberId: string({ until: 2 }),
  members: array(
    {
      memberId: string({ since: 3 }),
      groupInstanceId: string({ since: 3, nullable: true, default: null }),
      reason: string({ since: 5, nullable: true, default: null }),
    },
    { since: 3 },
  ),
});
export type LeaveGroupRequest = DataOf<typeof leaveGroupRequest>;

export const leaveGroupResponse = struct('LeaveGroupResponse', {
  throttleTimeMs: int32({ since: 1 }),
  errorCode: int16(),
  members: array(
    {
      memberId: string({ since: 3 }),
      groupInstanceId: string({ since: 3, nullable: true }),
      errorCode: int16({ since: 3 }),
    },
    { since: 3 },
  ),
});
export type LeaveGroupResponse = DataOf<typeof leaveGroupResponse>;

export const leaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexible: 4,
  request: leaveGroupRequest,
  response: leaveGroupResponse,
});

/**
 * SyncGroup (key 14): the leader hands in what each member gets, and every member is answered with
 * its own part.
 *
 * Versions: 3 static members (KIP-345), 5 tells protocol type and name for a check (KIP-559).
 */
import { api } from '../api.ts';
import { array, bytes, int16, int32, string, struct, type DataOf } from '../schema.ts';

export const syncGroupRequest = struct('SyncGroupRequest', {
  groupId: string(),
  generationId: int32(),
  memberId: string(),
  groupInstanceId: string({ since: 3, nullable: true, default: null }),
  protocolType: string({ since: 5, nullable: true, default: null }),
  protocolName: string({ since: 5, nullable: true, default: null }),
  assignments: array(
    {
      memberId: string(),
      assignment: bytes(),
    },
    { about: 'Empty unless this member is the leader.' },
  ),
});
export type SyncGroupRequest = DataOf<typeof syncGroupRequest>;

export const syncGroupResponse = struct('SyncGroupResponse', {
  throttleTimeMs: int32({ since: 1 }),
  errorCode: int16(),
  protocolType: string({ since: 5, nullable: true, default: null }),
  protocolName: string({ since: 5, nullable: true, default: null }),
  assignment: bytes(),
});
export type SyncGroupResponse = DataOf<typeof syncGroupResponse>;

export const syncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexible: 4,
  request: syncGroupRequest,
  response: syncGroupResponse,
});

/**
 * DescribeGroups (key 15): state and members of groups of the classic protocol.
 *
 * Versions: 3 authorized operations (KIP-430), 4 static members (KIP-345), 6 GROUP_ID_NOT_FOUND and
 * a message in place of a group in state Dead (KIP-1043).
 */
import { api } from '../api.ts';
import { array, bool, bytes, int16, int32, string, struct, type DataOf } from '../schema.ts';

export const describeGroupsRequest = struct('DescribeGroupsRequest', {
  groups: array(string()),
  includeAuthorizedOperations: bool({ since: 3 }),
});
export type DescribeGroupsRequest = DataOf<typeof describeGroupsRequest>;

export const describeGroupsResponse = struct('DescribeGroupsResponse', {
  throttleTimeMs: int32({ since: 1 }),
  groups: array({
    errorCode: int16(),
    errorMessage: string({ since: 6, nullable: true, default: null }),
    groupId: string(),
    groupState: string({
      about: 'PreparingRebalance, CompletingRebalance, Stable, Dead or Empty.',
    }),
    protocolType: string(),
    protocolData: string({ about: 'The name of the assignor.' }),
    members: array({
      memberId: string(),
      groupInstanceId: string({ since: 4, nullable: true, default: null }),
      clientId: string(),
      clientHost: string(),
      memberMetadata: bytes(),
      memberAssignment: bytes(),
    }),
    authorizedOperations: int32({
      since: 3,
      default: -2147483648,
      about: 'A set of bits; the lowest int32 if it was not asked for.',
    }),
  }),
});
export type DescribeGroupsResponse = DataOf<typeof describeGroupsResponse>;

export const describeGroups = api({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 6],
  flexible: 5,
  request: describeGroupsRequest,
  response: describeGroupsResponse,
});

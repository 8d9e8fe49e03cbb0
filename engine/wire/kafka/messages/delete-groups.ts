/**
 * DeleteGroups (key 42): groups without members, with their offsets (KIP-229).
 */
import { api } from '../api.ts';
import { array, int16, int32, string, struct, type DataOf } from '../schema.ts';

export const deleteGroupsRequest = struct('DeleteGroupsRequest', {
  groupsNames: array(string()),
});
export type DeleteGroupsRequest = DataOf<typeof deleteGroupsRequest>;

export const deleteGroupsResponse = struct('DeleteGroupsResponse', {
  throttleTimeMs: int32(),
  results: array({
    groupId: string(),
    errorCode: int16(),
  }),
});

export const deleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  flexible: 2,
  request: deleteGroupsRequest,
  response: deleteGroupsResponse,
});

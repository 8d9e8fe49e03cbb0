/**
 * ListGroups (key 16): the groups whose coordinator is this broker.
 *
 * Versions: 4 by state (KIP-518), 5 by type (KIP-848).
 */
import { api } from '../api.ts';
import { array, int16, int32, string, struct, type DataOf } from '../schema.ts';

export const listGroupsRequest = struct('ListGroupsRequest', {
  statesFilter: array(string(), { since: 4, about: 'Empty: groups in any state.' }),
  typesFilter: array(string(), { since: 5, about: 'Empty: groups of any type.' }),
});
export type ListGroupsRequest = DataOf<typeof listGroupsRequest>;

export const listGroupsResponse = struct('ListGroupsResponse', {
  throttleTimeMs: int32({ since: 1 }),
  errorCode: int16(),
  groups: array({
    groupId: string(),
    protocolType: string(),
    groupState: string({ since: 4 }),
    groupType: string({ since: 5, about: "'classic', 'consumer' or 'share'." }),
  }),
});
export type ListGroupsResponse = DataOf<typeof listGroupsResponse>;

export const listGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  flexible: 3,
  request: listGroupsRequest,
  response: listGroupsResponse,
});

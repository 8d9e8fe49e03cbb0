/** AddRaftVoter (key 80): a controller that follows the quorum becomes a voter (KIP-853). */
import { api } from '../api.ts';
import { int16, int32, string, struct, uuid, type DataOf } from '../schema.ts';
import { listeners } from './node-endpoints.ts';

export const addRaftVoterRequest = struct('AddRaftVoterRequest', {
  clusterId: string({ nullable: true }),
  timeoutMs: int32(),
  voterId: int32(),
  voterDirectoryId: uuid(),
  listeners: listeners({ since: 0 }),
});
export type AddRaftVoterRequest = DataOf<typeof addRaftVoterRequest>;

export const addRaftVoterResponse = struct('AddRaftVoterResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true }),
});

export const addRaftVoter = api({
  key: 80,
  name: 'AddRaftVoter',
  versions: [0, 0],
  flexible: 0,
  request: addRaftVoterRequest,
  response: addRaftVoterResponse,
});

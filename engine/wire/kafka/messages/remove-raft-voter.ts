/** RemoveRaftVoter (key 81): a voter of the metadata quorum votes no more (KIP-853). */
import { api } from '../api.ts';
import { int16, int32, string, struct, uuid, type DataOf } from '../schema.ts';

export const removeRaftVoterRequest = struct('RemoveRaftVoterRequest', {
  clusterId: string({ nullable: true }),
  voterId: int32(),
  voterDirectoryId: uuid(),
});
export type RemoveRaftVoterRequest = DataOf<typeof removeRaftVoterRequest>;

export const removeRaftVoterResponse = struct('RemoveRaftVoterResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true }),
});

export const removeRaftVoter = api({
  key: 81,
  name: 'RemoveRaftVoter',
  versions: [0, 0],
  flexible: 0,
  request: removeRaftVoterRequest,
  response: removeRaftVoterResponse,
});

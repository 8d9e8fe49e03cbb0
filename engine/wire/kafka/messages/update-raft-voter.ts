/** UpdateRaftVoter (key 82): a voter tells the leader where it listens now (KIP-853). */
import { api } from '../api.ts';
import { int16, int32, object, string, struct, uuid } from '../schema.ts';
import { listeners } from './node-endpoints.ts';

export const updateRaftVoterRequest = struct('UpdateRaftVoterRequest', {
  clusterId: string({ nullable: true }),
  currentLeaderEpoch: int32(),
  voterId: int32(),
  voterDirectoryId: uuid(),
  listeners: listeners({ since: 0 }),
  kRaftVersionFeature: object('KRaftVersionFeature', {
    minSupportedVersion: int16(),
    maxSupportedVersion: int16(),
  }),
});

export const updateRaftVoterResponse = struct('UpdateRaftVoterResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  currentLeader: object(
    'CurrentLeader',
    {
      leaderId: int32({ default: -1 }),
      leaderEpoch: int32({ default: -1 }),
      host: string(),
      port: int32(),
    },
    { tag: 0 },
  ),
});

export const updateRaftVoter = api({
  key: 82,
  name: 'UpdateRaftVoter',
  versions: [0, 0],
  flexible: 0,
  request: updateRaftVoterRequest,
  response: updateRaftVoterResponse,
});

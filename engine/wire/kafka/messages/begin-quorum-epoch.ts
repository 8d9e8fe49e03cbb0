/**
 * BeginQuorumEpoch (key 53): a new leader of the metadata quorum makes itself known to voters that
 * do not fetch from it yet (KIP-595). Version 1 has directory ids and endpoints (KIP-853).
 */
import { api } from '../api.ts';
import { array, int16, int32, string, struct, uuid, type DataOf } from '../schema.ts';
import { listeners, nodeEndpoints, quorumAnswers } from './node-endpoints.ts';

export const beginQuorumEpochRequest = struct('BeginQuorumEpochRequest', {
  clusterId: string({ nullable: true, default: null }),
  voterId: int32({ since: 1, default: -1 }),
  topics: array({
    topicName: string(),
    partitions: array({
      partitionIndex: int32(),
      voterDirectoryId: uuid({ since: 1 }),
      leaderId: int32(),
      leaderEpoch: int32(),
    }),
  }),
  leaderEndpoints: listeners({ since: 1 }),
});
export type BeginQuorumEpochRequest = DataOf<typeof beginQuorumEpochRequest>;

export const beginQuorumEpochResponse = struct('BeginQuorumEpochResponse', {
  errorCode: int16(),
  topics: quorumAnswers(),
  nodeEndpoints: nodeEndpoints({ since: 1 }),
});

export const beginQuorumEpoch = api({
  key: 53,
  name: 'BeginQuorumEpoch',
  versions: [0, 1],
  flexible: 1,
  request: beginQuorumEpochRequest,
  response: beginQuorumEpochResponse,
});

/**
 * EndQuorumEpoch (key 54): a leader of the metadata quorum resigns, and names who should stand for
 * election first (KIP-595). Version 1 names them with directory ids (KIP-853).
 */
import { api } from '../api.ts';
import { array, int16, int32, string, struct, uuid, type DataOf } from '../schema.ts';
import { listeners, nodeEndpoints, quorumAnswers } from './node-endpoints.ts';

export const endQuorumEpochRequest = struct('EndQuorumEpochRequest', {
  clusterId: string({ nullable: true, default: null }),
  topics: array({
    topicName: string(),
    partitions: array({
      partitionIndex: int32(),
      leaderId: int32(),
      leaderEpoch: int32(),
      preferredSuccessors: array(int32(), { until: 0 }),
      preferredCandidates: array(
        { candidateId: int32(), candidateDirectoryId: uuid() },
        { since: 1, about: 'The first of them stands at once.' },
      ),
    }),
  }),
  leaderEndpoints: listeners({ since: 1 }),
});
export type EndQuorumEpochRequest = DataOf<typeof endQuorumEpochRequest>;

export const endQuorumEpochResponse = struct('EndQuorumEpochResponse', {
  errorCode: int16(),
  topics: quorumAnswers(),
  nodeEndpoints: nodeEndpoints({ since: 1 }),
});

export const endQuorumEpoch = api({
  key: 54,
  name: 'EndQuorumEpoch',
  versions: [0, 1],
  flexible: 1,
  request: endQuorumEpochRequest,
  response: endQuorumEpochResponse,
});

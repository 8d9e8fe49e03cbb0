/**
 * Vote (key 52): a voter of the metadata quorum asks another for its vote (KIP-595).
 *
 * Versions: 1 has directory ids, so that a voter whose disk was replaced is another one, and tells
 * the leader's endpoint (KIP-853); 2 has pre-votes (KIP-996).
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int64, string, struct, uuid, type DataOf } from '../schema.ts';
import { nodeEndpoints } from './node-endpoints.ts';

export const voteRequest = struct('VoteRequest', {
  clusterId: string({ nullable: true, default: null }),
  voterId: int32({ since: 1, default: -1, about: 'Who is asked.' }),
  topics: array({
    topicName: string(),
    partitions: array({
      partitionIndex: int32(),
      replicaEpoch: int32({ about: 'The epoch stood for; of a pre-vote the present one.' }),
      replicaId: int32({ about: 'Who asks.' }),
      replicaDirectoryId: uuid({ since: 1 }),
      voterDirectoryId: uuid({ since: 1 }),
      lastOffsetEpoch: int32(),
      lastOffset: int64({ about: 'The log end offset of the asker.' }),
      preVote: bool({ since: 2 }),
    }),
  }),
});
export type VoteRequest = DataOf<typeof voteRequest>;

export const voteResponse = struct('VoteResponse', {
  errorCode: int16(),
  topics: array({
    topicName: string(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      leaderId: int32({ about: 'The leader of the epoch, -1 if it is not known.' }),
      leaderEpoch: int32(),
      voteGranted: bool(),
    }),
  }),
  nodeEndpoints: nodeEndpoints({ since: 1 }),
});
export type VoteResponse = DataOf<typeof voteResponse>;

export const vote = api({
  key: 52,
  name: 'Vote',
  versions: [0, 2],
  flexible: 0,
  request: voteRequest,
  response: voteResponse,
});

/**
 * DescribeQuorum (key 55): who leads the metadata quorum, and how far voters and observers have
 * come (KIP-595; `kafka-metadata-quorum.sh describe`).
 *
 * Versions: 1 has the times of the last fetches (KIP-836), 2 directory ids, nodes and messages of
 * errors (KIP-853).
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, string, struct, uuid, type DataOf } from '../schema.ts';
import { listeners } from './node-endpoints.ts';

export const describeQuorumRequest = struct('DescribeQuorumRequest', {
  topics: array({ topicName: string(), partitions: array({ partitionIndex: int32() }) }),
});
export type DescribeQuorumRequest = DataOf<typeof describeQuorumRequest>;

const replicaStates = array({
  replicaId: int32(),
  replicaDirectoryId: uuid({ since: 2 }),
  logEndOffset: int64({ about: 'As the leader knows it; -1 if it does not.' }),
  lastFetchTimestamp: int64({ since: 1, default: -1 }),
  lastCaughtUpTimestamp: int64({ since: 1, default: -1 }),
});

export const describeQuorumResponse = struct('DescribeQuorumResponse', {
  errorCode: int16(),
  errorMessage: string({ since: 2, nullable: true, default: null }),
  topics: array({
    topicName: string(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      errorMessage: string({ since: 2, nullable: true, default: null }),
      leaderId: int32(),
      leaderEpoch: int32(),
      highWatermark: int64(),
      currentVoters: replicaStates,
      observers: replicaStates,
    }),
  }),
  nodes: array({ nodeId: int32(), listeners: listeners({ since: 2 }) }, { since: 2 }),
});
export type DescribeQuorumResponse = DataOf<typeof describeQuorumResponse>;

export const describeQuorum = api({
  key: 55,
  name: 'DescribeQuorum',
  versions: [0, 2],
  flexible: 0,
  request: describeQuorumRequest,
  response: describeQuorumResponse,
});

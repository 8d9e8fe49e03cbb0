/**
 * DescribeCluster (key 60): the brokers (or, with endpoint type 2, the controllers) and the
 * cluster's id (KIP-700, KIP-919). Version 2 can list fenced brokers too (KIP-1073).
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int8, string, struct, type DataOf } from '../schema.ts';

export const describeClusterRequest = struct('DescribeClusterRequest', {
  includeClusterAuthorizedOperations: bool(),
  endpointType: int8({ since: 1, default: 1 }),
  includeFencedBrokers: bool({ since: 2 }),
});
export type DescribeClusterRequest = DataOf<typeof describeClusterRequest>;

export const describeClusterResponse = struct('DescribeClusterResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
  endpointType: int8({ since: 1, default: 1 }),
  clusterId: string(),
  controllerId: int32({ default: -1 }),
  brokers: array({
    brokerId: int32(),
    host: string(),
    port: int32(),
    rack: string({ nullable: true, default: null }),
    isFenced: bool({ since: 2 }),
  }),
  clusterAuthorizedOperations: int32({ default: -2147483648 }),
});
export type DescribeClusterResponse = DataOf<typeof describeClusterResponse>;

export const describeCluster = api({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 2],
  flexible: 0,
  request: describeClusterRequest,
  response: describeClusterResponse,
});

/**
 * Metadata (key 3): which brokers there are, and for each topic who leads which partition.
 *
 * Null topics mean all of them; in version 0 an empty list does. Version 4 lets the client forbid
 * the creation of missing topics, 5 lists offline replicas, 7 has leader epochs (KIP-320), 10 topic
 * ids (KIP-516), 13 an error for the whole response (KIP-1102).
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, string, struct, uuid, type DataOf } from '../schema.ts';

export const metadataRequest = struct('MetadataRequest', {
  topics: array(
    {
      topicId: uuid({ since: 10 }),
      name: string({ nullable: 10 }),
    },
    { nullable: 1, about: 'Null for all topics.' },
  ),
  allowAutoTopicCreation: bool({ since: 4, default: true }),
  includeClusterAuthorizedOperations: bool({ since: 8, until: 10 }),
  includeTopicAuthorizedOperations: bool({ since: 8 }),
});
export type MetadataRequest = DataOf<typeof metadataRequest>;

export const metadataResponse = struct('MetadataResponse', {
  throttleTimeMs: int32({ since: 3 }),
  brokers: array({
    nodeId: int32(),
    host: string(),
    port: int32(),
    rack: string({ since: 1, nullable: true, default: null }),
  }),
  clusterId: string({ since: 2, nullable: true, default: null }),
  controllerId: int32({ since: 1, default: -1 }),
  topics: array({
    errorCode: int16(),
    name: string({ nullable: 12 }),
    topicId: uuid({ since: 10 }),
    isInternal: bool({ since: 1 }),
    partitions: array({
      errorCode: int16(),
      partitionIndex: int32(),
      leaderId: int32({ about: '-1 if there is no leader.' }),
      leaderEpoch: int32({ since: 7, default: -1 }),
      replicaNodes: array(int32()),
      isrNodes: array(int32()),
      offlineReplicas: array(int32(), { since: 5 }),
    }),
    topicAuthorizedOperations: int32({
      since: 8,
      default: -2147483648,
      about: 'A set of bits; the lowest int32 if it was not asked for.',
    }),
  }),
  clusterAuthorizedOperations: int32({ since: 8, until: 10, default: -2147483648 }),
  errorCode: int16({ since: 13 }),
});
export type MetadataResponse = DataOf<typeof metadataResponse>;

export const metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  flexible: 9,
  request: metadataRequest,
  response: metadataResponse,
});

/**
 * ListPartitionReassignments (key 46): which partitions are on their way to other replicas, and
 * which replicas come and go there (KIP-455).
 */
import { api } from '../api.ts';
import { array, int16, int32, string, struct, type DataOf } from '../schema.ts';

export const listPartitionReassignmentsRequest = struct('ListPartitionReassignmentsRequest', {
  timeoutMs: int32({ default: 60000 }),
  topics: array(
    {
      name: string(),
      partitionIndexes: array(int32()),
    },
    { nullable: true, default: null, about: 'Null for all that is going on.' },
  ),
});
export type ListPartitionReassignmentsRequest = DataOf<typeof listPartitionReassignmentsRequest>;

export const listPartitionReassignmentsResponse = struct('ListPartitionReassignmentsResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      replicas: array(int32(), { about: 'All, those that come and those that go among them.' }),
      addingReplicas: array(int32()),
      removingReplicas: array(int32()),
    }),
  }),
});
export type ListPartitionReassignmentsResponse = DataOf<typeof listPartitionReassignmentsResponse>;

export const listPartitionReassignments = api({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: [0, 0],
  flexible: 0,
  request: listPartitionReassignmentsRequest,
  response: listPartitionReassignmentsResponse,
});

/**
 * AlterPartitionReassignments (key 45): asks the controller to put partitions on other replicas, or
 * with null to take back what was asked for before (KIP-455).
 *
 * The answer says that the controller has begun, not that it is done: that is asked for by
 * ListPartitionReassignments. With version 1 it can refuse another number of replicas (KIP-860).
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, string, struct, type DataOf } from '../schema.ts';

export const alterPartitionReassignmentsRequest = struct('AlterPartitionReassignmentsRequest', {
  timeoutMs: int32({ default: 60000 }),
  allowReplicationFactorChange: bool({ since: 1, default: true }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      replicas: array(int32(), {
        nullable: true,
        default: null,
        about: 'The preferred leader first; null cancels what is going on.',
      }),
    }),
  }),
});
export type AlterPartitionReassignmentsRequest = DataOf<typeof alterPartitionReassignmentsRequest>;

export const alterPartitionReassignmentsResponse = struct('AlterPartitionReassignmentsResponse', {
  throttleTimeMs: int32(),
  allowReplicationFactorChange: bool({ since: 1, default: true }),
  errorCode: int16(),
  errorMessage: string({ nullable: true }),
  responses: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
    }),
  }),
});
export type AlterPartitionReassignmentsResponse = DataOf<
  typeof alterPartitionReassignmentsResponse
>;

export const alterPartitionReassignments = api({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: [0, 1],
  flexible: 0,
  request: alterPartitionReassignmentsRequest,
  response: alterPartitionReassignmentsResponse,
});

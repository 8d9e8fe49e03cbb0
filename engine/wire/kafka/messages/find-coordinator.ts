/**
 * FindCoordinator (key 10): which broker coordinates a group (key type 0), a transactional id (1)
 * or a share group's partition (2).
 *
 * From version 4 on several keys are asked for at once (KIP-699), and the single key and its answer
 * are gone.
 */
import { api } from '../api.ts';
import { array, int16, int32, int8, string, struct, type DataOf } from '../schema.ts';

export const findCoordinatorRequest = struct('FindCoordinatorRequest', {
  key: string({ until: 3 }),
  keyType: int8({ since: 1, about: '0: group; 1: transactional id; 2: share group partition.' }),
  coordinatorKeys: array(string(), { since: 4 }),
});
export type FindCoordinatorRequest = DataOf<typeof findCoordinatorRequest>;

export const findCoordinatorResponse = struct('FindCoordinatorResponse', {
  throttleTimeMs: int32({ since: 1 }),
  errorCode: int16({ until: 3 }),
  errorMessage: string({ since: 1, until: 3, nullable: true }),
  nodeId: int32({ until: 3 }),
  host: string({ until: 3 }),
  port: int32({ until: 3 }),
  coordinators: array(
    {
      key: string(),
      nodeId: int32(),
      host: string(),
      port: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
    },
    { since: 4 },
  ),
});
export type FindCoordinatorResponse = DataOf<typeof findCoordinatorResponse>;

export const findCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexible: 3,
  request: findCoordinatorRequest,
  response: findCoordinatorResponse,
});

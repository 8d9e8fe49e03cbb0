/**
 * IncrementalAlterConfigs (key 44): sets (0), deletes (1), appends to (2) or subtracts from (3)
 * single configurations and leaves the others alone (KIP-339).
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int8, string, struct, type DataOf } from '../schema.ts';

export const incrementalAlterConfigsRequest = struct('IncrementalAlterConfigsRequest', {
  resources: array({
    resourceType: int8(),
    resourceName: string(),
    configs: array({
      name: string(),
      configOperation: int8({ about: '0: set; 1: delete; 2: append; 3: subtract.' }),
      value: string({ nullable: true }),
    }),
  }),
  validateOnly: bool(),
});
export type IncrementalAlterConfigsRequest = DataOf<typeof incrementalAlterConfigsRequest>;

export const incrementalAlterConfigsResponse = struct('IncrementalAlterConfigsResponse', {
  throttleTimeMs: int32(),
  responses: array({
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    resourceType: int8(),
    resourceName: string(),
  }),
});
export type IncrementalAlterConfigsResponse = DataOf<typeof incrementalAlterConfigsResponse>;

export const incrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexible: 1,
  request: incrementalAlterConfigsRequest,
  response: incrementalAlterConfigsResponse,
});

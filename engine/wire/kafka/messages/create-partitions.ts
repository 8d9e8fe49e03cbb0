/**
 * CreatePartitions (key 37): raises the number of a topic's partitions (KIP-195).
 *
 * Version 3 is the same as 2; it tells a client that quotas may throttle it (KIP-599).
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, string, struct, type DataOf } from '../schema.ts';

export const createPartitionsRequest = struct('CreatePartitionsRequest', {
  topics: array({
    name: string(),
    count: int32({ about: 'How many partitions there will be, those that are there included.' }),
    assignments: array(
      { brokerIds: array(int32()) },
      { nullable: true, about: 'Where the new ones stand; null: as the controller places them.' },
    ),
  }),
  timeoutMs: int32(),
  validateOnly: bool(),
});
export type CreatePartitionsRequest = DataOf<typeof createPartitionsRequest>;

export const createPartitionsResponse = struct('CreatePartitionsResponse', {
  throttleTimeMs: int32(),
  results: array({
    name: string(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
  }),
});
export type CreatePartitionsResponse = DataOf<typeof createPartitionsResponse>;

export const createPartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexible: 2,
  request: createPartitionsRequest,
  response: createPartitionsResponse,
});

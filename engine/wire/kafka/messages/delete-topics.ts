/**
 * DeleteTopics (key 20): deletes topics by name or, from version 6 on, by id (KIP-516).
 */
import { api } from '../api.ts';
import { array, int16, int32, string, struct, uuid, type DataOf } from '../schema.ts';

export const deleteTopicsRequest = struct('DeleteTopicsRequest', {
  topics: array(
    {
      name: string({ nullable: true, default: null }),
      topicId: uuid(),
    },
    { since: 6 },
  ),
  topicNames: array(string(), { until: 5 }),
  timeoutMs: int32(),
});
export type DeleteTopicsRequest = DataOf<typeof deleteTopicsRequest>;

export const deleteTopicsResponse = struct('DeleteTopicsResponse', {
  throttleTimeMs: int32(),
  responses: array({
    name: string({ nullable: 6 }),
    topicId: uuid({ since: 6 }),
    errorCode: int16(),
    errorMessage: string({ since: 5, nullable: true, default: null }),
  }),
});
export type DeleteTopicsResponse = DataOf<typeof deleteTopicsResponse>;

export const deleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  flexible: 4,
  request: deleteTopicsRequest,
  response: deleteTopicsResponse,
});

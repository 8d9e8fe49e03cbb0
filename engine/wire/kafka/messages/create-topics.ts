/**
 * CreateTopics (key 19): creates topics, with counts (-1: the broker's default, KIP-464) or with an
 * assignment of replicas, and with configurations.
 *
 * Version 5 returns the configurations (KIP-525), 7 the topic id (KIP-516).
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int8, string, struct, uuid, type DataOf } from '../schema.ts';

export const createTopicsRequest = struct('CreateTopicsRequest', {
  topics: array({
    name: string(),
    numPartitions: int32({ about: "-1 for the broker's default, or with an assignment." }),
    replicationFactor: int16({ about: "-1 for the broker's default, or with an assignment." }),
    assignments: array({
      partitionIndex: int32(),
      brokerIds: array(int32()),
    }),
    configs: array({
      name: string(),
      value: string({ nullable: true }),
    }),
  }),
  timeoutMs: int32({ default: 60000 }),
  validateOnly: bool(),
});
export type CreateTopicsRequest = DataOf<typeof createTopicsRequest>;

export const createTopicsResponse = struct('CreateTopicsResponse', {
  throttleTimeMs: int32(),
  topics: array({
    name: string(),
    topicId: uuid({ since: 7 }),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    topicConfigErrorCode: int16({
      since: 5,
      tag: 0,
      about: 'Why the configurations are not told.',
    }),
    numPartitions: int32({ since: 5, default: -1 }),
    replicationFactor: int16({ since: 5, default: -1 }),
    configs: array(
      {
        name: string(),
        value: string({ nullable: true }),
        readOnly: bool(),
        configSource: int8({ default: -1 }),
        isSensitive: bool(),
      },
      { since: 5, nullable: true, about: 'Null if they may not be told.' },
    ),
  }),
});
export type CreateTopicsResponse = DataOf<typeof createTopicsResponse>;

export const createTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 7],
  flexible: 5,
  request: createTopicsRequest,
  response: createTopicsResponse,
});

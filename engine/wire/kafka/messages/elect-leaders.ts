/**
 * ElectLeaders (key 43): asks the controller to elect the preferred leader (type 0) or, for
 * partitions without one, any replica at the price of lost records (type 1, KIP-460).
 */
import { api } from '../api.ts';
import { array, int16, int32, int8, string, struct, type DataOf } from '../schema.ts';

export const electLeadersRequest = struct('ElectLeadersRequest', {
  electionType: int8({ since: 1, about: '0: preferred; 1: unclean.' }),
  topicPartitions: array(
    {
      topic: string(),
      partitions: array(int32()),
    },
    { nullable: true, about: 'Null for all partitions.' },
  ),
  timeoutMs: int32({ default: 60000 }),
});
export type ElectLeadersRequest = DataOf<typeof electLeadersRequest>;

export const electLeadersResponse = struct('ElectLeadersResponse', {
  throttleTimeMs: int32(),
  errorCode: int16({ since: 1 }),
  replicaElectionResults: array({
    topic: string(),
    partitionResult: array({
      partitionId: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
    }),
  }),
});
export type ElectLeadersResponse = DataOf<typeof electLeadersResponse>;

export const electLeaders = api({
  key: 43,
  name: 'ElectLeaders',
  versions: [0, 2],
  flexible: 2,
  request: electLeadersRequest,
  response: electLeadersResponse,
});

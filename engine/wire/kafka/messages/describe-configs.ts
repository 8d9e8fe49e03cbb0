/**
 * DescribeConfigs (key 32): the configurations of topics (resource type 2) and brokers (4), and
 * where each value comes from. Version 3 has types and documentation (KIP-569).
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int8, string, struct, type DataOf } from '../schema.ts';

export const describeConfigsRequest = struct('DescribeConfigsRequest', {
  resources: array({
    resourceType: int8(),
    resourceName: string(),
    configurationKeys: array(string(), { nullable: true, about: 'Null for all.' }),
  }),
  includeSynonyms: bool(),
  includeDocumentation: bool({ since: 3 }),
});
export type DescribeConfigsRequest = DataOf<typeof describeConfigsRequest>;

export const describeConfigsResponse = struct('DescribeConfigsResponse', {
  throttleTimeMs: int32(),
  results: array({
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    resourceType: int8(),
    resourceName: string(),
    configs: array({
      name: string(),
      value: string({ nullable: true }),
      readOnly: bool(),
      configSource: int8({
        default: -1,
        about: '1: topic; 2: broker; 3: cluster; 4: static file; 5: default.',
      }),
      isSensitive: bool(),
      synonyms: array({
        name: string(),
        value: string({ nullable: true }),
        source: int8(),
      }),
      configType: int8({ since: 3 }),
      documentation: string({ since: 3, nullable: true }),
    }),
  }),
});
export type DescribeConfigsResponse = DataOf<typeof describeConfigsResponse>;

export const describeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexible: 4,
  request: describeConfigsRequest,
  response: describeConfigsResponse,
});

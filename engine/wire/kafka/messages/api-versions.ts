/**
 * ApiVersions (key 18): which APIs and versions a broker has. The first request of a connection.
 *
 * The client does not know yet what the broker knows: so the header of the response is always
 * version 0, and a broker that does not know the asked version answers UNSUPPORTED_VERSION in the
 * form of version 0 (KIP-511). Version 3 has the client's name and the features of the cluster
 * (KIP-584), 4 lets a feature's lowest level be 0.
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const apiVersionsRequest = struct('ApiVersionsRequest', {
  clientSoftwareName: string({ since: 3 }),
  clientSoftwareVersion: string({ since: 3 }),
});
export type ApiVersionsRequest = DataOf<typeof apiVersionsRequest>;

export const apiVersionsResponse = struct('ApiVersionsResponse', {
  errorCode: int16(),
  apiKeys: array({
    apiKey: int16(),
    minVersion: int16(),
    maxVersion: int16(),
  }),
  throttleTimeMs: int32({ since: 1 }),
  supportedFeatures: array(
    {
      name: string(),
      minVersion: int16(),
      maxVersion: int16(),
    },
    { since: 3, tag: 0 },
  ),
  finalizedFeaturesEpoch: int64({
    since: 3,
    tag: 1,
    default: -1,
    about: 'The metadata offset at which the features were read; -1 if unknown.',
  }),
  finalizedFeatures: array(
    {
      name: string(),
      maxVersionLevel: int16(),
      minVersionLevel: int16(),
    },
    { since: 3, tag: 2 },
  ),
  zkMigrationReady: bool({
    since: 3,
    tag: 3,
    about: 'Whether a controller could take over from ZooKeeper; false since 4.0.',
  }),
});
export type ApiVersionsResponse = DataOf<typeof apiVersionsResponse>;

export const apiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 4],
  flexible: 3,
  request: apiVersionsRequest,
  response: apiVersionsResponse,
});

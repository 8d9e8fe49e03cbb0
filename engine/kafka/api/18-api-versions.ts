/**
 * ApiVersions: which versions of which APIs this broker serves.
 *
 * Behaviour: the ranges are those that the handlers registered. A version that we do not know is
 * answered in version 0 with UNSUPPORTED_VERSION and our range of this API (KIP-511).
 * Differences: features are not told (no client of ours needs them).
 * Versions: 3 client name and version, which must be plain words.
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type ApiVersionsRequest,
  type ApiVersionsResponse,
  apiVersions,
  apiVersionsResponse,
} from '../../wire/kafka/messages/api-versions.ts';
import { produce } from '../../wire/kafka/messages/produce.ts';
import type { Api } from '../../wire/kafka/api.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import { apiHandler } from './api-handler.ts';

export const API_VERSIONS_KEY = apiVersions.key;
const NAMES_SINCE = 3;
const PLAIN_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

/** Produce is told from version 0 on, though 0 to 2 are served no more (KAFKA-18659). */
function rangeOf(api: Api): ApiVersionsResponse['apiKeys'][number] {
  const minVersion = api.key === produce.key ? 0 : api.versionMin;
  return { apiKey: api.key, minVersion, maxVersion: api.versionMax };
}

/** The answer, in version 0, to a version that we do not serve. */
export function unsupportedApiVersions(errorCode: number): ApiVersionsResponse {
  return { ...defaults(apiVersionsResponse), errorCode, apiKeys: [rangeOf(apiVersions)] };
}

export const apiVersionsHandler = apiHandler<ApiVersionsRequest>(apiVersions, (broker, request) => {
  const { clientSoftwareName: name, clientSoftwareVersion: version } = request.body;
  const named = request.apiVersion >= NAMES_SINCE;
  const valid = !named || (PLAIN_NAME.test(name) && PLAIN_NAME.test(version));
  const apiKeys = valid ? [...broker.handlers.values()].map(({ api }) => rangeOf(api)) : [];
  const errorCode = valid ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST;
  request.respond({ ...defaults(apiVersionsResponse), errorCode, apiKeys });
});

/**
 * The frame around a message: a length, a header, the body.
 *
 *     request   | size int32 | apiKey int16 | apiVersion int16 | correlationId int32 |
 *               | clientId string, null: -1 | header v2 only: tagged fields | body |
 *     response  | size int32 | correlationId int32 | header v1 only: tagged fields | body |
 *
 * `size` counts what follows it. A flexible request has header 2, another header 1; a flexible
 * response has header 1, another header 0. ApiVersions is the exception: its response has header 0
 * in every version, for the client reads it before it knows anything about the broker (KIP-511).
 * The client id stays an int16 string even in header 2.
 *
 * Header 0 of a request (ControlledShutdown v0) is gone since Kafka 4.0. Not here: which response
 * belongs to which request (`protocol.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { utf8Size } from '../../bytes/utf8.ts';
import { Writer } from '../../bytes/writer.ts';
import { type Api, apiOf } from './api.ts';
import { ErrorCode } from './errors.ts';
import { apiVersions } from './messages/api-versions.ts';
import { defaults } from './schema.ts';

export interface KafkaRequest {
  readonly kind: 'request';
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Chosen by the client; the response repeats it. */
  readonly correlationId: number;
  readonly clientId: string | null;
  /** The data of the API's request schema. */
  readonly body: unknown;
}

export interface KafkaResponse {
  readonly kind: 'response';
  /** Not on the wire, as is the version: the client remembers them by the correlation id. */
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly body: unknown;
}

export type KafkaMessage = KafkaRequest | KafkaResponse;

const SIZE_BYTES = 4;
const REQUEST_HEADER_BYTES = 10;
const CORRELATION_BYTES = 4;
const NO_TAGS_BYTES = 1;

const isFlexible = (api: Api, version: number): boolean => version >= api.flexibleSince;

function hasTaggedResponseHeader(api: Api, version: number): boolean {
  return api !== (apiVersions as Api) && isFlexible(api, version);
}

function knownApi(message: KafkaMessage): Api {
  const api = apiOf(message.apiKey);
  assert(api !== undefined, 'an API that the engine lacks', { apiKey: message.apiKey });
  return api;
}

/**
 * The version in which a response is written. That to an ApiVersions request of an unknown version
 * has the form of version 0, whatever version the client asked for.
 */
function responseVersion(api: Api, version: number): number {
  return api === (apiVersions as Api) && version > api.versionMax ? 0 : version;
}

/** Bytes of the whole frame, `size` included. Allocates nothing. */
export function frameSize(message: KafkaMessage): number {
  const api = knownApi(message);
  if (message.kind === 'request') {
    const version = message.apiVersion;
    const clientId = message.clientId === null ? 0 : utf8Size(message.clientId);
    const tags = isFlexible(api, version) ? NO_TAGS_BYTES : 0;
    const header = REQUEST_HEADER_BYTES + clientId + tags;
    return SIZE_BYTES + header + api.requestPlan(version).size(message.body as never);
  }
  const version = responseVersion(api, message.apiVersion);
  const header = CORRELATION_BYTES + (hasTaggedResponseHeader(api, version) ? NO_TAGS_BYTES : 0);
  return SIZE_BYTES + header + api.responsePlan(version).size(message.body as never);
}

/** The whole frame. */
export function encodeFrame(message: KafkaMessage): Uint8Array {
  const api = knownApi(message);
  const size = frameSize(message);
  const writer = new Writer(size);
  writer.int32(size - SIZE_BYTES);
  if (message.kind === 'request') {
    writer.int16(message.apiKey);
    writer.int16(message.apiVersion);
    writer.int32(message.correlationId);
    writer.int16(message.clientId === null ? -1 : utf8Size(message.clientId));
    if (message.clientId !== null) writer.text(message.clientId);
    if (isFlexible(api, message.apiVersion)) writer.uvarint(0);
    api.requestPlan(message.apiVersion).write(writer, message.body as never);
  } else {
    const version = responseVersion(api, message.apiVersion);
    writer.int32(message.correlationId);
    if (hasTaggedResponseHeader(api, version)) writer.uvarint(0);
    api.responsePlan(version).write(writer, message.body as never);
  }
  assert(writer.length === size, 'size and bytes differ', { size, bytes: writer.length });
  return writer.finish();
}

/**
 * The request in a frame without its `size`. Throws `Malformed` for an unknown API or version.
 *
 * An ApiVersions request of a version beyond ours is returned with that version and a default
 * body, unread: the broker answers UNSUPPORTED_VERSION and the client tries again (KIP-511).
 */
export function decodeRequest(frame: Uint8Array): KafkaRequest {
  const reader = new Reader(frame);
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const api = apiOf(apiKey);
  if (api === undefined) throw new Malformed(`unknown API key ${apiKey}`);
  if (api === (apiVersions as Api) && apiVersion > api.versionMax) {
    const body = defaults(api.request);
    return { kind: 'request', apiKey, apiVersion, correlationId, clientId: null, body };
  }
  if (apiVersion < api.versionMin || apiVersion > api.versionMax) {
    throw new Malformed(`${api.name} has no version ${apiVersion}`);
  }
  const clientIdBytes = reader.int16();
  if (clientIdBytes < -1) throw new Malformed(`a client id of ${clientIdBytes} bytes`);
  const clientId = clientIdBytes < 0 ? null : reader.text(clientIdBytes);
  if (isFlexible(api, apiVersion)) skipTags(reader);
  const body = api.requestPlan(apiVersion).read(reader);
  checkEnd(reader, api);
  return { kind: 'request', apiKey, apiVersion, correlationId, clientId, body };
}

/** The correlation id at the start of a response frame. Throws `Malformed`. */
export function correlationIdOf(frame: Uint8Array): number {
  return new Reader(frame).int32();
}

/** The response in a frame without its `size`, to a request of this API and version. */
export function decodeResponse(frame: Uint8Array, apiKey: number, asked: number): KafkaResponse {
  const api = apiOf(apiKey);
  assert(api !== undefined, 'an API that the engine lacks', { apiKey });
  const reader = new Reader(frame);
  const correlationId = reader.int32();
  const apiVersion = answeredVersion(api, asked, frame);
  if (hasTaggedResponseHeader(api, apiVersion)) skipTags(reader);
  const body = api.responsePlan(apiVersion).read(reader);
  checkEnd(reader, api);
  return { kind: 'response', apiKey, apiVersion, correlationId, body };
}

/**
 * The version of the response: the asked one, but 0 for an ApiVersions response whose first field,
 * the error code, says UNSUPPORTED_VERSION.
 */
function answeredVersion(api: Api, asked: number, frame: Uint8Array): number {
  if (api !== (apiVersions as Api)) return asked;
  const errorCode = new Reader(frame, CORRELATION_BYTES).int16();
  return errorCode === ErrorCode.UNSUPPORTED_VERSION ? 0 : asked;
}

function skipTags(reader: Reader): void {
  const count = reader.uvarint();
  for (let i = 0; i < count; i++) {
    reader.uvarint();
    reader.take(reader.uvarint());
  }
}

function checkEnd(reader: Reader, api: Api): void {
  if (reader.remaining > 0) throw new Malformed(`${reader.remaining} bytes after ${api.name}`);
}

/**
 * Kafka's protocol as the network wants it: sizes and names of messages, and for each end of a
 * connection a codec that cuts the stream into frames.
 *
 * A client's codec remembers API and version of each request by its correlation id, for a response
 * names neither. Bytes that make no sense are a violation, upon which the connection is closed:
 * an unknown API or version, a frame of no bytes or of more than `limits.frameBytesMax`, a response
 * that nobody asked for. The real broker does the same (`InvalidRequestException` closes).
 */
import { assert } from '../../kernel/assert.ts';
import type { Codec, Protocol } from '../../kernel/ports.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { apiOf } from './api.ts';
import {
  correlationIdOf,
  decodeRequest,
  decodeResponse,
  encodeFrame,
  frameSize,
  type KafkaMessage,
} from './frame.ts';
import { FrameCutter } from '../frame-cutter.ts';
import { produce, type ProduceRequest } from './messages/produce.ts';

export const kafkaProtocol: Protocol = Object.freeze({
  name: 'kafka',
  size: (message: unknown) => frameSize(message as KafkaMessage),
  describe: (message: unknown) => describe(message as KafkaMessage),
  codec: (role: 'client' | 'server') => (role === 'client' ? clientCodec() : serverCodec()),
});

function describe(message: KafkaMessage): string {
  const name = apiOf(message.apiKey)?.name ?? `API ${message.apiKey}`;
  return message.kind === 'request' ? `${name} v${message.apiVersion}` : `${name} reply`;
}

/** Reads requests, writes responses. */
function serverCodec(): Codec {
  const frames = new FrameCutter();
  return {
    encode(message) {
      const response = message as KafkaMessage;
      assert(response.kind === 'response', 'a server sends responses', { kind: response.kind });
      return encodeFrame(response);
    },
    decode: (chunk) => frames.cut(chunk, decodeRequest),
  };
}

/** Writes requests, reads responses. */
function clientCodec(): Codec {
  const frames = new FrameCutter();
  const asked = new Map<number, { readonly apiKey: number; readonly apiVersion: number }>();
  return {
    encode(message) {
      const request = message as KafkaMessage;
      assert(request.kind === 'request', 'a client sends requests', { kind: request.kind });
      const { apiKey, apiVersion, correlationId } = request;
      assert(!asked.has(correlationId), 'a correlation id in flight twice', { correlationId });
      if (wantsResponse(request)) asked.set(correlationId, { apiKey, apiVersion });
      return encodeFrame(request);
    },
    decode: (chunk) =>
      frames.cut(chunk, (frame) => {
        const correlationId = correlationIdOf(frame);
        const of = asked.get(correlationId);
        if (of === undefined) throw new Malformed(`a response to no request: ${correlationId}`);
        asked.delete(correlationId);
        return decodeResponse(frame, of.apiKey, of.apiVersion);
      }),
  };
}

/** A produce request with acks 0 is the only one that is never answered. */
function wantsResponse(message: KafkaMessage): boolean {
  return message.apiKey !== produce.key || (message.body as ProduceRequest).acks !== 0;
}

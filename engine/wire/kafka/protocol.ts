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
import { limits } from '../../kernel/limits.ts';
import type { Codec, Decoded, Protocol } from '../../kernel/ports.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { copyOf } from '../../bytes/slab.ts';
import { apiOf } from './apis.ts';
import {
  correlationIdOf,
  decodeRequest,
  decodeResponse,
  encodeFrame,
  frameSize,
  type KafkaMessage,
} from './frame.ts';
import { produce, type ProduceRequest } from './messages/produce.ts';

const SIZE_BYTES = 4;

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

/** Cuts a stream into frames, whatever the pieces in which it arrives. */
class FrameCutter {
  /** The pieces of the frame that is not whole yet, with `kept` bytes in all. */
  private pieces: Uint8Array[] = [];
  private kept = 0;
  private violation: string | undefined;

  /**
   * Decodes the frames that are whole with this chunk. After a violation nothing more is decoded.
   * Memory follows what has arrived, never what a frame claims to be.
   */
  cut(chunk: Uint8Array, decode: (frame: Uint8Array) => unknown): Decoded {
    if (this.violation !== undefined) return { messages: [], violation: this.violation };
    this.pieces.push(copyOf(chunk));
    this.kept += chunk.length;
    const messages: unknown[] = [];
    try {
      this.decodeWhole(messages, decode);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.violation = error.message;
      this.pieces = [];
      return { messages, violation: error.message };
    }
    return { messages };
  }

  private decodeWhole(messages: unknown[], decode: (frame: Uint8Array) => unknown): void {
    if (this.kept < SIZE_BYTES) return;
    let size = frameBytes(this.head());
    if (this.kept < SIZE_BYTES + size) return;
    const stream = this.joined();
    let at = 0;
    for (;;) {
      const end = at + SIZE_BYTES + size;
      // The stream is a copy of ours, so messages may keep views of it.
      messages.push(decode(stream.subarray(at + SIZE_BYTES, end)));
      at = end;
      if (stream.length - at < SIZE_BYTES) break;
      size = frameBytes(stream.subarray(at));
      if (stream.length - at < SIZE_BYTES + size) break;
    }
    const rest = stream.subarray(at);
    this.pieces = rest.length === 0 ? [] : [copyOf(rest)];
    this.kept = rest.length;
  }

  /** The first four bytes, which may be spread over pieces. */
  private head(): Uint8Array {
    const first = this.pieces[0];
    if (first !== undefined && first.length >= SIZE_BYTES) return first;
    this.pieces = [this.joined()];
    return this.pieces[0] as Uint8Array;
  }

  private joined(): Uint8Array {
    const only = this.pieces[0];
    if (this.pieces.length === 1 && only !== undefined) return only;
    const whole = new Uint8Array(this.kept);
    let at = 0;
    for (const piece of this.pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    assert(at === this.kept, 'pieces lost', { at, kept: this.kept });
    return whole;
  }
}

/** The size field; throws `Malformed` if no frame can have it. */
function frameBytes(head: Uint8Array): number {
  assert(head.length >= SIZE_BYTES, 'a size field', { length: head.length });
  const size = (head[0]! << 24) | (head[1]! << 16) | (head[2]! << 8) | head[3]!;
  if (size <= 0) throw new Malformed(`a frame of ${size} bytes`);
  if (size > limits.frameBytesMax) throw new Malformed(`a frame of ${size} bytes`);
  return size;
}

/**
 * A wire protocol of JSON texts, each behind its length: what services speak whose real protocol
 * no lesson is about.
 *
 *     length uint32 | JSON, UTF-8
 *
 * Not here: protocols that are real (`wire/`, `redis/resp.ts`).
 */
import { assert } from '../kernel/assert.ts';
import { limits } from '../kernel/limits.ts';
import type { Decoded, Protocol } from '../kernel/ports.ts';
import { decodeUtf8, utf8Size, writeUtf8 } from '../bytes/utf8.ts';

const LENGTH_BYTES = 4;

/** A protocol whose messages are plain data. `describe` names a message for the trace. */
export function jsonProtocol<M>(name: string, describe: (message: M) => string): Protocol {
  return Object.freeze({
    name,
    size: (message: unknown) => LENGTH_BYTES + utf8Size(JSON.stringify(message)),
    describe: (message: unknown) => describe(message as M),
    codec: () => {
      let kept = new Uint8Array(0);
      return {
        encode: (message: unknown) => encode(message),
        decode: (chunk: Uint8Array): Decoded => {
          const joined = new Uint8Array(kept.length + chunk.length);
          joined.set(kept);
          joined.set(chunk, kept.length);
          const { decoded, rest } = cut(joined);
          kept = rest;
          return decoded;
        },
      };
    },
  });
}

function encode(message: unknown): Uint8Array {
  const text = JSON.stringify(message);
  const size = utf8Size(text);
  assert(size <= limits.frameBytesMax, 'a message fits a frame', { size });
  const bytes = new Uint8Array(LENGTH_BYTES + size);
  new DataView(bytes.buffer).setUint32(0, size);
  writeUtf8(text, bytes, LENGTH_BYTES);
  return bytes;
}

function cut(bytes: Uint8Array): { decoded: Decoded; rest: Uint8Array<ArrayBuffer> } {
  const messages: unknown[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let place = 0;
  while (place + LENGTH_BYTES <= bytes.length) {
    const size = view.getUint32(place);
    const rest = bytes.slice(place);
    if (size > limits.frameBytesMax) {
      return { decoded: { messages, violation: `a message of ${size} bytes` }, rest };
    }
    const end = place + LENGTH_BYTES + size;
    if (end > bytes.length) break;
    try {
      messages.push(JSON.parse(decodeUtf8(bytes, place + LENGTH_BYTES, end)));
    } catch {
      return { decoded: { messages, violation: 'a message that is not JSON' }, rest };
    }
    place = end;
  }
  return { decoded: { messages }, rest: bytes.slice(place) };
}

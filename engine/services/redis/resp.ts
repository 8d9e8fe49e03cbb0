/**
 * RESP2, the protocol of Redis: values, their bytes, and the cutting of a stream into values.
 *
 *     +OK\r\n   -ERR text\r\n   :1\r\n   $3\r\nfoo\r\n   $-1\r\n   *2\r\n$3\r\nGET\r\n$1\r\nk\r\n
 *
 * Bulk strings are UTF-8 text here; the real ones are bytes. Not here: inline commands, RESP3.
 * Source: redis.io, "Redis serialization protocol specification".
 */
import { limits } from '../../kernel/limits.ts';
import type { Decoded, Protocol } from '../../kernel/ports.ts';
import { decodeUtf8, encodeUtf8, utf8Size } from '../../bytes/utf8.ts';

export type RespValue =
  | { readonly type: 'simple'; readonly text: string }
  | { readonly type: 'error'; readonly text: string }
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'bulk'; readonly text: string | null }
  | { readonly type: 'array'; readonly items: readonly RespValue[] };

export const OK: RespValue = { type: 'simple', text: 'OK' };
export const NIL: RespValue = { type: 'bulk', text: null };
export const integer = (value: number): RespValue => ({ type: 'integer', value });
export const bulk = (text: string): RespValue => ({ type: 'bulk', text });
export const failure = (text: string): RespValue => ({ type: 'error', text });

/** A command as a client sends it: an array of bulk strings. */
export function commandOf(words: readonly string[]): RespValue {
  return { type: 'array', items: words.map(bulk) };
}

/** The words of a command, or null where the value is none. */
export function wordsOf(value: RespValue): string[] | null {
  if (value.type !== 'array' || value.items.length === 0) return null;
  const words: string[] = [];
  for (const item of value.items) {
    if (item.type !== 'bulk' || item.text === null) return null;
    words.push(item.text);
  }
  return words;
}

/** The wire text of a value. */
export function encodeResp(value: RespValue): string {
  switch (value.type) {
    case 'simple':
      return `+${value.text}\r\n`;
    case 'error':
      return `-${value.text}\r\n`;
    case 'integer':
      return `:${value.value}\r\n`;
    case 'bulk':
      return value.text === null ? '$-1\r\n' : `$${utf8Size(value.text)}\r\n${value.text}\r\n`;
    case 'array':
      return `*${value.items.length}\r\n${value.items.map(encodeResp).join('')}`;
  }
}

/** As `redis-cli` prints a value, on one line. */
export function textOfResp(value: RespValue): string {
  switch (value.type) {
    case 'simple':
      return value.text;
    case 'error':
      return `(error) ${value.text}`;
    case 'integer':
      return `(integer) ${value.value}`;
    case 'bulk':
      return value.text === null ? '(nil)' : `"${value.text}"`;
    case 'array':
      return value.items.map(textOfResp).join(' ');
  }
}

export const respProtocol: Protocol = Object.freeze({
  name: 'redis',
  size: (message: unknown) => utf8Size(encodeResp(message as RespValue)),
  describe: (message: unknown) => {
    const value = message as RespValue;
    return wordsOf(value)?.join(' ') ?? textOfResp(value);
  },
  codec: () => {
    const cutter = new RespCutter();
    return {
      encode: (message: unknown) => encodeUtf8(encodeResp(message as RespValue)),
      decode: (chunk: Uint8Array) => cutter.cut(chunk),
    };
  },
});

/** Thrown inside the cutter only: what has arrived is not RESP. */
class NotResp extends Error {}

/** Cuts a stream of bytes into values; also reads an append-only file. */
export class RespCutter {
  #bytes = new Uint8Array(0);
  #place = 0;
  #violation: string | undefined;

  /** The values that are whole with this chunk. */
  cut(chunk: Uint8Array): Decoded {
    const joined = new Uint8Array(this.#bytes.length + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, this.#bytes.length);
    this.#bytes = joined;
    const messages: RespValue[] = [];
    let whole = 0;
    try {
      this.#place = 0;
      for (let value = this.#value(); value !== null; value = this.#value()) {
        messages.push(value);
        whole = this.#place;
      }
    } catch (error) {
      if (!(error instanceof NotResp)) throw error;
      this.#violation = error.message;
    }
    this.#bytes = this.#bytes.slice(whole);
    return this.#violation === undefined ? { messages } : { messages, violation: this.#violation };
  }

  /** Bytes that belong to no whole value yet. */
  get rest(): number {
    return this.#bytes.length;
  }

  #value(): RespValue | null {
    const line = this.#line();
    if (line === null) return null;
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return { type: 'simple', text: rest };
      case '-':
        return failure(rest);
      case ':':
        return integer(numberOf(rest));
      case '$':
        return this.#bulk(numberOf(rest));
      case '*':
        return this.#array(numberOf(rest));
      default:
        throw new NotResp(`a value cannot begin with '${line.slice(0, 1)}'`);
    }
  }

  #bulk(size: number): RespValue | null {
    if (size < 0) return NIL;
    const end = this.#place + size;
    if (end + 2 > this.#bytes.length) return null;
    const text = decodeUtf8(this.#bytes, this.#place, end);
    this.#place = end + 2;
    return bulk(text);
  }

  #array(count: number): RespValue | null {
    const items: RespValue[] = [];
    for (let left = count; left > 0; left--) {
      const item = this.#value();
      if (item === null) return null;
      items.push(item);
    }
    return { type: 'array', items };
  }

  #line(): string | null {
    const end = this.#bytes.indexOf(13, this.#place);
    if (end < 0 || end + 1 >= this.#bytes.length) return null;
    const line = decodeUtf8(this.#bytes, this.#place, end);
    this.#place = end + 2;
    return line;
  }
}

function numberOf(text: string): number {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= -1 - limits.frameBytesMax && value <= limits.frameBytesMax) return value;
  if (Number.isSafeInteger(value)) return value;
  throw new NotResp(`'${text.slice(0, 20)}' is not a number`);
}

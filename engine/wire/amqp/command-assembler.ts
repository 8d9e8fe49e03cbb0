/**
 * Makes commands of frames: a method's arguments are read, and with a content its header and the
 * parts of its body are collected, for each channel apart. What does not fit is an error value.
 *
 *     method -> method with content: header -> size 0: done
 *                                           -> body, body, ... until its size is there: done
 *
 * The explanations are those of the real broker, since clients print them.
 * Source: `rabbit_command_assembler`. Differs: ids of no method, and a table that cannot be read,
 * end the real reader, so that the client sees a closed socket; here they are 540 and 501. The
 * contents that a connection collects at a time are bounded together, with a 506.
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { erlangBinary } from './erlang-term.ts';
import { FrameType, type Command, type Content } from './command.ts';
import { MALFORMED_UTF8, type Method } from './grammar.ts';
import { methodOf, type MethodName } from './methods.ts';
import { readProperties, type BasicProperties } from './properties.ts';
import { amqpError, ReplyCode, type AmqpError } from './reply-code.ts';

/** Octets of one body. RabbitMQ 3.8 to 4.x: `?MAX_MSG_SIZE`, 512 MiB. */
const BODY_BYTES_MAX = 0x20000000;
/** Octets of the bodies of one connection that are not whole. RabbitMQ: none but memory. */
const PENDING_BYTES_MAX = 0x20000000;

/** A content that is not whole: `body` is undefined until its header has come. */
interface Pending {
  readonly method: Method<MethodName>;
  readonly args: object;
  body:
    | {
        readonly properties: BasicProperties;
        readonly parts: Uint8Array[];
        readonly bytes: number;
        arrived: number;
      }
    | undefined;
}

/** A command, an error, or undefined where more frames have to come. */
type Assembled = Command | AmqpError | undefined;

export class CommandAssembler {
  readonly #pending = new Map<number, Pending>();
  #pendingBytes = 0;

  /** Takes the next frame of a channel. */
  process(type: number, channel: number, payload: Uint8Array): Assembled {
    assert(type >= FrameType.METHOD && type <= FrameType.BODY, 'a type of a channel', { type });
    const pending = this.#pending.get(channel);
    if (pending === undefined) {
      if (type === FrameType.METHOD) return this.#method(channel, payload);
      return unexpected('expected method frame, got non method frame instead');
    }
    if (pending.body !== undefined) return this.#body(channel, pending, type, payload);
    return this.#header(channel, pending, type, payload);
  }

  #method(channel: number, payload: Uint8Array): Assembled {
    const reader = new Reader(payload);
    const classId = reader.uint16();
    const methodId = reader.uint16();
    const method = methodOf(classId, methodId);
    if (method === undefined) {
      const explanation = `unknown method ${classId}.${methodId}`;
      return amqpError(ReplyCode.NOT_IMPLEMENTED, explanation);
    }
    const args = readArguments(channel, method, reader);
    if ('kind' in args && args.kind === 'amqp-error') return args as AmqpError;
    if (!method.hasContent) return commandOf(channel, method, args, null);
    this.#pending.set(channel, { method, args, body: undefined });
    return undefined;
  }

  #header(channel: number, pending: Pending, type: number, payload: Uint8Array): Assembled {
    const { classId, name } = pending.method;
    const expected = `expected content header for class ${classId}`;
    if (type !== FrameType.HEADER) return unexpected(`${expected}, ${NO_HEADER}`, name);
    const reader = new Reader(payload);
    const classIdOfHeader = reader.uint16();
    const weight = reader.uint16();
    const bytes = (BigInt(reader.uint32()) << 32n) | BigInt(reader.uint32());
    if (weight !== 0) return unexpected(`${expected}, ${NO_HEADER}`, name);
    if (classIdOfHeader !== classId) {
      return unexpected(`${expected}, got one for class ${classIdOfHeader} instead`, name);
    }
    if (bytes > BigInt(BODY_BYTES_MAX)) {
      const limit = `exceeds maximum allowed size ${BODY_BYTES_MAX}`;
      return amqpError(ReplyCode.FRAME_ERROR, `content body size ${bytes} ${limit}`, name);
    }
    return this.#begin(channel, pending, Number(bytes), reader);
  }

  #begin(channel: number, pending: Pending, bytes: number, reader: Reader): Assembled {
    const { name } = pending.method;
    let properties: BasicProperties;
    try {
      properties = readProperties(reader);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#pending.delete(channel);
      return amqpError(ReplyCode.INTERNAL_ERROR, '');
    }
    if (this.#pendingBytes + bytes > PENDING_BYTES_MAX) {
      const explanation = `unfinished contents of more than ${PENDING_BYTES_MAX} octets`;
      return amqpError(ReplyCode.RESOURCE_ERROR, explanation, name);
    }
    pending.body = { properties, parts: [], bytes, arrived: 0 };
    this.#pendingBytes += bytes;
    return bytes === 0 ? this.#finish(channel, pending) : undefined;
  }

  #body(channel: number, pending: Pending, type: number, payload: Uint8Array): Assembled {
    const { body, method } = pending;
    assert(body !== undefined, 'the header was there', { channel });
    if (type !== FrameType.BODY) {
      return unexpected('expected content body, got non content body frame instead', method.name);
    }
    if (payload.length > body.bytes - body.arrived) {
      const explanation = 'content body frame exceeds remaining content size';
      return amqpError(ReplyCode.FRAME_ERROR, explanation, method.name);
    }
    // A part without octets would be kept for nothing.
    if (payload.length > 0) body.parts.push(payload);
    body.arrived += payload.length;
    return body.arrived === body.bytes ? this.#finish(channel, pending) : undefined;
  }

  #finish(channel: number, { method, args, body }: Pending): Command {
    assert(body !== undefined && body.arrived === body.bytes, 'a whole body', { channel });
    this.#pending.delete(channel);
    this.#pendingBytes -= body.bytes;
    const { properties, parts, bytes } = body;
    return commandOf(channel, method, args, { properties, body: joined(parts, bytes) });
  }
}

const NO_HEADER = 'got non content header frame instead';

function unexpected(explanation: string, method?: MethodName): AmqpError {
  return amqpError(ReplyCode.UNEXPECTED_FRAME, explanation, method);
}

function commandOf(
  channel: number,
  { name }: Method<MethodName>,
  args: object,
  content: Content | null,
): Command {
  return { kind: 'command', channel, name, args, content, frameMax: 0 } as Command;
}

/**
 * The arguments, or what is wrong with them. On channel 0 the real reader takes what it cannot
 * decode for a fault of its own.
 */
function readArguments(
  channel: number,
  method: Method<MethodName>,
  reader: Reader,
): object | AmqpError {
  const from = reader.position;
  try {
    const args = method.plan.read(reader);
    if (reader.remaining === 0) return args;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    if (error.message === MALFORMED_UTF8) {
      const blamed = channel === 0 ? method.name : undefined;
      return amqpError(ReplyCode.FRAME_ERROR, MALFORMED_UTF8, blamed);
    }
  }
  if (channel === 0) return amqpError(ReplyCode.INTERNAL_ERROR, '');
  const octets = erlangBinary(reader.bytes.subarray(from, reader.end));
  return amqpError(ReplyCode.FRAME_ERROR, `cannot decode ${octets}`, method.name);
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const only = parts[0];
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  assert(at === bytes, 'all parts', { at, bytes });
  return whole;
}

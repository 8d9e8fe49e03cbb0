/**
 * What the two ends of a connection say to each other: a protocol header, commands, heartbeats. A
 * command is a method of a channel, and with some a content: it is one message of ours however
 * many frames it takes, so the body's frames are cut here and joined in `command-assembler.ts`.
 *
 *     command: method frame [ header frame | body frames ]
 *     frame: type 1 | channel uint16 | size uint32 | payload | 0xCE
 *     method payload: class uint16 | method uint16 | arguments
 *     header payload: class uint16 | weight uint16 (0) | body size uint64 | properties
 *
 * Not here: which methods there are (`methods.ts`).
 * Source: AMQP 0-9-1, sections 2.3.5 and 4.2; `rabbit_binary_generator`.
 */
import { assert } from '../../kernel/assert.ts';
import { Writer } from '../../bytes/writer.ts';
import { argsOf, methodNamed, type ArgsOf, type MethodName } from './methods.ts';
import { propertiesSize, writeProperties, type BasicProperties } from './properties.ts';
import type { AmqpError } from './reply-code.ts';

export const FrameType = { METHOD: 1, HEADER: 2, BODY: 3, HEARTBEAT: 8 } as const;
export const FRAME_END = 0xce;
export const FRAME_HEADER_BYTES = 7;
/** A frame without a payload: what frame-max leaves for one is so much less. */
export const EMPTY_FRAME_BYTES = 8;
/** What a frame's payload is at least allowed to be before the limits are agreed on. */
export const FRAME_MIN_BYTES = 4096;

/** `AMQP` and a version: the client's first octets, and the answer to ones that are refused. */
export interface ProtocolHeader {
  readonly kind: 'protocol-header';
  readonly id: number;
  readonly major: number;
  readonly minor: number;
  readonly revision: number;
}

export const AMQP_0_9_1: ProtocolHeader = Object.freeze({
  kind: 'protocol-header',
  id: 0,
  major: 0,
  minor: 9,
  revision: 1,
});

export interface Content {
  readonly properties: BasicProperties;
  readonly body: Uint8Array;
}

interface CommandOf<N extends MethodName> {
  readonly kind: 'command';
  readonly channel: number;
  readonly name: N;
  readonly args: ArgsOf<N>;
  /** With the methods that have one, else null. */
  readonly content: Content | null;
  /** The frame-max for which the body is cut; 0: one frame takes it all. */
  readonly frameMax: number;
}

/** A method with its arguments: told apart by `name`. */
export type Command = { readonly [N in MethodName]: CommandOf<N> }[MethodName];

/** A part of a large content has arrived: its sender lives. Never sent. */
export interface PartOfContent {
  readonly kind: 'part-of-content';
}

/** Octets that are not what they should be. Never sent. */
export interface MalformedFrame {
  readonly kind: 'malformed';
  readonly channel: number;
  readonly error: AmqpError;
  /** Where the next frame begins is not known: nothing more will be read. */
  readonly fatal: boolean;
}

/** First octets that are no protocol header. Never sent. */
export interface BadHeader {
  readonly kind: 'bad-header';
  readonly octets: Uint8Array;
}

export type AmqpMessage =
  | ProtocolHeader
  | Command
  | { readonly kind: 'heartbeat' }
  | PartOfContent
  | MalformedFrame
  | BadHeader;

export const HEARTBEAT = Object.freeze({ kind: 'heartbeat' } as const);

/** A command without content; arguments that are not given have their defaults. */
export function command<N extends MethodName>(
  channel: number,
  name: N,
  given: Partial<ArgsOf<N>>,
): Extract<Command, { name: N }> {
  assert(!methodNamed(name).hasContent, 'a content belongs to the method', { name });
  const args = argsOf(name, given);
  return { kind: 'command', channel, name, args, content: null, frameMax: 0 } as never;
}

/** A command with content, its body to be cut for `frameMax`. */
export function contentCommand<N extends MethodName>(
  channel: number,
  name: N,
  given: Partial<ArgsOf<N>>,
  { content, frameMax }: { readonly content: Content; readonly frameMax: number },
): Extract<Command, { name: N }> {
  assert(methodNamed(name).hasContent, 'the method has a content', { name });
  assert(frameMax === 0 || frameMax > EMPTY_FRAME_BYTES, 'frame-max', { frameMax });
  const args = argsOf(name, given);
  return { kind: 'command', channel, name, args, content, frameMax } as never;
}

const METHOD_IDS_BYTES = 4;
const CONTENT_HEADER_BYTES = 12;
const PROTOCOL_HEADER_BYTES = 8;

/** Octets of a message, all its frames together. */
export function messageSize(message: AmqpMessage): number {
  if (message.kind === 'command') return commandSize(message);
  if (message.kind === 'heartbeat') return EMPTY_FRAME_BYTES;
  assert(message.kind === 'protocol-header', 'a message that is sent', { kind: message.kind });
  return PROTOCOL_HEADER_BYTES;
}

function commandSize({ name, args, content, frameMax }: Command): number {
  const method = EMPTY_FRAME_BYTES + METHOD_IDS_BYTES + methodNamed(name).plan.size(args);
  if (content === null) return method;
  const header = EMPTY_FRAME_BYTES + CONTENT_HEADER_BYTES + propertiesSize(content.properties);
  const { length } = content.body;
  return method + header + length + EMPTY_FRAME_BYTES * bodyFrames(length, frameMax);
}

function bodyFrames(bodyBytes: number, frameMax: number): number {
  if (bodyBytes === 0) return 0;
  return frameMax === 0 ? 1 : Math.ceil(bodyBytes / (frameMax - EMPTY_FRAME_BYTES));
}

/** The octets of a message, all its frames one after another. */
export function encodeMessage(message: AmqpMessage): Uint8Array {
  const size = messageSize(message);
  const writer = new Writer(size);
  if (message.kind === 'command') {
    writeCommand(writer, message);
  } else if (message.kind === 'heartbeat') {
    writeFrame(writer, FrameType.HEARTBEAT, 0, 0, () => undefined);
  } else {
    assert(message.kind === 'protocol-header', 'a message that is sent', { kind: message.kind });
    writer.text('AMQP');
    for (const part of [message.id, message.major, message.minor, message.revision]) {
      writer.int8((part << 24) >> 24);
    }
  }
  assert(writer.length === size, 'size and octets differ', { size, octets: writer.length });
  return writer.finish();
}

function writeCommand(writer: Writer, { channel, name, args, content, frameMax }: Command): void {
  const { classId, methodId, plan, hasContent } = methodNamed(name);
  assert(hasContent === (content !== null), 'content goes with the method', { name });
  writeFrame(writer, FrameType.METHOD, channel, METHOD_IDS_BYTES + plan.size(args), () => {
    writer.uint16(classId);
    writer.uint16(methodId);
    plan.write(writer, args);
  });
  if (content === null) return;
  const { properties, body } = content;
  const headerBytes = CONTENT_HEADER_BYTES + propertiesSize(properties);
  writeFrame(writer, FrameType.HEADER, channel, headerBytes, () => {
    writer.uint16(classId);
    writer.uint16(0);
    writer.int64(body.length);
    writeProperties(writer, properties);
  });
  const partBytes = frameMax === 0 ? body.length : frameMax - EMPTY_FRAME_BYTES;
  for (let at = 0; at < body.length; at += partBytes) {
    const part = body.subarray(at, at + partBytes);
    writeFrame(writer, FrameType.BODY, channel, part.length, () => writer.raw(part));
  }
}

function writeFrame(
  writer: Writer,
  type: number,
  channel: number,
  payloadBytes: number,
  payload: () => void,
): void {
  writer.int8(type);
  writer.uint16(channel);
  writer.uint32(payloadBytes);
  const start = writer.length;
  payload();
  assert(writer.length - start === payloadBytes, 'a payload of its size', { type, payloadBytes });
  writer.int8((FRAME_END << 24) >> 24);
}

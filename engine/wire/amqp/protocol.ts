/**
 * AMQP 0-9-1 as the network wants it: sizes and names of messages, and for each end of a connection
 * a codec, which cuts the stream into frames, joins frames to commands, and answers what cannot be
 * read with a `malformed` message: the connection's owner tells the peer, as the real broker does.
 *
 * The codec listens for the limits: frames are bound by `FRAME_MIN_BYTES` until a tune-ok passes,
 * and channels other than 0 are not listened to until an open passes.
 * Not here: what a command does (`rabbitmq/connection`, `rabbitmq/channel`).
 * Source: `rabbit_reader:handle_input`, `handle_frame`, `process_frame`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Codec, Protocol } from '../../kernel/ports.ts';
import { copyOf } from '../../bytes/slab.ts';
import { CommandAssembler } from './command-assembler.ts';
import {
  encodeMessage,
  FRAME_MIN_BYTES,
  FrameType,
  HEARTBEAT,
  messageSize,
  type AmqpMessage,
  type Command,
  type MalformedFrame,
  type ProtocolHeader,
} from './command.ts';
import { erlangText } from './erlang-term.ts';
import { FrameStream, type BadFrame, type Frame } from './frame-stream.ts';
import { amqpError, ReplyCode, type AmqpError } from './reply-code.ts';

export const amqpProtocol: Protocol = Object.freeze({
  name: 'amqp',
  size: (message: unknown) => messageSize(message as AmqpMessage),
  describe: (message: unknown) => describe(message as AmqpMessage),
  codec: (role: 'client' | 'server') => new AmqpCodec(role),
});

function describe(message: AmqpMessage): string {
  switch (message.kind) {
    case 'command':
      return `${message.name} on ${message.channel}`;
    case 'protocol-header':
      return `AMQP ${message.id} ${message.major} ${message.minor} ${message.revision}`;
    default:
      return message.kind;
  }
}

const PROTOCOL_HEADER_BYTES = 8;
const METHOD_IDS_BYTES = 4;
const CONTENT_HEADER_MIN_BYTES = 12;
const SNIPPET_BYTES = 16;

class AmqpCodec implements Codec {
  readonly #role: 'client' | 'server';
  readonly #stream = new FrameStream(FRAME_MIN_BYTES);
  readonly #assembler = new CommandAssembler();
  #headerSeen = false;
  /** An open passed: other channels than 0 may be used. */
  #opened = false;
  #broken = false;

  constructor(role: 'client' | 'server') {
    this.#role = role;
  }

  encode(message: unknown): Uint8Array {
    const sent = message as AmqpMessage;
    if (sent.kind === 'command') this.#passes(sent);
    return encodeMessage(sent);
  }

  decode(chunk: Uint8Array): { readonly messages: readonly AmqpMessage[] } {
    if (this.#broken) return { messages: [] };
    this.#stream.push(chunk);
    const messages: AmqpMessage[] = [];
    if (!this.#headerSeen) this.#header(messages);
    if (this.#headerSeen) this.#frames(messages);
    return { messages };
  }

  /** The first octets of a client are a header; a server sends one only to refuse. */
  #header(messages: AmqpMessage[]): void {
    const first = this.#stream.peek(1);
    if (this.#role === 'client' && first !== undefined && first[0] !== A) {
      this.#headerSeen = true;
      return;
    }
    const octets = this.#stream.peek(PROTOCOL_HEADER_BYTES);
    if (octets === undefined) return;
    this.#headerSeen = true;
    this.#stream.skip(PROTOCOL_HEADER_BYTES);
    const header = headerOf(octets);
    this.#broken = header === undefined || this.#role === 'client';
    messages.push(header ?? { kind: 'bad-header', octets: copyOf(octets) });
  }

  #frames(messages: AmqpMessage[]): void {
    let partOfContent = false;
    while (!this.#broken) {
      const frame = this.#stream.next();
      if (frame === undefined) break;
      if ('fault' in frame) {
        this.#broken = true;
        this.#stream.clear();
        messages.push(fatal(frame));
        break;
      }
      const message = this.#message(frame);
      if (message === undefined) partOfContent = true;
      else messages.push(message);
    }
    if (partOfContent && messages.length === 0) messages.push(PART_OF_CONTENT);
  }

  #message(frame: Frame): AmqpMessage | undefined {
    const { type, channel, payload } = frame;
    if (!isFrame(frame)) return malformed(channel, unknownFrame(frame));
    if (type === FrameType.HEARTBEAT && channel === 0) return HEARTBEAT;
    const misplaced = channel === 0 ? type !== FrameType.METHOD : !this.#opened;
    if (misplaced || type === FrameType.HEARTBEAT) {
      return malformed(channel, amqpError(ReplyCode.UNEXPECTED_FRAME, describeFrame(frame)));
    }
    const assembled = this.#assembler.process(type, channel, payload);
    if (assembled === undefined) return undefined;
    if (assembled.kind === 'amqp-error') return malformed(channel, assembled);
    this.#passes(assembled);
    return assembled;
  }

  /** Learns the limits from what passes in either direction. */
  #passes(command: Command): void {
    if (command.name === 'connection.tune-ok') this.#stream.frameMax = command.args.frameMax;
    if (command.name === 'connection.open') this.#opened = true;
  }
}

const A = 'A'.charCodeAt(0);
const PART_OF_CONTENT = Object.freeze({ kind: 'part-of-content' } as const);

function headerOf(octets: Uint8Array): ProtocolHeader | undefined {
  assert(octets.length === PROTOCOL_HEADER_BYTES, 'a header', { length: octets.length });
  if (String.fromCharCode(...octets.subarray(0, 4)) !== 'AMQP') return undefined;
  const [id, major, minor, revision] = octets.subarray(4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  return { kind: 'protocol-header', id, major, minor, revision };
}

/** Whether the payload can be one of its type (`rabbit_command_assembler:analyze_frame`). */
function isFrame({ type, payload }: Frame): boolean {
  if (type === FrameType.METHOD) return payload.length >= METHOD_IDS_BYTES;
  if (type === FrameType.HEADER) return payload.length >= CONTENT_HEADER_MIN_BYTES;
  return type === FrameType.BODY || (type === FrameType.HEARTBEAT && payload.length === 0);
}

function malformed(channel: number, error: AmqpError): MalformedFrame {
  return { kind: 'malformed', channel, error, fatal: false };
}

function fatal(frame: BadFrame): MalformedFrame {
  const explanation = `${describeFrame(frame)}: ${frame.fault}`;
  const error = amqpError(ReplyCode.FRAME_ERROR, explanation);
  return { kind: 'malformed', channel: frame.channel, error, fatal: true };
}

function unknownFrame(frame: Frame): AmqpError {
  return amqpError(ReplyCode.FRAME_ERROR, `${describeFrame(frame)}: unknown_frame`);
}

function describeFrame({ type, payload }: Frame): string {
  const what = payload.length <= SNIPPET_BYTES ? 'all' : `first ${SNIPPET_BYTES}`;
  return `type ${type}, ${what} octets = ${erlangText(payload.subarray(0, SNIPPET_BYTES))}`;
}

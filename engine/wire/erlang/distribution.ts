/**
 * Erlang's distribution protocol between two nodes: a handshake by which both prove that they know
 * the cookie, then ticks and messages to registered names.
 *
 *     handshake: size uint16 | N flags uint64, creation uint32, name       the initiator's name
 *                              s status                                    ok, nok, alive ...
 *                              N flags, challenge uint32, creation, name   the other's name
 *                              r challenge uint32, digest                  MD5 of cookie, challenge
 *                              a digest
 *     then:      size uint32 | nothing: a tick; or 112, control message, message
 *     control:   131 104 4: the tuple {6 REG_SEND, from, '', name}
 *
 * Not here: when to connect and whom to believe (a product's), terms (`term.ts`). Differs:
 * whose process sends is not told (an empty atom stands there), atoms are not cached, and a message
 * is one fragment. Bytes that make no sense are a violation, upon which the connection is closed.
 * Source: erlang.org, "Distribution Protocol", version 6 of it (OTP 25).
 */
import { assert } from '../../kernel/assert.ts';
import { limits } from '../../kernel/limits.ts';
import type { Codec, Decoded, Protocol } from '../../kernel/ports.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { md5 } from '../../bytes/md5.ts';
import { Reader } from '../../bytes/reader.ts';
import { encodeUtf8, utf8Size } from '../../bytes/utf8.ts';
import { Writer } from '../../bytes/writer.ts';
import { atomSize, readAtom, readTerm, type Term, termSize, writeAtom, writeTerm } from './term.ts';

/** How the node that was connected to takes it (`send_status`). */
export type HandshakeStatus = 'ok' | 'ok_simultaneous' | 'nok' | 'not_allowed' | 'alive' | 'true';

export type DistributionMessage =
  | { readonly kind: 'name'; readonly name: string; readonly creation: number }
  | { readonly kind: 'status'; readonly status: HandshakeStatus }
  | {
      readonly kind: 'challenge';
      readonly name: string;
      readonly creation: number;
      readonly challenge: number;
    }
  | {
      readonly kind: 'challenge-reply';
      readonly challenge: number;
      readonly digest: Uint8Array;
    }
  | { readonly kind: 'challenge-ack'; readonly digest: Uint8Array }
  | { readonly kind: 'tick' }
  | { readonly kind: 'send'; readonly to: string; readonly message: Term };

const STATUSES: ReadonlySet<string> = new Set([
  ...['ok', 'ok_simultaneous', 'nok', 'not_allowed', 'alive', 'true'],
]);

export const distributionProtocol: Protocol = Object.freeze({
  name: 'erlang',
  size: (message: unknown) => sizeOf(message as DistributionMessage),
  describe: (message: unknown) => describe(message as DistributionMessage),
  codec: codecOf,
});

const NAME_TAG = 0x4e;
const STATUS_TAG = 0x73;
const REPLY_TAG = 0x72;
const ACK_TAG = 0x61;
/**
 * The flags that version 6 asks for, in two halves: extended references, new functions, bit
 * binaries, new floats, UTF-8 atoms, maps, big creations, handshake 23, unlink ids; V4 names.
 */
const FLAGS_LOW = 0x0307_0fb4;
const FLAGS_HIGH = 0x0000_0004;
const DIGEST_OCTETS = 16;
const NAME_OCTETS_MAX = 255;
const PASS_THROUGH = 112;
/** The version, SMALL_TUPLE_EXT, its arity, SMALL_INTEGER_EXT, REG_SEND. */
const CONTROL_HEAD = Uint8Array.of(131, 104, 4, 97, 6);
const HANDSHAKE_SIZE_OCTETS = 2;
const SIZE_OCTETS = 4;

/** What a node that knows the cookie answers to a challenge. */
export function cookieDigest(cookie: string, challenge: number): Uint8Array {
  assert(challenge >>> 0 === challenge, 'a challenge has 32 bits', { challenge });
  return md5(encodeUtf8(`${cookie}${challenge}`));
}

function describe(message: DistributionMessage): string {
  switch (message.kind) {
    case 'name':
      return `handshake of ${message.name}`;
    case 'status':
      return `handshake ${message.status}`;
    case 'send':
      return `${message.to} ${kindOf(message.message)}`.trim();
    default:
      return message.kind;
  }
}

/** Most messages are records that say in `kind` what they are. */
function kindOf(message: Term): string {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return '';
  return typeof message.kind === 'string' ? message.kind : '';
}

// ----------------------------------------------------------------------------------------- sizes

function sizeOf(message: DistributionMessage): number {
  switch (message.kind) {
    case 'tick':
      return SIZE_OCTETS;
    case 'send':
      return SIZE_OCTETS + sendSize(message);
    default:
      return HANDSHAKE_SIZE_OCTETS + handshakeSize(message);
  }
}

type Handshake = Exclude<DistributionMessage, { kind: 'tick' | 'send' }>;
type Send = Extract<DistributionMessage, { kind: 'send' }>;

function handshakeSize(message: Handshake): number {
  switch (message.kind) {
    case 'name':
      return 1 + 8 + 4 + 2 + utf8Size(message.name);
    case 'status':
      return 1 + message.status.length;
    case 'challenge':
      return 1 + 8 + 4 + 4 + 2 + utf8Size(message.name);
    case 'challenge-reply':
      return 1 + 4 + DIGEST_OCTETS;
    case 'challenge-ack':
      return 1 + DIGEST_OCTETS;
  }
}

/** The control message ends in three atoms, of which the first two are empty. */
function sendSize({ to, message }: Send): number {
  return 1 + CONTROL_HEAD.length + 2 + 2 + atomSize(to) + termSize(message);
}

// --------------------------------------------------------------------------------------- writing

function encode(message: DistributionMessage): Uint8Array {
  const size = sizeOf(message);
  const writer = new Writer(size);
  if (message.kind === 'tick') {
    writer.uint32(0);
  } else if (message.kind === 'send') {
    writer.uint32(size - SIZE_OCTETS);
    writeSend(writer, message);
  } else {
    writer.uint16(size - HANDSHAKE_SIZE_OCTETS);
    writeHandshake(writer, message);
  }
  assert(writer.length === size, 'the size is that of the octets', { kind: message.kind, size });
  return writer.finish();
}

function writeSend(writer: Writer, { to, message }: Send): void {
  writer.int8(PASS_THROUGH);
  writer.raw(CONTROL_HEAD);
  writeAtom(writer, '');
  writeAtom(writer, '');
  writeAtom(writer, to);
  writeTerm(writer, message);
}

function writeHandshake(writer: Writer, message: Handshake): void {
  switch (message.kind) {
    case 'name':
    case 'challenge':
      writer.int8(NAME_TAG);
      writer.uint32(FLAGS_HIGH);
      writer.uint32(FLAGS_LOW);
      if (message.kind === 'challenge') writer.uint32(message.challenge);
      writer.uint32(message.creation);
      writer.uint16(utf8Size(message.name));
      writer.text(message.name);
      return;
    case 'status':
      writer.int8(STATUS_TAG);
      writer.text(message.status);
      return;
    case 'challenge-reply':
      writer.int8(REPLY_TAG);
      writer.uint32(message.challenge);
      writer.raw(message.digest);
      return;
    case 'challenge-ack':
      writer.int8(ACK_TAG);
      writer.raw(message.digest);
  }
}

// --------------------------------------------------------------------------------------- reading

/**
 * One end of a connection. The handshake's last message goes from the server to the client, and
 * the client's own last one is its reply: then sizes have four octets.
 */
function codecOf(role: 'client' | 'server'): Codec {
  const last = role === 'server' ? 'challenge-reply' : 'challenge-ack';
  let isConnected = false;
  let kept = new Uint8Array(0);
  let violation: string | undefined;
  const next = (): DistributionMessage | null => {
    const sizeOctets = isConnected ? SIZE_OCTETS : HANDSHAKE_SIZE_OCTETS;
    if (kept.length < sizeOctets) return null;
    const reader = new Reader(kept);
    const size = isConnected ? reader.uint32() : reader.uint16();
    if (size > limits.frameBytesMax) throw new Malformed(`a message of ${size} octets`);
    if (reader.remaining < size) return null;
    const frame = new Reader(kept, sizeOctets, sizeOctets + size);
    kept = kept.subarray(sizeOctets + size);
    const message = isConnected ? readMessage(frame) : readHandshake(frame, role);
    if (frame.remaining > 0) throw new Malformed(`${frame.remaining} octets behind a message`);
    if (message.kind === last) isConnected = true;
    return message;
  };
  return {
    encode: (message) => encode(message as DistributionMessage),
    decode: (chunk): Decoded => {
      const messages: DistributionMessage[] = [];
      if (violation !== undefined) return { messages, violation };
      const joined = new Uint8Array(kept.length + chunk.length);
      joined.set(kept);
      joined.set(chunk, kept.length);
      kept = joined;
      try {
        for (let message = next(); message !== null; message = next()) messages.push(message);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        violation = error.message;
        return { messages, violation };
      }
      return { messages };
    },
  };
}

function readMessage(reader: Reader): DistributionMessage {
  if (reader.remaining === 0) return { kind: 'tick' };
  const type = reader.int8();
  if (type !== PASS_THROUGH) throw new Malformed(`a message of type ${type}`);
  const control = reader.view(CONTROL_HEAD.length);
  if (CONTROL_HEAD.some((value, at) => control[at] !== value)) {
    throw new Malformed('a control message other than REG_SEND');
  }
  readAtom(reader);
  readAtom(reader);
  const to = readAtom(reader);
  return { kind: 'send', to, message: readTerm(reader) };
}

function readHandshake(reader: Reader, role: 'client' | 'server'): DistributionMessage {
  const tag = reader.int8();
  if (tag === NAME_TAG) return readName(reader, role);
  if (tag === STATUS_TAG) {
    const status = reader.text(reader.remaining);
    if (!STATUSES.has(status)) throw new Malformed(`the status '${status}'`);
    return { kind: 'status', status: status as HandshakeStatus };
  }
  if (tag === REPLY_TAG && role === 'server') {
    const challenge = reader.uint32();
    return { kind: 'challenge-reply', challenge, digest: reader.view(DIGEST_OCTETS) };
  }
  if (tag === ACK_TAG && role === 'client') {
    return { kind: 'challenge-ack', digest: reader.view(DIGEST_OCTETS) };
  }
  throw new Malformed(`a message of the handshake with tag ${tag}`);
}

function readName(reader: Reader, role: 'client' | 'server'): DistributionMessage {
  // What the other node can do; all that is spoken here is mandatory since version 6.
  reader.view(8);
  const challenge = role === 'client' ? reader.uint32() : 0;
  const creation = reader.uint32();
  const length = reader.uint16();
  if (length === 0 || length > NAME_OCTETS_MAX) throw new Malformed(`a name of ${length} octets`);
  const name = reader.text(length);
  if (role === 'server') return { kind: 'name', name, creation };
  return { kind: 'challenge', name, creation, challenge };
}

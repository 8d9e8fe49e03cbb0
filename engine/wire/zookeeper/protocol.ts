/**
 * ZooKeeper's protocol as the network wants it: sizes, names, and a codec for each end of a
 * connection. The first message either way is about the session; after it come requests, replies
 * and events.
 *
 * A client's codec remembers the operation of each request, for a reply names none. Bytes that make
 * no sense are a violation, upon which the connection is closed. Not here: four-letter words.
 */
import { assert } from '../../kernel/assert.ts';
import type { Codec, Protocol } from '../../kernel/ports.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import { FrameCutter, SIZE_BYTES } from '../frame-cutter.ts';
import { zkErrorName } from './errors.ts';
import { operationOf, PING_XID, WATCHER_EVENT_XID, OpCode } from './messages.ts';
import type { Operation, ZooKeeperMessage } from './messages.ts';
import {
  connectRequest,
  connectResponse,
  replyHeader,
  requestHeader,
  watcherEvent,
} from './records.ts';

export const zooKeeperProtocol: Protocol = Object.freeze({
  name: 'zookeeper',
  size: (message: unknown) => SIZE_BYTES + sizeOf(message as ZooKeeperMessage),
  describe: (message: unknown) => describe(message as ZooKeeperMessage),
  codec: (role: 'client' | 'server') => (role === 'client' ? clientCodec() : serverCodec()),
});

const EVENT_HEADER = { xid: WATCHER_EVENT_XID, zxid: -1, err: 0 };

function describe(message: ZooKeeperMessage): string {
  switch (message.kind) {
    case 'connect':
      return `connect ${message.sessionId}`;
    case 'connected':
      return `session ${message.sessionId}`;
    case 'request':
      return operation(message.type).name;
    case 'reply': {
      const { name } = operation(message.type);
      return message.err === 0 ? `${name} reply` : `${name} ${zkErrorName(message.err)}`;
    }
    case 'event':
      return `event ${message.path}`;
  }
}

function operation(type: number): Operation {
  const found = operationOf(type);
  assert(found !== undefined, 'an operation of ours', { type });
  return found;
}

function sizeOf(message: ZooKeeperMessage): number {
  switch (message.kind) {
    case 'connect':
      return connectRequest.size(message);
    case 'connected':
      return connectResponse.size(message);
    case 'request':
      return requestHeader.size(message) + operation(message.type).request.size(message.body);
    case 'reply': {
      const body = message.err === 0 ? operation(message.type).response.size(message.body) : 0;
      return replyHeader.size(message) + body;
    }
    case 'event':
      return replyHeader.size(EVENT_HEADER) + watcherEvent.size(message);
  }
}

function encode(message: ZooKeeperMessage): Uint8Array {
  const size = sizeOf(message);
  const writer = new Writer(SIZE_BYTES + size);
  writer.int32(size);
  switch (message.kind) {
    case 'connect':
      connectRequest.write(writer, message);
      break;
    case 'connected':
      connectResponse.write(writer, message);
      break;
    case 'request':
      requestHeader.write(writer, message);
      operation(message.type).request.write(writer, message.body);
      break;
    case 'reply':
      replyHeader.write(writer, message);
      if (message.err === 0) operation(message.type).response.write(writer, message.body);
      break;
    case 'event':
      replyHeader.write(writer, EVENT_HEADER);
      watcherEvent.write(writer, message);
      break;
  }
  assert(writer.length === SIZE_BYTES + size, 'the size is that of the bytes', { size });
  return writer.finish();
}

function serverCodec(): Codec {
  const frames = new FrameCutter();
  let connected = false;
  return {
    encode: (message) => encode(message as ZooKeeperMessage),
    decode: (chunk) =>
      frames.cut(chunk, (frame): ZooKeeperMessage => {
        const reader = new Reader(frame);
        if (!connected) {
          connected = true;
          return { kind: 'connect', ...connectRequest.read(reader) };
        }
        const { xid, type } = requestHeader.read(reader);
        const asked = operationOf(type);
        if (asked === undefined) throw new Malformed(`an operation of type ${type}`);
        return { kind: 'request', xid, type, body: asked.request.read(reader) };
      }),
  };
}

function clientCodec(): Codec {
  const frames = new FrameCutter();
  /** The operations that were asked for, by xid. */
  const asked = new Map<number, number>();
  let connected = false;
  return {
    encode: (message) => {
      const sent = message as ZooKeeperMessage;
      if (sent.kind === 'request' && sent.xid !== PING_XID) asked.set(sent.xid, sent.type);
      return encode(sent);
    },
    decode: (chunk) =>
      frames.cut(chunk, (frame): ZooKeeperMessage => {
        const reader = new Reader(frame);
        if (!connected) {
          connected = true;
          return { kind: 'connected', ...connectResponse.read(reader) };
        }
        return readReply(reader, asked);
      }),
  };
}

function readReply(reader: Reader, asked: Map<number, number>): ZooKeeperMessage {
  const header = replyHeader.read(reader);
  if (header.xid === WATCHER_EVENT_XID) return { kind: 'event', ...watcherEvent.read(reader) };
  const type = header.xid === PING_XID ? OpCode.ping : asked.get(header.xid);
  if (type === undefined) throw new Malformed(`a reply to no request: ${header.xid}`);
  asked.delete(header.xid);
  const body = header.err === 0 ? operation(type).response.read(reader) : null;
  return { kind: 'reply', ...header, type, body };
}

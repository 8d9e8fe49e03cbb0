/**
 * What a client can do wrong on a connection, as octets: each case is sent whole behind a login (or
 * instead of one), and what the broker says to it is its outcome.
 */
import { command, contentCommand, encodeMessage } from '../../../engine/wire/amqp/command.ts';
import { AMQP_0_9_1, HEARTBEAT } from '../../../engine/wire/amqp/command.ts';
import { fieldTable } from '../../../engine/wire/amqp/field-table.ts';
import type { ArgsOf, MethodName } from '../../../engine/wire/amqp/methods.ts';

export interface ErrorCase {
  readonly name: string;
  /** How far the client goes by the rules before it sends the octets. */
  readonly after: 'nothing' | 'header' | 'start-ok' | 'tune-ok' | 'open' | 'channel';
  readonly octets: Uint8Array;
}

const octetsOf = (hex: string): Uint8Array =>
  new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'latin1'));
const all = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

function method<N extends MethodName>(channel: number, name: N, args: Partial<ArgsOf<N>> = {}) {
  return encodeMessage(command(channel, name, args));
}

/** A frame by its parts, whatever they are. */
function frame(type: number, channel: number, payload: Uint8Array, end = 0xce): Uint8Array {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return all(head, payload, Uint8Array.of(end));
}

function publish(args: Partial<ArgsOf<'basic.publish'>>, body = 'body'): Uint8Array {
  const content = { properties: {}, body: text(body) };
  return encodeMessage(contentCommand(1, 'basic.publish', args, { content, frameMax: 0 }));
}

/** The method frame of a publish, without its content. */
const publishMethod = publish({}, '').subarray(0, 8 + 4 + 2 + 1 + 1 + 1);
const contentHeader = (classId: string, size: string, weight = '0000', flags = '0000') =>
  frame(2, 1, octetsOf(`${classId} ${weight} ${size} ${flags}`));

const startOk = (mechanism: string, response: string, capable = true) =>
  method(0, 'connection.start-ok', {
    clientProperties: capable
      ? fieldTable({
          capabilities: {
            type: 'table',
            value: fieldTable({ authentication_failure_close: { type: 'bool', value: true } }),
          },
        })
      : [],
    mechanism,
    response: text(response),
    locale: 'en_US',
  });

const tuneOk = (args: Partial<ArgsOf<'connection.tune-ok'>>) =>
  method(0, 'connection.tune-ok', { channelMax: 2047, frameMax: 131072, heartbeat: 60, ...args });

export const rules = {
  header: encodeMessage(AMQP_0_9_1),
  startOk: startOk('PLAIN', '\0guest\0guest'),
  tuneOk: tuneOk({}),
  open: method(0, 'connection.open', { virtualHost: '/' }),
  channel: method(1, 'channel.open'),
};

/** A table with a value of the type 'Z', as the arguments of queue.declare. */
const unknownType = octetsOf('0032 000a 0000 00 00 00000007 0161 5a 00000000');

const header: readonly ErrorCase[] = [
  ['HTTP instead of a header', 'GET / HTTP/1.1\r\n\r\n'],
  ['a header of 0-8', 'AMQP\x01\x01\x07\x00'],
  ['a header of 0-10', 'AMQP\x01\x01\x00\x0a'],
  ['a header of 0-9-2', 'AMQP\x00\x00\x09\x02'],
].map(([name, octets]) => ({ name: name!, after: 'nothing', octets: text(octets!) }));

const handshake: readonly ErrorCase[] = [
  { name: 'an unknown mechanism', after: 'header', octets: startOk('MAGIC', 'x') },
  { name: 'PLAIN without a password', after: 'header', octets: startOk('PLAIN', '\0guest') },
  { name: 'PLAIN with a part too many', after: 'header', octets: startOk('PLAIN', '\0a\0b\0c') },
  { name: 'a wrong password', after: 'header', octets: startOk('PLAIN', '\0guest\0wrong') },
  {
    name: 'a wrong password, without the capability',
    after: 'header',
    octets: startOk('PLAIN', '\0guest\0wrong', false),
  },
  { name: 'AMQPLAIN without LOGIN', after: 'header', octets: startOk('AMQPLAIN', '') },
  { name: 'open before start-ok', after: 'header', octets: rules.open },
  { name: 'a method on channel 1 before start-ok', after: 'header', octets: rules.channel },
  {
    name: 'a large frame before tune-ok',
    after: 'header',
    octets: frame(1, 0, new Uint8Array(9000)),
  },
  { name: 'frame-max too low', after: 'start-ok', octets: tuneOk({ frameMax: 1000 }) },
  { name: 'frame-max too high', after: 'start-ok', octets: tuneOk({ frameMax: 131073 }) },
  { name: 'frame-max without bound', after: 'start-ok', octets: tuneOk({ frameMax: 0 }) },
  { name: 'channel-max too high', after: 'start-ok', octets: tuneOk({ channelMax: 2048 }) },
  { name: 'channel-max without bound', after: 'start-ok', octets: tuneOk({ channelMax: 0 }) },
  {
    name: 'an unknown virtual host',
    after: 'tune-ok',
    octets: method(0, 'connection.open', { virtualHost: 'absent' }),
  },
  { name: 'start-ok instead of open', after: 'tune-ok', octets: rules.startOk },
];

const frames: readonly ErrorCase[] = [
  { name: 'an unknown frame type', after: 'open', octets: frame(9, 0, text('abc')) },
  {
    name: 'an unknown frame type on a channel',
    after: 'channel',
    octets: frame(7, 1, text('ab"c')),
  },
  { name: 'a wrong frame end', after: 'open', octets: frame(1, 0, octetsOf('000a 003c'), 0xcd) },
  {
    name: 'a frame above frame-max',
    after: 'open',
    octets: frame(3, 1, new Uint8Array(131_073)),
  },
  { name: 'a heartbeat with a payload', after: 'open', octets: frame(8, 0, text('x')) },
  { name: 'a heartbeat on a channel', after: 'channel', octets: frame(8, 1, text('')) },
  { name: 'a method of three octets', after: 'channel', octets: frame(1, 1, octetsOf('000a 00')) },
  { name: 'a header frame on channel 0', after: 'open', octets: frame(2, 0, new Uint8Array(14)) },
  {
    name: 'a body frame on channel 0',
    after: 'open',
    octets: frame(3, 0, text('a long enough body')),
  },
  { name: 'a body without a method', after: 'channel', octets: frame(3, 1, text('x')) },
  {
    name: 'a header without a method',
    after: 'channel',
    octets: contentHeader('003c', '0000000000000001'),
  },
  { name: 'an unknown method', after: 'channel', octets: frame(1, 1, octetsOf('003c 0063')) },
  { name: 'an unknown class', after: 'open', octets: frame(1, 0, octetsOf('00ff 000a')) },
  {
    name: 'arguments cut short',
    after: 'channel',
    octets: frame(1, 1, octetsOf('0032 000a 0000 05 61')),
  },
  {
    name: 'arguments cut short on channel 0',
    after: 'open',
    octets: frame(1, 0, octetsOf('000a 0032 00')),
  },
  {
    name: 'octets after the arguments',
    after: 'channel',
    octets: frame(1, 1, octetsOf('005a 000a ff')),
  },
  {
    name: 'a name that is not UTF-8',
    after: 'channel',
    octets: frame(1, 1, octetsOf('0032 001e 0000 02 ffc0 00')),
  },
  { name: 'a table with an unknown type', after: 'channel', octets: frame(1, 1, unknownType) },
];

const contents: readonly ErrorCase[] = [
  {
    name: 'a method in the place of a content header',
    after: 'channel',
    octets: all(publishMethod, method(1, 'tx.select')),
  },
  {
    name: 'a body in the place of a content header',
    after: 'channel',
    octets: all(publishMethod, frame(3, 1, text('x'))),
  },
  {
    name: 'a content header of another class',
    after: 'channel',
    octets: all(publishMethod, contentHeader('0032', '0000000000000001')),
  },
  {
    name: 'a content header with a weight',
    after: 'channel',
    octets: all(publishMethod, contentHeader('003c', '0000000000000001', '0001')),
  },
  {
    name: 'a body larger than any may be',
    after: 'channel',
    octets: all(publishMethod, contentHeader('003c', '0000000020000001')),
  },
  {
    name: 'a body size beyond 2^53',
    after: 'channel',
    octets: all(publishMethod, contentHeader('003c', 'ffffffffffffffff')),
  },
  {
    name: 'a body longer than its header says',
    after: 'channel',
    octets: all(publishMethod, contentHeader('003c', '0000000000000001'), frame(3, 1, text('xy'))),
  },
  {
    name: 'a method in the place of a body',
    after: 'channel',
    octets: all(publishMethod, contentHeader('003c', '0000000000000001'), method(1, 'tx.select')),
  },
  {
    name: 'properties cut short',
    after: 'channel',
    octets: all(publishMethod, contentHeader('003c', '0000000000000000', '0000', '8000')),
  },
];

const methods: readonly ErrorCase[] = [
  { name: 'a method of a client on channel 0', after: 'open', octets: method(0, 'queue.declare') },
  { name: 'start-ok twice', after: 'open', octets: rules.startOk },
  {
    name: 'a method of the server on channel 0',
    after: 'open',
    octets: method(0, 'connection.tune'),
  },
  {
    name: 'a method on a channel that is not open',
    after: 'open',
    octets: method(3, 'queue.declare'),
  },
  { name: 'a channel opened twice', after: 'channel', octets: rules.channel },
  {
    name: 'a method of the server on a channel',
    after: 'channel',
    octets: method(1, 'queue.declare-ok'),
  },
  {
    name: 'a method of the connection on a channel',
    after: 'channel',
    octets: method(1, 'connection.tune-ok'),
  },
  {
    name: 'channel.close-ok without a close',
    after: 'channel',
    octets: method(1, 'channel.close-ok'),
  },
  {
    name: 'channel.flow off',
    after: 'channel',
    octets: method(1, 'channel.flow', { active: false }),
  },
  {
    name: 'basic.qos with a size',
    after: 'channel',
    octets: method(1, 'basic.qos', { prefetchSize: 1 }),
  },
  { name: 'recover without requeue', after: 'channel', octets: method(1, 'basic.recover') },
  { name: 'an immediate publish', after: 'channel', octets: publish({ immediate: true }) },
  { name: 'commit without select', after: 'channel', octets: method(1, 'tx.commit') },
  { name: 'rollback without select', after: 'channel', octets: method(1, 'tx.rollback') },
  {
    name: 'confirms after transactions',
    after: 'channel',
    octets: all(method(1, 'tx.select'), method(1, 'confirm.select')),
  },
  {
    name: 'transactions after confirms',
    after: 'channel',
    octets: all(method(1, 'confirm.select'), method(1, 'tx.select')),
  },
  { name: 'no queue declared before', after: 'channel', octets: method(1, 'queue.purge') },
  {
    name: 'a consumer tag used twice',
    after: 'channel',
    octets: all(
      method(1, 'queue.declare', { exclusive: true }),
      method(1, 'basic.consume', { consumerTag: 'me' }),
      method(1, 'basic.consume', { consumerTag: 'me' }),
    ),
  },
  {
    name: 'a queue that is absent',
    after: 'channel',
    octets: method(1, 'queue.declare', { queue: 'absent', passive: true }),
  },
  {
    name: 'an unknown delivery tag',
    after: 'channel',
    octets: method(1, 'basic.ack', { deliveryTag: 7 }),
  },
  { name: 'an exchange that is absent', after: 'channel', octets: publish({ exchange: 'absent' }) },
  {
    name: 'a method after a soft error',
    after: 'channel',
    octets: all(
      method(1, 'tx.commit'),
      method(1, 'queue.declare', { queue: 'later' }),
      rules.channel,
    ),
  },
  { name: 'a close', after: 'channel', octets: method(0, 'connection.close', { replyCode: 200 }) },
  {
    name: 'a close of the channel',
    after: 'channel',
    octets: method(1, 'channel.close', { replyCode: 200 }),
  },
  {
    name: 'access.request',
    after: 'channel',
    octets: method(1, 'access.request', { realm: '/data' }),
  },
  {
    name: 'cancel of no consumer',
    after: 'channel',
    octets: method(1, 'basic.cancel', { consumerTag: 'none' }),
  },
  {
    name: 'a heartbeat',
    after: 'channel',
    octets: all(encodeMessage(HEARTBEAT), method(1, 'tx.select')),
  },
];

export const errorCases: readonly ErrorCase[] = [
  ...header,
  ...handshake,
  ...frames,
  ...contents,
  ...methods,
];

/**
 * Octets that are not what they should be: the codec never throws, says what is wrong with a reply
 * code, and keeps no more than it was sent.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  command,
  contentCommand,
  encodeMessage,
  type AmqpMessage,
} from '#engine/wire/amqp/command.ts';
import type { FieldValue } from '#engine/wire/amqp/field-table.ts';
import { methods, type MethodName } from '#engine/wire/amqp/methods.ts';
import { amqpProtocol } from '#engine/wire/amqp/protocol.ts';
import { amqpError, isHardError, ReplyCode, replyText } from '#engine/wire/amqp/reply-code.ts';
import { arbitraryCommand } from './arbitrary.ts';
import { openCodec } from './codec.ts';

const names = Object.keys(methods) as MethodName[];
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const messagesOf = (decoded: { readonly messages: readonly unknown[] }) =>
  decoded.messages as readonly AmqpMessage[];

/** The code of the only message, which is malformed. */
function codeOf(decoded: { readonly messages: readonly unknown[] }): number | string {
  const [message] = messagesOf(decoded);
  return message?.kind === 'malformed' ? message.error.code : (message?.kind ?? 'nothing');
}

/** A table within a table, so many deep. */
function nested(depth: number): FieldValue {
  let value: FieldValue = { type: 'void' };
  for (let level = 1; level < depth; level++) {
    value = { type: 'table', value: [{ name: 'n', value }] };
  }
  return value;
}

describe('amqp wire: hostile octets', () => {
  test('whatever is changed, cut or put in, nothing is thrown', () => {
    const changed = fc.tuple(
      fc.constantFrom(...names).chain((name) => arbitraryCommand(name, 64)),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(400),
    );
    let malformed = 0;
    fc.assert(
      fc.property(changed, ([of, changes, cut]) => {
        const octets = encodeMessage(of);
        for (const [place, value] of changes) octets[place % octets.length] = value;
        const codec = openCodec(4096);
        const messages = [
          ...messagesOf(codec.decode(octets.subarray(0, cut))),
          ...messagesOf(codec.decode(octets.subarray(cut))),
        ];
        for (const message of messages) {
          if (message.kind !== 'malformed') continue;
          malformed++;
          expect(isHardError(message.error.code)).toBe(true);
        }
      }),
      { seed: 11, numRuns: 3000 },
    );
    expect(malformed).toBeGreaterThan(1000);
  });

  test('after a frame whose end is wrong nothing is read', () => {
    const codec = openCodec();
    const octets = encodeMessage(command(1, 'tx.select', {}));
    octets[octets.length - 1] = 0;
    const [message] = messagesOf(codec.decode(octets));
    expect(message).toMatchObject({ kind: 'malformed', fatal: true });
    expect(codec.decode(encodeMessage(command(1, 'tx.select', {}))).messages).toEqual([]);
  });

  test('a size is refused by its header, before there is a payload', () => {
    for (const size of ['00001001', '7fffffff', '80000000', 'ffffffff']) {
      expect(codeOf(openCodec(4096).decode(bytes(`030001${size}`)))).toBe(501);
    }
    expect(codeOf(openCodec(4096).decode(bytes('03000100001000')))).toBe('nothing');
  });

  test('before an open other channels are not listened to, whatever is on them', () => {
    const codec = amqpProtocol.codec('server');
    codec.decode(bytes('414d515000000901'));
    expect(codeOf(codec.decode(encodeMessage(command(1, 'channel.open', {}))))).toBe(505);
    expect(codeOf(codec.decode(bytes('0300010000000178ce')))).toBe(505);
  });

  test.each([
    [63, 'command'],
    [64, 'command'],
    [65, 501],
    [5000, 501],
  ])('tables nested %i deep: %s', (depth, expected) => {
    // Written by hand: the writer would nest as deep as the reader refuses to.
    let inner = Buffer.alloc(0);
    for (let level = 1; level < depth; level++) {
      const size = Buffer.alloc(4);
      size.writeUInt32BE(inner.length);
      inner = Buffer.concat([Buffer.from('\u0001nF'), size, inner]);
    }
    const head = Buffer.from('0032000a0000000000000000', 'hex');
    head.writeUInt32BE(inner.length, 8);
    const frame = Buffer.alloc(7);
    frame.writeUInt8(1);
    frame.writeUInt16BE(1, 1);
    frame.writeUInt32BE(head.length + inner.length, 3);
    const octets = Buffer.concat([frame, head, inner, Buffer.from([0xce])]);
    expect(codeOf(openCodec().decode(octets))).toBe(expected);
  });

  test('a table of the allowed depth is written and read', () => {
    const message = command(1, 'queue.declare', { arguments: [{ name: 'a', value: nested(64) }] });
    expect(openCodec().decode(encodeMessage(message)).messages).toEqual([message]);
  });

  test.each([
    ['a float that is no number', '66' + '7fc00000'],
    ['a double without bound', '64' + '7ff0000000000000'],
    ['a longstr beyond the table', '53' + '000000ff61'],
    ['an array beyond the table', '41' + '000000ff'],
    ['a value without a type', ''],
  ])('%s: 501', (_name, value) => {
    const entry = `0161${value}`;
    const size = (entry.length / 2).toString(16).padStart(8, '0');
    const payload = `0032000a00000000${size}${entry}`;
    const length = (payload.length / 2).toString(16).padStart(8, '0');
    expect(codeOf(openCodec().decode(bytes(`010001${length}${payload}ce`)))).toBe(501);
  });

  test('a delivery tag that no channel can have given out is read as the highest', () => {
    const octets = encodeMessage(command(1, 'basic.ack', { deliveryTag: 1 }));
    octets.fill(0xff, 11, 19);
    const [message] = messagesOf(openCodec().decode(octets));
    expect(message).toMatchObject({ args: { deliveryTag: Number.MAX_SAFE_INTEGER } });
  });

  test('contents that are not whole are bounded together: 506', () => {
    const codec = openCodec();
    const begin = (channel: number) => {
      const content = { properties: {}, body: new Uint8Array(0) };
      const octets = encodeMessage(
        contentCommand(channel, 'basic.publish', {}, { content, frameMax: 0 }),
      );
      // the content header's body size: 256 MiB
      octets[octets.length - 7] = 0x10;
      return codec.decode(octets);
    };
    expect([1, 2, 3].map((channel) => codeOf(begin(channel)))).toEqual([
      'part-of-content',
      'part-of-content',
      506,
    ]);
  });

  test('a reply text that is too long for a shortstr is cut', () => {
    const text = replyText(amqpError(ReplyCode.NOT_FOUND, 'é'.repeat(200)));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(255);
    expect(text).toMatch(/^NOT_FOUND - é+\.\.\.$/);
  });
});

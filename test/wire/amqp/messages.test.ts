/**
 * Every method: its size is what its octets take, and its octets give it back, in whatever pieces
 * they arrive and however its body is cut.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  command,
  contentCommand,
  encodeMessage,
  messageSize,
  AMQP_0_9_1,
  HEARTBEAT,
  type AmqpMessage,
  type Command,
} from '#engine/wire/amqp/command.ts';
import { methods, methodOf, type MethodName } from '#engine/wire/amqp/methods.ts';
import { amqpProtocol } from '#engine/wire/amqp/protocol.ts';
import { arbitraryCommand, arbitraryTable } from './arbitrary.ts';
import { openCodec } from './codec.ts';

const RUNS = { seed: 7, numRuns: 40 };
const names = Object.keys(methods) as MethodName[];

/** What is decoded does not say how the body was cut. */
const uncut = (of: Command): Command => ({ ...of, frameMax: 0 });

describe('amqp wire: methods', () => {
  test.each(names)('%s: size, octets and message agree', (name) => {
    fc.assert(
      fc.property(arbitraryCommand(name, 60), (message) => {
        const octets = encodeMessage(message);
        expect(octets.length).toBe(messageSize(message));
        expect(openCodec().decode(octets).messages).toEqual([uncut(message)]);
      }),
      RUNS,
    );
  });

  test('all 66 methods have ids of their own, and are found by them', () => {
    expect(names.length).toBe(66);
    for (const of of Object.values(methods)) expect(methodOf(of.classId, of.methodId)).toBe(of);
    expect([methodOf(60, 73), methodOf(0, 0)]).toEqual([undefined, undefined]);
  });

  test('contents of several channels interleave frame by frame', () => {
    const parts = [1, 2].map((channel) => {
      const body = new Uint8Array(100).fill(channel);
      const content = { properties: {}, body };
      const message = contentCommand(channel, 'basic.publish', {}, { content, frameMax: 28 });
      return { message, frames: framesOf(encodeMessage(message)) };
    });
    const codec = openCodec();
    const received: unknown[] = [];
    const count = parts[0]!.frames.length;
    expect(count).toBe(2 + 5);
    for (let place = 0; place < count; place++) {
      for (const { frames } of parts) received.push(...codec.decode(frames[place]!).messages);
    }
    const commands = (received as AmqpMessage[]).filter((of) => of.kind === 'command');
    expect(commands).toEqual(parts.map(({ message }) => uncut(message)));
    // What does not complete a message says at least that the peer lives.
    expect(received.length).toBe(2 * count);
  });

  test('a stream in any pieces gives the same messages', () => {
    const stream = fc.array(
      fc.constantFrom(...names).chain((name) => arbitraryCommand(name, 64)),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 30 }), (commands, piece) => {
        const octets = Buffer.concat(commands.map((of) => encodeMessage(of)));
        const codec = openCodec();
        const received: AmqpMessage[] = [];
        for (let at = 0; at < octets.length; at += piece) {
          const { messages } = codec.decode(octets.subarray(at, at + piece));
          received.push(...(messages as AmqpMessage[]));
        }
        const whole = received.filter((of) => of.kind !== 'part-of-content');
        expect(whole).toEqual(commands.map(uncut));
      }),
      RUNS,
    );
  });

  test('a body is cut at frame-max, its empty frame included', () => {
    const content = { properties: {}, body: new Uint8Array(20) };
    const frames = (frameMax: number) =>
      framesOf(encodeMessage(contentCommand(1, 'basic.publish', {}, { content, frameMax }))).map(
        (frame) => frame.length,
      );
    expect(frames(0).slice(2)).toEqual([28]);
    expect(frames(28).slice(2)).toEqual([28]);
    expect(frames(27).slice(2)).toEqual([27, 9]);
    expect(frames(18).slice(2)).toEqual([18, 18]);
  });

  test('a protocol header and a heartbeat take 8 octets each', () => {
    const server = amqpProtocol.codec('server');
    expect(server.decode(encodeMessage(AMQP_0_9_1)).messages).toEqual([AMQP_0_9_1]);
    expect(server.decode(encodeMessage(HEARTBEAT)).messages).toEqual([HEARTBEAT]);
    expect([AMQP_0_9_1, HEARTBEAT].map((of) => amqpProtocol.size(of))).toEqual([8, 8]);
  });

  test('a client takes a header for a refusal, after which nothing comes', () => {
    const client = amqpProtocol.codec('client');
    expect(client.decode(encodeMessage(AMQP_0_9_1)).messages).toEqual([AMQP_0_9_1]);
    expect(client.decode(encodeMessage(HEARTBEAT)).messages).toEqual([]);
  });

  test('messages have names for the trace', () => {
    const messages = [AMQP_0_9_1, HEARTBEAT, command(3, 'queue.declare', { queue: 'q' })];
    const described = messages.map((message) => amqpProtocol.describe(message));
    expect(described).toEqual(['AMQP 0 0 9 1', 'heartbeat', 'queue.declare on 3']);
  });
});

describe('amqp wire: field tables', () => {
  test('any table comes back, floats and 64 bits exactly, order and doubles kept', () => {
    fc.assert(
      fc.property(arbitraryTable, (table) => {
        const message = command(1, 'queue.declare', { arguments: table });
        const [back] = openCodec().decode(encodeMessage(message)).messages;
        expect(back).toEqual(message);
      }),
      { seed: 3, numRuns: 400 },
    );
  });
});

function framesOf(octets: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const buffer = Buffer.from(octets);
  for (let at = 0; at < buffer.length;) {
    const size = buffer.readUInt32BE(at + 3) + 8;
    frames.push(octets.subarray(at, at + size));
    at += size;
  }
  return frames;
}

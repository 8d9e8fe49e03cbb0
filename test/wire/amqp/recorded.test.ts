/**
 * What a stock client and a real broker said to each other: amqplib 2.3.1 and RabbitMQ 3.10.8, each
 * frame of both sides in a line. It must be read, and written again octet by octet.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AmqpMessage, Command } from '#engine/wire/amqp/command.ts';
import { encodeMessage } from '#engine/wire/amqp/command.ts';
import { tableLookup } from '#engine/wire/amqp/field-table.ts';
import { amqpProtocol } from '#engine/wire/amqp/protocol.ts';

const recorded = new URL('./amqplib-2.3.1.txt', import.meta.url);
const lines = readFileSync(recorded, 'utf8').trimEnd().split('\n');
const FRAME_MAX = 4096;

/** Both ends' codecs see both directions, as those of a real connection do. */
function conversation() {
  const codecs = { C: amqpProtocol.codec('server'), S: amqpProtocol.codec('client') };
  return lines.map((line) => {
    const side = line.slice(0, 1) as 'C' | 'S';
    const octets = Buffer.from(line.slice(2), 'hex');
    const messages = codecs[side].decode(octets).messages as readonly AmqpMessage[];
    const other = side === 'C' ? codecs.S : codecs.C;
    for (const message of messages) if (message.kind === 'command') other.encode(message);
    return { side, octets, messages };
  });
}

const said = conversation();
const all = said.flatMap(({ messages }) => messages);
const commands = all.filter((message): message is Command => message.kind === 'command');
const first = <N extends Command['name']>(name: N) =>
  commands.find((of): of is Extract<Command, { name: N }> => of.name === name)!;

describe('amqp wire: a recorded conversation', () => {
  test('nothing of it is malformed', () => {
    expect(all.filter((of) => of.kind === 'malformed' || of.kind === 'bad-header')).toEqual([]);
    expect(commands.length).toBeGreaterThan(60);
  });

  test.each(['C', 'S'] as const)('what %s said is written again octet by octet', (side) => {
    const parts = said.filter((of) => of.side === side);
    const messages = parts.flatMap((of) => of.messages);
    const again = messages
      .filter((of) => of.kind !== 'part-of-content')
      .map((of) => encodeMessage(of.kind === 'command' ? { ...of, frameMax: FRAME_MAX } : of));
    const expected = Buffer.concat(parts.map((of) => of.octets)).toString('hex');
    expect(Buffer.concat(again).toString('hex')).toBe(expected);
  });

  test('the offered limits, and those that the client chose', () => {
    expect(first('connection.tune').args).toEqual({
      channelMax: 2047,
      frameMax: 131072,
      heartbeat: 60,
    });
    expect(first('connection.tune-ok').args.frameMax).toBe(FRAME_MAX);
    const response = Buffer.from(first('connection.start-ok').args.response).toString();
    expect(response).toBe('\0guest\0guest');
  });

  test('properties and headers of a publish', () => {
    const { args, content } = first('basic.publish');
    expect(args).toMatchObject({ exchange: 'x', routingKey: 'a.b', mandatory: false });
    const { headers, ...others } = content!.properties;
    expect(others).toEqual({
      contentType: 'text/plain',
      deliveryMode: 2,
      priority: 3,
      correlationId: 'c-1',
      replyTo: 'r',
      expiration: '50000',
      messageId: 'm',
      timestamp: 1700000001n,
      type: 't',
      appId: 'app',
    });
    expect(tableLookup(headers!, 'big')).toEqual({ type: 'long', value: 2n ** 40n });
    expect(tableLookup(headers!, 't')).toEqual({ type: 'timestamp', value: 1700000000n });
    expect(tableLookup(headers!, 'f')).toEqual({ type: 'double', value: 1.5 });
    expect(tableLookup(headers!, 'nil')).toEqual({ type: 'void' });
    expect(Buffer.from(content!.body).toString()).toBe('hello');
  });

  test('a body of two frames is one message', () => {
    const large = commands.filter((of) => of.content?.body.length === 4100);
    expect(large.map((of) => of.name)).toEqual(['basic.publish', 'basic.deliver']);
  });

  test('a refusal carries the ids of the method that failed', () => {
    expect(first('channel.close').args).toEqual({
      replyCode: 404,
      replyText: "NOT_FOUND - no queue 'absent' in vhost '/'",
      classId: 50,
      methodId: 10,
    });
  });
});

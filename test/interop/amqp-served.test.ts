/**
 * `highwater serve --amqp`: what amqplib said to a real RabbitMQ 3.10.8 is said to ours, which
 * answers octet by octet what the real one did, but for what it says of itself.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCases } from '../rabbitmq/connection/error-cases.ts';
import { isConfirm, linesOf, replay } from '../rabbitmq/connection/replay.ts';
import { talk } from '../rabbitmq/connection/talk.ts';
import { servedRabbit, type ServedRabbit } from './served-rabbit.ts';

const recorded = new URL('../wire/amqp/amqplib-2.3.1.txt', import.meta.url);
const lines = linesOf(readFileSync(recorded, 'utf8'));
let served: ServedRabbit;

beforeAll(async () => {
  served = await servedRabbit('rabbitmq-3.10');
  await served.program.start();
});
afterAll(() => served.clear());

describe('rabbitmq: served to real clients', () => {
  test('all that the real broker answered amqplib, octet by octet', async () => {
    const answers = lines.filter(({ side, octets }) => side === 'S' && !isConfirm(octets));
    const expected = answers.map(({ octets }) => octets.toString('hex'));
    const { said, confirms } = await replay(served.port, lines);
    expect(said.slice(1)).toEqual(expected.slice(1));
    const open = new Set([1, 2, 3, 4]);
    for (const { number, multiple } of confirms) {
      expect(open.has(number)).toBe(true);
      for (const one of open) if (one === number || (multiple && one < number)) open.delete(one);
    }
    expect(open.size).toBe(0);
    // connection.start
    expect(said[0]!.slice(14, 22)).toBe('000a000a');
  });

  test('errors that need a virtual host: 404 and 406, with the ids of the method', async () => {
    const of = (name: string) => errorCases.find((one) => one.name === name)!;
    expect(await talk(served.port, of('a queue that is absent'))).toEqual([
      "channel.close 404 'NOT_FOUND - no queue 'absent' in vhost '/'' 50.10 on 1",
    ]);
    expect(await talk(served.port, of('an unknown delivery tag'))).toEqual([
      "channel.close 406 'PRECONDITION_FAILED - unknown delivery tag 7' 60.80 on 1",
    ]);
  });
});

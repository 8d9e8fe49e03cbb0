/**
 * What a client can do wrong on a connection: our broker answers as a real RabbitMQ 3.10.8 did, of
 * which `test/rabbitmq/errors-3.10.8.txt` is the record, code, text and ids.
 */
import { readFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RealWorld } from '../../engine/node/adapters/real-world.ts';
import { AMQP_PORT } from '../../engine/rabbitmq/connection/amqp-listener.ts';
import { Broker } from '../rabbitmq/broker.ts';
import { errorCases } from '../rabbitmq/error-cases.ts';
import { talk } from '../rabbitmq/talk.ts';

const recorded = outcomes(
  readFileSync(new URL('../rabbitmq/errors-3.10.8.txt', import.meta.url), 'utf8'),
);

/** Where we answer and the real broker's process dies, or where a later release does better. */
const ACCEPTED: Readonly<Record<string, readonly string[]>> = {
  // there the reader exits: the client sees a closed socket and no reason
  'an unknown method': ["connection.close 540 'NOT_IMPLEMENTED - unknown method 60.99' 0.0 on 0"],
  'an unknown class': ["connection.close 540 'NOT_IMPLEMENTED - unknown method 255.10' 0.0 on 0"],
  'a table with an unknown type': [
    "connection.close 501 'FRAME_ERROR - cannot decode <<0,0,0,0,0,0,0,7,1,97,90,0,0,0,0>>' 50.10 on 0",
  ],
  // there consume-ok comes from the queue's process, and is too late
  'a consumer tag used twice': [
    'queue.declare-ok on 1',
    'basic.consume-ok on 1',
    "connection.close 530 'NOT_ALLOWED - attempt to reuse consumer tag 'me'' 60.20 on 0",
  ],
  // 3.10 waits for ever for what can never be whole; later releases refuse it
  'a body larger than any may be': [
    "connection.close 501 'FRAME_ERROR - content body size 536870913 exceeds maximum allowed size 536870912' 60.40 on 0",
  ],
  'a body size beyond 2^53': [
    "connection.close 501 'FRAME_ERROR - content body size 18446744073709551615 exceeds maximum allowed size 536870912' 60.40 on 0",
  ],
  'a body longer than its header says': [
    "connection.close 501 'FRAME_ERROR - content body frame exceeds remaining content size' 60.40 on 0",
  ],
};

function outcomes(text: string): ReadonlyMap<string, readonly string[]> {
  const parts = text.split(/^# /m).slice(1);
  return new Map(
    parts.map((part) => part.trimEnd().split('\n')).map(([name, ...rest]) => [name!, rest]),
  );
}

const folder = mkdtempSync(join(tmpdir(), 'highwater-amqp-'));
const world = new RealWorld({ log: () => undefined });
let port = 0;

beforeAll(async () => {
  port = await freePort();
  world.names.bind('rabbit', AMQP_PORT, { host: '127.0.0.1', port });
  world.start({ host: 'rabbit', folder, process: (ports) => new Broker(ports) });
  await new Promise((resolve) => setTimeout(resolve, 200));
});
afterAll(() => {
  world.end('the test is over');
  rmSync(folder, { recursive: true });
});

describe('rabbitmq: errors of a connection, as the real broker answers them', () => {
  test('each case was recorded', () => {
    expect(errorCases.map(({ name }) => name)).toEqual([...recorded.keys()]);
    expect(errorCases.length).toBeGreaterThan(60);
  });

  test.concurrent.each(errorCases)('$name', async (of) => {
    const expected = ACCEPTED[of.name] ?? recorded.get(of.name);
    expect(await talk(port, of)).toEqual(expected);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port: found } = server.address() as AddressInfo;
      server.close(() => resolve(found));
    });
  });
}

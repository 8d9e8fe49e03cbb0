/**
 * What a client can do wrong on a connection: our broker answers as a real RabbitMQ 3.10.8 did, of
 * which `test/rabbitmq/connection/errors-3.10.8.txt` is the record, code, text and ids.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RealWorld } from '../../engine/node/adapters/real-world.ts';
import { AMQP_PORT } from '../../engine/rabbitmq/connection/amqp-listener.ts';
import { createRabbitNode } from '../../engine/rabbitmq/node.ts';
import { profileOf } from '../../engine/rabbitmq/profiles.ts';
import { errorCases } from '../rabbitmq/connection/error-cases.ts';
import { talk } from '../rabbitmq/connection/talk.ts';

const recorded = outcomes('errors-3.10.8.txt');
/** Where ours differs, and why. */
const accepted = outcomes('errors-accepted.txt');

/** The lines below each `# name`. */
function outcomes(file: string): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(new URL(`../rabbitmq/connection/${file}`, import.meta.url), 'utf8');
  const parts = text
    .replaceAll(/^## .*\n/gm, '')
    .split(/^# /m)
    .slice(1);
  const lines = parts.map((part) => part.trimEnd().split('\n'));
  return new Map(lines.map(([name, ...rest]) => [name!, rest]));
}

const profile = profileOf('rabbitmq-3.10');
const folder = mkdtempSync(join(tmpdir(), 'highwater-amqp-'));
const world = new RealWorld({ log: () => undefined });
let port = 0;

beforeAll(async () => {
  port = await freePort();
  world.names.bind('rabbit', AMQP_PORT, { host: '127.0.0.1', port });
  world.start({ host: 'rabbit', folder, process: createRabbitNode({ profile }) });
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
    for (const [name, lines] of accepted) expect(lines).not.toEqual(recorded.get(name));
  });

  test.concurrent.each(errorCases)('$name', async (of) => {
    const expected = accepted.get(of.name) ?? recorded.get(of.name);
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

/**
 * What only the real world has: strangers at the socket, bugs that kill one process of several,
 * ports in use, timers beyond Node's, few descriptors.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { assert } from '../../engine/kernel/assert.ts';
import type { Connection, Protocol } from '../../engine/kernel/ports.ts';
import { microsOfMillis } from '../../engine/kernel/units.ts';
import type { ConnectionLimits } from '../../engine/node/adapters/connection-quotas.ts';
import { DataLock } from '../../engine/node/adapters/data-lock.ts';
import { ascii, lineProtocol, textOf } from './line-protocol.ts';
import { realWorld } from './worlds.ts';
import type { RealPortWorld } from './worlds.ts';

const PORT = 9092;
let world: RealPortWorld;
afterEach(() => world.end());

interface Echo {
  readonly seen: string[];
  readonly connections: Connection[];
  port: number;
}

/** A server that echoes lines; of `boom` it dies. */
async function echo(
  connectionLimits: Partial<ConnectionLimits> = {},
  protocol: Protocol = lineProtocol,
): Promise<Echo> {
  world = realWorld({ connectionLimits });
  const server: Echo = { seen: [], connections: [], port: 0 };
  world.start('server', {
    start({ network }) {
      network.listen(PORT, protocol, (connection) => {
        server.connections.push(connection);
        return {
          received(message) {
            assert(message !== 'boom', 'a bug', { message, answer: 42 });
            server.seen.push(message as string);
            connection.send(`echo ${message as string}`);
          },
          closed: (reason) => server.seen.push(`closed ${reason}`),
        };
      });
    },
  });
  await world.until('listening', () => typeof world.world.names.resolve(at) !== 'string');
  server.port = (world.world.names.resolve(at) as { port: number }).port;
  return server;
}
const at = { host: 'server', port: PORT };

interface Stranger {
  readonly socket: Socket;
  heard: string;
  ended: string;
}

function stranger(port: number, says = ''): Stranger {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const one: Stranger = { socket, heard: '', ended: '' };
  socket.on('data', (chunk) => (one.heard += chunk.toString('latin1')));
  socket.on('end', () => (one.ended ||= 'eof'));
  socket.on('error', (error: NodeJS.ErrnoException) => (one.ended ||= error.code!));
  socket.on('close', () => (one.ended ||= 'closed'));
  if (says !== '') socket.write(says);
  return one;
}

test('node: a violation closes the socket after the answers that were due', async () => {
  const server = await echo();
  const bad = stranger(server.port, 'good\nbad\r\nmore\n');
  await world.until('closed', () => bad.ended !== '');
  expect(bad.heard).toBe('echo good\n');
  expect(server.seen).toEqual(['good', 'closed violation']);
  expect(world.log.join()).toContain('carriage return');
  const good = stranger(server.port, 'still there\n');
  await world.until('answered', () => good.heard !== '');
  expect(good.heard).toBe('echo still there\n');
});

test('node: a codec that throws costs one connection, not the process', async () => {
  const broken: Protocol = {
    ...lineProtocol,
    codec: () => ({
      encode: () => new Uint8Array(0),
      decode: () => {
        throw new Error('out of range');
      },
    }),
  };
  const server = await echo({}, broken);
  const one = stranger(server.port, 'x');
  await world.until('closed', () => one.ended !== '');
  expect(world.running('server')).toBe(true);
  expect(server.seen).toEqual(['closed violation']);
  expect(world.log.join()).toContain('out of range');
});

test('node: bytes cut anywhere are the same messages', async () => {
  const server = await echo();
  const one = stranger(server.port);
  for (const byte of 'one\ntwo\nthree\n') {
    one.socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await world.until('answered', () => one.heard.includes('three'));
  expect(server.seen).toEqual(['one', 'two', 'three']);
});

test('node: too many connections: the next is closed, until one leaves', async () => {
  const server = await echo({ connectionsMax: 2 });
  const [first, second] = [stranger(server.port, 'a\n'), stranger(server.port, 'b\n')];
  await world.until('answered', () => first.heard !== '' && second.heard !== '');
  const third = stranger(server.port, 'c\n');
  await world.until('closed', () => third.ended !== '');
  expect(third.heard).toBe('');
  first.socket.destroy();
  await world.until('left', () => server.seen.some((line) => line.startsWith('closed')));
  const fourth = stranger(server.port, 'd\n');
  await world.until('answered', () => fourth.heard !== '');
});

test('node: too many connections from one address are closed', async () => {
  const server = await echo({ connectionsPerIpMax: 1 });
  const first = stranger(server.port, 'a\n');
  await world.until('answered', () => first.heard !== '');
  const second = stranger(server.port, 'b\n');
  await world.until('closed', () => second.ended !== '');
  expect(world.log.join()).toContain('too many connections');
});

test('node: whoever says nothing, or a byte now and then, is closed in time', async () => {
  const server = await echo({ firstMessageMs: 150, idleMs: 400 });
  const silent = stranger(server.port);
  const slow = stranger(server.port, 'hello\n');
  const drip = setInterval(() => slow.socket.write('x'), 20);
  const began = performance.now();
  await world.until('the silent one is closed', () => silent.ended !== '');
  expect(performance.now() - began).toBeLessThan(390);
  expect(slow.ended).toBe('');
  await world.until('the slow one is closed', () => slow.ended !== '');
  clearInterval(drip);
  expect(slow.heard).toBe('echo hello\n');
  expect(server.seen).toEqual(['hello', 'closed reset', 'closed reset']);
});

test('node: a frame that never ends is cut off', async () => {
  const server = await echo({ frameBytesMax: 100_000 });
  const one = stranger(server.port);
  one.socket.write('x'.repeat(300_000));
  await world.until('closed', () => one.ended !== '');
  expect(server.seen).toEqual(['closed violation']);
});

test('node: unfinished frames of all connections together are bound', async () => {
  const server = await echo({ unfinishedBytesMax: 100_000 });
  const many = Array.from({ length: 5 }, () => stranger(server.port, 'x'.repeat(30_000)));
  await world.until('closed', () => many.filter((one) => one.ended !== '').length === 2);
  await world.pass(30);
  expect(many.filter((one) => one.ended === '').length).toBe(3);
  const finisher = many.find((one) => one.ended === '')!;
  finisher.socket.write('\n');
  await world.until('answered', () => finisher.heard.length > 30_000);
});

test('node: whoever sends and does not read is not read either', async () => {
  const server = await echo({ outstandingBytesPause: 200_000 });
  const one = stranger(server.port);
  one.socket.pause();
  const line = `${'x'.repeat(50_000)}\n`;
  for (let count = 0; count < 400; count++) one.socket.write(line);
  await world.pass(200);
  const [connection] = server.connections;
  expect(connection!.outstandingBytes).toBeLessThan(2_000_000);
  expect(server.seen.length).toBeLessThan(400);
  one.socket.resume();
  await world.until('all answered', () => one.heard.length === 400 * (line.length + 5));
});

test('node: a bug kills its process with the operands in the log, and no other', async () => {
  const server = await echo();
  const other: string[] = [];
  world.start('other', {
    start({ clock }) {
      const tick = (): void => {
        other.push('tick');
        clock.after(microsOfMillis(5), 'tick', tick);
      };
      tick();
    },
  });
  const one = stranger(server.port, 'fine\nboom\nnever\n');
  await world.until('reset', () => one.ended !== '');
  expect(world.running('server')).toBe(false);
  expect(world.host('server').end?.how).toBe('failed');
  expect(world.log.join()).toContain('a bug {"message":"boom","answer":42}');
  expect(server.seen).toEqual(['fine']);
  const ticks = other.length;
  await world.until('the other lives', () => other.length > ticks + 2);
});

test('node: a port that is in use ends the process with the reason', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  world = realWorld();
  world.world.names.bind('server', PORT, { host: '127.0.0.1', port });
  world.start('server', {
    start: ({ network }) =>
      network.listen(PORT, lineProtocol, () => ({
        received: () => undefined,
        closed: () => undefined,
      })),
  });
  await world.until('ended', () => !world.running('server'));
  expect(world.host('server').end).toMatchObject({ how: 'listen-failed' });
  expect(world.host('server').end?.reason).toContain(`127.0.0.1:${port}`);
  expect(world.host('server').end?.reason).toContain('in use');
  taken.close();
});

test('node: a name that nobody has is unreachable; a handshake has its time', async () => {
  world = realWorld({ connectionLimits: { connectMs: 100 } });
  const seen: string[] = [];
  world.start('client', {
    start({ network }) {
      const receiver = { received: () => undefined, closed: (why: string) => seen.push(why) };
      network.connect({ host: 'nobody', port: 1 }, lineProtocol, receiver);
    },
  });
  await world.until('closed', () => seen.length === 1);
  expect(seen).toEqual(['unreachable']);
});

test('node: a timer beyond 2^31 ms does not fire at once', async () => {
  world = realWorld();
  const fired: string[] = [];
  const warnings: string[] = [];
  const warned = (warning: Error): number => warnings.push(warning.name);
  process.on('warning', warned);
  world.start('a', {
    start({ clock }) {
      clock.after(microsOfMillis(30 * 86_400_000), 'thirty days', () => fired.push('days'));
      clock.after(microsOfMillis(20), 'soon', () => fired.push('soon'));
    },
  });
  await world.until('soon', () => fired.length > 0);
  await world.pass(50);
  process.off('warning', warned);
  expect(fired).toEqual(['soon']);
  expect(warnings).not.toContain('TimeoutOverflowWarning');
});

test('node: thousands of cancelled timers leave the others in order', async () => {
  world = realWorld();
  const fired: number[] = [];
  world.start('a', {
    start({ clock }) {
      const ids = Array.from({ length: 10_000 }, (_, place) =>
        clock.after(microsOfMillis(10 + (place % 3)), 'one', () => fired.push(place)),
      );
      ids.forEach((id, place) => place % 5 > 1 && clock.cancel(id));
    },
  });
  await world.until('all fired', () => fired.length === 4000);
  expect([...fired].sort((left, right) => (left % 3) - (right % 3) || left - right)).toEqual(fired);
});

test('node: answers of one turn leave in one write', async () => {
  const server = await echo();
  const one = stranger(server.port);
  const chunks: number[] = [];
  one.socket.on('data', (chunk) => chunks.push(chunk.length));
  const lines = Array.from({ length: 100 }, (_, place) => `${place}\n`).join('');
  one.socket.write(lines);
  await world.until('answered', () => one.heard.split('\n').length === 101);
  expect(chunks.length).toBeLessThanOrEqual(3);
});

test('node: more files than descriptors', async () => {
  world = realWorld({ handlesMax: 4 });
  let synced = 0;
  world.start('disk', {
    start({ disk }) {
      const files = Array.from({ length: 40 }, (_, place) => disk.open(`folder/${place}`));
      files.forEach((file, place) => file.write(0, ascii(`content ${place}`)));
      files.forEach((file) => file.sync((result) => (synced += result === 'ok' ? 1 : 0)));
      files.forEach((file, place) => expect(textOf(file.read(0, 99))).toBe(`content ${place}`));
      for (const file of files.slice(0, 5)) file.close();
    },
  });
  await world.until('synced', () => synced === 40 || !world.running('disk'));
  expect(synced).toBe(40);
  expect(readFileSync(join(world.folder, 'disk/folder/39'), 'latin1')).toBe('content 39');
  if (existsSync('/proc/self/fd')) expect(openBelow(world.folder)).toBeLessThanOrEqual(4);
});

test.runIf(existsSync('/dev/full'))('node: a full disk is a value, and is logged', async () => {
  world = realWorld();
  mkdirSync(join(world.folder, 'disk'));
  symlinkSync('/dev/full', join(world.folder, 'disk/full'));
  const results: string[] = [];
  world.start('disk', {
    start({ disk }) {
      const file = disk.open('full');
      results.push(file.write(0, ascii('x')), String(file.size()));
    },
  });
  await world.until('written', () => results.length > 0);
  expect(results).toEqual(['ENOSPC', '0']);
  expect(world.log.join()).toContain('ENOSPC');
  expect(world.running('disk')).toBe(true);
});

test('node: a data folder has one holder; the lock of one that is gone is taken over', () => {
  world = realWorld();
  const folder = join(world.folder, 'data');
  const lock = DataLock.take(folder);
  assert(lock instanceof DataLock, 'free');
  expect(DataLock.take(folder)).toEqual({
    heldBy: readFileSync(join(folder, '.lock'), 'utf8').trim(),
  });
  lock.release();
  expect(existsSync(join(folder, '.lock'))).toBe(false);
  const { pid } = spawnSync(process.execPath, ['--version']);
  for (const stale of [
    `process ${pid} started 1`,
    `process ${process.ppid} started 1`,
    'nonsense',
  ]) {
    writeFileSync(join(folder, '.lock'), stale);
    const taken = DataLock.take(folder);
    assert(taken instanceof DataLock, 'stale', { stale });
    taken.release();
  }
  expect(readdirSync(folder)).toEqual([]);
});

/** Descriptors that this program has for files below a folder. */
function openBelow(folder: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;
}

/**
 * Facts about the ports that hold in both worlds: a process cannot tell which it is in.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { limits } from '../../engine/kernel/limits.ts';
import type { Connection, Ports, Receiver } from '../../engine/kernel/ports.ts';
import { micros, microsOfMillis } from '../../engine/kernel/units.ts';
import { ascii, lineProtocol, textOf } from './line-protocol.ts';
import { realWorld, simulatedWorld } from './worlds.ts';
import type { PortWorld } from './worlds.ts';

const PORT = 9092;

describe.each([
  ['simulated', simulatedWorld],
  ['real', realWorld],
])('ports: the %s world', (_name, make: () => PortWorld) => {
  let world: PortWorld;
  const open = (): PortWorld => (world = make());
  afterEach(() => world.end());

  // -------------------------------------------------------------------------------------- clock

  test('timers fire in the order of their times, then of their setting', async () => {
    const fired: string[] = [];
    open().start('a', {
      start({ clock }) {
        clock.after(microsOfMillis(20), 'late', () => fired.push('late'));
        clock.after(microsOfMillis(5), 'first', () => fired.push('first'));
        clock.after(microsOfMillis(5), 'second', () => fired.push('second'));
        const id = clock.after(microsOfMillis(1), 'never', () => fired.push('never'));
        clock.cancel(id);
        clock.after(micros(0), 'now', () => fired.push('now'));
        fired.push('handler');
      },
    });
    await world.until('all fired', () => fired.includes('late'));
    expect(fired).toEqual(['handler', 'now', 'first', 'second', 'late']);
  });

  test('the clock stands still within an event and never fires a timer early', async () => {
    const times: number[] = [];
    open().start('a', {
      start({ clock }) {
        const began = clock.now();
        for (let spin = 0; spin < 1_000_000; spin++) Math.imul(spin, spin);
        times.push(clock.now() - began);
        clock.after(microsOfMillis(7), 'seven', () => times.push(clock.now() - began));
        clock.after(micros(8500), 'eight', () => times.push(clock.now() - began));
      },
    });
    await world.until('fired', () => times.length === 3);
    expect(times[0]).toBe(0);
    expect(times[1]).toBeGreaterThanOrEqual(7000);
    expect(times[2]).toBeGreaterThanOrEqual(8500);
  });

  test('a timer of the same event can be cancelled by one that fires before it', async () => {
    const fired: string[] = [];
    open().start('a', {
      start({ clock }) {
        clock.after(microsOfMillis(3), 'one', () => {
          fired.push('one');
          clock.cancel(two);
        });
        const two = clock.after(microsOfMillis(3), 'two', () => fired.push('two'));
      },
    });
    await world.until('one fired', () => fired.length > 0);
    await world.pass(20);
    expect(fired).toEqual(['one']);
  });

  test('no event reaches a dead incarnation, and the next one counts one more', async () => {
    const seen: number[] = [];
    const script = {
      start({ clock, incarnation }: Ports) {
        seen.push(incarnation);
        clock.after(microsOfMillis(30), 'late', () => seen.push(-1));
      },
    };
    open().start('a', script);
    await world.until('started', () => seen.length === 1);
    world.kill('a');
    await world.pass(60);
    expect(seen).toEqual([1]);
    world.start('a', script);
    await world.until('started again', () => seen.length === 2);
    expect(seen[1]).toBeGreaterThan(1);
  });

  test('a process that halts is gone; one that is asked to stop may take its time', async () => {
    const seen: string[] = [];
    open().start('a', {
      start: () => seen.push('start'),
      stop({ clock, halt }) {
        seen.push('stop');
        clock.after(microsOfMillis(5), 'tidy', () => {
          seen.push('tidy');
          halt('done');
        });
      },
    });
    world.stop('a');
    await world.until('gone', () => !world.running('a'));
    expect(seen).toEqual(['start', 'stop', 'tidy']);
  });

  test('a process that has halted does not see what was already on its way', async () => {
    const seen: string[] = [];
    open().start('a', {
      start({ halt }) {
        world.command('a', () => seen.push('command'));
        halt('at once');
      },
    });
    await world.until('gone', () => !world.running('a'));
    await world.pass(20);
    expect(seen).toEqual([]);
  });

  test('a random stream belongs to its purpose', () => {
    const drawn: number[] = [];
    open().start('a', {
      start({ random }) {
        for (let count = 0; count < 50; count++) drawn.push(random('one').below(1000));
        expect(random('one')).toBe(random('one'));
        expect(random('one')).not.toBe(random('two'));
      },
    });
    return world
      .until('drawn', () => drawn.length === 50)
      .then(() => {
        expect(new Set(drawn).size).toBeGreaterThan(10);
      });
  });

  // ------------------------------------------------------------------------------------ network

  /** A server that keeps what it hears, and does what `onMessage` says. */
  function serve(onMessage: (connection: Connection, text: string) => void = () => undefined) {
    const seen: string[] = [];
    const connections: Connection[] = [];
    world.start('server', {
      start({ network }) {
        network.listen(PORT, lineProtocol, (connection): Receiver => {
          connections.push(connection);
          return {
            received(message) {
              seen.push(message as string);
              onMessage(connection, message as string);
            },
            closed: (reason) => seen.push(`closed ${reason}`),
          };
        });
      },
    });
    return { seen, connections };
  }

  /** A client that connects, and keeps what it hears. */
  function dial(toSend: readonly string[] = [], to = 'server', port = PORT) {
    const seen: string[] = [];
    const client = { seen, connection: undefined as Connection | undefined };
    world.start('client', {
      start({ network }) {
        client.connection = network.connect({ host: to, port }, lineProtocol, {
          opened: () => seen.push('opened'),
          received: (message) => seen.push(message as string),
          drained: () => seen.push('drained'),
          closed: (reason) => seen.push(`closed ${reason}`),
        });
        for (const text of toSend) client.connection.send(text);
      },
    });
    return client;
  }

  test('what is sent before the connection is open arrives, in order', async () => {
    open();
    const server = serve((connection, text) => connection.send(`echo ${text}`));
    const texts = Array.from({ length: 500 }, (_, place) => `message ${place}`);
    const client = dial(texts);
    await world.until('echoed', () => client.seen.length === 501);
    expect(server.seen).toEqual(texts);
    expect(client.seen).toEqual(['opened', ...texts.map((text) => `echo ${text}`)]);
    expect(client.connection!.outstandingBytes).toBe(0);
    expect(client.connection!.remote).toEqual({ host: 'server', port: PORT });
  });

  test('a message of many chunks arrives whole', async () => {
    open();
    const server = serve();
    dial(['x'.repeat(3_000_000), 'end']);
    await world.until('arrived', () => server.seen.length === 2);
    expect(server.seen[0]!.length).toBe(3_000_000);
  });

  test('nobody listens: refused', async () => {
    open();
    world.start('server', { start: () => undefined });
    const client = dial();
    await world.until('closed', () => client.seen.length > 0);
    expect(client.seen).toEqual(['closed refused']);
  });

  test('what was sent before close still arrives, and then the peer hears eof', async () => {
    open();
    const server = serve();
    const client = dial(['one', 'x'.repeat(1_000_000), 'two']);
    await world.until('opened', () => client.seen.length > 0);
    world.command('client', () => client.connection!.close());
    await world.until('closed', () => server.seen.length === 4);
    expect(server.seen.map((text) => text.slice(0, 10))).toEqual([
      'one',
      'xxxxxxxxxx',
      'two',
      'closed eof',
    ]);
    expect(client.seen).toEqual(['opened']);
  });

  test('whoever closes hears nothing any more', async () => {
    open();
    serve((connection) => {
      connection.send('answer');
      connection.close();
      connection.send('too late');
    });
    const client = dial(['one']);
    await world.until('closed', () => client.seen.length === 3);
    expect(client.seen).toEqual(['opened', 'answer', 'closed eof']);
  });

  test('a process that dies resets its connections', async () => {
    open();
    const server = serve();
    const client = dial(['one']);
    await world.until('arrived', () => server.seen.length === 1);
    world.kill('server');
    await world.until('closed', () => client.seen.length === 2);
    expect(client.seen).toEqual(['opened', 'closed reset']);
    const seen = client.seen.length;
    world.command('client', () => client.connection!.send('into the void'));
    await world.pass(20);
    expect(client.seen.length).toBe(seen);
  });

  test('paused: nothing is delivered until resume, then all, and eof last', async () => {
    open();
    const server = serve((connection, text) => {
      if (text === 'one') connection.pause();
    });
    const client = dial(['one', 'two', 'three']);
    await world.until('arrived', () => server.seen.length === 1);
    world.command('client', () => client.connection!.close());
    await world.pass(50);
    expect(server.seen).toEqual(['one']);
    world.command('server', () => server.connections[0]!.resume());
    await world.until('closed', () => server.seen.length === 4);
    expect(server.seen).toEqual(['one', 'two', 'three', 'closed eof']);
  });

  test('one message at a time: pause and resume around each', async () => {
    open();
    const server = serve((connection, text) => {
      connection.pause();
      world.command('server', () => {
        connection.send(`echo ${text}`);
        connection.resume();
      });
    });
    const texts = Array.from({ length: 50 }, (_, place) => `message ${place}`);
    const client = dial(texts);
    await world.until('echoed', () => client.seen.length === 51);
    expect(server.seen).toEqual(texts);
    expect(client.seen.slice(1)).toEqual(texts.map((text) => `echo ${text}`));
  });

  test('a peer that does not read: bytes are outstanding, drained comes later', async () => {
    open();
    const server = serve((connection, text) => {
      if (text === 'hello') connection.pause();
    });
    const client = dial(['hello']);
    await world.until('arrived', () => server.seen.length === 1);
    const large = 'x'.repeat(1_000_000);
    const count = 2 * Math.ceil(limits.sendBufferBytes / large.length) + 8;
    world.command('client', () => {
      for (let place = 0; place < count; place++) client.connection!.send(large);
    });
    await world.pass(100);
    expect(client.seen).toEqual(['opened']);
    expect(client.connection!.outstandingBytes).toBeGreaterThan(limits.sendBufferBytes);
    world.command('server', () => server.connections[0]!.resume());
    await world.until('drained', () => client.seen.includes('drained'));
    await world.until('all read', () => server.seen.length === 1 + count);
    expect(client.seen).toEqual(['opened', 'drained']);
    expect(client.connection!.outstandingBytes).toBe(0);
  });

  test('a host that restarted listens again', async () => {
    open();
    serve();
    const first = dial(['one']);
    await world.until('opened', () => first.seen.length === 1);
    world.kill('server');
    await world.until('closed', () => first.seen.length === 2);
    const server = serve();
    await world.pass(20);
    world.kill('client');
    dial(['two']);
    await world.until('arrived', () => server.seen.length === 1);
    expect(server.seen).toEqual(['two']);
  });

  // --------------------------------------------------------------------------------------- disk

  /** Runs a script on a host's disk, and waits until it has called `done`. */
  async function onDisk(script: (ports: Ports, done: () => void) => void): Promise<void> {
    let ended = false;
    const start = (ports: Ports): void => script(ports, () => (ended = true));
    world.start('disk', { start });
    await world.until('the script ended', () => ended || !world.running('disk'));
    expect(ended).toBe(true);
    world.kill('disk');
  }

  test('a read returns what was written, and ends where the file ends', async () => {
    open();
    await onDisk(({ disk }, done) => {
      const file = disk.open('logs/pay-0/a.log');
      expect(file.size()).toBe(0);
      expect(file.write(0, ascii('0123456789'))).toBe('ok');
      expect(file.write(10, ascii('abc'))).toBe('ok');
      expect(file.write(2, ascii('XY'))).toBe('ok');
      expect(file.size()).toBe(13);
      expect(textOf(file.read(0, 100))).toBe('01XY456789abc');
      expect(textOf(file.read(11, 1))).toBe('b');
      expect(file.read(13, 5).length).toBe(0);
      expect(textOf(disk.open('logs/pay-0/a.log').read(0, 2))).toBe('01');
      expect(file.truncate(4)).toBe('ok');
      expect(textOf(file.read(0, 100))).toBe('01XY');
      expect(file.write(4, ascii('!'))).toBe('ok');
      expect(textOf(file.read(0, 100))).toBe('01XY!');
      done();
    });
  });

  test('the written bytes are copied', async () => {
    open();
    await onDisk(({ disk }, done) => {
      const bytes = ascii('before');
      const file = disk.open('a');
      file.write(0, bytes);
      bytes.fill(0);
      expect(textOf(file.read(0, 6))).toBe('before');
      done();
    });
  });

  test('small reads between writes see the writes', async () => {
    open();
    await onDisk(({ disk, random }, done) => {
      const file = disk.open('a');
      const kept = new Uint8Array(40_000);
      let size = 0;
      for (let round = 0; round < 400; round++) {
        const position = random('p').below(size + 1);
        const bytes = new Uint8Array(1 + random('p').below(90)).fill(round % 251);
        file.write(position, bytes);
        kept.set(bytes, position);
        size = Math.max(size, position + bytes.length);
        const from = random('p').below(size);
        const length = random('p').below(9000);
        const expected = kept.subarray(from, Math.min(size, from + length));
        expect(Buffer.compare(file.read(from, length), expected)).toBe(0);
      }
      expect(file.size()).toBe(size);
      done();
    });
  });

  test('a sync completes in a later event', async () => {
    open();
    await onDisk(({ disk, clock }, done) => {
      const file = disk.open('a');
      file.write(0, ascii('durable'));
      const seen: string[] = [];
      const began = clock.now();
      file.sync((result) => {
        seen.push(result);
        expect(clock.now()).toBeGreaterThan(began);
        expect(seen).toEqual(['returned', 'ok']);
        done();
      });
      seen.push('returned');
    });
  });

  test('a sync survives the closing of its file', async () => {
    open();
    await onDisk(({ disk }, done) => {
      const file = disk.open('a');
      file.write(0, ascii('x'));
      file.sync((result) => {
        expect(result).toBe('ok');
        done();
      });
      file.close();
    });
  });

  test('files are listed by code unit; folders are there with their files', async () => {
    open();
    await onDisk(({ disk }, done) => {
      for (const path of ['b/2', 'b/10', 'a', 'b/c/d', 'B/1']) disk.open(path).close();
      expect(disk.list('')).toEqual(['B/1', 'a', 'b/10', 'b/2', 'b/c/d']);
      expect(disk.list('b')).toEqual(['10', '2', 'c/d']);
      expect(disk.list('nowhere')).toEqual([]);
      expect([disk.exists('b'), disk.exists('b/c/d'), disk.exists('b/c/e')]).toEqual([
        true,
        true,
        false,
      ]);
      disk.remove('b');
      disk.remove('b');
      expect(disk.exists('b')).toBe(false);
      expect(disk.list('')).toEqual(['B/1', 'a']);
      done();
    });
  });

  test('a rename replaces what is there', async () => {
    open();
    await onDisk(({ disk }, done) => {
      const old = disk.open('checkpoint');
      old.write(0, ascii('a longer text that was there'));
      const next = disk.open('checkpoint.tmp');
      next.write(0, ascii('new'));
      next.close();
      disk.rename('checkpoint.tmp', 'checkpoint');
      expect(disk.list('')).toEqual(['checkpoint']);
      const file = disk.open('checkpoint');
      expect(file.size()).toBe(3);
      expect(textOf(file.read(0, 10))).toBe('new');
      file.sync((result) => {
        expect(result).toBe('ok');
        done();
      });
    });
  });

  test('a folder is renamed with all that is in it', async () => {
    open();
    await onDisk(({ disk }, done) => {
      disk.open('pay-0/a.log').write(0, ascii('a'));
      disk.open('pay-0/a.index').write(0, ascii('i'));
      disk.rename('pay-0', 'pay-0.0-delete');
      expect(disk.list('')).toEqual(['pay-0.0-delete/a.index', 'pay-0.0-delete/a.log']);
      expect(textOf(disk.open('pay-0.0-delete/a.log').read(0, 1))).toBe('a');
      expect([disk.exists('pay-0'), disk.exists('pay-0/a.log')]).toEqual([false, false]);
      done();
    });
  });

  test('the disk outlives the process', async () => {
    open();
    await onDisk(({ disk }, done) => {
      disk.open('kept/file').write(0, ascii('still here'));
      done();
    });
    await onDisk(({ disk }, done) => {
      expect(disk.list('')).toEqual(['kept/file']);
      expect(textOf(disk.open('kept/file').read(0, 100))).toBe('still here');
      done();
    });
  });

  test('a path that leads outside is a bug and kills the process', async () => {
    open();
    world.start('disk', { start: ({ disk }) => void disk.open('../../etc/passwd') });
    await world.until('dead', () => !world.running('disk')).catch(() => undefined);
    expect(world.running('disk')).toBe(false);
  });
});

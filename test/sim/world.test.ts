/** What the simulated world promises: order, time, incarnations, faults, conservation. */
import { describe, expect, test } from 'vitest';
import { assert } from '../../engine/kernel/assert.ts';
import type { Micros } from '../../engine/kernel/units.ts';
import { inject } from '../../engine/sim/faults.ts';
import { World } from '../../engine/sim/world.ts';
import { EchoClient, EchoServer } from './echo.ts';

const SECOND = 1_000_000;

function pair(seed = 1, options: { trace?: boolean } = {}) {
  const world = new World({ seed, trace: options.trace ?? true, paranoidWire: true, freeze: true });
  const serverHost = world.addHost('server', (ports) => new EchoServer(ports));
  const clientHost = world.addHost('client', (ports) => new EchoClient(ports));
  serverHost.start();
  clientHost.start();
  world.run(() => false, { micros: SECOND });
  const server = () => serverHost.process as EchoServer;
  const client = () => clientHost.process as EchoClient;
  const say = (...texts: string[]) => {
    world.command('client', 'say', () => client().say(...texts));
  };
  return { world, serverHost, clientHost, server, client, say };
}

describe('world: order and time', () => {
  test('a run ends at its time limit, though a cancelled timer is the next event', () => {
    const world = new World({ seed: 1 });
    let fired = false;
    const sleeper = world.addHost('sleeper', ({ clock }) => ({
      start() {
        clock.cancel(clock.after((2 * SECOND) as Micros, 'cancelled', () => (fired = true)));
        clock.after((9 * SECOND) as Micros, 'later', () => (fired = true));
      },
    }));
    sleeper.start();
    expect(world.run(() => false, { micros: 5 * SECOND })).toBe('time');
    expect([world.now, fired]).toEqual([5 * SECOND, false]);
  });

  test('messages of one connection arrive in the order in which they were sent', () => {
    const { world, server, client, say } = pair();
    const texts = Array.from({ length: 50 }, (_, index) => `m${index}`);
    say(...texts);
    world.run(() => false, { micros: SECOND });
    expect(server().heard).toEqual(texts);
    expect(client().heard).toEqual(texts.map((text) => `echo ${text}`));
  });

  test('the same seed gives the same trace hash, another seed another one (S1)', () => {
    const hashOf = (seed: number) => {
      const { world, say } = pair(seed);
      say('a', 'b');
      world.run(() => false, { micros: SECOND });
      return world.trace.hash;
    };
    expect(hashOf(7)).toBe(hashOf(7));
    expect(hashOf(7)).not.toBe(hashOf(8));
  });

  test('an event has the same number with the trace off', () => {
    const countOf = (trace: boolean) => {
      const { world, say } = pair(3, { trace });
      say('a', 'b', 'c');
      world.run(() => false, { micros: SECOND });
      return [world.event, world.now];
    };
    expect(countOf(false)).toEqual(countOf(true));
  });

  test('timers due at the same time fire in the order in which they were set (S2)', () => {
    const { world, client } = pair();
    const fired: string[] = [];
    world.command('client', 'set timers', () => {
      const { clock } = client().ports;
      for (const name of ['a', 'b', 'c']) {
        clock.after(500 as Micros, name, () => fired.push(name));
      }
      clock.cancel(clock.after(100 as Micros, 'never', () => fired.push('never')));
    });
    world.run(() => false, { micros: SECOND });
    expect(fired).toEqual(['a', 'b', 'c']);
  });

  test('every entry of the trace is caused by an earlier event, and time never goes back', () => {
    const { world, say } = pair();
    say('a', 'b', 'c');
    world.run(() => false, { micros: SECOND });
    let at = 0;
    for (const entry of world.trace.entries()) {
      expect(entry.cause).toBeLessThan(entry.event);
      expect(entry.at).toBeGreaterThanOrEqual(at);
      at = entry.at;
    }
  });

  test('work that is charged delays the next event of the process, and what it sent', () => {
    const { world, serverHost, client, say } = pair();
    inject(world, { fault: 'slow', host: 'server', factor: 1000 });
    say('a', 'b', 'c');
    const began = world.now;
    world.run(() => client().heard.length === 3, { micros: SECOND });
    expect(serverHost.counters.request).toBe(3);
    expect(world.now - began).toBeGreaterThan(3 * 2000);
  });

  test('an assertion that fails in a process kills it and fails the run', () => {
    const { world, clientHost } = pair();
    world.command('client', 'bug', () => assert(false, 'a bug', { offset: 5 }));
    expect(world.run(() => false, { micros: SECOND })).toBe('failed');
    expect(world.failure?.error.message).toBe('a bug {"offset":5}');
    expect(world.failure?.host).toBe('client');
    expect(clientHost.state).toBe('stopped');
  });
});

describe('world: processes', () => {
  test('a killed process has its connections reset; a timer of the dead never fires', () => {
    const { world, client, server } = pair();
    let fired = false;
    const dead = server();
    dead.ports.clock.after(1000 as Micros, 'late', () => (fired = true));
    inject(world, { fault: 'crash', host: 'server' });
    world.run(() => false, { micros: SECOND });
    expect(client().closes).toEqual(['reset']);
    expect(fired).toBe(false);
  });

  test('a host without power says nothing; its peer hears a reset when it is back', () => {
    const { world, client, say } = pair();
    inject(world, { fault: 'power', host: 'server' });
    say('lost');
    world.run(() => false, { micros: 5 * SECOND });
    expect(client().closes).toEqual([]);
    inject(world, { fault: 'start', host: 'server' });
    world.run(() => false, { micros: SECOND });
    expect(client().closes).toEqual(['reset']);
  });

  test('a restart is a new incarnation with an empty memory and its own random numbers', () => {
    const { world, server, serverHost, say } = pair();
    say('a');
    world.run(() => false, { micros: SECOND });
    const first = server().ports;
    inject(world, { fault: 'crash', host: 'server' });
    inject(world, { fault: 'start', host: 'server' });
    world.run(() => false, { micros: SECOND });
    expect(server().heard).toEqual([]);
    expect(server().ports.incarnation).toBeGreaterThan(first.incarnation);
    expect(serverHost.incarnation).toBe(server().ports.incarnation);
    const drawn = [first, server().ports].map((ports) => ports.random('x').uint32());
    expect(drawn[0]).not.toBe(drawn[1]);
  });

  test('a paused process handles what came meanwhile, in order, when it is resumed', () => {
    const { world, server, say } = pair();
    inject(world, { fault: 'pause', host: 'server' });
    say('a', 'b', 'c');
    world.run(() => false, { micros: 10 * SECOND });
    expect(server().heard).toEqual([]);
    inject(world, { fault: 'resume', host: 'server' });
    world.run(() => false, { micros: SECOND });
    expect(server().heard).toEqual(['a', 'b', 'c']);
  });

  test('a skewed clock changes wall time and no timer', () => {
    const { world, client } = pair();
    const before = client().ports.clock.wall();
    inject(world, { fault: 'clock', host: 'client', offsetMs: -60_000 });
    expect(client().ports.clock.wall()).toBe(before - 60_000);
    inject(world, { fault: 'drift', host: 'client', ppm: 1000 });
    world.run(() => false, { micros: 10 * SECOND });
    expect(client().ports.clock.wall()).toBe(before - 60_000 + 10_010);
  });
});

describe('world: network', () => {
  test('behind a partition messages wait, and arrive in order when it heals', () => {
    const { world, server, client, say } = pair();
    inject(world, { fault: 'partition', groups: [['client'], ['server']] });
    say('a', 'b');
    world.run(() => false, { micros: 5 * SECOND });
    expect(server().heard).toEqual([]);
    inject(world, { fault: 'heal' });
    world.run(() => false, { micros: SECOND });
    expect(server().heard).toEqual(['a', 'b']);
    expect(client().heard).toEqual(['echo a', 'echo b']);
  });

  test('an asymmetric cut lets requests through and no replies', () => {
    const { world, server, client, say } = pair();
    inject(world, { fault: 'cut', from: 'server', to: 'client' });
    say('a');
    world.run(() => false, { micros: SECOND });
    expect(server().heard).toEqual(['a']);
    expect(client().heard).toEqual([]);
  });

  test('a host without a listener refuses, one without power is unreachable', () => {
    const { world, client } = pair();
    inject(world, { fault: 'crash', host: 'server' });
    world.command('client', 'connect', () => client().connect());
    world.run(() => false, { micros: SECOND });
    expect(client().closes).toEqual(['reset', 'refused']);
    inject(world, { fault: 'power', host: 'server' });
    world.command('client', 'connect', () => client().connect());
    world.run(() => false, { micros: 20 * SECOND });
    expect(client().closes).toEqual(['reset', 'refused', 'unreachable']);
  });

  test('a lossy link stalls a connection and loses nothing on it', () => {
    const { world, server, say } = pair();
    const ratio = { numerator: 1, denominator: 3 };
    inject(world, { fault: 'loss', from: 'client', to: 'server', ratio });
    const texts = Array.from({ length: 30 }, (_, index) => `m${index}`);
    say(...texts);
    world.run(() => false, { micros: 600 * SECOND });
    expect(server().heard).toEqual(texts);
  });

  test('a reset in mid-request closes both ends, and the request does not arrive', () => {
    const { world, server, client, say } = pair();
    inject(world, { fault: 'reset', from: 'client', to: 'server', bytes: 6 });
    say('long enough');
    world.run(() => false, { micros: SECOND });
    expect(server().heard).toEqual([]);
    expect([client().closes, server().closes]).toEqual([['reset'], ['reset']]);
  });

  test('a duplicate: the request arrives, the connection breaks before the reply', () => {
    const { world, server, client, say } = pair();
    const ratio = { numerator: 1, denominator: 1 };
    inject(world, { fault: 'duplicate', from: 'client', to: 'server', ratio });
    say('pay');
    world.run(() => false, { micros: SECOND });
    expect(server().heard).toEqual(['pay']);
    expect([client().heard, client().closes]).toEqual([[], ['reset']]);
  });

  test('messages of different connections overtake each other', () => {
    const { world, server, client } = pair();
    inject(world, {
      fault: 'delay',
      from: 'client',
      to: 'server',
      minMicros: 100,
      jitterMicros: 9000,
    });
    world.command('client', 'many connections', () => {
      for (let index = 0; index < 8; index++) {
        client().connect();
        client().say(`m${index}`);
      }
    });
    world.run(() => false, { micros: SECOND });
    expect([...server().heard].sort()).toEqual(Array.from({ length: 8 }, (_, i) => `m${i}`));
    expect(server().heard).not.toEqual(Array.from({ length: 8 }, (_, i) => `m${i}`));
  });

  test('a reader that pauses holds the sender back, and hears everything when it goes on', () => {
    const { world, server, client, say } = pair();
    world.command('client', 'pause', () => client().connection.pause());
    say('a', 'b', 'c');
    world.run(() => false, { micros: SECOND });
    expect([server().heard.length, client().heard.length]).toEqual([3, 0]);
    world.command('client', 'resume', () => client().connection.resume());
    world.run(() => false, { micros: SECOND });
    expect(client().heard).toEqual(['echo a', 'echo b', 'echo c']);
  });

  test('drained comes when a full send buffer has emptied to its half', () => {
    const { world, client } = pair();
    const big = 'x'.repeat(900_000);
    world.command('client', 'fill', () => client().say(big, big, big, big, big));
    world.run(() => false, { micros: SECOND });
    expect(client().drained).toBe(1);
    expect(client().connection.outstandingBytes).toBe(0);
  });

  test('what was sent was delivered, dropped, or is in flight (S3)', () => {
    const { world, say } = pair();
    say('a', 'b');
    world.run(() => false, { events: 3 });
    inject(world, { fault: 'crash', host: 'server' });
    say('c');
    world.run(() => false, { micros: SECOND });
    const { sent, delivered, dropped } = world.network.counts;
    expect(sent).toBe(delivered + dropped);
    expect(dropped).toBeGreaterThan(0);
  });
});

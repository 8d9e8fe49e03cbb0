/** Redis beside the broker: commands, expiry, scripts, replication, failover, persistence. */
import { describe, expect, test } from 'vitest';
import { appendOnlyFile } from '../../engine/services/redis/append-only-file.ts';
import { scripting } from '../../engine/services/redis/eval.ts';
import { moreCommands } from '../../engine/services/redis/more-commands.ts';
import { createRedis, type Redis, type RedisSettings } from '../../engine/services/redis/redis.ts';
import { createSentinel } from '../../engine/services/redis/sentinel.ts';
import { RedisClient, type RedisAddress } from '../../engine/services/redis/redis-client.ts';
import { textOfResp, type RespValue } from '../../engine/services/redis/resp.ts';
import type { Ports, Process } from '../../engine/kernel/ports.ts';
import { inject } from '../../engine/sim/faults.ts';
import type { Fault } from '../../engine/sim/faults.ts';
import { World } from '../../engine/sim/world.ts';

const PARTS = { commands: { ...moreCommands, ...scripting }, appendOnlyFile };

class Application implements Process {
  readonly client: RedisClient;
  constructor(ports: Ports, address: RedisAddress) {
    this.client = new RedisClient(ports, address, 1000);
  }
  start(): void {}
}

class Rig {
  readonly world = new World({ seed: 1, trace: true, paranoidWire: true, freeze: true });

  constructor(settings: Partial<RedisSettings> = {}, pair = false) {
    this.world.addHost('redis-1', createRedis(settings, PARTS)).start();
    if (pair) {
      this.world
        .addHost('redis-2', createRedis({ ...settings, replicaof: 'redis-1' }, PARTS))
        .start();
      const watch = { instances: ['redis-1', 'redis-2'], downAfterMs: 5000 };
      this.world.addHost('sentinel-1', createSentinel(watch)).start();
    }
    const address = pair ? { sentinel: 'sentinel-1' } : { master: 'redis-1' };
    this.world.addHost('app-1', (ports) => new Application(ports, address)).start();
    this.sleep(3000);
  }

  /** A command as typed, words between blanks; single quotes hold words together. */
  ask(line: string): string {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);
    let answer: RespValue | null | undefined;
    this.world.command('app-1', line, () => {
      const { client } = this.world.hostNamed('app-1')!.process as Application;
      client.command(words, (reply) => {
        answer = reply;
      });
    });
    this.world.run(() => answer !== undefined, { micros: 10_000_000, events: 5_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
    return answer ? textOfResp(answer) : 'no answer';
  }

  sleep(millis: number): void {
    this.world.run(() => false, { micros: millis * 1000, events: 100_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
  }

  inject(...faults: Fault[]): void {
    for (const fault of faults) inject(this.world, fault);
  }

  keysOf(host: string): string[] {
    return (this.world.hostNamed(host)!.process as Redis).inspect().keys.map(([key]) => key);
  }
}

const RELEASE =
  'if redis.call("GET",KEYS[1])==ARGV[1] then return redis.call("DEL",KEYS[1]) end return 0';

describe('services: redis: commands', () => {
  test.each([
    ['PING', 'PONG'],
    ['GET nothing', '(nil)'],
    ['SET k v', 'OK'],
    ['INCR text', '(integer) 1'],
    ['TTL nothing', '(integer) -2'],
    ['EXPIRE nothing 10', '(integer) 0'],
    ['SET k', "(error) ERR wrong number of arguments for 'set' command"],
    ['SET k v EX', '(error) ERR value is not an integer or out of range'],
    ['SET k v EX 0', "(error) ERR invalid expire time in 'set' command"],
    ['SET k v NX XX', '(error) ERR syntax error'],
    ['LPUSH list a', "(error) ERR unknown command 'LPUSH', with args beginning with: 'list' 'a' "],
  ])('%s answers %s', (line, reply) => {
    expect(new Rig().ask(line)).toBe(reply);
  });

  test('SET NX takes a key that is free, and no other', () => {
    const rig = new Rig();
    expect(rig.ask('SET lock a NX PX 5000')).toBe('OK');
    expect(rig.ask('SET lock b NX PX 5000')).toBe('(nil)');
    expect(rig.ask('GET lock')).toBe('"a"');
    rig.sleep(5000);
    expect(rig.ask('SET lock b NX PX 5000')).toBe('OK');
  });

  test('an expired key is gone without anybody asking', () => {
    const rig = new Rig();
    rig.ask('SET k v PX 100');
    expect(rig.keysOf('redis-1')).toEqual(['k']);
    rig.sleep(200);
    expect(rig.keysOf('redis-1')).toEqual([]);
  });

  test('a wall clock that jumps ahead ends a lease early', () => {
    const rig = new Rig();
    rig.ask('SET lock a PX 60000');
    rig.inject({ fault: 'clock', host: 'redis-1', offsetMs: 61_000 });
    expect(rig.ask('GET lock')).toBe('(nil)');
  });

  test('a script compares and deletes in one step', () => {
    const rig = new Rig();
    rig.ask('SET lock a');
    expect(rig.ask(`EVAL '${RELEASE}' 1 lock b`)).toBe('(integer) 0');
    expect(rig.ask(`EVAL '${RELEASE}' 1 lock a`)).toBe('(integer) 1');
    expect(rig.ask('GET lock')).toBe('(nil)');
  });

  test('a script outside the known part of Lua says so', () => {
    expect(new Rig().ask("EVAL 'while true do end' 0")).toContain('unexpected symbol');
    expect(new Rig().ask("EVAL 'return nothing' 0")).toContain("global variable 'nothing'");
  });
});

describe('services: redis: replication and crashes', () => {
  test('a replica has what the master has, and refuses writes', () => {
    const rig = new Rig({}, true);
    rig.ask('SET k v PX 60000');
    rig.sleep(100);
    expect(rig.keysOf('redis-2')).toEqual(['k']);
  });

  test('a failover loses what the replica had not received yet', () => {
    const rig = new Rig({}, true);
    rig.ask('SET before v');
    rig.sleep(1000);
    rig.inject({ fault: 'cut', from: 'redis-1', to: 'redis-2' });
    expect(rig.ask('SET lock a NX')).toBe('OK');
    rig.inject({ fault: 'crash', host: 'redis-1' }, { fault: 'heal' });
    rig.sleep(15_000);
    expect(rig.ask('SET lock b NX')).toBe('OK');
    expect(rig.ask('GET before')).toBe('"v"');
  });

  test('an old master that comes back becomes a replica, and its own writes go', () => {
    const rig = new Rig({ appendonly: true }, true);
    rig.inject({ fault: 'cut', from: 'redis-1', to: 'redis-2' });
    rig.ask('SET mine v');
    rig.inject({ fault: 'crash', host: 'redis-1' }, { fault: 'heal' });
    rig.sleep(15_000);
    rig.inject({ fault: 'start', host: 'redis-1' });
    rig.sleep(30_000);
    expect(rig.keysOf('redis-1')).toEqual([]);
    expect(rig.ask('ROLE')).toContain('"master"');
  });

  test('WAIT tells how many replicas have it; it undoes nothing', () => {
    const rig = new Rig({}, true);
    rig.ask('SET k v');
    expect(rig.ask('WAIT 1 500')).toBe('(integer) 1');
    rig.inject({ fault: 'cut', from: 'redis-1', to: 'redis-2' });
    rig.ask('SET k w');
    expect(rig.ask('WAIT 1 500')).toBe('(integer) 0');
    expect(rig.ask('GET k')).toBe('"w"');
  });

  test('min-replicas-to-write refuses writes without replicas', () => {
    expect(new Rig({ 'min-replicas-to-write': 1 }).ask('SET k v')).toBe(
      '(error) NOREPLICAS Not enough good replicas to write.',
    );
  });

  test.each([
    [false, 'always', 'crash', '(nil)'],
    [true, 'everysec', 'crash', '"v"'],
    [true, 'everysec', 'power', '(nil)'],
    [true, 'always', 'power', '"v"'],
  ] as const)(
    'appendonly %s, appendfsync %s: after %s the key is %s',
    (appendonly, appendfsync, fault, value) => {
      const rig = new Rig({ appendonly, appendfsync });
      rig.ask('SET k v');
      rig.inject({ fault, host: 'redis-1' }, { fault: 'start', host: 'redis-1' });
      rig.sleep(100);
      // After a power loss nobody tells the client that its connection is gone.
      if (fault === 'power') expect(rig.ask('GET k')).toBe('no answer');
      expect(rig.ask('GET k')).toBe(value);
    },
  );
});

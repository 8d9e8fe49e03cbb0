/**
 * Small scenes in the simulated world for the machines beside the broker: a database's session, a
 * Sentinel's failover, a ZooKeeper client.
 */
import { createDatabase } from '../../../engine/services/database/database.ts';
import { DatabaseClient } from '../../../engine/services/database/database-client.ts';
import { createRedis } from '../../../engine/services/redis/redis.ts';
import { createSentinel } from '../../../engine/services/redis/sentinel.ts';
import type { Process } from '../../../engine/kernel/ports.ts';
import { inject } from '../../../engine/sim/faults.ts';
import { World } from '../../../engine/sim/world.ts';
import { Rig as ZooKeeperRig } from '../../zookeeper/rig.ts';

const SECOND = 1_000_000;

function newWorld(): World {
  return new World({ seed: 1, trace: true, paranoidWire: true, freeze: true });
}

function pass(world: World, seconds: number): void {
  world.run(() => false, { micros: seconds * SECOND });
  if (world.failure !== null) throw world.failure.error;
}

function until(world: World, what: string, condition: () => boolean): void {
  const end = world.run(condition, { micros: 600 * SECOND });
  if (world.failure !== null) throw world.failure.error;
  if (end !== 'done') throw new Error(`${what}: ${end}`);
}

// ------------------------------------------------------------------------------------- a database

/** A statement alone; a transaction that commits; one that fails and is rolled back. */
function statements(): World {
  const world = newWorld();
  world.addHost('database-1', createDatabase({})).start();
  const host = world.addHost('app-1', ({ network }) => {
    const client = new DatabaseClient(network, 'database-1');
    return { client, start: () => undefined } satisfies Process & { client: DatabaseClient };
  });
  host.start();
  until(world, 'it starts', () => host.process !== null);
  for (const sql of [
    'CREATE TABLE account (id text PRIMARY KEY, balance integer NOT NULL)',
    'BEGIN',
    "INSERT INTO account (id, balance) VALUES ('a', 1)",
    'COMMIT',
    'BEGIN',
    "INSERT INTO account (id, balance) VALUES ('a', 2)",
    'ROLLBACK',
  ]) {
    let answered = false;
    world.command('app-1', sql, () => {
      const { client } = host.process as unknown as { client: DatabaseClient };
      client.query(sql, [], () => (answered = true));
    });
    until(world, sql, () => answered);
  }
  return world;
}

export const sessionScenes = [statements] as const;

// -------------------------------------------------------------------------------------- a Sentinel

/** The master crashes. The replica that is chosen takes its place, or crashes before it is told. */
function failover(replica: 'lives' | 'crashes'): World {
  const world = newWorld();
  world.addHost('redis-1', createRedis({})).start();
  world.addHost('redis-2', createRedis({ replicaof: 'redis-1' })).start();
  const watch = { instances: ['redis-1', 'redis-2'], downAfterMs: 5_000, failoverTimeoutMs: 9_000 };
  world.addHost('sentinel-1', createSentinel(watch)).start();
  pass(world, 3);
  inject(world, { fault: 'crash', host: 'redis-1' });
  const isIn = (state: string) => () => failoverState(world) === state;
  until(world, 'a replica is chosen', isIn('WAIT_PROMOTION'));
  if (replica === 'crashes') inject(world, { fault: 'crash', host: 'redis-2' });
  until(world, 'it is over', isIn('NONE'));
  return world;
}

function failoverState(world: World): unknown {
  return [...world.trace.entries()].filter(({ data }) => data['machine'] === 'failover').at(-1)
    ?.data['to'];
}

export const failoverScenes = [() => failover('lives'), () => failover('crashes')] as const;

// ----------------------------------------------------------------------------------- ZooKeeper

/** Connected, and closed. */
function closes(): World {
  const rig = new ZooKeeperRig(1);
  rig.close(1);
  return rig.world;
}

/** The server crashes for so long; the client tries again, or is closed meanwhile. */
function loses(seconds: number, then: 'expires' | 'closes'): World {
  const rig = new ZooKeeperRig(1);
  inject(rig.world, { fault: 'crash', host: 'zk-1' });
  rig.sleep(seconds * 1_000);
  if (then === 'closes') {
    rig.close(1);
    return rig.world;
  }
  inject(rig.world, { fault: 'start', host: 'zk-1' });
  rig.sleep(30_000);
  return rig.world;
}

/** The client cannot reach the server for longer than its session lives. */
function expires(): World {
  const rig = new ZooKeeperRig(1);
  inject(rig.world, { fault: 'isolate', host: 'app-1' });
  rig.sleep(30_000);
  inject(rig.world, { fault: 'heal' });
  rig.sleep(10_000);
  return rig.world;
}

export const zooKeeperScenes = [closes, () => loses(3, 'closes'), expires] as const;

/**
 * Small scenes in the simulated world in which brokers, their registrations and the controller go
 * through the states of their machines.
 *
 * Not here: replicas and clients (the files beside this one), which states are missing (the test).
 */
import { createBroker } from '../../../engine/kafka/broker.ts';
import type { World } from '../../../engine/sim/world.ts';
import { Cluster, type ClusterOptions } from '../../kafka/cluster.ts';
import { Rig } from '../../kafka/controller/rig.ts';

const TOPIC = { name: 'pay', numPartitions: 1, replicationFactor: 3, assignments: [[1, 2, 3]] };
const SESSION_SECONDS = 10;

function started(options: ClusterOptions = {}): Cluster {
  const cluster = new Cluster(options);
  cluster.running();
  cluster.createTopic(TOPIC);
  return cluster;
}

const inState = (cluster: Cluster, state: string) => () => cluster.broker(1)?.state === state;

/** A broker is stopped as soon as it is in this state. */
function stopIn(state: 'STARTING' | 'RECOVERY' | 'RUNNING'): World {
  const cluster = new Cluster();
  cluster.until(state, inState(cluster, state));
  cluster.inject({ fault: 'stop', host: 'broker-1' });
  cluster.until('it has stopped', () => !cluster.isUp(1));
  return cluster.world;
}

/** Nobody gives it leave to stop, since there is no controller any more. */
function stopsWithoutController(): World {
  const cluster = started();
  cluster.inject({ fault: 'crash', host: 'controller-1' });
  cluster.inject({ fault: 'stop', host: 'broker-1' });
  cluster.until('it has stopped', () => !cluster.isUp(1), 400);
  return cluster.world;
}

function stopsWithoutAsking(): World {
  const cluster = started({ settings: { 'controlled.shutdown.enable': 'false' } });
  cluster.inject({ fault: 'stop', host: 'broker-1' });
  cluster.until('it has stopped', () => !cluster.isUp(1));
  return cluster.world;
}

/**
 * While a broker is frozen in this state, another process registers with its id: the controller
 * has replaced its registration when it goes on.
 */
function replacedIn(
  state: 'STARTING' | 'RECOVERY' | 'RUNNING' | 'PENDING_CONTROLLED_SHUTDOWN',
): World {
  const cluster = new Cluster();
  const { world, profile } = cluster;
  const stops = state === 'PENDING_CONTROLLED_SHUTDOWN';
  if (stops) {
    cluster.running();
    cluster.inject({ fault: 'stop', host: 'broker-1' });
  }
  const registered = () => state !== 'STARTING' || traced(world, 'broker-1', 'registration');
  cluster.until(state, () => inState(cluster, state)() && registered());
  cluster.inject({ fault: 'pause', host: 'broker-1' });
  cluster.sleep(SESSION_SECONDS);
  const controllers = [{ host: 'controller-1', port: 9093 }];
  const twin = world.addHost(
    'twin',
    createBroker({ nodeId: 1, controllers, profile, settings: {} }),
  );
  twin.start();
  cluster.until('the twin is registered', () => traced(world, 'twin', 'registration'), 30);
  cluster.inject({ fault: 'crash', host: 'twin' });
  cluster.inject({ fault: 'resume', host: 'broker-1' });
  cluster.until(
    'it hears that it was replaced',
    () => steps(world, 'broker-1').includes('STALE_BROKER_EPOCH'),
    60,
  );
  return world;
}

/** Whether the host's trace has an entry of this kind that tells of a success. */
function traced(world: World, host: string, kind: string): boolean {
  for (const entry of world.trace.entries()) {
    if (entry.host === host && entry.kind === kind && entry.data['error'] === 'NONE') return true;
  }
  return false;
}

function steps(world: World, host: string): unknown[] {
  return [...world.trace.entries()]
    .filter((entry) => entry.host === host && entry.kind === 'machine')
    .map(({ data }) => data['event']);
}

export const lifecycleScenes = [
  () => stopIn('STARTING'),
  () => stopIn('RECOVERY'),
  () => stopIn('RUNNING'),
  stopsWithoutController,
  stopsWithoutAsking,
  () => replacedIn('STARTING'),
  () => replacedIn('RECOVERY'),
  () => replacedIn('RUNNING'),
  () => replacedIn('PENDING_CONTROLLED_SHUTDOWN'),
] as const;

// --------------------------------------------------------------------------------- registrations

/** What a broker may ask for by its heartbeats, from each state. */
function heartbeats(): World {
  const rig = new Rig().cluster().pay();
  rig.heartbeat(2, { wantFence: true });
  rig.heartbeat(2, { wantShutDown: true });
  rig.heartbeat(2, { wantShutDown: true });
  // It leads nothing, so it may go at once.
  rig.heartbeat(3, { wantShutDown: true });
  rig.heartbeat(1, { wantShutDown: true });
  rig.expire(1);
  return rig.world;
}

/** Leaderships move away first, and whoever is silent is fenced. */
function movesAndExpires(): World {
  const rig = new Rig().cluster().pay();
  rig.heartbeat(1, { wantShutDown: true });
  for (const id of [2, 3]) rig.heartbeat(id);
  rig.heartbeat(1, { wantShutDown: true });
  rig.expire(2);
  return rig.world;
}

/** A controller that starts anew finds them in the log as they were. */
function foundAgain(): World {
  const rig = new Rig().cluster().pay();
  rig.heartbeat(1, { wantShutDown: true });
  rig.restart('crash');
  return rig.world;
}

export const registrationScenes = [heartbeats, movesAndExpires, foundAgain] as const;

// ------------------------------------------------------------------------------------ controllers

function resignsWhenStopped(): World {
  const cluster = started();
  cluster.inject({ fault: 'stop', host: 'controller-1' });
  cluster.sleep(1);
  return cluster.world;
}

function diskFailsWhileItLoads(): World {
  const cluster = new Cluster({ brokers: 1 });
  cluster.inject({ fault: 'sync-error', host: 'controller-1', count: 1 });
  cluster.sleep(1);
  return cluster.world;
}

export const controllerScenes = [resignsWhenStopped, diskFailsWhileItLoads] as const;

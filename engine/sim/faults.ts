/**
 * The faults that a learner, a test or a search can inject: plain data, so that a run is
 * `(experiment, knobs, inputs, seed)` and a link can carry it.
 *
 * All are off by default and none draws from another's random stream. Not here: which faults a
 * configuration is meant to survive, and when to inject one (`lab/`).
 */
import { assert } from '../kernel/assert.ts';
import { randomStream } from '../kernel/random.ts';
import type { Ratio } from '../kernel/units.ts';
import type { SimHost } from './host.ts';
import type { Unsynced } from './sim-disk.ts';
import { faultKind } from './sim-trace.ts';
import type { World } from './world.ts';

export type Fault =
  /** Process: killed (page cache kept), power lost (page cache gone), asked to stop, started. */
  | { readonly fault: 'crash'; readonly host: string }
  | { readonly fault: 'power'; readonly host: string; readonly unsynced?: Unsynced }
  | { readonly fault: 'stop'; readonly host: string }
  | { readonly fault: 'start'; readonly host: string }
  /** Stop-the-world pause, as of a garbage collector or SIGSTOP; sockets stay open. */
  | { readonly fault: 'pause'; readonly host: string }
  | { readonly fault: 'resume'; readonly host: string }
  | { readonly fault: 'slow'; readonly host: string; readonly factor: number }
  /** Network: one host from all others (or some); two hosts, both ways or one. */
  | { readonly fault: 'isolate'; readonly host: string; readonly from?: readonly string[] }
  | { readonly fault: 'partition'; readonly groups: readonly (readonly string[])[] }
  | { readonly fault: 'cut'; readonly from: string; readonly to: string }
  | { readonly fault: 'clog'; readonly from: string; readonly to: string }
  | { readonly fault: 'heal' }
  | {
      readonly fault: 'delay';
      readonly from: string;
      readonly to: string;
      readonly minMicros: number;
      readonly jitterMicros: number;
    }
  | { readonly fault: 'loss'; readonly from: string; readonly to: string; readonly ratio: Ratio }
  /** Connections break after a request arrived, so that clients send it twice. */
  | {
      readonly fault: 'duplicate';
      readonly from: string;
      readonly to: string;
      readonly ratio: Ratio;
    }
  /** The next larger message is cut off after so many bytes; 0: reset every connection now. */
  | { readonly fault: 'reset'; readonly from: string; readonly to: string; readonly bytes: number }
  /** Clock: wall time only; timers go on. */
  | { readonly fault: 'clock'; readonly host: string; readonly offsetMs: number }
  | { readonly fault: 'drift'; readonly host: string; readonly ppm: number }
  /** Disk. */
  | { readonly fault: 'disk-full'; readonly host: string; readonly capacityBytes: number }
  | { readonly fault: 'sync-error'; readonly host: string; readonly count: number }
  | { readonly fault: 'lying-sync'; readonly host: string; readonly on: boolean }
  | { readonly fault: 'slow-disk'; readonly host: string; readonly factor: number }
  | {
      readonly fault: 'bit-rot';
      readonly host: string;
      readonly path: string;
      readonly position: number;
      readonly bit: number;
    }
  | { readonly fault: 'wipe'; readonly host: string };

export type FaultName = Fault['fault'];

/**
 * Injects a fault now, as an event of its own. A fault that makes no sense in the host's state
 * (a crash of what is down) is a traced no-op, so that every schedule of faults can be run.
 */
export function inject(world: World, fault: Fault): void {
  world.act(() => {
    const host = 'host' in fault ? hostOf(world, fault.host) : null;
    world.record(host, faultKind, { fault: fault.fault, detail: detailOf(fault) });
    if (host !== null) injectAtHost(world, host, fault);
    else injectInNetwork(world, fault);
  });
}

function injectAtHost(world: World, host: SimHost, fault: Fault): void {
  switch (fault.fault) {
    case 'crash':
      if (host.state === 'running') host.kill(false);
      return;
    case 'power':
      losePower(world, host, fault.unsynced ?? 'lost');
      return;
    case 'stop':
      if (host.state === 'running') host.stop();
      return;
    case 'start':
      if (host.state !== 'running') host.start();
      return;
    case 'pause':
      if (host.state === 'running') host.pause();
      return;
    case 'resume':
      host.resume();
      return;
    case 'slow':
      host.slow(fault.factor);
      return;
    case 'isolate':
      isolate(world, host.name, fault.from ?? namesOf(world));
      return;
    default:
      injectAtClockOrDisk(world, host, fault);
  }
}

function injectAtClockOrDisk(world: World, host: SimHost, fault: Fault): void {
  switch (fault.fault) {
    case 'clock':
      host.wall.step(fault.offsetMs);
      return;
    case 'drift':
      host.wall.drift(world.now, fault.ppm);
      return;
    case 'disk-full':
      host.disk.limitTo(fault.capacityBytes);
      return;
    case 'sync-error':
      host.disk.failSyncs(fault.count);
      return;
    case 'lying-sync':
      host.disk.lie(fault.on);
      return;
    case 'slow-disk':
      host.slowDisk(fault.factor);
      return;
    case 'bit-rot':
      host.disk.rot(fault.path, fault.position, fault.bit);
      return;
    case 'wipe':
      assert(host.state !== 'running', 'a disk is replaced while nothing runs', { at: host.name });
      host.disk.wipe();
      return;
    default:
      assert(false, 'a fault of a host', { fault: fault.fault });
  }
}

function injectInNetwork(world: World, fault: Fault): void {
  const { network } = world;
  switch (fault.fault) {
    case 'partition':
      partition(world, fault.groups);
      return;
    case 'cut':
      network.link(fault.from, fault.to).cut = true;
      return;
    case 'clog':
      network.link(fault.from, fault.to).clogged = true;
      return;
    case 'heal':
      heal(world);
      return;
    case 'delay':
      network.setConditions(fault.from, fault.to, {
        delayMicrosMin: fault.minMicros,
        jitterMicros: fault.jitterMicros,
      });
      return;
    case 'loss':
      network.setConditions(fault.from, fault.to, { loss: fault.ratio });
      return;
    case 'duplicate':
      network.setConditions(fault.from, fault.to, { breakAfter: fault.ratio });
      return;
    case 'reset':
      if (fault.bytes === 0) network.resetBetween(fault.from, fault.to);
      else network.link(fault.from, fault.to).resetAfterBytes = fault.bytes;
      return;
    default:
      assert(false, 'a fault of the network', { fault: fault.fault });
  }
}

function losePower(world: World, host: SimHost, unsynced: Unsynced): void {
  if (host.state === 'off') return;
  const stream = randomStream(world.seed, `faults/power/${host.name}/${host.incarnation}`);
  host.kill(true);
  host.disk.losePower(unsynced, stream);
}

function isolate(world: World, name: string, others: readonly string[]): void {
  for (const other of others) {
    if (other === name) continue;
    world.network.link(name, other).cut = true;
    world.network.link(other, name).cut = true;
  }
}

/** Hosts in different groups do not hear each other; a host in no group hears all. */
function partition(world: World, groups: readonly (readonly string[])[]): void {
  for (const group of groups) {
    for (const name of group) {
      hostOf(world, name);
      for (const other of groups) if (other !== group) isolate(world, name, other);
    }
  }
}

/** Ends every cut and clog; delays and losses stay as they were set. */
function heal(world: World): void {
  for (const from of namesOf(world)) {
    for (const to of namesOf(world)) {
      const link = world.network.link(from, to);
      if (link.open) continue;
      link.cut = false;
      link.clogged = false;
      world.network.reopened(from, to);
    }
  }
}

function hostOf(world: World, name: string): SimHost {
  const host = world.hostNamed(name);
  assert(host !== undefined, 'no such host', { name, known: namesOf(world) });
  return host;
}

function namesOf(world: World): readonly string[] {
  return world.hosts.map((host) => host.name);
}

/** The parameters as text for the trace, in the order of their names. */
function detailOf(fault: Fault): string {
  const pairs = Object.entries(fault).filter(([name]) => name !== 'fault' && name !== 'host');
  pairs.sort(([left], [right]) => (left < right ? -1 : 1));
  return pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ');
}

/**
 * Both worlds behind one small face, so that one suite of facts about the ports runs against each:
 * a process is a script that is given the ports.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '../../engine/kernel/assert.ts';
import type { Ports, Process } from '../../engine/kernel/ports.ts';
import type { RealHost } from '../../engine/node/adapters/real-host.ts';
import { RealWorld } from '../../engine/node/adapters/real-world.ts';
import type { WorldOptions } from '../../engine/node/adapters/real-world.ts';
import { inject } from '../../engine/sim/faults.ts';
import { World } from '../../engine/sim/world.ts';

/** What a script's process does first, and when it is asked to stop. */
export interface Script {
  start(ports: Ports): void;
  stop?(ports: Ports): void;
}

export interface PortWorld {
  /** Starts a process (again, if it was killed) on a host with this name. */
  start(host: string, script: Script): void;
  /** Runs something as an event of the process. */
  command(host: string, run: () => void): void;
  stop(host: string): void;
  kill(host: string): void;
  running(host: string): boolean;
  /** Goes on until the condition holds; fails after ten seconds. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Goes on for so many milliseconds. */
  pass(ms: number): Promise<void>;
  end(): void;
}

const PATIENCE_MS = 10_000;

function processOf(script: Script, ports: Ports): Process {
  const { stop } = script;
  const begin = (): void => script.start(ports);
  return stop === undefined ? { start: begin } : { start: begin, stop: () => stop(ports) };
}

export function simulatedWorld(): PortWorld {
  const world = new World({ seed: 1, paranoidWire: true, freeze: true });
  const scripts = new Map<string, Script>();
  const run = (what: string, condition: () => boolean, ms: number): string =>
    `${what}: ${world.run(condition, { micros: ms * 1000 })} ${world.failure?.error.message ?? ''}`;
  return {
    start(name, script) {
      scripts.set(name, script);
      const known = world.hostNamed(name);
      const host = known ?? world.addHost(name, (ports) => processOf(scripts.get(name)!, ports));
      host.start();
    },
    command: (name, command) => world.command(name, 'script', command),
    stop: (name) => world.hostNamed(name)!.stop(),
    kill: (name) => inject(world, { fault: 'crash', host: name }),
    running: (name) => world.hostNamed(name)?.state === 'running',
    until(what, condition) {
      const end = run(what, condition, PATIENCE_MS);
      assert(condition(), end);
      return Promise.resolve();
    },
    pass(ms) {
      run('pass', () => false, ms);
      return Promise.resolve();
    },
    end: () => undefined,
  };
}

export interface RealPortWorld extends PortWorld {
  readonly world: RealWorld;
  readonly log: string[];
  readonly folder: string;
  host(name: string): RealHost;
}

export function realWorld(options: Partial<WorldOptions> = {}): RealPortWorld {
  const folder = mkdtempSync(join(tmpdir(), 'highwater-ports-'));
  const log: string[] = [];
  const world = new RealWorld({ log: (line) => log.push(line), ...options });
  const hosts = new Map<string, RealHost>();
  const host = (name: string): RealHost => hosts.get(name)!;
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    const deadline = performance.now() + PATIENCE_MS;
    while (!condition()) {
      assert(performance.now() < deadline, `${what}: not in time`, { log });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  return {
    world,
    log,
    folder,
    host,
    start(name, script) {
      const process = (ports: Ports): Process => processOf(script, ports);
      hosts.set(name, world.start({ host: name, folder: join(folder, name), process }));
    },
    command: (name, run) => host(name).command(run),
    stop: (name) => host(name).stop(),
    kill: (name) => host(name).kill('killed'),
    running: (name) => hosts.get(name)?.alive === true,
    until,
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    end() {
      world.end('the test is over');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

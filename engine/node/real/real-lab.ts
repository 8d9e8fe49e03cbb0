/**
 * The lab as an experiment sees it on a real cluster: the same calls, real time, and no world. A
 * process is what stands in for one of the product's parts (`kafka-stand-in.ts`); a fault cannot
 * be injected, nor can a process of the simulator run.
 */
import type { Process, ProcessFactory, Ports } from '../../kernel/ports.ts';
import type { Lab } from '../../lab/experiment.ts';
import { History } from '../../lab/history.ts';
import type { Fault } from '../../sim/faults.ts';
import type { SimHost } from '../../sim/host.ts';

/** Why an experiment cannot run on a real cluster, or not on this one. */
export class NotOnReal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotOnReal';
  }
}

/** A host in name only: a process that runs for as long as the run does. */
interface RealHost {
  readonly name: string;
  readonly state: 'running';
  readonly paused: false;
  readonly process: Process;
}

interface Awaited {
  readonly holds: () => boolean;
  readonly act: () => void;
}

const NO_PORTS = new Proxy({} as Ports, {
  get(_, port) {
    throw new NotOnReal(
      `a process of the simulator cannot run on it (it asks for ${String(port)})`,
    );
  },
});

export class RealLab implements Lab {
  readonly seed: number;
  readonly history = new History();
  readonly standIns: ReadonlyMap<string, unknown>;
  /** The step that is going on, for refusals. */
  step = 'the world';
  /** What was told or done so far: a number for the history, not an event of the simulator. */
  #events = 0;
  readonly #startedMs = performance.now();
  readonly #hosts = new Map<string, RealHost>();
  #awaited: readonly Awaited[] = [];

  constructor(seed: number, standIns: ReadonlyMap<string, unknown>) {
    this.seed = seed;
    this.standIns = standIns;
  }

  get now(): number {
    return Math.trunc((performance.now() - this.#startedMs) * 1000);
  }

  get event(): number {
    return ++this.#events;
  }

  addHost(name: string, factory: ProcessFactory): SimHost {
    const process = factory(NO_PORTS);
    const host: RealHost = { name, state: 'running', paused: false, process };
    this.#hosts.set(name, host);
    process.start();
    return asSimHost(host);
  }

  host(name: string): SimHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new NotOnReal(`there is no host '${name}'`);
    return asSimHost(host);
  }

  hosts(): readonly SimHost[] {
    return [...this.#hosts.values()].map(asSimHost);
  }

  command<P extends Process>(
    name: string,
    _label: string,
    run: (process: P) => void,
    delayMs = 0,
  ): void {
    const { process } = this.host(name);
    if (delayMs === 0) run(process as P);
    else setTimeout(() => run(process as P), delayMs);
  }

  /** Only what takes faults away is no fault. */
  inject(fault: Fault): void {
    if (fault.fault === 'heal') return;
    throw new NotOnReal(refusalOf(this.step, fault));
  }

  when(holds: () => boolean, act: () => void): void {
    this.#awaited = [...this.#awaited, { holds, act }];
  }

  /** Real time: so many microseconds from now. */
  tick(delayMicros: number, act: () => void): void {
    setTimeout(act, delayMicros / 1000);
  }

  /** Does what was awaited and has come to hold. Called whenever the cluster was looked at. */
  look(): void {
    const due = this.#awaited.filter(({ holds }) => holds());
    this.#awaited = this.#awaited.filter((one) => !due.includes(one));
    for (const { act } of due) act();
  }

  narrateWith(): void {
    // Sentences are made of a trace, and there is none.
  }

  invariant(): void {
    // An invariant is checked after each event of the simulator.
  }
}

/** The sentence that says which step asks for what only the simulator can do. */
export function refusalOf(step: string, fault: Fault): string {
  const { fault: name, ...details } = fault;
  const detail = Object.keys(details).length === 0 ? '' : ` ${JSON.stringify(details)}`;
  return `step '${step}' injects the fault '${name}'${detail}, which only the simulator can do`;
}

/** An experiment sees of a host its name, its state and its process; that much is here. */
function asSimHost(host: RealHost): SimHost {
  return host as unknown as SimHost;
}

/**
 * A Ra cluster in the simulated world: a replicated list of numbers on each node, clients that
 * append and read from any node, and the watch over Raft's invariants (T1 to T6, T8), which is that
 * of the core's own tests.
 */
import type { Entry, LogPosition } from '../../../engine/consensus/message.ts';
import type { RaftSwitches } from '../../../engine/consensus/raft-config.ts';
import type { Ports, Process } from '../../../engine/kernel/ports.ts';
import { RaCaller, type RaResult } from '../../../engine/rabbitmq/ra/ra-caller.ts';
import { OK, type Applied, type RaMachine } from '../../../engine/rabbitmq/ra/ra-machine.ts';
import type { RaServer } from '../../../engine/rabbitmq/ra/ra-server.ts';
import { RaSystem } from '../../../engine/rabbitmq/ra/ra-system.ts';
import { type Fault, inject } from '../../../engine/sim/faults.ts';
import { World, type RunEnd } from '../../../engine/sim/world.ts';
import type { Term } from '../../../engine/wire/erlang/term.ts';
import { History } from '../../consensus/history.ts';
import { RaftWatch } from '../../consensus/watch.ts';
import { SimulatedLinks } from './simulated-links.ts';

export const CLUSTER = '%2F_list';
export const THREE = ['rabbit-1', 'rabbit-2', 'rabbit-3'];

/** A list of numbers; an append's reply is its place. */
export class ListMachine implements RaMachine {
  items: number[] = [];

  apply(_meta: unknown, command: Term): Applied {
    if (typeof command !== 'number') return OK;
    this.items.push(command);
    return { reply: this.items.length - 1, effects: [] };
  }

  entered() {
    return [];
  }

  applied() {
    return [];
  }

  tick(): void {}

  query(): Term {
    return this.items.length;
  }

  snapshot(): Term {
    return [...this.items];
  }

  restore(state: Term): void {
    this.items = [...(state as readonly number[])];
  }

  hash(): string {
    return this.items.join();
  }
}

export interface RaClusterOptions {
  readonly seed?: number;
  readonly nodes?: readonly string[];
  /** Which of them have a member at the beginning. */
  readonly members?: readonly string[];
  readonly snapshotInterval?: number;
  readonly walBytesMax?: number;
  readonly switches?: Partial<RaftSwitches>;
  /** Whether a node that starts opens its server; without it, yes. */
  readonly opens?: () => boolean;
}

export class RaProcess implements Process {
  readonly ports: Ports;
  readonly links: SimulatedLinks;
  readonly system: RaSystem;
  readonly caller: RaCaller;
  readonly #options: RaClusterOptions;

  constructor(ports: Ports, options: RaClusterOptions) {
    const { nodes = THREE, walBytesMax = 1_000_000 } = options;
    this.ports = ports;
    this.#options = options;
    this.links = new SimulatedLinks(ports, nodes);
    this.system = new RaSystem(ports, this.links, { folder: `quorum/${ports.host}`, walBytesMax });
    const { processes } = this.system;
    this.caller = new RaCaller(ports, { links: this.links, processes, name: 'test' });
  }

  get server(): RaServer | undefined {
    return this.system.server(CLUSTER);
  }

  start(): void {
    this.links.start();
    const { nodes = THREE, members = nodes } = this.#options;
    const known = [...this.system.configs].some(({ cluster }) => cluster === CLUSTER);
    if (this.#options.opens?.() === false) return;
    if (known || members.includes(this.ports.host)) this.open(members);
  }

  open(members: readonly string[]): void {
    const { snapshotInterval = 1_000_000, switches = {} } = this.#options;
    const machine = new ListMachine();
    const options = { cluster: CLUSTER, members, machine, switches };
    this.system.open({ ...options, snapshotInterval: () => snapshotInterval }, () => undefined);
  }
}

/** What the watch knows of a node's log, to tell what an event changed. */
interface Seen {
  readonly server: RaServer;
  start: LogPosition;
  entries: Entry[];
}

export class RaClusterWorld {
  readonly world: World;
  readonly watch = new RaftWatch();
  readonly history = new History();
  readonly nodes: readonly string[];
  readonly #members: readonly string[];
  readonly #seen = new Map<string, Seen>();
  #items = 0;

  constructor(options: RaClusterOptions = {}) {
    const { seed = 1, nodes = THREE, members = nodes } = options;
    this.nodes = nodes;
    this.#members = members;
    this.world = new World({ seed, freeze: true, trace: true });
    for (const name of nodes) this.world.addHost(name, (ports) => new RaProcess(ports, options));
    this.world.observe((_event, host) => {
      if (host?.process instanceof RaProcess) this.#look(host.name, host.process);
    });
    for (const host of nodes) this.fault({ fault: 'start', host });
  }

  process(name: string): RaProcess {
    const { process } = this.world.hostNamed(name)!;
    if (!(process instanceof RaProcess)) throw new Error(`${name} is down`);
    return process;
  }

  server(name: string): RaServer {
    return this.process(name).server!;
  }

  isUp(name: string): boolean {
    return this.world.hostNamed(name)!.process instanceof RaProcess;
  }

  fault(...faults: readonly Fault[]): void {
    for (const fault of faults) inject(this.world, fault);
  }

  run(until: () => boolean, ms: number): RunEnd {
    return this.world.run(until, { micros: ms * 1000 });
  }

  runFor(ms: number): void {
    this.run(() => false, ms);
  }

  get leader(): string | null {
    let found: { name: string; term: number } | null = null;
    for (const name of this.nodes) {
      if (!this.isUp(name) || this.process(name).server === undefined) continue;
      const { role, term } = this.server(name).inspect();
      if (role === 'Leader' && (found === null || term > found.term)) found = { name, term };
    }
    return found?.name ?? null;
  }

  /** Runs until somebody leads and has committed an entry of its own. */
  elect(ms = 20_000): string {
    this.run(() => {
      const { leader } = this;
      if (leader === null) return false;
      const { term, highWatermark } = this.server(leader).inspect();
      return this.watch.committed.get(highWatermark)?.term === term;
    }, ms);
    if (this.leader === null) throw new Error('nobody leads');
    return this.leader;
  }

  append(at: string): void {
    if (!this.isUp(at)) return;
    const operation = this.history.begin('append');
    const item = ++this.#items;
    this.#ask(at, (process, cluster) => {
      process.caller.command(cluster, item, (result) => {
        if (result.kind === 'reply') this.history.end(operation, result.reply as number);
      });
    });
  }

  read(at: string): void {
    if (!this.isUp(at)) return;
    const operation = this.history.begin('read');
    this.#ask(at, (process, cluster) => {
      process.caller.query(cluster, 'consistent', null, (result) => {
        if (result.kind === 'reply') this.history.end(operation, result.reply as number);
      });
    });
  }

  /** Asks for a change of members, and runs until it is answered. */
  change(at: string, change: 'add' | 'remove' | 'transfer', member: string): RaResult {
    let answer: RaResult | null = null;
    this.#ask(at, (process, cluster) => {
      process.caller.change(cluster, change, member, (result) => (answer = result));
    });
    this.run(() => answer !== null, 10_000);
    return answer ?? { kind: 'timeout' };
  }

  #ask(
    at: string,
    run: (process: RaProcess, cluster: { name: string; members: readonly string[] }) => void,
  ) {
    const cluster = { name: CLUSTER, members: this.#members };
    this.world.command(at, 'ask', () => run(this.process(at), cluster));
  }

  listOf(name: string): string {
    return this.server(name).machine.hash();
  }

  /** What is wrong so far, with its invariant's name first; empty if nothing is. */
  problems(): readonly string[] {
    const found = this.watch.violations.map(({ id, what }) => `${id}: ${what}`);
    const { failure } = this.world;
    if (failure !== null) found.push(`${failure.error.message} at ${failure.host}`);
    const defect = this.history.defect();
    if (defect !== null) found.push(`linearizable: ${defect}`);
    found.push(...this.#differingHashes());
    return found;
  }

  /** R15: the same state wherever as much is applied. */
  #differingHashes(): readonly string[] {
    const hashes = new Map<number, string>();
    for (const name of this.nodes) {
      if (!this.isUp(name) || this.process(name).server === undefined) continue;
      const { applied } = this.server(name).inspect();
      const stateHash = this.listOf(name);
      const known = hashes.get(applied) ?? stateHash;
      hashes.set(applied, known);
      if (known !== stateHash) return [`R15: ${name} differs at ${applied}`];
    }
    return [];
  }

  #look(name: string, { server }: RaProcess): void {
    if (server === undefined) return;
    const { log } = server;
    let seen = this.#seen.get(name);
    if (seen?.server !== server) {
      seen = { server, start: log.start, entries: [...log.entries] };
      this.#seen.set(name, seen);
      this.watch.restarted(name, log.start, log.entries);
    }
    this.#follow(name, seen);
    this.watch.looked(name, server.inspect(), server.inspect().applied);
  }

  #follow(name: string, seen: Seen): void {
    const { log } = seen.server;
    if (log.start.offset !== seen.start.offset) {
      const before = seen.entries.find(({ endOffset }) => endOffset === log.start.offset);
      if (before?.term === log.start.term) {
        this.watch.compacted(name, log.start);
        seen.entries = seen.entries.filter(({ offset }) => offset >= log.start.offset);
      } else {
        this.watch.replaced(name, log.start);
        seen.entries = [];
      }
      seen.start = log.start;
    }
    const isSame = (entry: Entry | undefined): boolean =>
      entry === undefined || log.at(entry.offset) === entry;
    const length = seen.entries.length;
    while (!isSame(seen.entries.at(-1))) seen.entries.pop();
    const end = seen.entries.at(-1)?.endOffset ?? seen.start.offset;
    if (seen.entries.length < length) this.watch.truncated(name, end);
    const fresh = log.entries.slice(seen.entries.length);
    if (fresh.length === 0) return;
    this.watch.appended(name, fresh);
    seen.entries.push(...fresh);
  }
}

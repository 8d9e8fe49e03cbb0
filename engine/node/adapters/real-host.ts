/**
 * One process on real time: its ports, its life and its end.
 *
 * A process ends when it halts, when it is killed, or when its handler throws. A throw is a bug of
 * ours (an assertion): it is logged with its operands, and the process is dead, its connections
 * reset; other processes in the same program go on, as other machines would.
 *
 * Not here: which processes there are (`real-world.ts`). Differs from the simulated world: costs
 * are counted and take the time that they take; the incarnation counts starts in this program.
 */
import { costKinds } from '../../kernel/costs.ts';
import { assert } from '../../kernel/assert.ts';
import type { Address, Clock, Cost, CostKind, Ports } from '../../kernel/ports.ts';
import type { Process, ProcessFactory, Trace } from '../../kernel/ports.ts';
import type { ConnectionLimits } from './connection-quotas.ts';
import type { EventLoop, EventOwner } from './event-loop.ts';
import { FileDisk } from './file-disk.ts';
import type { NameTable } from './name-table.ts';
import { realRandom } from './real-random.ts';
import { TcpNetwork } from './tcp-network.ts';
import { traceLines, traceOff } from './trace-lines.ts';

/** How a process came to its end. `error` is what its handler threw. */
export interface ProcessEnd {
  readonly how: 'halted' | 'killed' | 'failed' | 'listen-failed';
  readonly reason: string;
  readonly error?: unknown;
}

export interface HostOptions<P extends Process> {
  /** The process's name among those of this program; connecting to it is by this name, too. */
  readonly host: string;
  /** The address that it is told to have, for others to connect to. Default: its name. */
  readonly advertisedHost?: string;
  /** The folder of its disk. */
  readonly folder: string;
  readonly process: ProcessFactory<P>;
  /** Called once, when the process has ended. */
  readonly ended?: (end: ProcessEnd) => void;
  /** Called for each port that is open. */
  readonly listening?: (port: number, real: Address) => void;
  /** Receives the trace, a line of JSON an entry; without it the trace is off. */
  readonly traceLine?: (line: string) => void;
}

export interface HostSurroundings {
  readonly loop: EventLoop;
  readonly names: NameTable;
  readonly limits: ConnectionLimits;
  readonly handlesMax: number;
  readonly incarnation: number;
  log(line: string): void;
}

export class RealHost<P extends Process = Process> implements EventOwner {
  readonly name: string;
  readonly #options: HostOptions<P>;
  readonly #around: HostSurroundings;
  readonly #network: TcpNetwork;
  readonly #disk: FileDisk;
  readonly #counters: Record<CostKind, number>;
  #process: P | undefined;
  #end: ProcessEnd | undefined;

  constructor(options: HostOptions<P>, around: HostSurroundings) {
    this.name = options.host;
    this.#options = options;
    this.#around = around;
    const { loop, names, limits, handlesMax } = around;
    const log = (line: string): void => around.log(`${this.name}: ${line}`);
    this.#disk = new FileDisk({ folder: options.folder, loop, owner: this, handlesMax, log });
    this.#network = new TcpNetwork({
      name: options.advertisedHost ?? this.name,
      loop,
      owner: this,
      names,
      limits,
      log,
      listening: (port, real) => options.listening?.(port, real),
      listenFailed: (port, real, code) => this.#listenFailed(port, real, code),
    });
    this.#counters = Object.fromEntries(costKinds.map((kind) => [kind, 0])) as Record<
      CostKind,
      number
    >;
  }

  get alive(): boolean {
    return this.#end === undefined;
  }

  /** How it ended; undefined while it lives. */
  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  /** The process, once its first event was handled. */
  get process(): P | undefined {
    return this.#process;
  }

  /** Work charged so far, by kind. */
  get counters(): Readonly<Record<CostKind, number>> {
    return this.#counters;
  }

  /** The first event. */
  start(): void {
    assert(this.#process === undefined, 'a host starts once', { host: this.name });
    this.#around.loop.post(this, () => {
      this.#process = this.#options.process(this.#ports());
      if (this.alive) this.#process.start();
    });
  }

  /** A command from outside, as an event. */
  command(handle: (process: P) => void): void {
    this.#around.loop.post(this, () => {
      assert(this.#process !== undefined, 'started', { host: this.name });
      handle(this.#process);
    });
  }

  /** Asks the process to stop by itself; it halts when it has finished. */
  stop(): void {
    this.command((process) => {
      if (process.stop === undefined) this.#finish({ how: 'halted', reason: 'stopped' });
      else process.stop();
    });
  }

  /** Ends the process at once, as a crash does. */
  kill(reason: string): void {
    this.#finish({ how: 'killed', reason });
  }

  failed(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#around.log(`${this.name}: the process failed: ${text}`);
    const reason = error instanceof Error ? error.message : String(error);
    this.#finish({ how: 'failed', reason, error });
  }

  #listenFailed(port: number, real: Address, code: string): void {
    const why = code === 'EADDRINUSE' ? 'the port is in use' : code;
    const reason = `cannot listen on ${real.host}:${real.port} (${this.name}:${port}): ${why}`;
    this.#finish({ how: 'listen-failed', reason });
  }

  #finish(end: ProcessEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#network.end();
    this.#disk.end();
    const { ended } = this.#options;
    // Not within a handler: whoever is told may start the next incarnation.
    if (ended !== undefined) setImmediate(() => ended(end));
  }

  #ports(): Ports {
    const { loop, incarnation } = this.#around;
    return {
      host: this.#options.advertisedHost ?? this.name,
      incarnation,
      clock: this.#clock(),
      network: this.#network,
      disk: this.#disk,
      trace: this.#trace(loop),
      cost: this.#cost(),
      random: realRandom(),
      halt: (reason) => this.#finish({ how: 'halted', reason }),
    };
  }

  #clock(): Clock {
    const { loop } = this.#around;
    return {
      now: () => loop.now(),
      wall: () => loop.wall(),
      after: (delay, _label, fire) => loop.after(this, delay, fire),
      cancel: (timer) => loop.cancel(timer),
    };
  }

  #trace(loop: EventLoop): Trace {
    const { traceLine } = this.#options;
    return traceLine === undefined ? traceOff : traceLines(this.name, loop, traceLine);
  }

  #cost(): Cost {
    const counters = this.#counters;
    return {
      charge: (kind, units) => {
        counters[kind] += units;
      },
    };
  }
}

/**
 * The real world: processes of one program on real time, TCP and files, given the same ports that
 * the simulated world gives.
 *
 * Not here: how events are ordered (`event-loop.ts`) and how a process lives (`real-host.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { limits } from '../../kernel/limits.ts';
import type { Process } from '../../kernel/ports.ts';
import { defaultConnectionLimits } from './connection-quotas.ts';
import type { ConnectionLimits } from './connection-quotas.ts';
import { EventLoop } from './event-loop.ts';
import { NameTable } from './name-table.ts';
import { RealHost } from './real-host.ts';
import type { HostOptions } from './real-host.ts';

export interface WorldOptions {
  /** Receives what an operator should read, a line each. */
  readonly log: (line: string) => void;
  /** Bounds on accepted connections, where they differ from the defaults. */
  readonly connectionLimits?: Partial<ConnectionLimits>;
  /** Descriptors that one process keeps open for files. */
  readonly handlesMax?: number;
}

/** A quarter of what a login shell may open: three brokers and a controller share one program. */
const HANDLES_MAX = 256;

export class RealWorld {
  readonly loop = new EventLoop();
  readonly names = new NameTable();
  readonly #options: WorldOptions;
  readonly #limits: ConnectionLimits;
  readonly #hosts = new Map<string, RealHost>();
  readonly #incarnations = new Map<string, number>();

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#limits = { ...defaultConnectionLimits, ...options.connectionLimits };
  }

  /** Starts a process; of each host name at most one lives. */
  start<P extends Process>(options: HostOptions<P>): RealHost<P> {
    const { host } = options;
    assert(this.#hosts.get(host)?.alive !== true, 'the process runs already', { host });
    assert(this.#hosts.size < limits.hostsMax, 'too many hosts', { hosts: this.#hosts.size });
    const incarnation = (this.#incarnations.get(host) ?? 0) + 1;
    this.#incarnations.set(host, incarnation);
    const started = new RealHost(options, {
      loop: this.loop,
      names: this.names,
      limits: this.#limits,
      handlesMax: this.#options.handlesMax ?? HANDLES_MAX,
      incarnation,
      log: this.#options.log,
    });
    this.#hosts.set(host, started as unknown as RealHost);
    started.start();
    return started;
  }

  /** Ends every process at once. */
  end(reason: string): void {
    for (const host of this.#hosts.values()) host.kill(reason);
  }
}

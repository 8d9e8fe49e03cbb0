/**
 * A served cluster: locks the folders, starts the nodes, says when they work, and stops them in
 * order.
 *
 * Not here: the command line and signals (`node/command/serve.ts`), which nodes a product has
 * (`kafka-nodes.ts`).
 */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { assert } from '../../kernel/assert.ts';
import { DataLock } from '../adapters/data-lock.ts';
import { ANY_PORT, NameTable } from '../adapters/name-table.ts';
import type { ProcessEnd, RealHost } from '../adapters/real-host.ts';
import { RealWorld } from '../adapters/real-world.ts';
import type { ServedNode } from './served-node.ts';

/** Why a server cannot start: a sentence for the operator. */
export class ServeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ServeError';
  }
}

export interface ServerOptions {
  /** Each node has a folder of its name below. */
  readonly data: string;
  /** Receives what an operator should read, a line each. */
  readonly log: (line: string) => void;
  /** Says where the nodes' names are, before anything starts. */
  readonly bindNames: (names: NameTable) => void;
  readonly traceLine?: (line: string) => void;
}

/** How often the server looks whether its nodes work. */
const LOOK_MS = 20;

export class Server {
  readonly #options: ServerOptions;
  readonly #nodes: readonly ServedNode[];
  readonly #world: RealWorld;
  readonly #hosts = new Map<string, RealHost>();
  readonly #ends = new Map<string, ProcessEnd>();
  #locks: DataLock[] = [];
  #stopping = false;
  /** Nodes that ended without being asked to. */
  readonly failed: string[] = [];

  constructor(nodes: readonly ServedNode[], options: ServerOptions) {
    assert(nodes.length > 0, 'a server serves something');
    this.#nodes = nodes;
    this.#options = options;
    this.#world = new RealWorld({ log: options.log });
    options.bindNames(this.#world.names);
  }

  /**
   * Starts all nodes; resolves to true when all work, to false if the server was stopped before.
   * Throws a `ServeError` if one cannot work.
   */
  async start(): Promise<boolean> {
    this.#lock();
    try {
      await this.#probePorts();
      for (const node of this.#nodes) if (!this.#stopping) this.#start(node);
      while (!this.#allRunning()) {
        if (this.#stopping) return false;
        if (this.#ends.size > 0) throw new ServeError(this.#whyEnded());
        await pause(LOOK_MS);
      }
      return true;
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Stops all nodes in their order; false if some had to be killed after the time limit. */
  async stop(limitMs: number): Promise<boolean> {
    this.#stopping = true;
    const deadline = performance.now() + limitMs;
    const orders = [...new Set(this.#nodes.map((node) => node.stopOrder))];
    for (const order of orders.sort((left, right) => left - right)) {
      const hosts = this.#nodes
        .filter((node) => node.stopOrder === order)
        .map((node) => this.#hosts.get(node.name))
        .filter((host) => host?.alive === true);
      for (const host of hosts) host!.stop();
      while (hosts.some((host) => host!.alive) && performance.now() < deadline)
        await pause(LOOK_MS);
    }
    const inTime = [...this.#hosts.values()].every((host) => !host.alive);
    this.end();
    return inTime;
  }

  /** Ends everything at once. */
  end(): void {
    this.#stopping = true;
    this.#world.end('the server ends');
    for (const lock of this.#locks) lock.release();
    this.#locks = [];
  }

  /** Resolves when no node is left that clients connect to, or no controller for them. */
  async ended(): Promise<void> {
    for (;;) {
      const orders = new Set(this.#nodes.map((node) => node.stopOrder));
      const left = new Set(
        this.#nodes
          .filter((node) => this.#hosts.get(node.name)?.alive === true)
          .map((node) => node.stopOrder),
      );
      if (left.size < orders.size) return;
      await pause(5 * LOOK_MS);
    }
  }

  /** The process of a node, for tests and measurements. */
  host(name: string): RealHost {
    const host = this.#hosts.get(name);
    assert(host !== undefined, 'no such node', { name, known: [...this.#hosts.keys()] });
    return host;
  }

  #start(node: ServedNode): void {
    const { traceLine } = this.#options;
    const host = this.#world.start({
      host: node.name,
      advertisedHost: node.advertisedHost,
      folder: join(this.#options.data, node.name),
      process: node.process,
      ended: (end) => this.#ended(node, end),
      ...(traceLine === undefined ? {} : { traceLine }),
    });
    this.#hosts.set(node.name, host);
  }

  #ended(node: ServedNode, end: ProcessEnd): void {
    this.#ends.set(node.name, end);
    if (this.#stopping) return;
    this.failed.push(node.name);
    this.#options.log(`${node.name} has ended (${end.how}): ${end.reason}`);
  }

  #whyEnded(): string {
    return [...this.#ends].map(([name, end]) => `${name}: ${end.reason}`).join('; ');
  }

  #allRunning(): boolean {
    return this.#nodes.every((node) => {
      const host = this.#hosts.get(node.name);
      return host?.alive === true && host.process !== undefined && node.running(host.process);
    });
  }

  #lock(): void {
    for (const node of this.#nodes) {
      const folder = join(this.#options.data, node.name);
      const lock = DataLock.take(folder);
      if (lock instanceof DataLock) {
        this.#locks.push(lock);
        continue;
      }
      this.end();
      throw new ServeError(`the data folder ${folder} is in use by ${lock.heldBy}`);
    }
  }

  /** Ports are tried before any log is opened, so that a busy one costs no recovery. */
  async #probePorts(): Promise<void> {
    for (const { listeners } of this.#nodes) {
      for (const { address } of listeners) {
        if (address.port === ANY_PORT) continue;
        const code = await probe(address.host, address.port);
        if (code === 'EADDRINUSE') {
          throw new ServeError(`port ${address.port} of ${address.host} is in use`);
        }
        if (code !== undefined) {
          throw new ServeError(`cannot listen on ${address.host}:${address.port}: ${code}`);
        }
      }
    }
  }
}

function probe(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

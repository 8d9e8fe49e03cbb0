/**
 * `highwater serve` as a user starts it: programs of their own on free ports with a data folder of
 * their own, which can be killed and started again.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert } from '../../engine/kernel/assert.ts';

const COMMAND = fileURLToPath(new URL('../../engine/node/command/highwater.mjs', import.meta.url));
const START_MS_MAX = 60_000;

/** One run after another of `highwater` with the same command line. */
export class Program {
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  /** Everything that was printed, both streams, all runs. */
  output = '';

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  /** Starts it (again), without waiting. */
  spawn(): void {
    const { exitCode, signalCode } = this.#child ?? { exitCode: 0, signalCode: null };
    assert(exitCode !== null || signalCode !== null, 'runs already', { args: this.#args });
    const child = spawn(process.execPath, [COMMAND, ...this.#args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.#child = child;
  }

  /** Starts it (again) and waits until it says that it is ready. */
  async start(): Promise<void> {
    const from = this.output.length;
    this.spawn();
    const deadline = performance.now() + START_MS_MAX;
    while (!this.output.slice(from).includes('ready;')) {
      const { output } = this;
      assert(this.#child?.exitCode === null, 'the program runs', { output });
      assert(performance.now() < deadline, 'the program is ready in time', { output });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Sends a signal, if one is given, and waits for the end: the exit code, or the signal. */
  end(signal?: NodeJS.Signals): Promise<number | string> {
    const child = this.#child;
    if (child === undefined) return Promise.resolve(0);
    return new Promise((resolve) => {
      const done = (): void => resolve(child.exitCode ?? child.signalCode!);
      if (child.exitCode !== null || child.signalCode !== null) {
        done();
        return;
      }
      child.once('close', done);
      if (signal !== undefined) child.kill(signal);
    });
  }
}

/** Where a cluster is: its ports and its data. */
export interface Place {
  readonly port: number;
  /** `127.0.0.1:port` of each broker. */
  readonly addresses: readonly string[];
  readonly data: string;
  /** The command line that serves it. */
  readonly args: readonly string[];
  remove(): void;
}

/** Free ports and a folder for so many brokers. */
export async function placeFor(brokers: number): Promise<Place> {
  const port = await freePorts(brokers + 1);
  const data = mkdtempSync(join(tmpdir(), 'highwater-served-'));
  return {
    port,
    data,
    addresses: Array.from({ length: brokers }, (_, place) => `127.0.0.1:${port + place}`),
    args: ['serve', '--kafka', `${port}`, '--brokers', `${brokers}`, '--data', data],
    remove: () => rmSync(data, { recursive: true, force: true }),
  };
}

/** A cluster that one program serves. */
export interface Served extends Place {
  readonly program: Program;
  /** Kills what still runs and removes the data. */
  clear(): Promise<void>;
}

export async function servedCluster(
  brokers: number,
  options: readonly string[] = [],
): Promise<Served> {
  const place = await placeFor(brokers);
  const program = new Program([...place.args, ...options]);
  const clear = async (): Promise<void> => {
    await program.end('SIGKILL');
    place.remove();
  };
  return { ...place, program, clear };
}

/** The first of so many ports in a row that nobody listens on. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await Promise.all(
      Array.from({ length: count }, (_, place) => isFree(first + place)),
    );
    if (free.every(Boolean)) return first;
  }
  throw new Error('no free ports');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}

/** Threads of the command: each runs a module of this folder, by name, with an input of its own. */
import { Worker, workerData } from 'node:worker_threads';

type ThreadModule = 'trial-thread' | 'fuzz-thread';

interface ThreadData {
  readonly module: ThreadModule;
  readonly input: unknown;
}

/** Starts a module in a thread. Its input is plain data. */
export function startThread(module: ThreadModule, input: unknown): Worker {
  const data: ThreadData = { module, input };
  return new Worker(new URL('./thread.mjs', import.meta.url), { workerData: data });
}

/** What the thread that is running was started with. */
export function threadInput<Input>(): Input {
  return (workerData as ThreadData).input as Input;
}

/**
 * A pool of threads within a process: tasks wait in queues, each thread does one at a time, and a
 * task takes its time. With one queue any thread takes the next task; with a queue a thread, tasks
 * with the same key stand in the same queue and are done in order.
 *
 * Not here: what a task is good for. Source: `java.util.concurrent.ThreadPoolExecutor`; the queue
 * a thread is what `KafkaConsumer`'s documentation calls decoupling consumption and processing.
 */
import { murmur2 } from '../bytes/murmur2.ts';
import { encodeUtf8 } from '../bytes/utf8.ts';
import { assert } from '../kernel/assert.ts';
import type { Clock } from '../kernel/ports.ts';
import { microsOfMillis } from '../kernel/units.ts';

export interface Task {
  /** What it is about: with a queue a thread, the same key is in the same queue. */
  readonly key: string;
  /** What views call it. */
  readonly name: string;
  readonly millis: number;
  readonly started: (thread: number) => void;
  readonly done: (thread: number) => void;
}

export type Queueing = 'shared' | 'by-key';

export interface ThreadPoolOptions {
  readonly threads: number;
  readonly queueing: Queueing;
}

export class ThreadPool {
  readonly #clock: Clock;
  readonly #queueing: Queueing;
  /** What each thread does now. */
  readonly #running: (Task | null)[];
  /** One queue, or one a thread. */
  readonly #queues: Task[][];

  constructor(clock: Clock, { threads, queueing }: ThreadPoolOptions) {
    assert(Number.isInteger(threads) && threads >= 1, 'a pool has a thread', { threads });
    this.#clock = clock;
    this.#queueing = queueing;
    this.#running = new Array<Task | null>(threads).fill(null);
    const queues = queueing === 'shared' ? 1 : threads;
    this.#queues = Array.from({ length: queues }, () => []);
  }

  /** The names of what the threads do; null: idle. */
  get running(): readonly (string | null)[] {
    return this.#running.map((task) => task?.name ?? null);
  }

  /** The names of what waits, queue by queue. */
  get waiting(): readonly string[] {
    return this.#queues.flatMap((queue) => queue.map(({ name }) => name));
  }

  submit(task: Task): void {
    assert(task.millis >= 0, 'a task takes time', { millis: task.millis });
    const place = this.#queueing === 'shared' ? 0 : this.#threadOf(task.key);
    this.#queues[place]!.push(task);
    this.#turn();
  }

  #threadOf(key: string): number {
    return (murmur2(encodeUtf8(key)) & 0x7fffffff) % this.#running.length;
  }

  /** Gives idle threads something to do. */
  #turn(): void {
    for (const [thread, running] of this.#running.entries()) {
      if (running !== null) continue;
      const task = this.#queues[this.#queueing === 'shared' ? 0 : thread]!.shift();
      if (task !== undefined) this.#run(thread, task);
    }
  }

  #run(thread: number, task: Task): void {
    assert(this.#running[thread] === null, 'one task at a time', { thread });
    this.#running[thread] = task;
    task.started(thread);
    this.#clock.after(microsOfMillis(task.millis), `thread ${thread + 1}`, () => {
      this.#running[thread] = null;
      task.done(thread);
      this.#turn();
    });
  }
}

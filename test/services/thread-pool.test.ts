/** A pool of threads: what runs at once, what waits, and in which order things end. */
import { describe, expect, test } from 'vitest';
import type { Ports, Process } from '../../engine/kernel/ports.ts';
import { ThreadPool, type ThreadPoolOptions } from '../../engine/services/thread-pool.ts';
import { World } from '../../engine/sim/world.ts';

class Application implements Process {
  readonly pool: ThreadPool;

  constructor(ports: Ports, options: ThreadPoolOptions) {
    this.pool = new ThreadPool(ports.clock, options);
  }

  start(): void {}
}

/** Submits `key:millis` tasks at once; returns `thread/key:millis` as they end. */
function run(options: ThreadPoolOptions, tasks: readonly string[]): string[] {
  const world = new World({ seed: 1 });
  world.addHost('app-1', (ports) => new Application(ports, options)).start();
  const done: string[] = [];
  world.command('app-1', 'submit', () => {
    const { pool } = world.hostNamed('app-1')!.process as Application;
    for (const name of tasks) {
      const [key, millis] = name.split(':') as [string, string];
      const note = (thread: number): void => void done.push(`${thread}/${name}`);
      pool.submit({ key, name, millis: Number(millis), started: () => undefined, done: note });
    }
    expect(pool.running.filter((one) => one !== null).length + pool.waiting.length).toBe(
      tasks.length,
    );
  });
  world.run(() => false, { micros: 60_000_000, events: 1000 });
  if (world.failure !== null) throw world.failure.error;
  return done;
}

describe('services: thread pool', () => {
  test('one thread ends tasks in the order in which they were submitted', () => {
    const tasks = ['a:300', 'b:10', 'a:20'];
    expect(run({ threads: 1, queueing: 'shared' }, tasks)).toEqual(['0/a:300', '0/b:10', '0/a:20']);
  });

  test('several threads at one queue end a short task before a long one that came first', () => {
    const ended = run({ threads: 2, queueing: 'shared' }, ['a:300', 'a:10', 'b:20']);
    expect(ended).toEqual(['1/a:10', '1/b:20', '0/a:300']);
  });

  test('with a queue a thread, tasks of one key end in order, whatever else is idle', () => {
    const tasks = ['a:300', 'a:10', 'b:20', 'b:5', 'c:1'];
    const ended = run({ threads: 4, queueing: 'by-key' }, tasks);
    const of = (key: string) => ended.filter((one) => one.includes(`/${key}:`));
    expect(of('a').map((one) => one.slice(2))).toEqual(['a:300', 'a:10']);
    expect(of('b').map((one) => one.slice(2))).toEqual(['b:20', 'b:5']);
    expect(new Set(of('a').map((one) => one[0])).size).toBe(1);
    // This key has another thread: it does not wait for the long task.
    expect(ended[0]).toMatch(/^[1-3]\/c:1$/);
  });
});

/**
 * The threads of `highwater safe`: hands out the schedules of a batch and brings the trials back in
 * their order. Not here: what a thread does (`safe-thread.ts`), and how long a part may take
 * (`safe.ts`).
 */
import { Worker } from 'node:worker_threads';
import type { Batch, SafetyCheck } from '../../lab/safe/index.ts';
import type { SafeAnswer, SafeTask } from './safe-thread.ts';

type Trials = Parameters<SafetyCheck['accept']>[0];

export class SafeCrew {
  readonly #workers: Worker[];
  /** Tells answers to a batch whose time was up from those to the present one. */
  #batch = 0;
  #answered: (worker: Worker, answer: SafeAnswer) => void = () => {};
  #failed: (error: Error) => void = () => {};

  constructor(threads: number) {
    const file = new URL('./safe-thread.mjs', import.meta.url);
    this.#workers = Array.from({ length: threads }, () => new Worker(file));
    for (const worker of this.#workers) {
      worker.on('error', (error) => this.#failed(error));
      worker.on('message', (answer: SafeAnswer) => this.#answered(worker, answer));
    }
  }

  /** Resolves when every thread has loaded the engine. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      let waiting = this.#workers.length;
      this.#failed = reject;
      this.#answered = () => {
        waiting--;
        if (waiting === 0) resolve();
      };
    });
  }

  /** The trials of a batch, or null if its time was up before. */
  run({ about, met, schedules }: Batch, millis: number): Promise<Trials | null> {
    const batch = ++this.#batch;
    return new Promise((resolve, reject) => {
      const trials = new Array<Trials[number]>(schedules.length);
      let dealt = 0;
      let done = 0;
      const timer = setTimeout(() => resolve(null), Math.max(millis, 0));
      const say = (worker: Worker, task: SafeTask) => worker.postMessage(task);
      const deal = (worker: Worker) => {
        const schedule = schedules[dealt];
        if (schedule !== undefined) say(worker, { batch, place: dealt++, schedule });
      };
      this.#failed = reject;
      this.#answered = (worker, answer) => {
        if (answer === 'ready' || answer.batch !== batch) return;
        trials[answer.place] = answer.trial;
        done++;
        deal(worker);
        if (done < schedules.length) return;
        clearTimeout(timer);
        resolve(trials);
      };
      for (const worker of this.#workers) {
        say(worker, { begin: { about, met } });
        deal(worker);
      }
    });
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

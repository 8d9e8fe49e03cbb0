/**
 * The threads of `highwater explore` and `highwater safe`: hands out the schedules of a batch and
 * brings the trials back in their order. Not here: what a thread does (`trial-thread.ts`), and how
 * long a search may take (`explore.ts`, `safe.ts`).
 */
import type { Worker } from 'node:worker_threads';
import type { Trial, TrialBatch, TrialSubject } from '../../lab/explore/index.ts';
import { startThread } from './thread.ts';
import type { TrialAnswer, TrialInput, TrialTask } from './trial-thread.ts';

export class TrialCrew<About extends TrialSubject> {
  readonly #workers: Worker[];
  /** Tells answers to a batch whose time was up from those to the present one. */
  #batch = 0;
  #answered: (worker: Worker, answer: TrialAnswer) => void = () => {};
  #failed: (error: Error) => void = () => {};

  constructor(input: TrialInput, threads: number) {
    this.#workers = Array.from({ length: threads }, () => startThread('trial-thread', input));
    for (const worker of this.#workers) {
      worker.on('error', (error) => this.#failed(error));
      worker.on('message', (answer: TrialAnswer) => this.#answered(worker, answer));
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
  run(
    { about, met, schedules }: TrialBatch<About>,
    millis: number,
  ): Promise<readonly Trial[] | null> {
    const batch = ++this.#batch;
    return new Promise((resolve, reject) => {
      const trials = new Array<Trial>(schedules.length);
      let dealt = 0;
      let done = 0;
      const timer = setTimeout(() => resolve(null), Math.max(millis, 0));
      const say = (worker: Worker, task: TrialTask<About>) => worker.postMessage(task);
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

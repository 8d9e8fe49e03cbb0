/**
 * A sweep over one knob or two as the page sees it: asks the worker for one slice after the other,
 * until it is over or cancelled.
 *
 * Not here: its panel (`Sweep.svelte`), the slices (`web/worker/sweeping.ts`).
 */
import type { SweptRun } from '#engine/lab/sweep.ts';
import type { Lang } from '../lesson/content.ts';
import { lab } from '../worker/lab.ts';
import type { SweepWish } from '../worker/sweeping.ts';

type State = 'idle' | 'sweeping' | 'cancelled' | 'over';

export class KnobSweep {
  state: State = $state('idle');
  /** The knobs of the runs below; what is chosen for the next sweep is the panel's. */
  over: readonly string[] = $state.raw([]);
  runs: readonly SweptRun[] = $state.raw([]);
  all = $state(0);
  /** A sentence, or empty. */
  problem = $state('');
  readonly #lesson: string;
  readonly #lang: Lang;
  #visit = 0;

  constructor(lesson: string, lang: Lang) {
    this.#lesson = lesson;
    this.#lang = lang;
  }

  /** Runs all values, unless another sweep or a cancel comes between. */
  async run(wish: SweepWish): Promise<void> {
    const visit = ++this.#visit;
    this.state = 'sweeping';
    this.over = wish.over;
    this.runs = [];
    this.all = 0;
    this.problem = '';
    for (let next: SweepWish | null = wish; ; next = null) {
      const answer = await lab().sweep(this.#lesson, next, this.#lang);
      if (visit !== this.#visit) return;
      if (!answer.ok) {
        this.problem = answer.error;
        this.state = 'idle';
        return;
      }
      const { runs, all, isOver } = answer.value;
      this.runs = [...this.runs, ...runs];
      this.all = all;
      if (!isOver) continue;
      this.state = 'over';
      return;
    }
  }

  cancel(): void {
    if (this.state !== 'sweeping') return;
    this.#visit++;
    this.state = 'cancelled';
  }
}

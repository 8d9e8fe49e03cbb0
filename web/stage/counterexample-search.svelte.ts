/**
 * The search for a counterexample as the page sees it: asks the worker for one slice after the
 * other, until it is over or cancelled.
 *
 * Not here: its panel (`Counterexample.svelte`), the slices (`web/worker/searching.ts`).
 */
import type { Counterexample, Coverage } from '#engine/lab/explore/index.ts';
import { lab } from '../worker/lab.ts';
import type { SearchWish } from '../worker/searching.ts';

type State = 'idle' | 'searching' | 'cancelled' | 'none' | 'found';

export class CounterexampleSearch {
  /** Whether the lesson's experiment can be searched; known once the engine runs. */
  isPossible = $state(false);
  state: State = $state('idle');
  coverage: Coverage | null = $state.raw(null);
  found: Counterexample | null = $state.raw(null);
  /** A sentence, or empty. */
  problem = $state('');
  readonly #lesson: string;
  #visit = 0;

  constructor(lesson: string) {
    this.#lesson = lesson;
  }

  /** Asks whether the experiment can be searched. */
  async look(): Promise<void> {
    this.isPossible = await lab().isSearchable(this.#lesson);
  }

  /** Searches to the end; null if nothing was found, or another search or a cancel came between. */
  async run(wish: SearchWish): Promise<Counterexample | null> {
    const visit = ++this.#visit;
    this.state = 'searching';
    this.coverage = null;
    this.found = null;
    this.problem = '';
    for (let next: SearchWish | null = wish; ; next = null) {
      const answer = await lab().search(this.#lesson, next);
      if (visit !== this.#visit) return null;
      if (!answer.ok) {
        this.problem = answer.error;
        this.state = 'idle';
        return null;
      }
      const { coverage, found, isOver } = answer.value;
      this.coverage = coverage;
      if (!isOver) continue;
      this.found = found;
      this.state = found === null ? 'none' : 'found';
      return found;
    }
  }

  cancel(): void {
    if (this.state !== 'searching') return;
    this.#visit++;
    this.state = 'cancelled';
  }
}

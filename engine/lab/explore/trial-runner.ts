/**
 * Runs the trials of one search after another: in a thread, or where the search itself is. What a
 * search is about is made ready once, and the states that were met are kept until the next.
 *
 * Not here: a trial (`trial.ts`), which are run (`search.ts`), threads (`engine/node/command`).
 */
import { present } from '../../kernel/assert.ts';
import type { Experiment } from '../experiment.ts';
import { choicesOf } from './schedule.ts';
import type { Schedule } from './schedule.ts';
import { explorationOf, runTrial } from './trial.ts';
import type { Subject, Trial } from './trial.ts';

/** What trials are about: plain data, so that it can cross to a thread. */
export interface TrialSubject {
  readonly subject: Subject;
}

/** Schedules to try, in order, and the states that were met since the batch before. */
export interface TrialBatch<About extends TrialSubject> {
  readonly about: About;
  readonly schedules: readonly Schedule[];
  readonly met: readonly string[];
}

export class TrialRunner<About extends TrialSubject> {
  readonly #experimentOf: (about: About) => Experiment;
  #about = '';
  #run: ((schedule: Schedule) => Trial) | null = null;
  #met = new Set<string>();

  constructor(experimentOf: (about: About) => Experiment) {
    this.#experimentOf = experimentOf;
  }

  /** Takes note of a batch before its trials are run. */
  begin({ about, met }: Pick<TrialBatch<About>, 'about' | 'met'>): void {
    const key = JSON.stringify(about);
    if (key !== this.#about) {
      const known = new Set<string>();
      const { subject } = about;
      const experiment = this.#experimentOf(about);
      const choices = choicesOf(explorationOf(experiment), subject.kinds);
      const isMet = (state: string) => known.has(state);
      this.#about = key;
      this.#met = known;
      this.#run = (schedule) => runTrial(experiment, subject, choices, schedule, isMet);
    }
    for (const state of met) this.#met.add(state);
  }

  run(schedule: Schedule): Trial {
    return present(this.#run, 'a batch comes first')(schedule);
  }
}

/**
 * The search: breadth first over schedules, so that the first that breaks something is the
 * shortest, and of the shortest the first in order.
 *
 * Schedules are dealt out in batches of a fixed size; within a batch no trial knows of another, so
 * that the answer is the same however many threads run them. Invariant: every schedule is counted
 * once: tried, without effect, beyond reach, merged, or left.
 * Not here: a trial (`trial.ts`), the telling of what was found (`counterexample.ts`), time limits
 * and threads (whoever calls).
 */
import { assert } from '../../kernel/assert.ts';
import type { Experiment } from '../experiment.ts';
import { choicesOf, DEPTH_MAX, schedulesIn } from './schedule.ts';
import type { Choice, Schedule } from './schedule.ts';
import { explorationOf, runTrial } from './trial.ts';
import type { Subject, Trial } from './trial.ts';

/** Schedules that are dealt out at once. */
const BATCH = 32;

/** How far a search has come. All are counts of schedules. */
export interface Coverage {
  /** Sets of at most `depth` faults at the points, reachable or not. */
  readonly all: number;
  /** Run; of these `cut` were stopped in a state that had been met. */
  readonly tried: number;
  readonly cut: number;
  /** Of those that were run: at the end nothing could be read. */
  readonly unsettled: number;
  /** Not run: a fault in it changes nothing where it strikes. */
  readonly idle: number;
  /** Not run: a point in it is not reached after the faults before it. */
  readonly beyond: number;
  /** Not run: they go on from a state from which others had gone on already. */
  readonly merged: number;
  /** Not run, because the search ended before. */
  readonly left: number;
  /** Faults of the schedules that are being tried. */
  readonly depth: number;
  /** Whether nothing is left. */
  readonly isWhole: boolean;
}

interface Batch {
  readonly schedules: readonly Schedule[];
  /** States that were met before this batch, and not before the one before it. */
  readonly met: readonly string[];
}

export class Search {
  readonly experiment: Experiment;
  readonly subject: Subject;
  readonly choices: readonly Choice[];
  readonly #met = new Set<string>();
  #fresh: string[] = [];
  #level: Schedule[] = [[]];
  #nextLevel: Schedule[] = [];
  #place = 0;
  #open: Batch | null = null;
  #trials: Trial[] = [];
  #found: Trial | null = null;
  #tried = 0;
  #cut = 0;
  #unsettled = 0;
  #idle = 0;
  #beyond = 0;
  #merged = 0;
  #depth = 0;

  /** Asserts that the experiment can be searched and the depth is at most `DEPTH_MAX`. */
  constructor(experiment: Experiment, subject: Subject) {
    const { depth } = subject;
    assert(depth >= 0 && depth <= DEPTH_MAX, 'a depth that can be searched', { depth });
    this.experiment = experiment;
    this.subject = subject;
    this.choices = choicesOf(explorationOf(experiment), subject.kinds);
  }

  /** The shortest schedule that breaks something, first in order; null while none is known. */
  get found(): Trial | null {
    return this.#found;
  }

  get over(): boolean {
    return this.#found !== null || (this.#open === null && this.#place >= this.#level.length);
  }

  /** Runs one schedule. */
  step(): void {
    const batch = this.#open ?? this.deal();
    if (batch === null) return;
    const schedule = batch.schedules[this.#trials.length]!;
    const { experiment, subject, choices } = this;
    const isMet = (state: string) => this.#met.has(state);
    this.#trials.push(runTrial(experiment, subject, choices, schedule, isMet));
    if (this.#trials.length === batch.schedules.length) this.accept(this.#trials);
  }

  /** The next schedules to try, or null when the search is over. One batch is out at a time. */
  deal(): Batch | null {
    assert(this.#open === null, 'one batch at a time', { depth: this.#depth });
    if (this.over) return null;
    const schedules = this.#level.slice(this.#place, this.#place + BATCH);
    this.#place += schedules.length;
    this.#open = { schedules, met: this.#fresh };
    this.#trials = [];
    this.#fresh = [];
    return this.#open;
  }

  /** Takes the trials of the batch that was dealt, in its order. */
  accept(trials: readonly Trial[]): void {
    const batch = this.#open;
    assert(batch !== null && trials.length === batch.schedules.length, 'the batch, whole');
    this.#open = null;
    for (const trial of trials) {
      this.#tried++;
      if (trial.outcome === 'broken') {
        this.#found = trial;
        return;
      }
      if (trial.outcome === 'merged') this.#cut++;
      if (trial.outcome === 'unsettled') this.#unsettled++;
      this.#goOn(trial);
    }
    if (this.#place < this.#level.length) return;
    this.#level = this.#nextLevel;
    this.#nextLevel = [];
    this.#place = 0;
    if (this.#level.length > 0) this.#depth++;
  }

  get coverage(): Coverage {
    const all = schedulesIn(this.choices.length, this.subject.depth);
    const left = all - this.#tried - this.#idle - this.#beyond - this.#merged;
    assert(left >= 0, 'no schedule is counted twice', { all, left, tried: this.#tried });
    return {
      all,
      tried: this.#tried,
      cut: this.#cut,
      unsettled: this.#unsettled,
      idle: this.#idle,
      beyond: this.#beyond,
      merged: this.#merged,
      left,
      depth: this.#depth,
      isWhole: this.over && this.#found === null,
    };
  }

  /** Puts the schedules that go on from a trial behind the others, and counts those that do not. */
  #goOn({ schedule, outcome, passed }: Trial): void {
    const points = new Map<number, readonly number[]>();
    let isMerged = outcome === 'merged';
    for (const { point, state, idle } of passed) {
      if (state !== '' && this.#met.has(state)) {
        isMerged = true;
        break;
      }
      if (state !== '') {
        this.#met.add(state);
        this.#fresh.push(state);
      }
      points.set(point, idle);
    }
    const left = this.subject.depth - schedule.length;
    if (left === 0) return;
    const lastSeen = Math.max(-1, ...points.keys());
    for (
      let index = (schedule[schedule.length - 1] ?? -1) + 1;
      index < this.choices.length;
      index++
    ) {
      const choice = this.choices[index]!;
      const idle = points.get(choice.point);
      const below = schedulesIn(this.choices.length - index - 1, left - 1);
      if (idle === undefined && isMerged && choice.point > lastSeen) this.#merged += below;
      else if (idle === undefined) this.#beyond += below;
      else if (idle.includes(index)) this.#idle += below;
      else this.#nextLevel.push([...schedule, index]);
    }
  }
}

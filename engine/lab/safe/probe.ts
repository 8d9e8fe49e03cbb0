/**
 * One part of a check: a search over one configuration, or some schedules that are tried as they
 * stand, or both, one after the other. Its trials are dealt out, so that several threads can run
 * them; the answer is the same, because it takes them in its own order.
 *
 * Not here: the search (`../explore/`), which parts there are (`check.ts`).
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Experiment } from '../experiment.ts';
import {
  choicesOf,
  counterexampleOf,
  explorationOf,
  Search,
  TrialRunner,
} from '../explore/index.ts';
import type { Counterexample, Schedule, Trial } from '../explore/index.ts';
import type { TrialBatch, TrialSubject } from '../explore/index.ts';
import type { SafeSystem, Stage } from './system.ts';
import { systemNamed } from './systems.ts';

const SEED = 1;

/** What a thread needs to know to run trials of a probe. Plain data. */
export interface ProbeSubject extends TrialSubject {
  readonly system: string;
  readonly forbidden: readonly string[];
}

export type Batch = TrialBatch<ProbeSubject>;

/** A fault at a point, by their names: the same in another configuration. */
export interface NamedChoice {
  readonly point: string;
  readonly kind: string;
  readonly host: string;
}

interface ProbeOptions {
  readonly system: SafeSystem;
  readonly stage: Stage;
  readonly knobs: Readonly<Record<string, string>>;
  /** A schedule to try before anything else. */
  readonly first: readonly NamedChoice[];
  /** Ends the search after so many trials. */
  readonly trialsMax: number;
}

export class Probe {
  readonly about: ProbeSubject;
  readonly #experiment: Experiment;
  readonly #search: Search | null;
  readonly #choices: Search['choices'];
  readonly #trialsMax: number;
  #waiting: Schedule[];
  /** Schedules of `#waiting` are out, not the search's. */
  #own = 0;
  #tried = 0;
  readonly #planned: number;
  #found: Trial | null = null;
  #isGivenUp = false;

  constructor({ system, stage, knobs, first, trialsMax }: ProbeOptions) {
    const { kinds, depth, forbidden, pattern } = stage;
    const all = { ...knobs, ...stage.knobs };
    this.#experiment = system.experiment(all, forbidden);
    const isSearch = pattern === 'search';
    const subject = { knobs: all, seed: SEED, kinds, depth, merging: isSearch, invariants: null };
    this.about = { system: system.id, forbidden, subject };
    this.#choices = choicesOf(explorationOf(this.#experiment), kinds);
    this.#search = isSearch ? new Search(this.#experiment, subject) : null;
    this.#waiting = isSearch ? [] : this.#allAtOnce();
    if (pattern === 'all but one') this.#waiting = this.#allButOne();
    this.#planned = this.#waiting.length;
    const again = this.#placesOf(first);
    if (again !== null && again.length > 0) this.#waiting.unshift(again);
    this.#trialsMax = trialsMax;
  }

  get tried(): number {
    return this.#tried;
  }

  /** Schedules that there are; those that change nothing or cannot be reached count too. */
  get all(): number {
    return this.#search?.coverage.all ?? this.#planned;
  }

  /** Schedules that were not searched. */
  get left(): number {
    return this.#search?.coverage.left ?? this.#waiting.length + this.#own;
  }

  get found(): Trial | null {
    return this.#found;
  }

  get over(): boolean {
    if (this.#found !== null || this.#isGivenUp) return true;
    if (this.#own > 0 || this.#waiting.length > 0) return false;
    return this.#search?.over ?? true;
  }

  /** Ends it with what has been tried. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** The next schedules, or null when it is over. */
  deal(): Batch | null {
    assert(this.#own === 0, 'one batch at a time', { own: this.#own });
    if (this.over) return null;
    if (this.#waiting.length > 0) {
      const schedules = this.#waiting;
      this.#waiting = [];
      this.#own = schedules.length;
      return { about: this.about, schedules, met: [] };
    }
    const batch = this.#search?.deal() ?? null;
    return batch === null ? null : { about: this.about, ...batch };
  }

  /** Takes the trials of the batch that was dealt, in its order. */
  accept(trials: readonly Trial[]): void {
    this.#tried += trials.length;
    if (this.#own > 0) {
      assert(trials.length === this.#own, 'the batch, whole', { trials: trials.length });
      this.#own = 0;
      this.#found = trials.find(({ outcome }) => outcome === 'broken') ?? null;
    } else {
      const search = present(this.#search, 'a batch of the search');
      search.accept(trials);
      this.#found = search.found;
    }
    if (this.#tried >= this.#trialsMax) this.giveUp();
  }

  /** What was found, told. */
  counterexample(): Counterexample {
    const found = present(this.#found, 'something was found');
    return counterexampleOf(this.#experiment, this.about.subject, this.#choices, found);
  }

  /** What was found, by names. */
  namesOf({ schedule }: Trial): NamedChoice[] {
    const { points } = explorationOf(this.#experiment);
    return schedule.map((place) => {
      const { point, kind, host } = this.#choices[place]!;
      return { point: points[point]!.id, kind, host };
    });
  }

  /** The same schedule here, or null where a host of it is not there. */
  #placesOf(names: readonly NamedChoice[]): Schedule | null {
    const { points } = explorationOf(this.#experiment);
    const places = names.map((name) =>
      this.#choices.findIndex(
        ({ point, kind, host }) =>
          points[point]!.id === name.point && kind === name.kind && host === name.host,
      ),
    );
    return places.includes(-1) ? null : places;
  }

  /** At each point one schedule that strikes every host. */
  #allAtOnce(): Schedule[] {
    const { points } = explorationOf(this.#experiment);
    return points.map((_, point) =>
      this.#choices.filter((choice) => choice.point === point).map(({ index }) => index),
    );
  }

  /** One host is cut off, at a point; at a later one the others die. */
  #allButOne(): Schedule[] {
    const { hosts } = explorationOf(this.#experiment);
    const cuts = this.#choices.filter(({ kind }) => kind === 'isolate');
    const schedules = cuts.flatMap((cut) => {
      const deaths = this.#choices.filter(
        ({ kind, host, point }) => kind === 'crash' && host !== cut.host && point > cut.point,
      );
      const points = [...new Set(deaths.map(({ point }) => point))];
      return points.map((point) => [
        cut.index,
        ...deaths.filter((death) => death.point === point).map(({ index }) => index),
      ]);
    });
    assert(hosts.length > 0, 'somebody can be left behind', { hosts });
    return schedules.filter((schedule) => schedule.length === hosts.length);
  }
}

/** Runs the trials of probes: in a thread, or where the check itself is. */
export function probeRunner(): TrialRunner<ProbeSubject> {
  return new TrialRunner(({ system, forbidden, subject }) =>
    systemNamed(system).experiment(subject.knobs, forbidden),
  );
}

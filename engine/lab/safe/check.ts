/**
 * "Is my configuration safe?": a system's stages, one after the other, and for what they found the
 * single changes that might have prevented it, each of them run.
 *
 * It knows no time: whoever calls says when a part has had its share. Not here: a part
 * (`probe.ts`), the words (`report.ts`), what is tried (the systems).
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Localized } from '../knob.ts';
import type { Schedule, Trial } from '../explore/index.ts';
import { Probe, probeRunner } from './probe.ts';
import type { Batch, NamedChoice } from './probe.ts';
import { remedyReport, reportOf, stageReport } from './report.ts';
import type { RemedyReport, SafetyReport, StageReport } from './report.ts';
import type { Reading, Remedy, SafeSystem, Stage } from './system.ts';
import { systemNamed } from './systems.ts';

/** Trials after which a change counts as one that helps. */
const REMEDY_TRIALS_MAX = 200;
const REMEDY_WEIGHT = 0.75;
/** Kept free for the remedies of what may still be found. */
const REMEDIES_EXPECTED = 4;
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** How far a check has come. */
export interface Progress {
  /** What is being tried. */
  readonly title: Localized;
  readonly tried: number;
  /** Parts that are done, and parts that are known so far. */
  readonly done: number;
  readonly parts: number;
}

interface Part {
  readonly stage: Stage;
  /** The changes that are tried; null: the configuration as it is. */
  readonly remedies: readonly Remedy[] | null;
  readonly reading: Reading;
  readonly first: readonly NamedChoice[];
}

export class SafetyCheck {
  readonly reading: Reading;
  readonly #system: SafeSystem;
  readonly #parts: Part[];
  readonly #stages: StageReport[] = [];
  readonly #remedies: RemedyReport[] = [];
  /** Stages whose remedies are or were tried, and whether in pairs too. */
  readonly #helped = new Map<string, 'singles' | 'together'>();
  readonly #found = new Map<Stage, readonly NamedChoice[]>();
  #place = 0;
  #probe: Probe | null = null;
  #batch: Batch | null = null;
  #trials: Trial[] = [];
  #tried = 0;
  readonly #runner = probeRunner();

  constructor(reading: Reading) {
    this.reading = reading;
    this.#system = systemNamed(reading.system);
    const stages = this.#system.stages(reading);
    assert(stages.length > 0, 'a system has stages', { system: reading.system });
    this.#parts = stages.map((stage) => ({ stage, remedies: null, reading, first: [] }));
    this.#open();
  }

  get over(): boolean {
    return this.#place >= this.#parts.length;
  }

  /** Which part is going on; another number: another share of the time begins. */
  get part(): number {
    return this.#place;
  }

  /** The share of the time that is left which the present part may take, from 0 to 1. */
  get share(): number {
    const rest = this.#parts.slice(this.#place);
    const weights = rest.map(({ stage, remedies }) =>
      remedies === null ? stage.weight : REMEDY_WEIGHT,
    );
    const expected = this.#remedies.length === 0 ? REMEDIES_EXPECTED * REMEDY_WEIGHT : 0;
    const all = weights.reduce((sum, weight) => sum + weight, expected);
    return (weights[0] ?? 1) / all;
  }

  get progress(): Progress {
    const { stage } = this.#parts[Math.min(this.#place, this.#parts.length - 1)]!;
    const tried = this.#tried + (this.#probe?.tried ?? 0) + this.#trials.length;
    return { title: stage.title, tried, done: this.#place, parts: this.#parts.length };
  }

  /** The next schedules to try, or null when the check is over. One batch is out at a time. */
  deal(): Batch | null {
    assert(this.#batch === null, 'one batch at a time', { part: this.#place });
    while (this.#probe !== null) {
      this.#batch = this.#probe.deal();
      this.#trials = [];
      if (this.#batch !== null) return this.#batch;
      this.#close();
    }
    return null;
  }

  /** Takes the trials of the batch that was dealt, in its order. */
  accept(trials: readonly Trial[]): void {
    assert(this.#batch !== null && this.#probe !== null, 'a batch is out', { part: this.#place });
    this.#batch = null;
    this.#trials = [];
    this.#probe.accept(trials);
    if (this.#probe.over) this.#close();
  }

  /** Runs one trial here. */
  step(): void {
    const batch = this.#batch ?? this.deal();
    if (batch === null) return;
    if (this.#trials.length === 0) this.#runner.begin(batch);
    const schedule: Schedule = batch.schedules[this.#trials.length]!;
    this.#trials.push(this.#runner.run(schedule));
    if (this.#trials.length === batch.schedules.length) this.accept(this.#trials);
  }

  /** The present part has had its time: it ends with what it has tried. */
  giveUp(): void {
    if (this.#probe === null) return;
    this.#batch = null;
    this.#trials = [];
    this.#probe.giveUp();
    this.#close();
  }

  /** The verdict in words. Only of a check that is over. */
  report(): SafetyReport {
    assert(this.over, 'a verdict comes at the end', { part: this.#place });
    return reportOf(this.reading, this.#stages, this.#remedies);
  }

  /** Begins the present part, or passes over it where fewer faults did the same. */
  #open(): void {
    for (;;) {
      const part = this.#parts[this.#place];
      if (part === undefined) {
        if (!this.#addRemedies()) return;
        continue;
      }
      const { stage, remedies, reading, first } = part;
      const before = this.#stages.find(
        ({ id, outcome }) => stage.after.includes(id) && outcome === 'broken',
      );
      if (remedies === null && before !== undefined) {
        this.#stages.push(stageReport(stage, null, this.reading));
        this.#place++;
        continue;
      }
      const trialsMax = remedies === null ? UNBOUNDED : REMEDY_TRIALS_MAX;
      const { knobs } = reading;
      this.#probe = new Probe({ system: this.#system, stage, knobs, first, trialsMax });
      return;
    }
  }

  /** Ends the present part, takes down what came of it, and begins the next. */
  #close(): void {
    const probe = present(this.#probe, 'a part is going on');
    const { stage, remedies } = this.#parts[this.#place]!;
    this.#tried += probe.tried;
    if (remedies === null) {
      const report = stageReport(stage, probe, this.reading);
      this.#stages.push(report);
      if (report.outcome === 'broken') {
        this.#found.set(stage, probe.namesOf(present(probe.found, 'it was found')));
      }
    } else {
      this.#remedies.push(remedyReport(stage, remedies, probe, this.reading));
    }
    this.#probe = null;
    this.#place++;
    this.#open();
  }

  /** When all parts are done: the changes to try next, if any. */
  #addRemedies(): boolean {
    for (const [stage, first] of this.#found) {
      const tried = this.#helped.get(stage.id);
      const singles = this.#system.remedies(this.reading, stage.damage);
      const helps = this.#remedies.some((one) => one.stage === stage.id && one.holds);
      if (tried === 'together' || (tried === 'singles' && helps)) continue;
      const sets = tried === undefined ? singles.map((one) => [one]) : combinations(singles);
      this.#helped.set(stage.id, tried === undefined ? 'singles' : 'together');
      for (const remedies of sets) this.#add(remedies, stage, first);
    }
    return this.#place < this.#parts.length;
  }

  #add(remedies: readonly Remedy[], stage: Stage, first: readonly NamedChoice[]): void {
    const settings = Object.assign({}, ...remedies.map((one) => one.settings)) as Reading['given'];
    const reading = this.#system.change(this.reading, settings);
    if (reading === null) return;
    const same = this.#system.stages(reading).find(({ id }) => id === stage.id);
    this.#parts.push({ stage: same ?? stage, remedies, reading, first });
  }
}

/** Two changes at a time, and all of them where there are more. */
function combinations(singles: readonly Remedy[]): Remedy[][] {
  const pairs = singles.flatMap((one, place) =>
    singles.slice(place + 1).map((other) => [one, other]),
  );
  return singles.length > 2 ? [...pairs, [...singles]] : pairs;
}

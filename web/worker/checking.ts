/**
 * A check of a configuration in the worker, a slice of time after the other: between two slices the
 * worker answers other questions, and a page that asks for no more has cancelled.
 *
 * Not here: the check itself (`engine/lab/safe`).
 */
import { SafetyCheck, systemIds, systemNamed } from '#engine/lab/safe/index.ts';
import type { Progress, ReadResult, SafetyReport, SettingsFile } from '#engine/lab/safe/index.ts';

/** What a reader asks for. */
export interface SafetyWish {
  readonly files: readonly SettingsFile[];
  /** Null: what the files say, or the newest. */
  readonly release: string | null;
}

/** What was read, before anything is run. */
export interface SafetyReading {
  readonly releases: readonly string[];
  readonly result: ReadResult;
}

/** How far a check has come, and at its end what it says. */
export interface SafetyState {
  readonly progress: Progress;
  readonly report: SafetyReport | null;
}

/** Milliseconds of a slice: how long a cancel waits, and how often progress is seen to move. */
const SLICE_MS = 150;
/** Of a whole check, as far as nothing else is done meanwhile. */
const TIME_MS = 60_000;

const SYSTEM = systemIds[0]!;

/** What the files come to. */
export function readSettings({ files, release }: SafetyWish): SafetyReading {
  const system = systemNamed(SYSTEM);
  return { releases: system.releases, result: system.read(files, release) };
}

export class Checking {
  readonly #check: SafetyCheck;
  /** Spent within slices. */
  #spentMs = 0;
  #part = -1;
  #partEndMs = 0;

  /** Throws an `Error` for files that Kafka would refuse; a page that has read them knows. */
  constructor(wish: SafetyWish) {
    const { result } = readSettings(wish);
    if (!result.ok) throw new Error(result.problems.map(({ text }) => text.en).join(' '));
    this.#check = new SafetyCheck(result.reading);
  }

  /** Goes on for a slice. */
  goOn(): SafetyState {
    const check = this.#check;
    const began = performance.now();
    const spent = () => this.#spentMs + performance.now() - began;
    while (!check.over && performance.now() - began < SLICE_MS) {
      if (check.part !== this.#part) {
        this.#part = check.part;
        this.#partEndMs = spent() + Math.max(TIME_MS - spent(), 0) * check.share;
      }
      if (spent() < this.#partEndMs) check.step();
      else check.giveUp();
    }
    this.#spentMs = spent();
    return { progress: check.progress, report: check.over ? check.report() : null };
  }
}

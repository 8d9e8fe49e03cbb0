/**
 * The run on the stage, and those that were left for it: a knob turned or a fault injected makes
 * another run, and the way back is one click.
 *
 * Not here: the position in the run (`player.svelte.ts`), and running it (`web/worker`).
 */
import type { Fault } from '#engine/sim/faults.ts';
import type { Input } from '#engine/lab/run.ts';
import type { Measures } from '#engine/lab/experiment.ts';
import { STAGE_MESSAGES } from '../i18n/stage.ts';
import type { Lang, StillRun } from '../lesson/content.ts';
import { lab } from '../worker/lab.ts';
import type { HostChange, RunRequest } from '../worker/recording.ts';
import { Tape } from './tape.ts';

/** A run that was left: how to have it again, and what came of it. */
export interface LeftRun {
  readonly request: RunRequest;
  readonly link: string;
  readonly measures: Measures;
  readonly tape: Tape;
  /** Where the reader was when leaving it. */
  readonly event: number;
}

/** A run that is looked at beside the one on the stage, and where they part: null if nowhere. */
export interface Ghost {
  readonly run: LeftRun;
  readonly divergedAt: number | null;
}

/** Moments that cross from the worker at a time: a message of some 10 ms at most. */
const MOMENTS_AT_ONCE = 1000;
const LEFT_RUNS_MAX = 12;
const PRESET: RunRequest = { knobs: {}, inputs: [] };

export class Runs {
  tape: Tape = $state.raw(null as unknown as Tape);
  request: RunRequest = $state.raw(PRESET);
  left: readonly LeftRun[] = $state.raw([]);
  /** The measures of the run before, for what changed; null while there is none. */
  before: Measures | null = $state.raw(null);
  /** The run beside it: the one that was left last, until another is chosen, or none. */
  ghost: Ghost | null = $state.raw(null);
  isBusy = $state(false);
  /** A sentence, or empty. */
  problem = $state('');
  readonly #lesson: string;
  readonly #lang: Lang;
  #visit = 0;
  /** The last wish: turning two knobs quickly turns both. */
  #wish: RunRequest = PRESET;

  constructor(lesson: string, lang: Lang, still: StillRun) {
    this.#lesson = lesson;
    this.#lang = lang;
    this.tape = Tape.ofStill(still);
  }

  /** Shows the run with the experiment's presets. */
  preset(): Promise<void> {
    return this.#show(PRESET, null);
  }

  /**
   * Shows the run of a link's fragment; a link that cannot be opened gets a sentence. The run that
   * is left at an event stays in the list; with null none is left.
   */
  async open(link: string, leavingAt: number | null = null): Promise<void> {
    const answer = await lab().read(link, this.#lesson);
    if (answer.ok) await this.#show(answer.request, leavingAt);
    else this.problem = STAGE_MESSAGES[this.#lang].link[answer.problem];
    const { problem } = this;
    if (problem === '' || !this.tape.isStill) return;
    await this.preset();
    this.problem = problem;
  }

  /** Shows the run of these settings, and of the presets of all others. */
  settings(knobs: RunRequest['knobs'], leavingAt: number | null = null): Promise<void> {
    return this.#show({ knobs, inputs: [] }, leavingAt);
  }

  /** Turns a knob; `null` turns all back to their presets. */
  async turn(name: string | null, value: string, event: number): Promise<void> {
    const knobs = { ...(name === null ? {} : this.#wish.knobs) };
    if (name !== null) knobs[name] = value;
    await this.#show({ ...this.#wish, knobs }, event);
  }

  /** Injects faults after an event. What was done later in this run is undone: it has not been. */
  async fork(event: number, faults: readonly Fault[]): Promise<void> {
    const earlier = this.#wish.inputs.filter((input) => input.event <= event);
    const inputs: Input[] = faults.map((fault) => ({ event, fault }));
    await this.#show({ ...this.#wish, inputs: [...earlier, ...inputs] }, event);
  }

  /** Puts a run that was left beside the one on the stage; null puts it away. */
  async compare(run: LeftRun | null): Promise<void> {
    const visit = this.#visit;
    const answer = run === null ? null : await lab().parting(this.#lesson, run.request);
    if (visit !== this.#visit) return;
    this.ghost = run !== null && answer?.ok ? { run, divergedAt: answer.value } : null;
  }

  /** Goes back to a run that was left. */
  async back(run: LeftRun, event: number): Promise<void> {
    await this.#show(run.request, event);
  }

  async #show(request: RunRequest, leavingAt: number | null): Promise<void> {
    const visit = ++this.#visit;
    this.#wish = request;
    this.isBusy = true;
    this.problem = '';
    const made = await this.#make(request);
    // a later wish has overtaken this one
    if (visit !== this.#visit) return;
    this.isBusy = false;
    if (typeof made === 'string') {
      this.#wish = this.request;
      this.problem = STAGE_MESSAGES[this.#lang].cannotRun(made);
      return;
    }
    const left = leavingAt === null ? null : this.#leave(leavingAt, made.tape.summary.link);
    this.ghost = left === null ? null : { run: left, divergedAt: made.divergedAt };
    this.request = request;
    this.tape = made.tape;
    const { failure } = made.tape.summary;
    if (failure !== null) this.problem = STAGE_MESSAGES[this.#lang].failed(failure);
  }

  /** A run with all its moments, or why there is none. */
  async #make(request: RunRequest): Promise<{ tape: Tape; divergedAt: number | null } | string> {
    try {
      const opened = await lab().open(this.#lesson, request, this.#lang);
      if (!opened.ok) return opened.error;
      const at: number[] = [];
      const changes: HostChange[] = [];
      const { events } = opened.value.summary;
      for (let from = 0; from <= events; from += MOMENTS_AT_ONCE) {
        const some = await lab().record(from, Math.min(from + MOMENTS_AT_ONCE - 1, events));
        if (!some.ok) return some.error;
        at.push(...some.value.at);
        changes.push(...some.value.changes);
      }
      const tape = Tape.ofRun(opened.value, { at, changes }, this.#lang);
      return { tape, divergedAt: opened.value.divergedAt };
    } catch (problem) {
      return problem instanceof Error ? problem.message : String(problem);
    }
  }

  /** Keeps the run on the stage in the list; null where the next one is the same. */
  #leave(event: number, next: string): LeftRun | null {
    const { tape, request } = this;
    const { link, measures } = tape.summary;
    this.before = measures;
    const others = this.left.filter((run) => run.link !== link && run.link !== next);
    const leaving = link === next ? null : { request, link, measures, tape, event };
    this.left = [...(leaving === null ? [] : [leaving]), ...others].slice(0, LEFT_RUNS_MAX);
    return leaving;
  }
}

/** The same place in another run: the same step, as far into it; its end stays the end. */
export function samePlace(from: Tape, event: number, to: Tape): number {
  if (event >= from.events) return to.events;
  const step = from.stepAt(event);
  const same = to.steps.find((other) => other.id === step?.id);
  if (step === null || same === undefined) return Math.min(event, to.events);
  if (event >= step.to) return same.to;
  return Math.min(same.from + event - step.from, same.to);
}

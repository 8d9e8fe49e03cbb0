/**
 * A reader's session on the stage: which run is on it, where in it the reader is, and what a turned
 * knob, an injected fault or a link does to both. The engine starts with the first of these.
 *
 * Not here: the picture (`Stage.svelte` and its parts).
 */
import type { Fault } from '#engine/sim/faults.ts';
import { prefersReducedMotion } from 'svelte/motion';
import type { Seen, StageProps } from '../lesson/stage-props.ts';
import { Player } from './player.svelte.ts';
import { Records } from './records.ts';
import { Logs } from './replicas.ts';
import { keepPlace, keptPlace } from './resume.ts';
import { Runs, samePlace, type LeftRun } from './runs.svelte.ts';

/** A fragment that is a run; any other is an anchor of the page. */
const LINK = /^#(v\d+\..*)$/;

const linkHere = (): string | undefined => LINK.exec(location.hash)?.[1];

export class StageSession {
  readonly runs: Runs;
  readonly player: Player;
  readonly logs = $derived.by(() => new Logs(this.runs.tape));
  readonly records = $derived.by(() => new Records(this.runs.tape, this.logs));
  readonly replicas = $derived.by(() => this.logs.at(this.player.event));
  readonly known = $derived.by(() => this.records.at(this.player.event, this.replicas));
  /** The link of the last run that was seen to its end. */
  #seen = $state('');
  readonly #lesson: string;
  readonly #onseen: Seen;
  #started: Promise<void> | null = null;

  constructor({ lessonId, lang, still }: StageProps, onseen: Seen) {
    this.#lesson = lessonId;
    this.#onseen = onseen;
    this.runs = new Runs(lessonId, lang, still);
    this.player = new Player(
      () => this.runs.tape,
      () => prefersReducedMotion.current,
      () => this.#ended(),
    );
  }

  /** Whether this run has been seen to its end: then it hides nothing any more. */
  get isSeen(): boolean {
    return this.#seen === this.runs.tape.summary.link;
  }

  get isAtEnd(): boolean {
    return this.player.event >= this.runs.tape.events && !this.runs.tape.isStill;
  }

  /** Runs the experiment for the first time: as a link says, as it was left, or as it is. Once. */
  start(): Promise<void> {
    this.#started ??= this.#begin();
    return this.#started;
  }

  async play(): Promise<void> {
    if (this.player.isPlaying) {
      this.player.pause();
      return;
    }
    await this.start();
    this.player.play();
  }

  /** Turns a knob, or with a null name all back; the reader stays in the same step. */
  turn(name: string | null, value: string): Promise<void> {
    return this.#change(() => this.runs.turn(name, value, this.player.event));
  }

  /** Injects a fault at this event, and plays what comes of it. */
  async fork(fault: Fault): Promise<void> {
    await this.#change(
      () => this.runs.fork(this.player.event, fault),
      (event) => event,
    );
    this.player.play();
  }

  /** Goes back to a run that was left, to where it was left. */
  back(run: LeftRun): Promise<void> {
    return this.#change(
      () => this.runs.back(run, this.player.event),
      () => run.event,
    );
  }

  /** Opens the run of the page's fragment, if it is one. */
  openLink(): boolean {
    const link = linkHere();
    if (link === undefined) return false;
    void this.#change(
      () => this.runs.open(link),
      () => this.runs.tape.opening,
    );
    return true;
  }

  get isLinked(): boolean {
    return linkHere() !== undefined;
  }

  seek(event: number): void {
    this.player.pause();
    this.player.seek(event);
  }

  /** Keeps the place for a reload or the other language. */
  keep(): void {
    const { tape } = this.runs;
    if (tape.isStill) return;
    keepPlace(this.#lesson, { link: tape.summary.link, event: this.player.event });
  }

  async #begin(): Promise<void> {
    const link = linkHere();
    const kept = link === undefined ? keptPlace(this.#lesson) : null;
    const wanted = link ?? kept?.link;
    await (wanted === undefined ? this.runs.preset() : this.runs.open(wanted));
    if (kept !== null && this.runs.problem === '') this.player.seek(kept.event);
  }

  /** Changes the run and keeps the place, or goes where `place` says. */
  async #change(by: () => Promise<void>, place?: (event: number) => number): Promise<void> {
    this.player.pause();
    await this.start();
    const { event } = this.player;
    const from = this.runs.tape;
    await by();
    this.player.seek(place?.(event) ?? samePlace(from, event, this.runs.tape));
  }

  #ended(): void {
    const { tape } = this.runs;
    if (tape.isStill || this.isSeen) return;
    this.#seen = tape.summary.link;
    this.#onseen(Object.fromEntries(tape.summary.knobs), tape.summary.measures);
  }
}

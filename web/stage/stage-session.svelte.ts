/**
 * A reader's session on the stage: which run is on it, where in it the reader is, and what a turned
 * knob, an injected fault or a link does to both. The engine starts with the first of these.
 *
 * Not here: the picture (`Stage.svelte` and its parts).
 */
import type { Fault } from '#engine/sim/faults.ts';
import { prefersReducedMotion } from 'svelte/motion';
import type { Seen, StageProps } from '../lesson/stage-props.ts';
import { alignedEvent } from './compare.ts';
import { CounterexampleSearch } from './counterexample-search.svelte.ts';
import { Player } from './player.svelte.ts';
import { Records } from './records.ts';
import { Logs } from './replicas.ts';
import { GoalList } from './goals.svelte.ts';
import type { Target } from './fault-offers.ts';
import { keepPlace, keptPlace } from './resume.ts';
import { Runs, samePlace, type LeftRun } from './runs.svelte.ts';

/** A fragment that is a run, or the proof of a claim; any other is an anchor of the page. */
const LINK = /^#(v\d+\.[^@]*)(?:@(\d+))?$/;
const PROOF = /^#proof=([a-z0-9-]+)$/;

const linkHere = (): string | undefined => LINK.exec(location.hash)?.[1];
/** The event that a link names behind its run. */
const eventHere = (): number | null => {
  const event = LINK.exec(location.hash)?.[2];
  return event === undefined ? null : Number(event);
};

type Proof = StageProps['still']['proofs'][number];

export class StageSession {
  readonly runs: Runs;
  readonly player: Player;
  readonly logs = $derived.by(() => new Logs(this.runs.tape));
  readonly records = $derived.by(() => new Records(this.runs.tape, this.logs));
  readonly replicas = $derived.by(() => this.logs.at(this.player.event));
  readonly known = $derived.by(() => this.records.at(this.player.event, this.replicas));
  /** The link of the last run that was seen to its end. */
  #seen = $state('');
  /** Whose menu of faults is open. */
  target: Target | null = $state.raw(null);
  readonly #ghostTape = $derived.by(() => this.runs.ghost?.run.tape ?? null);
  readonly #ghostLogs = $derived.by(() => this.#ghostTape && new Logs(this.#ghostTape));
  readonly #ghostRecords = $derived.by(
    () => this.#ghostTape && new Records(this.#ghostTape, this.#ghostLogs!),
  );
  /** The event of the run beside this one that belongs to the event on the stage. */
  readonly ghostEvent = $derived.by(() => {
    const { tape, ghost } = this.runs;
    if (ghost === null) return 0;
    return alignedEvent(tape, this.player.event, ghost.run.tape, ghost.divergedAt);
  });
  readonly ghostKnown = $derived.by(
    () => this.#ghostRecords?.at(this.ghostEvent, this.#ghostLogs!.at(this.ghostEvent)) ?? [],
  );
  readonly goals: GoalList;
  readonly search: CounterexampleSearch;
  readonly #lesson: string;
  readonly #proofs: readonly Proof[];
  readonly #onseen: Seen;
  #started: Promise<void> | null = null;

  constructor({ lessonId, lang, still, goals = [] }: StageProps, onseen: Seen) {
    this.#lesson = lessonId;
    this.#proofs = still.proofs;
    this.#onseen = onseen;
    this.runs = new Runs(lessonId, lang, still);
    this.search = new CounterexampleSearch(lessonId);
    this.goals = new GoalList(lessonId, goals);
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

  /** The lesson's run with these knobs and nothing done to it, from where anything is sent. */
  set(knobs: Readonly<Record<string, string>>): Promise<void> {
    return this.#change(
      () => this.runs.settings(knobs, this.player.event),
      () => this.runs.tape.opening,
    );
  }

  /** Opens the menu of a host or a link, or closes it; the run waits meanwhile. */
  look(target: Target | null): void {
    this.target = target;
    if (target !== null) this.player.pause();
  }

  /** Injects faults at this event, and plays what comes of it. */
  async fork(faults: readonly Fault[]): Promise<void> {
    this.target = null;
    await this.#change(
      () => this.runs.fork(this.player.event, faults),
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

  /** Opens the run of the page's fragment, if it is one or names a proof. */
  openLink(): boolean {
    const proof = this.#proofHere();
    if (proof !== undefined) {
      void this.#change(
        () => this.runs.settings(proof.knobs, this.player.event),
        () => this.#placeOf(proof),
      );
      return true;
    }
    const link = linkHere();
    if (link === undefined) return false;
    void this.#change(
      () => this.runs.open(link),
      () => eventHere() ?? this.runs.tape.opening,
    );
    return true;
  }

  /**
   * Opens the run of a link that was found here, at an event or in the same step; the run that is
   * left stays.
   */
  show(link: string, event: number | null = null): Promise<void> {
    const open = () => this.runs.open(link, this.player.event);
    return event === null ? this.#change(open) : this.#change(open, () => event);
  }

  get isLinked(): boolean {
    return linkHere() !== undefined || this.#proofHere() !== undefined;
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

  #proofHere(): Proof | undefined {
    const id = PROOF.exec(location.hash)?.[1];
    return this.#proofs.find((proof) => proof.id === id);
  }

  /**
   * Where a proof shows it: a broken promise, a lost record, the step that it names; else the last
   * step of the story, in which what went before comes out.
   */
  #placeOf({ at }: Proof): number {
    const { summary, steps, opening } = this.runs.tape;
    const broken = summary.violations?.[0]?.event ?? this.records.evidence?.goneAt;
    const named = steps.find(({ id }) => id === at);
    const step = named ?? steps.findLast(({ settling }) => !settling);
    return broken ?? step?.from ?? opening;
  }

  async #begin(): Promise<void> {
    const proof = this.#proofHere();
    if (proof !== undefined) {
      await this.runs.settings(proof.knobs);
      void this.search.look();
      this.player.seek(this.#placeOf(proof));
      return;
    }
    const link = linkHere();
    const kept = link === undefined ? keptPlace(this.#lesson) : null;
    const wanted = link ?? kept?.link;
    await (wanted === undefined ? this.runs.preset() : this.runs.open(wanted));
    void this.search.look();
    const event = kept?.event ?? eventHere();
    if (event !== null && this.runs.problem === '') this.player.seek(event);
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
    const knobs = Object.fromEntries(tape.summary.knobs);
    this.goals.tick(knobs, tape.summary.measures);
    this.#onseen(knobs, tape.summary.measures);
  }
}

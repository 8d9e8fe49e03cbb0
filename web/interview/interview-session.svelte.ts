/**
 * The course of a mock interview: choose, answer while the clock runs, compare, follow-ups, next,
 * report. After each question the record is kept, so that a closed page loses one question at most.
 *
 * Not here: which questions and follow-ups come (`interview.ts`), the clock (`timer.ts`), the page
 * (`Interview.svelte`).
 */
import type { StudyQuestion } from '../study/cards.ts';
import type { Shelf } from '../study/shelf.ts';
import {
  drawn,
  followUpsAfter,
  followUpsOf,
  type FollowUp,
  type Interview,
  type InterviewWish,
} from './interview.ts';
import { awayMs, hide, ranMs, show, start, stop, STOPPED, type Timer } from './timer.ts';

type Step = 'choose' | 'answering' | 'comparing' | 'follow-ups' | 'report';

const MINUTE_MS = 60_000;
/** So many interviews back, their questions come last. */
const LATELY = 5;

export class InterviewSession {
  questions: readonly StudyQuestion[] = $state.raw([]);
  readonly #shelf: Shelf;
  readonly #now: () => number;
  step: Step = $state('choose');
  wish: InterviewWish = $state.raw({ track: '', level: '', minutes: 30 });
  /** The latest first; without the one that is going on. */
  earlier: readonly Interview[] = $state.raw([]);
  interview: Interview | null = $state.raw(null);
  question: StudyQuestion | null = $state.raw(null);
  notes = $state('');
  made: readonly string[] = $state.raw([]);
  flags: readonly number[] = $state.raw([]);
  followUps: readonly FollowUp[] = $state.raw([]);
  /** The place of the follow-up that is asked. */
  place = $state(0);
  isShown = $state(false);
  isPaused = $state(false);
  isLost = $state(false);
  /** The reader's clock, as often as the page looks at it. */
  atMs = $state(0);
  #held: readonly { readonly key: string; readonly held: boolean }[] = [];
  #order: readonly StudyQuestion[] = $state.raw([]);
  #timer: Timer = $state.raw(STOPPED);
  /** What the clock had counted when the question came. */
  #before = $state.raw({ ranMs: 0, awayMs: 0 });

  /** `now` is the reader's clock, in milliseconds since 1970. */
  constructor(questions: readonly StudyQuestion[], shelf: Shelf, now: () => number) {
    this.questions = questions;
    this.#shelf = shelf;
    this.#now = now;
    this.atMs = now();
  }

  get matching(): number {
    return drawn(this.questions, this.wish, [], () => 0).length;
  }

  get leftMs(): number {
    return this.wish.minutes * MINUTE_MS - ranMs(this.#timer, this.atMs);
  }

  get spentMs(): number {
    return ranMs(this.#timer, this.atMs) - this.#before.ranMs;
  }

  get awayMs(): number {
    return awayMs(this.#timer, this.atMs) - this.#before.awayMs;
  }

  /** Whether there is something to come back to. */
  get isGoingOn(): boolean {
    return this.step !== 'choose' && this.step !== 'report';
  }

  get isLast(): boolean {
    return this.leftMs <= 0 || this.#order.length === 0;
  }

  get hasDrawnAll(): boolean {
    return this.#order.length === 0;
  }

  get followUp(): FollowUp | null {
    return this.followUps[this.place] ?? null;
  }

  async load(): Promise<void> {
    const kept = await this.#shelf.all<Interview>('interviews');
    this.earlier = kept.toSorted((a, b) => b.startedMs - a.startedMs);
  }

  /** Goes on with the same questions in another language. */
  speak(questions: readonly StudyQuestion[]): void {
    const named = (slug: string) => questions.find((question) => question.slug === slug);
    this.questions = questions;
    this.#order = this.#order.flatMap(({ slug }) => named(slug) ?? []);
    this.question = this.question === null ? null : (named(this.question.slug) ?? this.question);
    const keys = this.followUps.map(({ key }) => key);
    this.followUps = this.question === null ? [] : followUpsOf(this.question, keys);
  }

  /** Looks at the clock. */
  tick(): void {
    this.atMs = this.#now();
  }

  /** The page is hidden, or seen again. The clock goes on either way. */
  setHidden(isHidden: boolean): void {
    this.#timer = (isHidden ? hide : show)(this.#timer, this.#now());
    this.tick();
  }

  /** `random` gives numbers from 0 to below 1. */
  begin(random: () => number): void {
    const lately = this.earlier.slice(0, LATELY).flatMap(({ asked }) => asked);
    const slugs = lately.map(({ slug }) => slug);
    this.#order = drawn(this.questions, this.wish, slugs, random);
    const startedMs = this.#now();
    const id = `interview-${startedMs}`;
    this.interview = { id, startedMs, ...this.wish, asked: [] };
    this.#timer = { ...STOPPED, hiddenMs: this.#timer.hiddenMs };
    this.#ask();
  }

  #ask(): void {
    const [question = null, ...rest] = this.#order;
    const nowMs = this.#now();
    this.question = question;
    this.#order = rest;
    this.notes = '';
    this.made = [];
    this.flags = [];
    this.followUps = [];
    this.#held = [];
    this.isPaused = false;
    this.#timer = start(this.#timer, nowMs);
    this.#before = { ranMs: ranMs(this.#timer, nowMs), awayMs: awayMs(this.#timer, nowMs) };
    this.step = 'answering';
    this.tick();
  }

  pause(): void {
    this.isPaused = !this.isPaused;
    this.#timer = (this.isPaused ? stop : start)(this.#timer, this.#now());
    this.tick();
  }

  /** The answer is given: the clock stands from here. */
  compare(): void {
    this.#timer = stop(this.#timer, this.#now());
    this.isPaused = false;
    this.step = 'comparing';
    this.tick();
  }

  /** Asks what follows from what was ticked, and runs the clock again. */
  goFurther(): void {
    const { question } = this;
    if (question === null) return;
    this.followUps = followUpsAfter(question, { made: this.made, flags: this.flags });
    this.place = 0;
    this.isShown = false;
    this.#timer = start(this.#timer, this.#now());
    this.step = 'follow-ups';
    this.tick();
  }

  show(): void {
    this.#timer = stop(this.#timer, this.#now());
    this.isPaused = false;
    this.isShown = true;
    this.tick();
  }

  /** Whether the follow-up was known; then the next one is asked. */
  hold(held: boolean): void {
    const { followUp } = this;
    if (followUp === null) return;
    this.#held = [...this.#held, { key: followUp.key, held }];
    this.place += 1;
    this.isShown = false;
    if (this.followUp !== null) this.#timer = start(this.#timer, this.#now());
    this.tick();
  }

  async next(): Promise<void> {
    const kept = this.#record();
    if (this.isLast) this.step = 'report';
    else this.#ask();
    await kept;
  }

  /** Ends the interview; the question that was not compared yet is left out. */
  async end(): Promise<void> {
    this.#timer = stop(this.#timer, this.#now());
    const isCompared = this.step === 'comparing' || this.step === 'follow-ups';
    const kept = isCompared ? this.#record() : undefined;
    this.step = 'report';
    this.tick();
    await kept;
  }

  open(interview: Interview): void {
    this.interview = interview;
    this.step = 'report';
  }

  async again(): Promise<void> {
    this.interview = null;
    this.question = null;
    this.step = 'choose';
    await this.load();
  }

  async remove(id: string): Promise<void> {
    this.earlier = this.earlier.filter((interview) => interview.id !== id);
    await this.#keep(() => this.#shelf.remove('interviews', id));
  }

  async #record(): Promise<void> {
    const { interview, question, made, flags, notes } = this;
    if (interview === null || question === null) return;
    this.tick();
    const asked = {
      slug: question.slug,
      made: [...made],
      flags: [...flags],
      notes,
      spentMs: this.spentMs,
      awayMs: this.awayMs,
      followUps: this.#held,
    };
    const record: Interview = { ...interview, asked: [...interview.asked, asked] };
    this.interview = record;
    this.question = null;
    await this.#keep(() => this.#shelf.put('interviews', [record]));
  }

  async #keep(put: () => Promise<void>): Promise<void> {
    try {
      await put();
      this.isLost = false;
    } catch {
      this.isLost = true;
    }
  }
}

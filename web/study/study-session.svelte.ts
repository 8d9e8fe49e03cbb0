/**
 * Study as its page holds it: the cards, what is remembered of each, the card that is asked now.
 * What changes is kept at once.
 *
 * Not here: the intervals and the queue (`schedule.ts`), where things are kept (`shelf.ts`), the
 * page (`Study.svelte`).
 */
import { TRACKS } from '#lessons/tracks.ts';
import type { Interview } from '../interview/interview.ts';
import { keepDrill } from '../drill/kept-drill.ts';
import { forgetDrills, keptDrills } from '../drill/kept-drills.ts';
import { forgetBets, keepBet, keptBets } from '../lesson/own-words.ts';
import { forgetKnown, knownQuestions, setKnown } from '../lesson/progress.ts';
import { backupText, merged, readBackup, type Fault, type Progress } from './backup.ts';
import { cardsInOrder, type Card, type StudyQuestion } from './cards.ts';
import {
  byCard,
  dayAround,
  graded,
  progressOf,
  queueOf,
  replaced,
  waits,
  type Grade,
  type Memories,
  type Memory,
  type StudyWish,
} from './schedule.ts';
import type { Shelf } from './shelf.ts';

const WISH_ID = 'study';
const NEW_PER_DAY = 10;

interface KeptWish extends StudyWish {
  readonly id: typeof WISH_ID;
}

interface LastGrade {
  readonly card: Card;
  /** Undefined: it was new. */
  readonly before: Memory | undefined;
}

export class StudySession {
  readonly cards: readonly Card[];
  readonly #shelf: Shelf;
  readonly #now: () => number;
  #memories: Memories = $state.raw(byCard([]));
  wish: StudyWish = $state.raw({ newPerDay: NEW_PER_DAY, tracks: [] });
  /** The card that is asked; null while none is. */
  card: Card | null = $state.raw(null);
  isTurned = $state(false);
  last: LastGrade | null = $state.raw(null);
  /** Whether the browser refused to keep something. */
  isLost = $state(false);
  /** What the queue was reckoned at. */
  #atMs = $state(0);

  /** `now` is the reader's clock, in milliseconds since 1970. */
  constructor(questions: readonly StudyQuestion[], shelf: Shelf, now: () => number) {
    this.cards = cardsInOrder(questions);
    this.#shelf = shelf;
    this.#now = now;
    this.#atMs = now();
  }

  get lasts(): boolean {
    return this.#shelf.lasts;
  }

  get queue() {
    return queueOf(this.cards, this.#memories, this.wish, this.#atMs, dayAround(this.#atMs));
  }

  get progress() {
    const tracks = TRACKS.map(({ id }) => id);
    return progressOf(tracks, this.cards, this.#memories, this.#atMs, dayAround(this.#atMs));
  }

  /** How many cards were graded today. */
  get doneToday(): number {
    const { startMs } = dayAround(this.#atMs);
    return [...this.#memories.values()].filter(({ lastMs }) => lastMs >= startMs).length;
  }

  /** How long until the next card of the chosen tracks; null where none has been met. */
  get nextInMs(): number | null {
    const { tracks } = this.wish;
    const dues = this.cards
      .filter(({ question }) => tracks.length === 0 || tracks.includes(question.track))
      .flatMap(({ id }) => this.#memories.get(id)?.dueMs ?? []);
    return dues.length === 0 ? null : Math.max(0, Math.min(...dues) - this.#atMs);
  }

  /** How long until the card that is asked comes again, for each grade. */
  get waits() {
    return this.card === null ? null : waits(this.#memories.get(this.card.id), this.#atMs);
  }

  /** Reads what is kept. */
  async load(): Promise<void> {
    const [memories, settings] = await Promise.all([
      this.#shelf.all<Memory>('memories'),
      this.#shelf.all<KeptWish>('settings'),
    ]);
    this.#memories = byCard(memories);
    const kept = settings.find(({ id }) => id === WISH_ID);
    if (kept !== undefined) this.wish = { newPerDay: kept.newPerDay, tracks: kept.tracks };
    this.#atMs = this.#now();
  }

  async choose(wish: StudyWish): Promise<void> {
    this.wish = wish;
    await this.#keep(() => this.#shelf.put('settings', [this.#keptWish()]));
  }

  /** Asks the next card of the queue; none where it is empty. */
  ask(): void {
    this.#atMs = this.#now();
    this.card = this.queue.cards[0] ?? null;
    this.isTurned = false;
  }

  stop(): void {
    this.card = null;
    this.isTurned = false;
  }

  turn(): void {
    // what the buttons promise is reckoned from now
    this.#atMs = this.#now();
    this.isTurned = true;
  }

  async grade(grade: Grade): Promise<void> {
    const { card } = this;
    if (card === null || !this.isTurned) return;
    const before = this.#memories.get(card.id);
    const memory = graded(card.id, before, grade, this.#now());
    this.#memories = replaced(this.#memories, card.id, memory);
    this.last = { card, before };
    this.ask();
    await this.#keep(() => this.#shelf.put('memories', [memory]));
  }

  /** Takes the last grade back and asks its card again. */
  async undo(): Promise<void> {
    if (this.last === null) return;
    const { card, before } = this.last;
    this.#memories = replaced(this.#memories, card.id, before);
    this.last = null;
    this.card = card;
    this.isTurned = false;
    await this.#keep(() =>
      before === undefined
        ? this.#shelf.remove('memories', card.id)
        : this.#shelf.put('memories', [before]),
    );
  }

  /** All progress as the text of a file. */
  async saved(): Promise<string> {
    return backupText(await this.#progress(), this.#now());
  }

  /** Adds the progress of a file; a file that is broken changes nothing. */
  async open(text: string): Promise<Fault | Progress> {
    const read = readBackup(text);
    if (!read.ok) return read.fault;
    const all = merged(await this.#progress(), read.progress);
    this.#memories = byCard(all.memories);
    this.wish = { newPerDay: all.newPerDay, tracks: all.tracks };
    this.stop();
    this.last = null;
    this.#atMs = this.#now();
    for (const slug of all.known) setKnown(slug, true);
    for (const { lesson, ...bet } of all.bets) keepBet(lesson, bet);
    for (const { lesson, ...drill } of all.drills) keepDrill(lesson, drill);
    await this.#keep(async () => {
      await this.#shelf.put('memories', all.memories);
      await this.#shelf.put('interviews', all.interviews);
      await this.#shelf.put('settings', [this.#keptWish()]);
    });
    return read.progress;
  }

  async forget(): Promise<void> {
    this.#memories = byCard([]);
    this.wish = { newPerDay: NEW_PER_DAY, tracks: [] };
    this.last = null;
    this.stop();
    forgetKnown();
    forgetBets();
    forgetDrills();
    await this.#keep(() => this.#shelf.clear());
  }

  async #progress(): Promise<Progress> {
    const interviews = await this.#shelf.all<Interview>('interviews');
    return {
      ...this.wish,
      memories: [...this.#memories.values()],
      known: [...knownQuestions()],
      interviews,
      bets: keptBets(),
      drills: keptDrills(),
    };
  }

  #keptWish(): KeptWish {
    return { id: WISH_ID, ...this.wish };
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

/**
 * When a card comes again. The intervals are FSRS's (ts-fsrs with its default parameters and no
 * fuzz, so that a button's promise is kept); here are the form in which a card's memory is kept,
 * the day's queue, and the progress of a track.
 *
 * Times are milliseconds since 1970 and always given: nothing here reads a clock.
 */
import { fsrs, State, type Card as FsrsCard, type Grade as FsrsGrade } from 'ts-fsrs';
import type { Card } from './cards.ts';

/** 1 forgotten, 2 hard, 3 good, 4 easy. */
export type Grade = 1 | 2 | 3 | 4;

export const GRADES = [1, 2, 3, 4] as const satisfies readonly Grade[];

/** What is remembered of a card that was graded at least once: plain data, as it is kept. */
export interface Memory {
  readonly id: string;
  readonly dueMs: number;
  /** Days until the chance of recall is 90%. */
  readonly stability: number;
  readonly difficulty: number;
  readonly scheduledDays: number;
  readonly learningSteps: number;
  readonly reps: number;
  readonly lapses: number;
  /** 1 learning, 2 review, 3 learning again. */
  readonly state: 1 | 2 | 3;
  readonly firstMs: number;
  readonly lastMs: number;
}

export type Memories = ReadonlyMap<string, Memory>;

/** Memories by their cards' ids. */
export function byCard(memories: readonly Memory[]): Memories {
  return new Map(memories.map((memory) => [memory.id, memory] as const));
}

/** The memories with that of one card replaced; undefined makes the card a new one. */
export function replaced(memories: Memories, id: string, memory: Memory | undefined): Memories {
  const all = new Map(memories);
  if (memory === undefined) all.delete(id);
  else all.set(id, memory);
  return all;
}

/** From `startMs` to before `endMs`. */
export interface Day {
  readonly startMs: number;
  readonly endMs: number;
}

export interface StudyWish {
  readonly newPerDay: number;
  /** The tracks to learn; empty: all. */
  readonly tracks: readonly string[];
}

export interface Queue {
  /** In the order in which they are asked. */
  readonly cards: readonly Card[];
  /** How many of them are due, and how many are new. */
  readonly due: number;
  readonly fresh: number;
}

export interface TrackProgress {
  readonly track: string;
  readonly all: number;
  readonly met: number;
  /** Of those met: known for so long that they come again in three weeks or later. */
  readonly firm: number;
  readonly due: number;
}

/** The hour at which a day begins: who learns after midnight still learns for the day before. */
const DAY_HOUR = 4;
/** A card that is due within so long is asked at once when nothing else is left. */
const AHEAD_MS = 20 * 60_000;
const FIRM_DAYS = 21;

const scheduler = fsrs({ enable_fuzz: false });

/** The memory of a card after a grade at `nowMs`; without one before, the card was new. */
export function graded(
  id: string,
  before: Memory | undefined,
  grade: Grade,
  nowMs: number,
): Memory {
  const { card } = scheduler.next(cardFrom(before, nowMs), nowMs, grade as FsrsGrade);
  return {
    id,
    dueMs: card.due.getTime(),
    stability: card.stability,
    difficulty: card.difficulty,
    scheduledDays: card.scheduled_days,
    learningSteps: card.learning_steps,
    reps: card.reps,
    lapses: card.lapses,
    state: card.state === State.New ? State.Learning : card.state,
    firstMs: before?.firstMs ?? nowMs,
    lastMs: nowMs,
  };
}

/** How long until the card comes again after each grade, in milliseconds. */
export function waits(before: Memory | undefined, nowMs: number): Readonly<Record<Grade, number>> {
  const after = (grade: Grade) => graded('', before, grade, nowMs).dueMs - nowMs;
  return { 1: after(1), 2: after(2), 3: after(3), 4: after(4) };
}

function cardFrom(memory: Memory | undefined, nowMs: number): FsrsCard {
  return {
    due: new Date(memory?.dueMs ?? nowMs),
    stability: memory?.stability ?? 0,
    difficulty: memory?.difficulty ?? 0,
    // the scheduler takes the days since the last review from the two times
    elapsed_days: 0,
    scheduled_days: memory?.scheduledDays ?? 0,
    learning_steps: memory?.learningSteps ?? 0,
    reps: memory?.reps ?? 0,
    lapses: memory?.lapses ?? 0,
    state: memory?.state ?? State.New,
    ...(memory === undefined ? {} : { last_review: new Date(memory.lastMs) }),
  };
}

/** The day of the reader's clock in which `nowMs` is. */
export function dayAround(nowMs: number): Day {
  const start = new Date(nowMs);
  if (start.getHours() < DAY_HOUR) start.setDate(start.getDate() - 1);
  start.setHours(DAY_HOUR, 0, 0, 0);
  const end = new Date(start);
  end.setDate(end.getDate() + 1);
  return { startMs: start.getTime(), endMs: end.getTime() };
}

/**
 * What is to be asked now: what is being learnt and due, then the day's reviews, then new cards as
 * many as the day still allows, then what is due within minutes.
 */
export function queueOf(
  cards: readonly Card[],
  memories: Memories,
  { newPerDay, tracks }: StudyWish,
  nowMs: number,
  day: Day,
): Queue {
  const wished = cards.filter(
    ({ question }) => tracks.length === 0 || tracks.includes(question.track),
  );
  const met = wished.flatMap((card) => {
    const memory = memories.get(card.id);
    return memory === undefined ? [] : [{ card, memory }];
  });
  const byDue = met.toSorted((a, b) => a.memory.dueMs - b.memory.dueMs);
  const steps = byDue.filter(({ memory }) => memory.state !== State.Review);
  const learning = steps.filter(({ memory }) => memory.dueMs <= nowMs);
  const ahead = steps.filter(
    ({ memory }) => memory.dueMs > nowMs && memory.dueMs <= nowMs + AHEAD_MS,
  );
  const reviews = byDue.filter(({ memory }) => isDueToday(memory, day));
  const begun = [...memories.values()].filter(({ firstMs }) => firstMs >= day.startMs).length;
  const fresh = wished
    .filter(({ id }) => !memories.has(id))
    .slice(0, Math.max(0, newPerDay - begun));
  return {
    cards: [
      ...learning.map(({ card }) => card),
      ...reviews.map(({ card }) => card),
      ...fresh,
      ...ahead.map(({ card }) => card),
    ],
    due: learning.length + reviews.length + ahead.length,
    fresh: fresh.length,
  };
}

/** A review counts for the whole of its day. */
function isDueToday({ state, dueMs }: Memory, day: Day): boolean {
  return state === State.Review && dueMs < day.endMs;
}

/** The progress of each track that has cards, in the order of the cards' questions. */
export function progressOf(
  tracks: readonly string[],
  cards: readonly Card[],
  memories: Memories,
  nowMs: number,
  day: Day,
): TrackProgress[] {
  return tracks.flatMap((track) => {
    const own = cards.filter(({ question }) => question.track === track);
    if (own.length === 0) return [];
    const met = own.flatMap(({ id }) => memories.get(id) ?? []);
    return {
      track,
      all: own.length,
      met: met.length,
      firm: met.filter(({ stability }) => stability >= FIRM_DAYS).length,
      due: met.filter((memory) => memory.dueMs <= nowMs || isDueToday(memory, day)).length,
    };
  });
}

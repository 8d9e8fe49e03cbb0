/** A card's intervals, a day's queue and a track's progress, at times that are given. */
import { describe, expect, test } from 'vitest';
import { cardsInOrder } from '#web/study/cards.ts';
import {
  byCard,
  dayAround,
  graded,
  progressOf,
  queueOf,
  waits,
  type Grade,
  type Memory,
} from '#web/study/schedule.ts';
import { ACKS, QUEUES } from './questions.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const NOON_MS = new Date(2026, 0, 15, 12).getTime();
const CARDS = cardsInOrder([ACKS, QUEUES]);
const WISH = { newPerDay: 3, tracks: [] };
const byId = (...memories: Memory[]) => byCard(memories);
const queueAt = (
  memories: ReadonlyMap<string, Memory>,
  nowMs: number,
  wish: { newPerDay: number; tracks: readonly string[] } = WISH,
) => queueOf(CARDS, memories, wish, nowMs, dayAround(nowMs));
const idsOf = ({ cards }: { readonly cards: readonly { readonly id: string }[] }) =>
  cards.map(({ id }) => id);

describe('study: the cards', () => {
  test('ids come from claims and slugs, and are unique', () => {
    expect(CARDS.map(({ id }) => id).sort()).toEqual([
      'claim:acks-1',
      'claim:acks-2',
      'claim:acks-3',
      'claim:queues-1',
      'follow-up:acks:1',
      'follow-up:acks:2',
      'follow-up:queues:1',
      'quiz:acks',
      'quiz:queues',
    ]);
  });

  test('each question is met once before any is met twice, what is asked more often first', () => {
    expect(CARDS.slice(0, 4).map(({ question }) => question.slug)).toEqual([
      'acks',
      'queues',
      'acks',
      'queues',
    ]);
    expect(CARDS.slice(0, 2).map(({ kind }) => kind)).toEqual(['quiz', 'claim']);
  });
});

describe('study: the intervals', () => {
  test('a new card comes again within minutes, unless it was easy', () => {
    const before = waits(undefined, NOON_MS);
    expect(before[1]).toBe(MINUTE_MS);
    expect(before[3]).toBe(10 * MINUTE_MS);
    expect(before[4]).toBeGreaterThanOrEqual(2 * DAY_MS);
  });

  test('the button keeps its promise, and a better grade waits longer', () => {
    let memory = graded('a', undefined, 4, NOON_MS);
    for (let nowMs = memory.dueMs, round = 0; round < 4; round += 1, nowMs = memory.dueMs) {
      const promised = waits(memory, nowMs);
      expect(promised[1]).toBeLessThan(promised[2]);
      expect(promised[2]).toBeLessThanOrEqual(promised[3]);
      expect(promised[3]).toBeLessThan(promised[4]);
      const after = graded('a', memory, 3, nowMs);
      expect(after.dueMs - nowMs).toBe(promised[3]);
      expect(after.stability).toBeGreaterThan(memory.stability);
      memory = after;
    }
    expect(memory).toMatchObject({ reps: 5, lapses: 0, state: 2, firstMs: NOON_MS });
  });

  test('what is forgotten is learnt again', () => {
    const known = graded('a', undefined, 4, NOON_MS);
    const forgotten = graded('a', known, 1, known.dueMs);
    expect(forgotten).toMatchObject({ state: 3, lapses: 1 });
    expect(forgotten.stability).toBeLessThan(known.stability);
    expect(forgotten.dueMs - known.dueMs).toBeLessThan(DAY_MS);
  });

  test('the same grades at the same times give the same memory, also through JSON', () => {
    const grades: Grade[] = [3, 3, 4, 1, 3];
    const course = (through: (memory: Memory) => Memory) =>
      grades.reduce<Memory | undefined>(
        (memory, grade) => through(graded('a', memory, grade, memory?.dueMs ?? NOON_MS)),
        undefined,
      );
    expect(course((memory) => JSON.parse(JSON.stringify(memory)) as Memory)).toEqual(
      course((memory) => memory),
    );
  });
});

describe('study: the queue of a day', () => {
  test('new cards are as many as the day allows, and the next day allows as many again', () => {
    expect(queueAt(new Map(), NOON_MS)).toMatchObject({ due: 0, fresh: 3 });
    const [first, second] = CARDS;
    const memories = byId(
      graded(first!.id, undefined, 4, NOON_MS),
      graded(second!.id, undefined, 4, NOON_MS),
    );
    expect(queueAt(memories, NOON_MS)).toMatchObject({ due: 0, fresh: 1 });
    expect(queueAt(memories, NOON_MS + DAY_MS).fresh).toBe(3);
    expect(queueAt(memories, NOON_MS, { newPerDay: 0, tracks: [] }).cards).toEqual([]);
  });

  test('a review counts from the morning of its day on', () => {
    const memory = graded(CARDS[0]!.id, undefined, 4, NOON_MS);
    const morningMs = dayAround(memory.dueMs).startMs;
    const wish = { newPerDay: 0, tracks: [] };
    expect(queueAt(byId(memory), morningMs, wish).due).toBe(1);
    expect(queueAt(byId(memory), morningMs - 1, wish).due).toBe(0);
  });

  test('what is learnt and due comes first, what is due in minutes comes last', () => {
    const learning = graded('claim:acks-1', undefined, 1, NOON_MS - 5 * MINUTE_MS);
    const ahead = graded('claim:acks-2', undefined, 3, NOON_MS);
    const ids = idsOf(queueAt(byId(ahead, learning), NOON_MS));
    expect(ids[0]).toBe('claim:acks-1');
    expect(ids.at(-1)).toBe('claim:acks-2');
    expect(ids).toHaveLength(3);
  });

  test('other tracks are left out, but count for the limit of new cards', () => {
    const wish = { newPerDay: 2, tracks: ['rabbitmq'] };
    expect(idsOf(queueAt(new Map(), NOON_MS, wish)).every((id) => id.includes('queues'))).toBe(
      true,
    );
    const kafka = graded('claim:acks-1', undefined, 4, NOON_MS);
    expect(queueAt(byId(kafka), NOON_MS, wish)).toMatchObject({ due: 0, fresh: 1 });
  });

  test('a day begins at four in the morning', () => {
    const night = new Date(2026, 0, 16, 3, 59).getTime();
    expect(dayAround(night)).toEqual(dayAround(NOON_MS));
    expect(dayAround(night + MINUTE_MS).startMs).toBe(dayAround(NOON_MS).endMs);
  });
});

describe('study: the progress of a track', () => {
  test('counts what was met, what is firm and what is due', () => {
    const young = graded('claim:acks-1', undefined, 1, NOON_MS - DAY_MS);
    const firm = { ...graded('claim:acks-2', undefined, 4, NOON_MS), stability: 21 };
    const rows = progressOf(
      ['kafka', 'rabbitmq', 'systems'],
      CARDS,
      byId(young, firm),
      NOON_MS,
      dayAround(NOON_MS),
    );
    expect(rows).toEqual([
      { track: 'kafka', all: 6, met: 2, firm: 1, due: 1 },
      { track: 'rabbitmq', all: 3, met: 0, firm: 0, due: 0 },
    ]);
  });
});

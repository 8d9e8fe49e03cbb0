/**
 * Progress as a file: JSON with a format and a version. A file is read only as a whole, and one
 * that is broken says where: what stands at which place, and what has to stand there.
 *
 * Not here: the sentences (`i18n/study.ts`), and the shelf that it comes from and goes to
 * (`shelf.ts`).
 */
import type { Asked, Interview } from '../interview/interview.ts';
import type { LessonDrill } from '../drill/kept-drills.ts';
import type { LessonBet } from '../lesson/own-words.ts';
import type { Memory } from './schedule.ts';

const FORMAT = 'highwater-progress';
/** 2 has the bets, 3 the drills. */
const VERSION = 3;
const VERSION_OLDEST = 1;

export interface Progress {
  readonly newPerDay: number;
  /** Empty: all. */
  readonly tracks: readonly string[];
  readonly memories: readonly Memory[];
  /** The slugs of the questions that are marked as known. */
  readonly known: readonly string[];
  readonly interviews: readonly Interview[];
  /** On the runs of lessons, each with the reader's own words. */
  readonly bets: readonly LessonBet[];
  /** What was typed into each, and whether it was solved. */
  readonly drills: readonly LessonDrill[];
}

/** What is wrong with a file. */
export type Fault =
  | { readonly kind: 'not-json' }
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'newer'; readonly version: number; readonly known: number }
  | {
      readonly kind: 'field';
      readonly place: string;
      /** As JSON, cut; undefined where nothing stands there. */
      readonly found: string | undefined;
      readonly wanted: Wanted;
    };

export type Wanted = 'number' | 'text' | 'list' | 'object' | 'boolean' | 'state' | 'version';

export type ReadBackup =
  | { readonly ok: true; readonly progress: Progress }
  | { readonly ok: false; readonly fault: Fault };

/** Characters of a wrong value that are shown. */
const FOUND_CHARACTERS_MAX = 40;

export function backupText(progress: Progress, savedMs: number): string {
  const saved = new Date(savedMs).toISOString();
  return `${JSON.stringify({ format: FORMAT, version: VERSION, saved, ...progress }, null, 1)}\n`;
}

export function readBackup(text: string): ReadBackup {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, fault: { kind: 'not-json' } };
  }
  try {
    return { ok: true, progress: progressFrom(value) };
  } catch (problem) {
    if (problem instanceof Wrong) return { ok: false, fault: problem.fault };
    throw problem;
  }
}

/**
 * Two states of progress as one: of a card the memory that was graded last, of a lesson the own bet
 * unless only the other has words, of a drill the own work unless only the other is solved, of the
 * rest all; the settings are those of `came`.
 */
export function merged(own: Progress, came: Progress): Progress {
  const memories = new Map(own.memories.map((memory) => [memory.id, memory] as const));
  for (const memory of came.memories) {
    const before = memories.get(memory.id);
    if (before === undefined || before.lastMs < memory.lastMs) memories.set(memory.id, memory);
  }
  const interviews = new Map(
    [...own.interviews, ...came.interviews].map((interview) => [interview.id, interview] as const),
  );
  const bets = new Map(own.bets.map((bet) => [bet.lesson, bet] as const));
  for (const bet of came.bets) {
    const before = bets.get(bet.lesson);
    if (before === undefined || (before.why === '' && bet.why !== '')) bets.set(bet.lesson, bet);
  }
  const drills = new Map(own.drills.map((drill) => [drill.lesson, drill] as const));
  for (const drill of came.drills) {
    const before = drills.get(drill.lesson);
    if (before === undefined || (!before.isSolved && drill.isSolved)) {
      drills.set(drill.lesson, drill);
    }
  }
  return {
    newPerDay: came.newPerDay,
    tracks: came.tracks,
    memories: [...memories.values()],
    known: [...new Set([...own.known, ...came.known])],
    interviews: [...interviews.values()],
    bets: [...bets.values()],
    drills: [...drills.values()],
  };
}

class Wrong extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.kind);
    this.fault = fault;
  }
}

/** A value with the place where it stands, to be read as what it has to be. */
class Place {
  readonly #value: unknown;
  readonly #name: string;

  constructor(value: unknown, name: string) {
    this.#value = value;
    this.#name = name;
  }

  number(): number {
    if (typeof this.#value !== 'number' || !Number.isFinite(this.#value)) throw this.not('number');
    return this.#value;
  }

  text(): string {
    if (typeof this.#value !== 'string') throw this.not('text');
    return this.#value;
  }

  boolean(): boolean {
    if (typeof this.#value !== 'boolean') throw this.not('boolean');
    return this.#value;
  }

  list<T>(read: (item: Place) => T): T[] {
    if (!Array.isArray(this.#value)) throw this.not('list');
    return this.#value.map((item, index) => read(new Place(item, `${this.#name}[${index}]`)));
  }

  at(name: string): Place {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.not('object');
    }
    const inside = Object.hasOwn(value, name) ? (Reflect.get(value, name) as unknown) : undefined;
    return new Place(inside, this.#name === '' ? name : `${this.#name}.${name}`);
  }

  not(wanted: Wanted): Wrong {
    const shown = JSON.stringify(this.#value) as string | undefined;
    const found = shown?.slice(0, FOUND_CHARACTERS_MAX);
    return new Wrong({ kind: 'field', place: this.#name, found, wanted });
  }
}

function progressFrom(value: unknown): Progress {
  const isOurs =
    typeof value === 'object' && value !== null && Reflect.get(value, 'format') === FORMAT;
  if (!isOurs) throw new Wrong({ kind: 'not-ours' });
  const file = new Place(value, '');
  const version = file.at('version').number();
  if (version > VERSION) throw new Wrong({ kind: 'newer', version, known: VERSION });
  if (version < VERSION_OLDEST || !Number.isInteger(version)) {
    throw file.at('version').not('version');
  }
  return {
    newPerDay: file.at('newPerDay').number(),
    tracks: file.at('tracks').list((track) => track.text()),
    memories: file.at('memories').list(memoryFrom),
    known: file.at('known').list((slug) => slug.text()),
    interviews: file.at('interviews').list(interviewFrom),
    bets: version < 2 ? [] : file.at('bets').list(betFrom),
    drills: version < 3 ? [] : file.at('drills').list(drillFrom),
  };
}

function memoryFrom(place: Place): Memory {
  const state = place.at('state').number();
  if (state !== 1 && state !== 2 && state !== 3) throw place.at('state').not('state');
  return {
    id: place.at('id').text(),
    dueMs: place.at('dueMs').number(),
    stability: place.at('stability').number(),
    difficulty: place.at('difficulty').number(),
    scheduledDays: place.at('scheduledDays').number(),
    learningSteps: place.at('learningSteps').number(),
    reps: place.at('reps').number(),
    lapses: place.at('lapses').number(),
    state,
    firstMs: place.at('firstMs').number(),
    lastMs: place.at('lastMs').number(),
  };
}

function betFrom(place: Place): LessonBet {
  return {
    lesson: place.at('lesson').text(),
    chosen: place.at('chosen').text(),
    came: place.at('came').text(),
    why: place.at('why').text(),
  };
}

function drillFrom(place: Place): LessonDrill {
  const session = place.at('session');
  return {
    lesson: place.at('lesson').text(),
    isSolved: place.at('isSolved').boolean(),
    session: {
      typed: session.at('typed').list((line) => ({
        event: line.at('event').number(),
        pane: line.at('pane').number(),
        text: line.at('text').text(),
      })),
      event: session.at('event').number(),
      hints: session.at('hints').number(),
      isSolutionShown: session.at('isSolutionShown').boolean(),
    },
  };
}

function interviewFrom(place: Place): Interview {
  return {
    id: place.at('id').text(),
    startedMs: place.at('startedMs').number(),
    track: place.at('track').text(),
    level: place.at('level').text(),
    minutes: place.at('minutes').number(),
    asked: place.at('asked').list(askedFrom),
  };
}

function askedFrom(place: Place): Asked {
  return {
    slug: place.at('slug').text(),
    made: place.at('made').list((id) => id.text()),
    flags: place.at('flags').list((flag) => flag.number()),
    notes: place.at('notes').text(),
    spentMs: place.at('spentMs').number(),
    awayMs: place.at('awayMs').number(),
    followUps: place.at('followUps').list((followUp) => ({
      key: followUp.at('key').text(),
      held: followUp.at('held').boolean(),
    })),
  };
}

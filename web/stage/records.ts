/**
 * What clients know of each record at a moment, which replicas have it, and the smallest evidence
 * of a loss: acknowledged at one event, in no log after another.
 *
 * Not here: the verdict over a whole run (`engine/lab/check`), which the summary carries.
 */
import type { RecordOutcome } from '#engine/lab/session.ts';
import { isSameList, type Logs, type Replica } from './replicas.ts';
import type { Tape } from './tape.ts';

export type Fate =
  | 'pending'
  | 'acknowledged'
  | 'unasked'
  | 'refused'
  | 'indeterminate'
  /** Acknowledged, and in no log any more. */
  | 'lost'
  /** Sent with acks=0, and in no log any more: nobody had promised anything. */
  | 'vanished';
/** `disk`: of a broker that is down, or has not loaded its log yet. */
export type Copy = 'live' | 'disk' | 'none';

export interface RecordState {
  readonly id: string;
  readonly fate: Fate;
  /** Whether the client has been told that it is written. It stays true of what was lost. */
  readonly isAcknowledged: boolean;
  readonly place: string;
  readonly error: string;
  readonly copies: readonly { readonly host: string; readonly copy: Copy }[];
}

/** Named so, and as small as can be: one record, two events. */
export interface Evidence {
  readonly id: string;
  readonly place: string;
  readonly toldAt: number;
  /** The event that took its last copy. */
  readonly goneAt: number;
}

export class Records {
  readonly #records: readonly RecordOutcome[];
  readonly #gone = new Map<string, number>();
  /** The states as they were asked for last, by record. */
  readonly #last = new Map<string, RecordState>();
  #lastAll: readonly RecordState[] = [];

  constructor(tape: Tape, logs: Logs) {
    this.#records = tape.summary.records;
    const { events } = tape;
    for (const record of this.#records) {
      if (!isLost(record) && !isVanished(record)) continue;
      const gone = logs.vanishedAt(record.id) ?? events;
      this.#gone.set(record.id, Math.max(gone, record.toldAt));
    }
  }

  /**
   * The records that have been sent by then, in the order of sending. What has not changed since it
   * was asked for last is the same object.
   */
  at(event: number, replicas: readonly Replica[]): readonly RecordState[] {
    const all = this.#records
      .filter((record) => record.sentAt <= event)
      .map((record) => this.#stateOf(record, event, replicas));
    if (!isSameList(all, this.#lastAll)) this.#lastAll = all;
    return this.#lastAll;
  }

  #stateOf(record: RecordOutcome, event: number, replicas: readonly Replica[]): RecordState {
    const isTold = record.outcome !== 'pending' && record.toldAt <= event;
    const told = isTold ? (record.outcome as Fate) : 'pending';
    const goneAt = this.#gone.get(record.id);
    const isGone = goneAt !== undefined && goneAt <= event;
    const state: RecordState = {
      id: record.id,
      fate: isGone ? (isLost(record) ? 'lost' : 'vanished') : told,
      isAcknowledged: told === 'acknowledged',
      place: isTold ? record.place : '',
      error: isTold ? record.error : '',
      copies: copiesOf(record.id, replicas),
    };
    const last = this.#last.get(record.id);
    if (last !== undefined && isSameState(state, last)) return last;
    this.#last.set(record.id, state);
    return state;
  }

  /** The first acknowledged record that is lost in this run, or null. */
  get evidence(): Evidence | null {
    const record = this.#records.find(isLost);
    if (record === undefined) return null;
    const { id, place, toldAt } = record;
    return { id, place, toldAt, goneAt: this.#gone.get(id)! };
  }
}

function isLost(record: RecordOutcome): boolean {
  return record.outcome === 'acknowledged' && !record.there;
}

function isVanished(record: RecordOutcome): boolean {
  return record.outcome === 'unasked' && !record.there;
}

function isSameState(one: RecordState, other: RecordState): boolean {
  return (
    one.fate === other.fate &&
    one.isAcknowledged === other.isAcknowledged &&
    one.place === other.place &&
    one.error === other.error &&
    one.copies.length === other.copies.length &&
    one.copies.every(
      ({ host, copy }, place) =>
        host === other.copies[place]!.host && copy === other.copies[place]!.copy,
    )
  );
}

function copiesOf(id: string, replicas: readonly Replica[]): RecordState['copies'] {
  const copies = new Map<string, Copy>();
  for (const replica of replicas) {
    const { host, isLive } = replica;
    const isThere = idsIn(replica).has(id);
    const copy = isThere ? (isLive ? 'live' : 'disk') : 'none';
    if (copy !== 'none' || !copies.has(host)) copies.set(host, copy);
  }
  return [...copies].map(([host, copy]) => ({ host, copy }));
}

/** Of each replica the records in its log, which every record is looked up in. */
const IDS = new WeakMap<Replica, ReadonlySet<string>>();

function idsIn(replica: Replica): ReadonlySet<string> {
  const before = IDS.get(replica);
  if (before !== undefined) return before;
  const ids = new Set(replica.cells.filter(({ hold }) => hold !== 'cut').map(({ id }) => id));
  IDS.set(replica, ids);
  return ids;
}

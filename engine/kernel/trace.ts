/**
 * The trace: everything that happened, in order, each entry with the event that it belongs to and
 * the event that caused it. Kept in typed columns; hashed entry by entry.
 *
 * The hash is 64 bits over a canonical encoding: kind, host, time, event and cause, then the
 * fields in their declared order; whole numbers as 64 bits, text as the hash of its UTF-8 bytes.
 * Beyond `entriesMax` entries are dropped and counted, and the hash goes on.
 *
 * Not here: what is recorded (each component declares its kinds), nor sentences about it.
 */
import { assert } from './assert.ts';
import { Hash64 } from './hash.ts';
import { limits } from './limits.ts';
import type { TraceData, TraceFields, TraceKind, TraceValue } from './ports.ts';
import type { Micros } from './units.ts';

/** One entry as readers see it. `cause` is 0 where nothing in the run caused the event. */
export interface TraceEntry {
  /** The entry's place in the trace, from 0. */
  readonly index: number;
  /** The event that was being handled: its count from 1 on. */
  readonly event: number;
  readonly at: Micros;
  readonly host: string;
  readonly kind: string;
  readonly cause: number;
  readonly data: Readonly<Record<string, TraceValue>>;
}

/** What a reader sees in place of a text that was hashed and not kept. */
const TEXT_BEYOND_LIMIT = '(text beyond the limit of the trace)';

interface Interned {
  readonly place: number;
  readonly low: number;
  readonly high: number;
}

export class TraceLog {
  readonly #hash = new Hash64();
  readonly #entriesMax: number;
  readonly #strings = new Map<string, Interned>();
  readonly #stringList: string[] = [TEXT_BEYOND_LIMIT];
  readonly #kinds: TraceKind[] = [];
  readonly #kindPlaces = new Map<TraceKind, number>();
  readonly #at = new Column();
  readonly #event = new Column();
  readonly #cause = new Column();
  readonly #host = new Column();
  readonly #kind = new Column();
  readonly #start = new Column();
  readonly #values = new Column();
  #dropped = 0;

  constructor(entriesMax: number = limits.traceEntriesMax) {
    assert(entriesMax >= 0, 'a trace has a limit', { entriesMax });
    this.#entriesMax = entriesMax;
  }

  /** Entries kept. */
  get length(): number {
    return this.#at.length;
  }

  /** Entries that were hashed and not kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /** 16 hexadecimal digits over every entry so far. */
  get hash(): string {
    return this.#hash.digest();
  }

  append<F extends TraceFields>(
    at: Micros,
    event: number,
    cause: number,
    host: string,
    kind: TraceKind<F>,
    data: TraceData<F>,
  ): void {
    const kept = this.#at.length < this.#entriesMax;
    const hash = this.#hash;
    const kindName = this.#intern(kind.name);
    const hostName = this.#intern(host);
    hash.pair(kindName.low, kindName.high);
    hash.pair(hostName.low, hostName.high);
    hash.int(at);
    hash.word(event);
    hash.word(cause);
    if (kept) {
      this.#at.push(at);
      this.#event.push(event);
      this.#cause.push(cause);
      this.#host.push(hostName.place);
      this.#kind.push(this.#placeOf(kind as unknown as TraceKind));
      this.#start.push(this.#values.length);
    } else {
      this.#dropped++;
    }
    for (const name of kind.names) this.#field(kind, name, data[name]!, kept);
  }

  #field(kind: TraceKind, name: string, value: TraceValue, kept: boolean): void {
    let stored: number;
    if (typeof value === 'string') {
      assert(kind.fields[name] === 'string', 'field type', { kind: kind.name, name, value });
      const interned = this.#intern(value);
      this.#hash.pair(interned.low, interned.high);
      stored = interned.place;
    } else if (typeof value === 'number') {
      assert(kind.fields[name] === 'int', 'field type', { kind: kind.name, name, value });
      assert(Number.isSafeInteger(value), 'S1: a trace holds whole numbers', {
        kind: kind.name,
        name,
      });
      this.#hash.int(value);
      stored = value;
    } else {
      assert(value === true || value === false, 'field missing', { kind: kind.name, name });
      assert(kind.fields[name] === 'bool', 'field type', { kind: kind.name, name, value });
      stored = value ? 1 : 0;
      this.#hash.word(stored);
    }
    if (kept) this.#values.push(stored);
  }

  /** The entry at a place; asserts that it was kept. */
  entry(index: number): TraceEntry {
    assert(index >= 0 && index < this.length, 'no such entry', { index, length: this.length });
    const kind = this.#kinds[this.#kind.get(index)]!;
    const data: Record<string, TraceValue> = {};
    let place = this.#start.get(index);
    for (const name of kind.names) data[name] = this.#valueOf(kind, name, place++);
    return {
      index,
      event: this.#event.get(index),
      at: this.#at.get(index) as Micros,
      host: this.#stringList[this.#host.get(index)]!,
      kind: kind.name,
      cause: this.#cause.get(index),
      data,
    };
  }

  /** The entries from a place on, in order. */
  *entries(from = 0): IterableIterator<TraceEntry> {
    for (let index = from; index < this.length; index++) yield this.entry(index);
  }

  #valueOf(kind: TraceKind, name: string, place: number): TraceValue {
    const stored = this.#values.get(place);
    const type = kind.fields[name];
    if (type === 'string') return this.#stringList[stored]!;
    return type === 'bool' ? stored === 1 : stored;
  }

  #placeOf(kind: TraceKind): number {
    const known = this.#kindPlaces.get(kind);
    if (known !== undefined) return known;
    const place = this.#kinds.push(kind) - 1;
    this.#kindPlaces.set(kind, place);
    return place;
  }

  #intern(text: string): Interned {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    const hash = new Hash64();
    hash.text(text);
    const { low, high } = hash;
    // Past the limit a text is hashed each time and not kept.
    if (this.#stringList.length >= limits.traceStringsMax) return { place: 0, low, high };
    const place = this.#stringList.push(text) - 1;
    const interned = { place, low, high };
    this.#strings.set(text, interned);
    return interned;
  }
}

/** A growing column of numbers. */
class Column {
  #values = new Float64Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Float64Array(this.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
  }

  get(index: number): number {
    assert(index >= 0 && index < this.length, 'beyond the column', { index, length: this.length });
    return this.#values[index]!;
  }
}

/**
 * The event heap: the one order in which things happen. Earlier time first; at the same time, in
 * the order of insertion (invariant S2).
 *
 * Not here: what an event does, or who may still receive it (`sim/world.ts`, `node/adapters`).
 */
import { assert } from './assert.ts';

/** What the heap orders by. `sequence` is given by the heap at the first push. */
export interface Ordered {
  /** Microseconds. */
  time: number;
  sequence: number;
}

export class EventHeap<E extends Ordered> {
  readonly #items: E[] = [];
  readonly #sizeMax: number;
  #sequence = 0;

  constructor(sizeMax: number) {
    assert(sizeMax > 0, 'a heap holds something', { sizeMax });
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Adds an event after all that are due at the same time. */
  push(event: E): void {
    event.sequence = ++this.#sequence;
    this.#insert(event);
  }

  /** Adds an event that was taken out and must wait; it keeps its place among its equals. */
  defer(event: E): void {
    assert(
      event.sequence > 0 && event.sequence <= this.#sequence,
      'only a known event is deferred',
    );
    this.#insert(event);
  }

  /** The earliest event, left in place. */
  peek(): E | undefined {
    return this.#items[0];
  }

  /** Takes out the earliest event. */
  pop(): E | undefined {
    const items = this.#items;
    const first = items[0];
    if (first === undefined) return undefined;
    const last = items.pop()!;
    if (items.length > 0) this.#sink(last);
    return first;
  }

  /** Every waiting event, in no particular order. */
  *[Symbol.iterator](): IterableIterator<E> {
    yield* this.#items;
  }

  #insert(event: E): void {
    const items = this.#items;
    assert(items.length < this.#sizeMax, 'S5: the event heap is full', { sizeMax: this.#sizeMax });
    assert(Number.isSafeInteger(event.time), 'time is a whole number', { time: event.time });
    let place = items.length;
    items.push(event);
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = items[parentPlace]!;
      if (precedes(parent, event)) break;
      items[place] = parent;
      place = parentPlace;
    }
    items[place] = event;
  }

  #sink(event: E): void {
    const items = this.#items;
    const size = items.length;
    let place = 0;
    for (;;) {
      let childPlace = 2 * place + 1;
      if (childPlace >= size) break;
      const right = childPlace + 1;
      if (right < size && precedes(items[right]!, items[childPlace]!)) childPlace = right;
      const child = items[childPlace]!;
      if (precedes(event, child)) break;
      items[place] = child;
      place = childPlace;
    }
    items[place] = event;
  }
}

function precedes(left: Ordered, right: Ordered): boolean {
  return left.time < right.time || (left.time === right.time && left.sequence < right.sequence);
}

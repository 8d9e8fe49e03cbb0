/**
 * The events that wait for a busy process, in the order in which they were scheduled. Only the
 * first of them stands in the world's heap; the others come after it, one at a time. So a process
 * with many events before it does not make the heap sort all of them again after each.
 *
 * One line an incarnation. Not here: when the process is free (`host.ts`), the heap (`world.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { SimEvent } from './event.ts';

export class WaitingLine {
  readonly incarnation: number;
  #first: SimEvent | null = null;
  /** Behind the first, by rising sequence. */
  readonly #behind: SimEvent[] = [];

  constructor(incarnation: number) {
    this.incarnation = incarnation;
  }

  /** True: the event is now the first, and belongs into the heap. False: it stands behind. */
  join(event: SimEvent): boolean {
    assert(event.incarnation === this.incarnation, 'a line of its own', { event: event.sequence });
    const first = this.#first;
    if (first === null || first === event || event.sequence < first.sequence) {
      // one that was first before stays in the heap, where it has its turn
      this.#first = event;
      event.line = this;
      return true;
    }
    let place = this.#behind.length;
    while (place > 0 && this.#behind[place - 1]!.sequence > event.sequence) place--;
    this.#behind.splice(place, 0, event);
    return false;
  }

  /** The event came out of the heap and waits no more: who comes after it, if anybody. */
  leave(event: SimEvent): SimEvent | null {
    event.line = null;
    if (event !== this.#first) return null;
    const next = this.#behind.shift() ?? null;
    this.#first = next;
    if (next !== null) next.line = this;
    return next;
  }
}
